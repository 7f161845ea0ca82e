"""The table that a release is compared with: the same rows, modelled without privacy. It never leaves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa

from service.tasks.request import Request, environments_of, path_of
from understudy.errors import UnderstudyError
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from synthesizers.base import Plan


def compared(request: Request, schema: TableSchema, plan: Plan, n_rows: int) -> tuple[pa.Table, str]:
    """``n_rows`` rows with no noise to speak of, and the name of the engine that made them.

    That is the operator's reference engine, where the policy names one; else the engine of the release. The latter also
    does it where the reference does not take the table or fails: the job is paid for by then, and must not end for the
    sake of a comparison.
    """
    reference = str(request.get("reference") or plan.engine)
    if reference != plan.engine:
        try:
            return _made(request, schema, plan, n_rows, reference), reference
        except UnderstudyError:
            pass
    return _made(request, schema, plan, n_rows, plan.engine), plan.engine


def _made(request: Request, schema: TableSchema, plan: Plan, n_rows: int, name: str) -> pa.Table:
    from privacy.session import Meter, PrivateSession
    from privacy.sources.parquet import ParquetRows
    from synthesizers.reference import plan_without_privacy
    from synthesizers.registry import engine

    made_by = engine(name, environments_of(request))
    exact = plan_without_privacy(made_by, schema, plan)
    rows = ParquetRows(path_of(request, "train"))  # without canaries: they are no part of what is compared
    fitted = made_by.fit(PrivateSession(rows, schema, Meter(exact.events), os.urandom), exact)
    return fitted.sample(n_rows, seed=int.from_bytes(os.urandom(8), "big") >> 1)
