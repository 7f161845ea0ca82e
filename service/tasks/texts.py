"""Notes for synthetic rows: the paid text plans are fitted through the session, and every row gets its notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
) -> tuple[pa.Table, pa.Table | None, dict[str, Callable[[str], bool]]]:
    """(the table with its text columns written, what the models wrote before it was filled in, by column what explains
    a stretch of it); as it is without text.

    The models are saved beside the table's. The number of persons that engines plan with is the number of rows made.
    """
    written: dict[str, pa.Array] = {}
    explains: dict[str, Callable[[str], bool]] = {}
    for number, document in enumerate(cast("list[dict[str, Any]]", plan.params.get(TEXTS, []))):
        text = TextPlan.from_dict(document)
        text = replace(text, params={"units": max(synthetic.num_rows, 1), **text.params})
        fitted = text_engine(text.engine, places).fit(session, text)
        notes = fitted.write(synthetic, seed=seed + number)
        fitted.save(out / f"text-{number}")
        place = synthetic.column_names.index(text.column)
        synthetic = synthetic.set_column(place, text.column, pa.array([note for note, _ in notes], pa.string()))
        written[text.column] = pa.array([bare for _, bare in notes], pa.string())
        explains[text.column] = fitted.explains
    return synthetic, pa.table(written) if written else None, explains


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


def stretches(
    rows: Path, written: pa.Table | None, explains: Mapping[str, Callable[[str], bool]], schema: TableSchema
) -> int:
    """How many long stretches of one person's notes stand in what the models said, though neither public text nor what
    was released of many persons explains them. For the owner's gate alone."""
    if written is None:
        return 0
    from evaluation.spans import own_stretches

    unit = schema.unit.column
    told = pq.read_table(rows, columns=[*written.column_names, *([unit] if unit else [])])
    persons = told[unit].to_pylist() if unit else list(range(told.num_rows))
    return sum(
        own_stretches(
            ((person, note) for person, note in zip(persons, told[name].to_pylist(), strict=True) if note),
            [note for note in written[name].to_pylist() if note],
            is_public=explains[name],
        )
        for name in written.column_names
    )
