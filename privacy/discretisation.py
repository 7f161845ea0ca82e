"""The fixed domain of a job: what each code of each column stands for, and how that was learnt.

Anyone may import this. It is released data: declared facts and noisy numbers, safe in an artifact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.codecs import Codec, ValuesCodec, codec_of
from privacy.domain import Domain
from privacy.marginals import NoisyMarginal
from privacy.measured import Measured

_VERSION = 1
_CHUNK = 2**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Discretisation:
    """Codecs in the schema's order.

    ``provenance``: for each column, how each fact was learnt: "declared" (the schema), "dp" (bought, in the
    plan's events) or "public" (a constant of this software). ``one_ways``: what the budget for bins has told about
    the codes of the binned columns; only as long as the domain is fresh, it is not stored.
    """

    codecs: tuple[Codec, ...]
    provenance: Mapping[str, Mapping[str, str]]
    one_ways: tuple[Measured, ...] = ()

    def measured(self) -> list[NoisyMarginal]:
        """One-way marginals that learning the bins has paid for already; one noise level for each.

        ``one_ways`` has the variance of each code.
        """
        return [one.marginal() for one in self.one_ways]

    @property
    def domain(self) -> Domain:
        """Names and numbers of codes."""
        return Domain(
            names=tuple(codec.name for codec in self.codecs), sizes=tuple(codec.size for codec in self.codecs)
        )

    def __getitem__(self, name: str) -> Codec:
        return next(codec for codec in self.codecs if codec.name == name)

    def encode(self, rows: pa.Table) -> dict[str, NDArray[np.int64]]:
        """Codes of every row. A map of each row alone; the result is as private as the rows are."""
        return {codec.name: codec.encode(rows[codec.name]) for codec in self.codecs}

    def decode(
        self, codes: Mapping[str, NDArray[np.integer[Any]]], rng: np.random.Generator, *, dictionaries: bool = False
    ) -> pa.Table:
        """Typed values for codes, nulls where missing: the modelled columns in order, canonical types.

        In chunks of rows small enough that what a codec makes on the way stays in a core's cache. ``dictionaries``:
        listed words as dictionary arrays, which are quicker to make and to write.
        """
        columns = {}
        for codec in self.codecs:
            own = codes[codec.name]
            if dictionaries and isinstance(codec, ValuesCodec) and codec.type == "string":
                columns[codec.name] = pa.chunked_array([codec.dictionary(own)])
                continue
            starts = range(0, max(len(own), 1), _CHUNK)
            columns[codec.name] = pa.chunked_array([codec.decode(own[low : low + _CHUNK], rng) for low in starts])
        return pa.table(columns)

    def parts(self) -> tuple[dict[str, object], dict[str, NDArray[Any]]]:
        """JSON values, and arrays named "<index of the column>.<name of the array>"."""
        documents: list[dict[str, object]] = []
        arrays: dict[str, NDArray[Any]] = {}
        for index, codec in enumerate(self.codecs):
            document, own = codec.parts()
            documents.append(document)
            arrays.update({f"{index}.{name}": array for name, array in own.items()})
        provenance = {name: dict(facts) for name, facts in self.provenance.items()}
        return {"version": _VERSION, "columns": documents, "provenance": provenance}, arrays

    @classmethod
    def from_parts(cls, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Discretisation:
        """The inverse of ``parts``."""
        codecs = []
        for index, column in enumerate(document["columns"]):
            prefix = f"{index}."
            own = {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}
            codecs.append(codec_of(column, own))
        return cls(codecs=tuple(codecs), provenance=document["provenance"])

    def save(self, folder: Path) -> None:
        """Write domain.json and domain.npz into a folder that exists."""
        document, arrays = self.parts()
        (folder / "domain.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        np.savez(folder / "domain.npz", **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, folder: Path) -> Discretisation:
        """Read what ``save`` wrote. No pickle is ever read."""
        document = json.loads((folder / "domain.json").read_text(encoding="utf-8"))
        with np.load(folder / "domain.npz", allow_pickle=False) as arrays:
            return cls.from_parts(document, dict(arrays))
