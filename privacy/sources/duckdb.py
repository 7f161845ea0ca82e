"""Exact counts by GROUP BY inside DuckDB, of a Parquet file or of a table in a database file.

The only door to duckdb. Its settings are locked before the first row is read: no other file, no network, no
extension, no attached database, and no way back. What does not fit in memory it spills to a folder of the caller's.
Codes are worked out once, into a temporary table; only counts are fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.discretisation import Discretisation
from privacy.domain import Clique, Domain
from privacy.sources.cap import Cap
from privacy.sources.cover import cover, waves
from privacy.sources.pushed import dense, keep_in, merged, rules_of, strides
from privacy.sources.rules import Lookup, Rule, Steps
from privacy.sources.tally import margin
from privacy.sources.view import View

_SQL_TYPES = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}


def open_locked(
    path: Path, scratch: Path, *, threads: int, memory_bytes: int, is_database: bool
) -> duckdb.DuckDBPyConnection:
    """A connection that can read this one file, and write to ``scratch``, and nothing else, whatever SQL it is given.

    The order matters: a setting that names a folder is refused once external access is off.
    """
    connection = duckdb.connect(str(path) if is_database else ":memory:", read_only=is_database)
    for setting, value in (
        ("autoinstall_known_extensions", False),
        ("autoload_known_extensions", False),
        ("python_enable_replacements", False),
        ("threads", threads),
        ("memory_limit", f"{memory_bytes}B"),
        ("temp_directory", str(scratch)),
        ("max_temp_directory_size", f"{memory_bytes * 16}B"),
        ("allowed_paths", [] if is_database else [str(path)]),
        ("enable_external_access", False),
        ("lock_configuration", True),
    ):
        connection.execute(f"SET {setting} = {_literal(value)}")
    return connection


class DuckDBRows:
    """Rows of canonical types that DuckDB reads. Their number per unit is capped there."""

    is_readable = False

    def __init__(
        self,
        path: Path,
        scratch: Path,
        *,
        table: str | None = None,
        cap: Cap | None = None,
        threads: int = 1,
        memory_bytes: int = 1 << 30,
    ) -> None:
        """``table``: of the database at ``path``; without one ``path`` is a Parquet file. ``scratch``: a folder to
        spill to, private and on an encrypted disk: it gets codes, and the ids of units.
        """
        is_database = table is not None
        self._connection = open_locked(
            path, scratch, threads=threads, memory_bytes=memory_bytes, is_database=is_database
        )
        self._from = _name(table) if table is not None else f"read_parquet({_literal(str(path))})"
        self._cap = cap
        self._connection.execute(f"SELECT * FROM {self._from} LIMIT 0")  # noqa: S608
        self._names = [column[0] for column in self._connection.description or ()]

    @property
    def column_names(self) -> Sequence[str]:
        """The columns."""
        return self._names

    @property
    def num_rows(self) -> int:
        """Raises: UsageError (domain-undeclared): a count of rows is asked of ``coded``."""
        keep_in()

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """Raises: UsageError (domain-undeclared): values stay where they are."""
        keep_in()

    def coded(self, discretisation: Discretisation) -> DuckDBCounts:
        """The rows as codes, in a temporary table.

        Raises: KeyError for a column that the table has not.
        """
        rules = rules_of(discretisation, self._names)
        columns, joins = [], []
        for index, (name, rule) in enumerate(rules.items()):
            columns.append(f"{self._code(rule, index)} AS c{index}")
            if isinstance(rule, Lookup):
                texts = [f"r.{_name(name)}", *(f"left(r.{_name(name)}, {length})" for length in rule.prefixes)]
                joins += [f"LEFT JOIN k{index} k{index}_{n} ON {text} = k{index}_{n}.v" for n, text in enumerate(texts)]
        unit = "" if self._cap is None else f", r.{_name(self._cap.column)}::VARCHAR AS unit"
        source = f"SELECT {', '.join(columns)}{unit} FROM {self._from} r {' '.join(joins)}"  # noqa: S608
        names = ", ".join(f"c{index}" for index in range(len(rules)))
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE codes AS SELECT {names} FROM ({source})" + self._capped(names)  # noqa: S608
        )
        return DuckDBCounts(self._connection, View.of(discretisation.domain), tuple(rules))

    def _capped(self, names: str) -> str:
        if self._cap is None:
            return ""
        text = f"concat({_literal(self._cap.salt)}, unit, '|', concat_ws(',', {names}))"
        rank = f"row_number() OVER (PARTITION BY unit ORDER BY sha256({text}))"
        return f" WHERE unit IS NOT NULL QUALIFY {rank} <= {self._cap.max_rows}"

    def _code(self, rule: Rule, index: int) -> str:
        column = f"r.{_name(rule.column)}"
        if isinstance(rule, Lookup):
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE k{index} (v {_SQL_TYPES[rule.type]} PRIMARY KEY, c UINTEGER)"
            )
            if rule.values:
                rows = list(zip(rule.values, rule.codes.tolist(), strict=True))
                self._connection.executemany(f"INSERT INTO k{index} VALUES (?, ?)", rows)  # noqa: S608
            found = [f"k{index}_{n}.c" for n in range(len(rule.prefixes) + 1)]
            known = f"coalesce({', '.join(found)}, {rule.unknown})"
        else:
            known = _steps(rule, column)
        return f"(CASE WHEN {column} IS NULL THEN {rule.missing} ELSE {known} END)::UINTEGER"


class DuckDBCounts:
    """Counts of the temporary table of codes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, view: View, bases: Sequence[str]) -> None:
        self._connection, self._view, self._bases = connection, view, bases

    @property
    def domain(self) -> Domain:
        """The columns and their numbers of codes."""
        return self._view.domain

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        """Exact counts of each clique, of shape ``domain.shape(clique)``; the empty clique counts the rows."""
        for clique in cliques:
            self.domain.shape(clique)
        return self._counts(cliques)

    def _counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        for wave in waves(cliques, self.domain):
            covered = cover(wave, self.domain)
            tables = [self._count(block) for block in covered.blocks]
            for clique, owner in zip(wave, covered.owner, strict=True):
                yield margin(tables[owner], covered.blocks[owner], clique)

    def _count(self, block: Clique) -> NDArray[np.int64]:
        terms = [
            f"{self._code(name)} * {stride}" for name, stride in zip(block, strides(block, self.domain), strict=True)
        ]
        query = f"SELECT {' + '.join(terms) or '0'} AS cell, count(*) AS n FROM codes GROUP BY cell"  # noqa: S608
        found = self._connection.execute(query).fetchnumpy()
        return dense(found["cell"], found["n"], self.domain.shape(block))

    def _code(self, name: str) -> str:
        source = self._view.columns[name]
        column = f"c{self._bases.index(source.base)}"
        if source.mapping is None:
            return f"{column}::BIGINT"
        return f"({_literal(source.mapping.tolist())}::BIGINT[])[{column} + 1]"

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> DuckDBCounts:
        """The same rows over derived columns, each code mapped to a new one in the query."""
        return DuckDBCounts(self._connection, self._view.recoded(columns), self._bases)


def _steps(rule: Steps, column: str) -> str:
    value = {
        "date": f"({column} - DATE '1970-01-01')",
        "datetime": f"epoch_us({column})",
    }.get(rule.type, column)
    cuts, codes = merged(rule)

    def tree(first: int, last: int) -> str:
        if first == last:
            return str(codes[first])
        middle = (first + last) // 2
        cut = repr(cuts[middle])
        if rule.type == "number":
            cut = f"{_literal(cut)}::DOUBLE"  # a bare literal may be a DECIMAL
        return f"CASE WHEN {value} < {cut} THEN {tree(first, middle)} ELSE {tree(middle + 1, last)} END"

    stepped = tree(0, len(codes) - 1)
    return stepped if rule.zero is None else f"CASE WHEN {column} = 0 THEN {rule.zero} ELSE {stepped} END"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return "'" + str(value).replace("'", "''") + "'"
