"""A rule says of every value what its codec says: the cuts are found in the codec, not worked out again."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from privacy.bins import Bins
from privacy.codecs import ARROW_TYPES, BinsCodec, ValuesCodec
from privacy.lattice import Lattice
from privacy.sources.rules import Steps, rule_of
from understudy.errors import UsageError


def binned(lattice: Lattice, *starts: int, zero: bool = False, nullable: bool = True) -> BinsCodec:
    ticks = np.array([0, *starts], dtype=np.uint64)
    bins = Bins(starts=ticks, weights=np.ones(ticks.size), first=np.arange(ticks.size + 1), zero_apart=zero)
    return BinsCodec(name="v", lattice=lattice, bins=bins, nullable=nullable)


def same(codec: BinsCodec | ValuesCodec, values: pa.Array) -> None:
    assert rule_of(codec).encode(values).tolist() == codec.encode(pa.chunked_array([values])).tolist()


def test_a_decimal_cut_is_the_very_float_at_which_the_code_changes() -> None:
    codec = binned(Lattice.of("number", -2.0, 2.0, decimals=1), 13, 21, 22, zero=True)
    rule = rule_of(codec)
    assert isinstance(rule, Steps)
    cuts = rule.cuts.tolist()
    assert cuts == sorted(cuts)
    around = [math.nextafter(cut, way) for cut in cuts for way in (-math.inf, cut, math.inf)]
    same(codec, pa.array([*around, None, 0.0, -0.0, 5e-324, 1e308, -1e308, 0.05, -0.05]))


@pytest.mark.parametrize(
    ("lattice", "values"),
    [
        (Lattice.of("integer", -5, 2**63 - 1), [-(2**63), -5, 0, 2, 3, 4, 2**62, 2**63 - 1, None]),
        (Lattice.of("integer", -900, 900, decimals=-2), [-901, -850, -450, 0, 49, 50, 51, 349, 350, 351, None]),
        (
            Lattice.of("date", date(1, 1, 1), date(9999, 12, 31)),
            [date(1, 1, 1), date(1, 1, 9), date(9999, 12, 31), None],
        ),
    ],
)
def test_whole_numbers_of_any_size(lattice: Lattice, values: list[object]) -> None:
    type_ = ARROW_TYPES[lattice.type]
    for zero in {False, lattice.has_zero}:
        same(binned(lattice, 3, 4, 8, zero=zero), pa.array(values, type_))
        same(binned(lattice, 3, nullable=False, zero=zero), pa.array(values, type_))


def test_moments_are_cut_at_the_microsecond() -> None:
    first = datetime(2020, 1, 1)  # noqa: DTZ001  canonical moments have no zone
    codec = binned(Lattice.of("datetime", first, first.replace(year=2021), unit_us=60_000_000), 1)
    at = int((first - datetime(1970, 1, 1)).total_seconds()) * 10**6 + 60_000_000  # noqa: DTZ001
    values = pa.array([at - 1, at, at + 1, None, -(2**60)], pa.int64()).cast(pa.timestamp("us"))
    assert rule_of(codec).encode(values).tolist() == [0, 1, 1, 2, 0]
    same(codec, values)


def test_many_cuts_and_a_single_bin() -> None:
    values = pa.array(np.arange(-10, 1200, dtype=np.int64))
    same(binned(Lattice.of("integer", 0, 1000), *range(1, 900)), values)
    same(binned(Lattice.of("integer", 0, 1000)), values)


@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize("nullable", [False, True])
def test_listed_values(other: bool, nullable: bool) -> None:
    codec = ValuesCodec(name="v", type="string", values=("b", "a"), other=other, nullable=nullable)
    same(codec, pa.array(["a", "b", "c", None, ""]))
    same(replace(codec, values=()), pa.array(["a", None]))


def test_a_mapped_rule_gives_the_mapped_code() -> None:
    values = pa.array([None, 0.0, 0.4, 1.4, 9.0])
    codec = binned(Lattice.of("number", 0.0, 2.0, decimals=1), 5, 10, zero=True)
    mapping = np.array([7, 5, 7, 1, 0])
    rule = rule_of(codec)
    assert rule.mapped(mapping).encode(values).tolist() == mapping[rule.encode(values)].tolist()


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        rule_of(object())  # type: ignore[arg-type]
    assert caught.value.reason == "codec-unknown"
