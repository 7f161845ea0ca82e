"""The session pays, then counts, then adds noise; what it returns is whole numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from privacy.accounting import gaussian_event
from privacy.binning import plan_domain
from privacy.counting import CountingSession, l2_sensitivity
from privacy.domain import Clique, Domain
from privacy.meter import Meter
from privacy.session import PrivateSession
from privacy.sources.arrow import ArrowCounts
from understudy.errors import Failed, PlanExceeded
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "id", "type": "integer", "understudy:kind": "identifier"},
            {"name": "a", "type": "string", "constraints": {"enum": ["x", "y"], "required": True}},
            {"name": "b", "type": "boolean"},
        ],
        "understudy:privacyUnit": {"column": "id", "maxRows": 4},
    }
)
ROWS = pa.table(
    {
        "id": pa.array(range(1000), pa.int64()),
        "a": pa.array(["x", "y", "x", "x"] * 250),
        "b": pa.array([True, None, False, True] * 250),
    }
)
EXACT = np.array([[250, 500, 0], [0, 0, 250]])


def session(*events: tuple[str, float]) -> PrivateSession:
    meter = Meter([(purpose, gaussian_event(z)) for purpose, z in events])
    opened = PrivateSession(ROWS, SCHEMA, meter, np.random.default_rng(11).bytes)
    opened.discretise(plan_domain(SCHEMA, mu=0.0, delta=0.0))
    return opened


def test_counts_are_right_up_to_noise_and_whole() -> None:
    (marginal,) = session(("m", 2.0)).measure([("a", "b")], stddev=8.0, purpose="m")
    assert marginal.clique == ("a", "b")
    assert marginal.stddev == 8.0
    assert marginal.counts.dtype == np.float64
    assert np.array_equal(marginal.counts, np.rint(marginal.counts))
    assert np.abs(marginal.counts - EXACT).max() < 8 * 6
    assert not np.array_equal(marginal.counts, EXACT)


def test_the_price_is_the_sensitivity_of_all_cliques_together() -> None:
    """Guarantee: max_rows * sqrt(number of cliques) over stddev is what is debited."""
    cliques: list[Clique] = [("a",), ("b",), ("a", "b")]
    exact_stddev = 2.0 * l2_sensitivity(3, 4)
    assert l2_sensitivity(3, 4) == 4 * math.sqrt(3)
    session(("m", 2.0)).measure(cliques, stddev=exact_stddev, purpose="m")
    with pytest.raises(PlanExceeded):
        session(("m", 2.0)).measure(cliques, stddev=exact_stddev * 0.999, purpose="m")
    with pytest.raises(PlanExceeded):
        session(("m", 2.0)).choose(cliques, lambda c: np.zeros((2,)), stddev=exact_stddev * 0.999, purpose="m")


def test_scores_are_l1_distances_to_rounded_expectations() -> None:
    domain = session(("c", 1.0)).domain
    asked: list[Clique] = []

    def expected(clique: Clique) -> NDArray[np.float64]:
        asked.append(clique)
        return np.full(domain.shape(clique), 100.4)

    candidates: list[Clique] = [("a",), ("b",), ("a", "b")]
    scores = session(("c", 1.0)).choose(candidates, expected, stddev=4 * math.sqrt(3), purpose="c")
    exact = [650 + 150, 150 + 400 + 150, 150 + 400 + 100 + 100 + 100 + 150]
    assert asked == candidates
    assert np.array_equal(scores, np.rint(scores))
    assert np.abs(scores - exact).max() < 60


def test_floats_of_the_caller_cannot_leak_low_order_bits() -> None:
    """Expectations are rounded before they meet a count: tiny or odd fractions change nothing."""
    scores = []
    for offset in (0.0, 1e-12, 0.3, math.pi / 10):
        opened = session(("c", 1.0))
        shape = opened.domain.shape(("a", "b"))
        scores.append(opened.choose([("a", "b")], lambda c: np.full(shape, 7 + offset), stddev=9.0, purpose="c"))  # noqa: B023
    assert all(np.array_equal(scores[0], other) for other in scores)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_an_expectation_that_is_no_count_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        session(("c", 1.0)).choose([("a",)], lambda c: np.full((2,), bad), stddev=9.0, purpose="c")


def test_an_expectation_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        session(("c", 1.0)).choose([("a",)], lambda c: np.zeros((1,)), stddev=9.0, purpose="c")


def test_the_empty_clique_counts_rows() -> None:
    (total,) = session(("m", 1.0)).measure([()], stddev=4.0, purpose="m")
    assert total.counts.shape == ()
    assert abs(float(total.counts) - 1000) < 30


def test_nothing_asked_costs_nothing() -> None:
    opened = session()
    assert opened.measure([], stddev=1.0, purpose="m") == []
    assert opened.choose([], lambda c: np.zeros(1), stddev=1.0, purpose="m").size == 0


class Unreadable:
    """A source whose counts nobody may ask for."""

    domain = Domain.of({"a": 2})

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        raise AssertionError("rows were read")

    def recoded(self, columns: object) -> Unreadable:
        return self


@pytest.mark.parametrize("stddev", [0.5, 0.0, -1.0, math.nan])
def test_what_is_not_covered_is_refused_before_rows_are_read(stddev: float) -> None:
    counting = CountingSession(Unreadable(), Meter([("m", gaussian_event(1.0))]), bytes, max_rows=1)
    for call in (
        lambda: counting.measure([("a",)], stddev=stddev, purpose="m"),
        lambda: counting.choose([("a",)], lambda c: np.zeros(2), stddev=stddev, purpose="m"),
        lambda: counting.measure([("a",)], stddev=2.0, purpose="other"),
        lambda: counting.recoded({"z": ("a", np.array([0, 0]))}).measure([("a",)], stddev=stddev, purpose="m"),
    ):
        with pytest.raises(Exception, match=r"plan holds|multiplier"):
            call()


def test_an_unknown_column_is_refused_before_paying() -> None:
    opened = session(("m", 1.0))
    with pytest.raises(KeyError):
        opened.measure([("nobody",)], stddev=4.0, purpose="m")
    opened.measure([("a",)], stddev=4.0, purpose="m")


def test_derived_columns_share_the_meter() -> None:
    opened = session(("m", 1.0))
    coarse = opened.recoded({"known": ("b", np.array([0, 0, 1]))})
    (marginal,) = coarse.measure([("known",)], stddev=4.0, purpose="m")
    assert np.abs(marginal.counts - [750, 250]).max() < 40
    with pytest.raises(PlanExceeded):
        opened.measure([("a",)], stddev=4.0, purpose="m")


def test_a_session_without_a_domain_counts_nothing() -> None:
    opened = PrivateSession(ROWS, SCHEMA, Meter([]), np.random.default_rng(1).bytes)
    for call in (lambda: opened.domain, lambda: opened.discretisation, lambda: opened.recoded({})):
        with pytest.raises(Failed):
            call()
    opened.discretise(plan_domain(SCHEMA, mu=0.0, delta=0.0))
    with pytest.raises(Failed):
        opened.discretise(plan_domain(SCHEMA, mu=0.0, delta=0.0))


def test_rows_and_codes_are_no_public_attributes() -> None:
    opened = session()
    public = [getattr(opened, name) for name in dir(opened) if not name.startswith("_") and name != "measure"]
    assert not any(isinstance(value, pa.Table | ArrowCounts | np.ndarray) for value in public)
    assert not hasattr(opened, "__dict__")
