"""Empty cells, filled from a model given the row's other cells. The one layer for all engines.

Here is what all share: which cells are to be filled, codes and values, constraints. How an engine draws codes that it
is not given, given those that it is, is its own (``Completes.completed``). A given cell is never changed. Reads the
rows that it is handed and a model of released numbers: no event, no budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthesizers.constraints import Functions, broken
from understudy.errors import Place, UsageError
from understudy.rules import Constraint, Determines

if TYPE_CHECKING:
    from privacy.codecs import Codec
    from privacy.discretisation import Discretisation

Mask = NDArray[np.bool_]
Codes = list[NDArray[np.int64]]

_AGAIN = 20
"""How often the cells of a row are drawn anew if it breaks a constraint."""
PILOT = 20_000
"""Rows of the model that functions are learnt from."""


class Completes(Protocol):
    """A fitted model that can draw a row's unknown codes."""

    @property
    def constraints(self) -> Sequence[Constraint]:
        """The rules of the schema that it was fitted for."""
        ...

    @property
    def discretisation(self) -> Discretisation:
        """What its codes mean."""
        ...

    def propose(self, n_rows: int | None, *, seed: int) -> pa.Table:
        """Rows as the model has them."""
        ...

    def completed(self, codes: Codes, holes: Mask, banned: Mask, *, seed: int) -> Codes:
        """The rows with every hole drawn from the model, given the codes that are none.

        Shapes: codes by column, (rows,) each; holes (rows, columns); what stands in a hole is not read. ``banned``
        (columns,): never a missing value in this one's holes. The same arguments give the same codes.
        Raises: UsageError (impute-unknown) if the model has no value for a banned column.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """What an engine is to draw. Shapes: codes by column (rows,), holes (rows, columns).

    ``shut``: by column the code that no hole may get; None for none.
    """

    codes: Codes
    holes: Mask
    shut: Sequence[int | None]

    @classmethod
    def of(cls, codecs: Sequence[Codec], codes: Codes, holes: Mask, banned: Mask) -> Gaps:
        """From what ``Completes.completed`` is asked."""
        shut = [missing_code(codec) if ban else None for codec, ban in zip(codecs, banned, strict=True)]
        return cls(codes, holes, shut)


@dataclass(frozen=True, slots=True)
class Imputed:
    """Rows, by column the cells that were filled, and the rows that break a constraint for all that."""

    rows: pa.Table
    cells: Mapping[str, int] = field(default_factory=dict)
    n_broken: int = 0


def missing_code(codec: Codec) -> int | None:
    """The code of missing values, which is a column's last; None if it may not be missing."""
    return codec.size - 1 if getattr(codec, "nullable", False) else None


def unknown_column(name: str) -> UsageError:
    """The refusal of a column for which a model has nothing but missing values."""
    return UsageError(
        "The model has no value for this column but missing ones.", code="impute-unknown", where=(Place(column=name),)
    )


def imputed(source: Completes, rows: pa.Table, columns: Sequence[str], *, seed: int) -> Imputed:
    """The rows with every empty cell of ``columns`` filled; all else, and the order, as it was.

    Columns that the model does not know are handed through. A column of the model that is not among ``rows``, or is
    empty where it may not be, counts as unknown. An empty cell that may be empty and is not to be filled counts as
    just that: missing. The same arguments give the same rows.
    Raises: UsageError (impute-invalid: no column of the model, or not in the rows, or of another type;
    impute-unknown).
    """
    wanted = list(dict.fromkeys(columns))
    given = _checked(source, rows, wanted)
    holes = _holes(source.discretisation, given, wanted)
    asked = np.array([codec.name in wanted for codec in source.discretisation.codecs])
    places = np.flatnonzero((holes & asked).any(axis=1))
    empty = {name: np.asarray(pc.is_null(rows[name])) for name in wanted}
    cells = {name: int(mask.sum()) for name, mask in empty.items()}
    if not places.size:
        return Imputed(rows, cells)
    work = _Work(source, given.take(places), holes[places], asked, wanted)
    filled, n_broken = work.filled(seed)
    for name in wanted:
        if cells[name]:
            rows = _put(rows, name, empty[name], filled[name].filter(pa.array(empty[name][places])))
    return Imputed(rows, cells, n_broken)


