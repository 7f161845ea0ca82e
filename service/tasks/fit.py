"""Training rows and a paid plan -> synthetic rows, the model, and the public facts of how it was made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.parquet as pq

from service.filenames import WITHOUT_DP, WRITTEN
from service.tasks.compared import compared
from service.tasks.output import assemble, write_csv
from service.tasks.request import Request, environments_of, key_of, path_of, schema_of
from service.tasks.sampling import conditions_of, rows_of
from service.tasks.scrub import kept
from service.tasks.texts import places_of, provenance_of, stretches, with_notes

if TYPE_CHECKING:
    from service.ports import Progress


def fit(request: Request, on_progress: Progress) -> Request:
    """Training rows and a paid plan -> synthetic rows, the model, and the public facts of how it was made."""
    import os

    from evaluation.canaries import find, invent, plant
    from evaluation.noised import measure
    from privacy.resemblance import row_sketch
    from privacy.scrub.table import fresh_identifiers
    from privacy.session import Meter, PrivateSession
    from privacy.sources.parquet import ParquetRows
    from synthesizers.base import Plan
    from synthesizers.registry import engines

    schema, out = schema_of(request), path_of(request, "out")
    plan = Plan.from_dict(cast("dict[str, object]", request["plan"]))
    on_progress("fit", 0)
    canaries = invent(schema, cast(int, request["canaries"]), os.urandom)
    rows: ParquetRows | pa.Table = ParquetRows(path_of(request, "train"))
    if len(canaries.planted):
        wanted = [column.name for column in kept(schema)]
        rows = plant(pq.read_table(path_of(request, "train"), columns=wanted), canaries, schema, os.urandom)
    session = PrivateSession(rows, schema, Meter(plan.events), os.urandom)
    started = time.perf_counter()
    fitted = engines(environments_of(request))[plan.engine].fit(session, plan)
    fit_s = time.perf_counter() - started
    on_progress("sample", 70)
    started = time.perf_counter()
    seed = int.from_bytes(os.urandom(8), "big") >> 1
    conditions = conditions_of(request, schema)
    modelled, sampling = rows_of(fitted, plan.n_rows, seed=seed, conditions=conditions)
    found: Request = {}
    if len(canaries.planted):
        modelled, found = find(modelled, canaries, schema, os.urandom)
    invented = fresh_identifiers(schema, modelled.num_rows, key=os.urandom(32))
    synthetic = assemble(schema, modelled, invented)
    synthetic, written, explains = with_notes(synthetic, session, plan, places_of(request), out / "texts", seed=seed)
    n_stretches = stretches(path_of(request, "train"), written, explains, schema)
    if written is not None:
        pq.write_table(written, out / WRITTEN, compression="zstd")
    pq.write_table(synthetic, out / "synthetic.parquet", compression="zstd")
    write_csv(synthetic, out / "synthetic.csv")
    sample_s = time.perf_counter() - started
    started = time.perf_counter()
    # The figures tell how good the model is: of rows as it has them, not as they were asked for.
    usual = rows_of(fitted, modelled.num_rows, seed=seed)[0] if conditions else modelled
    released = measure(session, plan.events, usual, canaries=len(canaries.planted))
    released_s = time.perf_counter() - started
    model = out / "model"
    model.mkdir()
    fitted.save(model)
    seconds = {"fit": round(fit_s + released_s, 3), "sample": round(sample_s, 3)}
    reference = ""
    if request.get("without_dp"):
        started = time.perf_counter()
        exact, reference = compared(request, schema, plan, synthetic.num_rows)
        pq.write_table(exact, out / WITHOUT_DP, compression="zstd")
        seconds["without-dp"] = round(time.perf_counter() - started, 3)
    return {
        "n_rows": synthetic.num_rows,
        "provenance": {name: dict(facts) for name, facts in session.discretisation.provenance.items()}
        | provenance_of(plan),
        "released": released,
        "canaries": found,
        "sampling": sampling,
        "stretches": n_stretches,
        "reference": reference,
        "sketch": row_sketch(synthetic, key=key_of(request, "sketch_key")).as_text(),
        "seconds": seconds,
    }
