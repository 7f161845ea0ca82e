"""Rows from a fitted model, as the job asks for them and as the schema's constraints demand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from understudy.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from service.tasks.request import Request
    from synthesizers.base import FittedSynthesizer
    from synthesizers.conditions import Conditions
    from understudy.schema import TableSchema


def conditions_of(request: Request, schema: TableSchema) -> Conditions:
    """What the job asks of its rows; nothing in a request of before."""
    from synthesizers.conditions import Conditions

    asked = cast("dict[str, dict[str, object]]", request.get("conditions", {}))
    impute = cast("list[str]", asked.get("impute") or [])
    return Conditions.parse(schema, where=asked.get("where", {}), rebalance=asked.get("rebalance", {}), impute=impute)


def rows_of(
    fitted: FittedSynthesizer, n_rows: int | None, *, seed: int, conditions: Conditions | None = None
) -> tuple[pa.Table, Request]:
    """Rows, and public facts of how they were come by.

    The model is paid for by now. If it has no rows as they are asked for, those that it has are given, and the facts
    say so under ``unmet``: first with no cell filled, then without any condition, then, if not even the constraints
    can be kept, without these.
    """
    from synthesizers.conditions import sampled

    unmet: list[str] = []
    for wanted in _ladder(conditions):
        try:
            found = sampled(fitted, n_rows, seed=seed, conditions=wanted)
        except UsageError as error:
            unmet.append(error.reason)
        else:
            return found.rows, found.as_dict() | ({"unmet": unmet} if unmet else {})
    rows = fitted.propose(n_rows, seed=seed)
    return rows, {"proposed": rows.num_rows, "unmet": unmet}


def _ladder(conditions: Conditions | None) -> list[Conditions | None]:
    """What is asked for, then less and less of it."""
    steps: list[Conditions | None] = [conditions] if conditions else []
    if conditions and conditions.impute and (less := replace(conditions, impute=())):
        steps.append(less)
    return [*steps, None]
