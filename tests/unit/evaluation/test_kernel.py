import numpy as np
import pytest

from evaluation import distance
from evaluation.distance import Points, nearest
from evaluation.kernel import _search, nearest_places


def _sides(q: int, n: int, d: int, w: int) -> tuple[Points, Points]:
    rng = np.random.default_rng(0)
    made = [
        Points(dense=rng.normal(size=(k, d)).astype(np.float32), wide=rng.integers(0, 4, (k, w)).astype(np.int32))
        for k in (q, n)
    ]
    return made[0], made[1]


@pytest.mark.parametrize(("d", "w"), [(3, 2), (0, 6), (4, 0)])
def test_the_loop_is_exact_and_takes_the_first_of_equals(d: int, w: int) -> None:
    queries, reference = _sides(7, 300, d, w)
    places = np.zeros(7, dtype=np.int64)
    _search(queries.dense, queries.wide, reference.dense.T.copy(), reference.wide.T.copy(), places)  # as plain Python
    gap = ((queries.dense[:, None] - reference.dense[None]) ** 2).sum(axis=2)
    gap = gap + (queries.wide[:, None] != reference.wide[None]).sum(axis=2)
    found = gap[np.arange(7), places]
    np.testing.assert_allclose(found, gap.min(axis=1), rtol=1e-5)
    if d == 0:
        np.testing.assert_array_equal(places, gap.argmin(axis=1))


def test_compiled_and_plain_agree_and_only_large_work_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, reference = _sides(50, 5_000, 4, 3)
    plain = nearest(queries, reference)
    monkeypatch.setattr(distance, "_COMPILE_FROM", 1)
    compiled = nearest(queries, reference)
    np.testing.assert_allclose(plain[0], compiled[0], rtol=1e-5)
    assert len(nearest_places(queries.dense[:0], queries.wide[:0], reference.dense, reference.wide)) == 0
