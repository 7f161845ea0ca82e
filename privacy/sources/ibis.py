"""Exact counts inside whatever database Ibis speaks to: DuckDB, Postgres, Spark and warehouses, by one expression.

The only door to ibis. The database reads rows, encodes them, caps them and groups them; counts alone come back, and
noise is never drawn there. It needs the right to read one table, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.discretisation import Discretisation
from privacy.domain import Clique, Domain
from privacy.sources.cap import Cap
from privacy.sources.pushed import dense, keep_in, merged, rules_of, strides
from privacy.sources.rules import Lookup, Rule, Steps
from privacy.sources.view import View
from understudy.schema import FieldType

_CLIQUES_A_QUERY = 24
_TYPES: dict[str, str] = {
    "integer": "int64",
    "number": "float64",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
}
_UNIT = "understudy_unit"
_RANK = "understudy_rank"


class IbisRows:
    """A table, or any expression for one, with columns of the canonical types. Its rows per unit are capped there."""

    is_readable = False

    def __init__(self, table: Any, *, cap: Cap | None = None) -> None:
        self._table, self._cap = table, cap

    @property
    def column_names(self) -> Sequence[str]:
        """The columns."""
        return tuple(self._table.columns)

    @property
    def num_rows(self) -> int:
        """Raises: UsageError (domain-undeclared): a count of rows is asked of ``coded``."""
        keep_in()

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """Raises: UsageError (domain-undeclared): values stay where they are."""
        keep_in()

    def coded(self, discretisation: Discretisation) -> IbisCounts:
        """The rows as codes: an expression, worked out by the database.

        Raises: KeyError for a column that the table has not.
        """
        rules = rules_of(discretisation, self.column_names)
        codes = {f"c{index}": _code(rule, self._table[name]) for index, (name, rule) in enumerate(rules.items())}
        table = self._table.select(**codes) if self._cap is None else self._capped(codes, self._cap)
        return IbisCounts(table, View.of(discretisation.domain), tuple(rules))

    def _capped(self, codes: Mapping[str, Any], cap: Cap) -> Any:
        units = self._table[cap.column].cast("string")
        coded = self._table.select(**codes, **{_UNIT: units}).filter(lambda rows: rows[_UNIT].notnull())
        texts = [part for name in codes for part in (ibis.literal(","), coded[name].cast("string"))][1:]
        message = ibis.literal(cap.salt) + coded[_UNIT] + ibis.literal("|")
        for text in texts:
            message = message + text
        window = ibis.window(group_by=coded[_UNIT], order_by=_sha256(message))
        ranked = coded.mutate(**{_RANK: ibis.row_number().over(window)})  # counts from 0
        return ranked.filter(ranked[_RANK] < cap.max_rows).select(*codes)


class IbisCounts:
    """Counts of an expression of codes."""

    def __init__(self, table: Any, view: View, bases: Sequence[str]) -> None:
        self._table, self._view, self._bases = table, view, bases

    @property
    def domain(self) -> Domain:
        """The columns and their numbers of codes."""
        return self._view.domain

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        """Exact counts of each clique, of shape ``domain.shape(clique)``; the empty clique counts the rows.

        The database is asked for the wanted cliques and no finer ones, some of them in each query.
        """
        for clique in cliques:
            self.domain.shape(clique)
        return self._counts(cliques)

    def _counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        for first in range(0, len(cliques), _CLIQUES_A_QUERY):
            part = cliques[first : first + _CLIQUES_A_QUERY]
            found = self._query(part).to_pyarrow()
            which, cells, counts = (np.asarray(found[name]) for name in ("clique", "cell", "n"))
            for index, clique in enumerate(part):
                mine = which == index
                yield dense(cells[mine], counts[mine], self.domain.shape(clique))

    def _query(self, cliques: Sequence[Clique]) -> Any:
        parts = [
            self._table.group_by(clique=ibis.literal(index, type="int64"), cell=self._cell(clique)).agg(
                n=self._table.count()
            )
            for index, clique in enumerate(cliques)
        ]
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    def _cell(self, clique: Clique) -> Any:
        cell = ibis.literal(0, type="int64")
        for name, stride in zip(clique, strides(clique, self.domain), strict=True):
            cell = cell + self._derived(name) * ibis.literal(stride, type="int64")
        return cell

    def _derived(self, name: str) -> Any:
        source = self._view.columns[name]
        column = self._table[f"c{self._bases.index(source.base)}"]
        if source.mapping is None:
            return column
        branches = [(column == old, _int(new)) for old, new in enumerate(source.mapping.tolist())]
        return ibis.cases(*branches[1:], else_=branches[0][1]) if len(branches) > 1 else branches[0][1]

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> IbisCounts:
        """The same rows over derived columns, each code mapped to a new one in the query."""
        return IbisCounts(self._table, self._view.recoded(columns), self._bases)


def _code(rule: Rule, column: Any) -> Any:
    if isinstance(rule, Lookup):
        branches = [
            (text == _literal(value, rule.type), _int(code))
            for text in (column, *(column.left(length) for length in rule.prefixes))
            for value, code in zip(rule.values, rule.codes.tolist(), strict=True)
        ]
        return ibis.cases((column.isnull(), _int(rule.missing)), *branches, else_=_int(rule.unknown))
    stepped = _steps(rule, column)
    if rule.zero is not None:
        stepped = ibis.ifelse(column == 0, _int(rule.zero), stepped)
    return ibis.ifelse(column.isnull(), _int(rule.missing), stepped)


def _steps(rule: Steps, column: Any) -> Any:
    cuts, codes = merged(rule)

    def tree(first: int, last: int) -> Any:
        if first == last:
            return _int(codes[first])
        middle = (first + last) // 2
        cut = _literal(_value(cuts[middle], rule.type), rule.type)
        return ibis.ifelse(column < cut, tree(first, middle), tree(middle + 1, last))

    return tree(0, len(codes) - 1)


def _value(number: Any, type_: FieldType) -> Any:
    if type_ == "date":
        return date(1970, 1, 1) + timedelta(days=number)
    if type_ == "datetime":
        return datetime(1970, 1, 1) + timedelta(microseconds=number)  # noqa: DTZ001  canonical moments have no zone
    return number


def _int(code: int) -> Any:
    return ibis.literal(code, type="int64")


def _literal(value: Any, type_: FieldType) -> Any:
    """A literal that every database reads as exactly this value: text for what SQL would otherwise round."""
    if type_ == "number":
        return ibis.literal(repr(float(value))).cast("float64")
    if type_ in ("date", "datetime"):
        return ibis.literal(value.isoformat(*([" "] if type_ == "datetime" else []))).cast(_TYPES[type_])
    return ibis.literal(value, type=_TYPES[type_])


def _sha256(message: Any) -> Any:
    """SHA-256 of text as UTF-8, in an order that is that of its bytes."""
    if message.get_backend().name != "postgres":
        return message.hexdigest("sha256")
    return _postgres_sha256(message)


def _postgres_sha256(message: Any) -> Any:
    """Ibis knows no digest there; Postgres does, since version 11. Only the functions' names go into the query."""

    def convert_to(text: str, encoding: str) -> bytes:
        raise NotImplementedError

    def sha256(message: bytes) -> bytes:
        raise NotImplementedError

    built_in = ibis.udf.scalar.builtin
    as_bytes = built_in(convert_to, signature=(("string", "string"), "binary"))
    return built_in(sha256, signature=(("binary",), "binary"))(as_bytes(message, "UTF8"))
