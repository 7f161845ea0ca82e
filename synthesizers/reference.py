"""What an engine makes of the same table without privacy: the bar for what the privacy of a job costs.

Never released, and nothing here makes it private: who runs such a plan owes its rows the same care as the real ones.
"""

from __future__ import annotations

from synthesizers.base import Plan, Synthesizer
from understudy.schema import TableSchema

EPSILON = 1e6
"""No guarantee at all: noise of its scale rounds to zero on nearly every count, so the engine sees exact ones."""


def plan_without_privacy(engine: Synthesizer, schema: TableSchema, plan: Plan) -> Plan:
    """The engine's own plan for what ``plan`` asks, at ``EPSILON`` and without report events. Nobody pays it."""
    return engine.plan(schema, epsilon=EPSILON, delta=plan.delta, n_rows=plan.n_rows)
