"""Notes for synthetic rows: the paid text plans are fitted through the session, and every row gets its notes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from service.tasks.request import Request, path_of
from synthesizers.text.base import TEXTS, TextPlan
from synthesizers.text.registry import Places, text_engine
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from privacy.session import PrivateSession
    from synthesizers.base import Plan


def places_of(request: Request) -> Places:
    """What the service has for text engines; a request of before has nothing."""
    told = cast("dict[str, str]", request.get("texts", {}))
    return Places(model=Path(told["model"]) if told.get("model") else None, endpoint=told.get("endpoint", ""))


def with_notes(
    synthetic: pa.Table, session: PrivateSession, plan: Plan, places: Places, out: Path, *, seed: int
) -> tuple[pa.Table, pa.Table | None]:
    """(the table with its text columns written, what the models wrote before it was filled in); as it is without text.

    The models are saved beside the table's. The number of persons that engines plan with is the number of rows made.
    """
    written: dict[str, pa.Array] = {}
    for number, document in enumerate(cast("list[dict[str, Any]]", plan.params.get(TEXTS, []))):
        text = TextPlan.from_dict(document)
        text = replace(text, params={"units": max(synthetic.num_rows, 1), **text.params})
        fitted = text_engine(text.engine, places).fit(session, text)
        notes = fitted.write(synthetic, seed=seed + number)
        fitted.save(out / f"text-{number}")
        place = synthetic.column_names.index(text.column)
        synthetic = synthetic.set_column(place, text.column, pa.array([note for note, _ in notes], pa.string()))
        written[text.column] = pa.array([bare for _, bare in notes], pa.string())
    return synthetic, pa.table(written) if written else None


def provenance_of(plan: Plan) -> dict[str, dict[str, str]]:
    """How what notes say was learnt."""
    return {document["column"]: {"text": "dp"} for document in cast("list[dict[str, Any]]", plan.params.get(TEXTS, []))}


def said(request: Request, synthetic: pa.Table) -> pa.Table:
    """The synthetic table with what the models themselves said in place of its notes: an invented row's values, which
    are written into them, are no leak if somebody has them too."""
    if not request.get("written"):
        return synthetic
    written = pq.read_table(path_of(request, "written"))
    for name in written.column_names:
        synthetic = synthetic.set_column(synthetic.column_names.index(name), name, written[name])
    return synthetic


def public_words(request: Request) -> frozenset[str]:
    """Words that the text models have from public text; none if there are no notes."""
    if not request.get("written"):
        return frozenset()
    from synthesizers.text.prior import Prior

    return Prior.load().vocabulary.plain_words()


def stretches(request: Request, schema: TableSchema) -> int:
    """How many long stretches of one person's notes, not of public text, stand in what the models said."""
    if not request.get("written"):
        return 0
    from evaluation.spans import own_stretches
    from synthesizers.text.prior import Prior

    written = pq.read_table(path_of(request, "written"))
    unit = schema.unit.column
    columns = [*written.column_names, *([unit] if unit else [])]
    rows = pq.read_table(path_of(request, "train"), columns=columns)
    persons = rows[unit].to_pylist() if unit else list(range(rows.num_rows))
    prior = Prior.load()
    return sum(
        own_stretches(
            ((person, note) for person, note in zip(persons, rows[name].to_pylist(), strict=True) if note),
            [note for note in written[name].to_pylist() if note],
            is_public=prior.says,
        )
        for name in written.column_names
    )
