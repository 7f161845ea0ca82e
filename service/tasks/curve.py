"""Plans at several prices -> how useful the table of each would be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from service.tasks.request import Request, environments_of, path_of, schema_of
from service.tasks.scrub import pseudonymised, split_rows
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from service.ports import Progress


def curve(request: Request, on_progress: Progress) -> Request:
    """Plans at several prices -> how useful the table of each would be. The tables are thrown away."""
    import os

    from evaluation.curve import document, point
    from evaluation.curve_page import html
    from privacy.session import Meter, PrivateSession
    from synthesizers.base import Plan
    from synthesizers.registry import engines

    schema, out = schema_of(request), path_of(request, "out")
    train, controls = _curve_rows(request, schema)
    plans = [Plan.from_dict(plan) for plan in cast("list[dict[str, object]]", request["plans"])]
    points = []
    for place, plan in enumerate(plans):
        on_progress("curve", 100 * place // len(plans))
        session = PrivateSession(train, schema, Meter(plan.events), os.urandom)
        fitted = engines(environments_of(request))[plan.engine].fit(session, plan)
        made = fitted.sample(plan.n_rows or train.num_rows, seed=int.from_bytes(os.urandom(8), "big") >> 1)
        points.append(point(schema, train, controls, made, epsilon=plan.epsilon))
    facts = cast("dict[str, str]", request["facts"])
    counts = {"Training rows": f"{train.num_rows:,}", "Held-out rows": f"{controls.num_rows:,}"}
    found = document(cast(str, request["subject"]), facts | counts, points)
    (out / "report.owner.json").write_text(json.dumps(found, indent=1, sort_keys=True))
    (out / "report.owner.html").write_text(html(found), encoding="utf-8")
    return {}


def _curve_rows(request: Request, schema: TableSchema) -> tuple[pa.Table, pa.Table]:
    """(training rows, rows of persons held out) as a job would have them: split, capped and scrubbed."""
    parts = split_rows(request, schema)
    return pseudonymised(parts.train, request, schema), pseudonymised(parts.controls, request, schema)
