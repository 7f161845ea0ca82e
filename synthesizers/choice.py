"""Which engine to take, and why: by public facts only (columns, epsilon, a guess of the number of rows).

The choice is part of the plan, so it must not move with a single row; nothing here could. Engines without a formal
guarantee and engines that are not installed are never chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthesizers.base import ExpectedError, Synthesizer
from understudy.errors import UnderstudyError
from understudy.schema import TableSchema

ROWS_IF_UNKNOWN = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine's name and the reason, in words fit for a plan."""

    name: str
    reason: str


def choose(
    offered: Mapping[str, Synthesizer], schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None
) -> Choice:
    """The engine with the least expected error over pairs of columns; the first one where none can tell.

    ``offered``: engines that are ready and have a guarantee, the default first.
    """
    guess = bucket(n_rows or ROWS_IF_UNKNOWN)
    found: dict[str, ExpectedError] = {}
    for name, engine in offered.items():
        if (error := _expected(engine, schema, epsilon, delta, guess)) is not None:
            found[name] = error
    first = next(iter(offered))
    facts = f"{len(schema.modelled)} columns, about {guess:,} rows, epsilon {epsilon:g}"
    if not found:
        return Choice(first, f"the default, for no engine can tell its error: {facts}")
    best = min(found, key=lambda name: (found[name].two_way, name != first))
    silent = len(offered) - len(found)
    others = f"; {silent} other engines cannot tell theirs" if silent else ""
    return Choice(best, f"least expected error over pairs of columns, {found[best].two_way:.2%}: {facts}{others}")


def bucket(n_rows: int) -> int:
    """The number of rows as one digit and zeros, so that no more of it than that decides."""
    step: int = 10 ** (len(str(max(1, n_rows))) - 1)
    return max(1, n_rows // step * step)


def _expected(
    engine: Synthesizer, schema: TableSchema, epsilon: float, delta: float, n_rows: int
) -> ExpectedError | None:
    try:
        plan = engine.plan(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
        return engine.expected(schema, plan, n_rows)
    except UnderstudyError:
        return None