def _checked(source: Completes, rows: pa.Table, wanted: Sequence[str]) -> pa.Table:
    """The model's columns, in its order and types; one that is not there is empty."""
    from privacy.codecs import ARROW_TYPES

    known = {codec.name: ARROW_TYPES[_type(codec)] for codec in source.discretisation.codecs}
    for name in wanted:
        if name not in known or name not in rows.column_names:
            raise _invalid(name, "Only columns that the model has and the rows have can be filled.")
    found: dict[str, pa.ChunkedArray] = {}
    for name, type_ in known.items():
        if name not in rows.column_names:
            found[name] = pa.chunked_array([pa.nulls(rows.num_rows, type_)])
            continue
        try:
            found[name] = rows[name].cast(type_)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise _invalid(name, "A column is of another type than the model's.") from None
    return pa.table(found)


def _invalid(name: str, message: str) -> UsageError:
    return UsageError(message, code="impute-invalid", where=(Place(column=name),))


def _type(codec: Codec) -> str:
    lattice = getattr(codec, "lattice", None)
    return str(lattice.type if lattice is not None else getattr(codec, "type", "string"))


def _holes(discretisation: Discretisation, given: pa.Table, wanted: Sequence[str]) -> Mask:
    """What is not known of each row: empty cells that are to be filled, or that may not be empty."""
    holes = np.zeros((given.num_rows, len(discretisation.codecs)), dtype=bool)
    for place, codec in enumerate(discretisation.codecs):
        if codec.name in wanted or missing_code(codec) is None:
            holes[:, place] = np.asarray(pc.is_null(given[codec.name]))
    return holes


class _Work:
    """The rows that have something to fill."""

    def __init__(self, source: Completes, given: pa.Table, holes: Mask, asked: Mask, wanted: Sequence[str]) -> None:
        self._source, self._given, self._holes, self._asked, self._wanted = source, given, holes, asked, wanted
        codecs = source.discretisation.codecs
        self._codes = list(source.discretisation.encode(given).values())
        self._banned = asked & np.array([missing_code(codec) is not None for codec in codecs])
        pilot = any(isinstance(one, Determines) for one in source.constraints)
        self._functions = Functions(source.constraints, source.propose(PILOT, seed=0) if pilot else pa.table({}))

    def filled(self, seed: int) -> tuple[pa.Table, int]:
        """The rows, and how many break a constraint that drawing again does not mend."""
        rows = self._drawn(np.arange(self._given.num_rows), seed=seed, turn=0)
        if not self._source.constraints:
            return rows, 0
        bad = np.flatnonzero(broken(rows, self._source.constraints))
        for turn in range(1, _AGAIN + 1):
            if not bad.size:
                break
            again = self._drawn(bad, seed=seed, turn=turn)
            place = np.arange(rows.num_rows)
            place[bad] = rows.num_rows + np.arange(bad.size)
            rows = pa.concat_tables([rows, again]).take(place)
            bad = bad[broken(again, self._source.constraints)]
        return rows, int(bad.size)

    def _drawn(self, places: NDArray[np.intp], *, seed: int, turn: int) -> pa.Table:
        rows, holes = self._given.take(places), self._holes[places]
        own = int(np.random.SeedSequence([seed, turn]).generate_state(1, np.uint64)[0] >> np.uint64(1))
        codes = self._source.completed([one[places] for one in self._codes], holes, self._banned, seed=own)
        rng = np.random.default_rng([own, 1])
        for place, codec in enumerate(self._source.discretisation.codecs):
            hole = holes[:, place]
            if self._asked[place] and hole.any():
                rows = _put(rows, codec.name, hole, codec.decode(codes[place][hole], rng))
        return self._by_function(rows, holes)

    def _by_function(self, rows: pa.Table, holes: Mask) -> pa.Table:
        """Filled cells of a column that others determine are what these say."""
        applied = self._functions.applied(rows)
        for place, codec in enumerate(self._source.discretisation.codecs):
            hole = holes[:, place]
            if self._asked[place] and hole.any() and applied[codec.name] is not rows[codec.name]:
                rows = _put(rows, codec.name, hole, applied[codec.name].filter(pa.array(hole)))
        return rows


def _put(rows: pa.Table, name: str, mask: Mask, values: Any) -> pa.Table:
    """The column with its cells under the mask replaced, in order; its type stays."""
    column, field_ = rows[name].combine_chunks(), rows.schema.field(name)
    if pa.types.is_dictionary(field_.type):
        column = column.dictionary_decode()
    new = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    made = pc.replace_with_mask(column, pa.array(mask), new.cast(column.type))
    return rows.set_column(rows.column_names.index(name), field_, made.cast(field_.type))
