"""Nested codes: rare ones are known by their ancestors."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from privacy.accounting import compose, failure_event, gaussian_event, gaussian_price
from privacy.codecs import OTHER, codec_of
from privacy.discovery import discover_levels
from privacy.hierarchy import HierarchyCodec, ancestors, at_level, n_levels, n_private_levels, public_roots
from privacy.meter import Meter
from privacy.till import Till


def strings(values: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.string())])


def codec(values: tuple[str, ...], hierarchy: str = "icd10", **kwargs: object) -> HierarchyCodec:
    return HierarchyCodec(name="x", hierarchy=hierarchy, values=values, nullable=True, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "hierarchy", "expected"),
    [
        ("I21.4", "icd10", ("I21.4", "I21", "I")),
        ("5411", "mcc", ("5411", "54")),
        ("DE212", "prefix", ("DE212", "DE2", "DE", "D")),
        ("I", "icd10", ("I", "I", "I")),
        ("", "mcc", ("", "")),
    ],
)
def test_ancestors(code: str, hierarchy: str, expected: tuple[str, ...]) -> None:
    assert ancestors(code, hierarchy) == expected
    assert n_levels(hierarchy) == len(expected)
    for level, ancestor in enumerate(expected):
        assert at_level(strings([code, None]), hierarchy, level).to_pylist() == [ancestor, None]


def test_a_code_is_known_by_its_nearest_ancestor() -> None:
    one = codec(("I21.4", "I21", "J"))
    column = strings(["I21.4", "I21.9", "I50.9", "J18.1", None, "J"])
    codes = one.encode(column)
    assert codes.tolist() == [0, 1, 3, 2, 4, 2]
    assert one.decode(codes, np.random.default_rng(1)).to_pylist() == ["I21.4", "I21", OTHER, "J", None, "J"]
    assert one.size == 5
    assert codec_of(*one.parts()) == one


def test_declared_codes_come_back_as_declared_ones() -> None:
    """A stand-in that the schema does not know is no valid value: one of its members is drawn instead."""
    one = codec(("5411", "54"), "mcc", declared=("5411", "5412", "5499", "6011"))
    column = strings(["5411", "5412", "5499", "6011"] * 100)
    back = one.decode(one.encode(column), np.random.default_rng(1)).to_pylist()
    assert set(back) == {"5411", "5412", "5499", "6011"}
    assert Counter(back)["5411"] == Counter(back)["6011"] == 100
    assert codec_of(*one.parts()) == one


def test_no_rows_and_no_keys_are_no_trouble() -> None:
    for values in ([], [None], ["A"]):
        one = codec(())
        codes = one.encode(strings(list(values)))
        assert codes.size == len(values)
        assert one.decode(codes, np.random.default_rng(1)).to_pylist() == [OTHER if v else None for v in values]
    bare = pa.chunked_array([], pa.string())
    assert codec(("I",)).encode(bare).size == 0


def test_levels_are_found_with_what_is_left_and_cost_what_was_held() -> None:
    values = ["I21.4"] * 300 + [f"I21.{i}" for i in range(100, 150)] + [f"I{i}.1" for i in range(50, 99)] + ["Z99.9"]
    held = compose([gaussian_event(2.0), failure_event(1e-6)])
    meter = Meter([("domain/keys", held)])
    found = discover_levels(
        strings([*values, None]),
        None,
        hierarchy="prefix",
        till=Till(debit=meter.debit, entropy=np.random.default_rng(1).bytes),
        noise_multiplier=2.0,
        delta=1e-6,
        max_rows=1,
        limit=99,
    )
    assert found == ("I21.4", "I21", "I")
    spent = gaussian_price(compose(event for _, event in meter.spent))
    assert spent is not None
    assert spent.mu_squared == pytest.approx(0.25)
    assert spent.delta <= gaussian_price(held).delta  # type: ignore[union-attr]


def test_the_highest_level_is_public_where_a_standard_lists_it_and_costs_nothing() -> None:
    assert n_private_levels("icd10") == 2
    assert [n_private_levels(hierarchy) for hierarchy in ("mcc", "prefix", None)] == [1, 4, 1]
    assert "".join(public_roots("icd10", None)) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert public_roots("icd10", ["J18.1", "I21", "I50"]) == ("I", "J")
    assert public_roots("mcc", ["5411", "5499", "6011"]) == ("54", "60")
    assert public_roots("prefix", None) == ()
