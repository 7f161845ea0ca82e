"""JSON lines in: one object a line, one value a key. Numbers keep the letters they were written with."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

from privacy.ingest.faults import refusal
from privacy.ingest.header import check_header
from privacy.ingest.limits import Limits
from privacy.ingest.records import MAX_RECORD_BYTES, Record
from understudy.errors import Place
from understudy.schema import TableSchema

Object = Mapping[str, object]


class JsonLines:
    """A file of JSON objects, a row each. A key that a row leaves out is a missing value of that row."""

    def __init__(self, path: Path, schema: TableSchema, limits: Limits) -> None:
        """Raises: InputRefused with empty-file, json-invalid or a fault of the columns of the first object."""
        self._path = path
        self.names: Sequence[str] = schema.names
        first = next(objects(path), None)
        if first is None:
            raise refusal("empty-file")
        line, _, keys = first
        check_keys(list(keys), schema, limits, line=line)

    def records(self) -> Iterator[Record]:
        """See ``RecordReader``."""
        unseen, declared = set(self.names), frozenset(self.names)
        for line, share, found in objects(self._path):
            if not declared.issuperset(found):
                raise refusal("column-unknown", Place(line=line))
            unseen.difference_update(found)
            yield Record(line, share, [scalar(found.get(name), line, name) for name in self.names])
        if unseen:
            raise refusal("column-missing", *(Place(column=name) for name in self.names if name in unseen))


def check_keys(keys: Sequence[str], schema: TableSchema, limits: Limits, *, line: int) -> None:
    """Refuse a first object that is no row of this table; a key that it leaves out may come later."""
    present = [name for name in schema.names if name in keys]
    if present:
        keys = [*keys, *(name for name in schema.names if name not in present)]
    check_header(keys, schema, limits, line=line)


def objects(path: Path) -> Iterator[tuple[int, float, Object]]:
    """Each line's object: (line, share of the file read, object). Empty lines are skipped.

    Integers and fractions are their own text. Raises: InputRefused with not-jsonl, json-invalid, json-key-twice,
    not-utf8 or cell-too-large, and the line.
    """
    size = max(1, path.stat().st_size)
    n_read = 0
    with path.open("rb") as raw:
        for number, text in enumerate(_lines(raw), start=1):
            n_read += len(text)
            text = text.removeprefix(codecs.BOM_UTF8) if number == 1 else text  # noqa: PLW2901
            if text.strip():
                yield number, n_read / size, _object(text, number)


def scalar(value: object, line: int, column: str) -> str | None:
    """A JSON value as text. Raises: InputRefused (value-nested) for an object or a list."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    raise refusal("value-nested", Place(line=line, column=column))


def _lines(raw: BinaryIO) -> Iterator[bytes]:
    if raw.read(4) == b"PAR1":
        raise refusal("not-jsonl")
    raw.seek(0)
    line = 0
    while text := raw.readline(MAX_RECORD_BYTES + 1):
        line += 1
        if len(text) > MAX_RECORD_BYTES:
            raise refusal("cell-too-large", Place(line=line))
        yield text


class _Twice(ValueError):
    """A key that stands twice in one object."""


def _object(text: bytes, line: int) -> Object:
    try:
        found = _DECODER.decode(text.decode())
    except UnicodeDecodeError:
        raise refusal("not-utf8", Place(line=line)) from None
    except _Twice:
        raise refusal("json-key-twice", Place(line=line)) from None
    except (ValueError, RecursionError):
        raise refusal("json-invalid", Place(line=line)) from None
    if not isinstance(found, dict):
        raise refusal("json-invalid", Place(line=line))
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _not_json(_name: str) -> NoReturn:
    """NaN and the infinities, which Python reads and JSON has not."""
    raise ValueError


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_not_json)
