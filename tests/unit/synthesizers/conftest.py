"""A session over integer codes for the engine's tests: exact counts, seeded noise, and a book of what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from privacy.domain import Clique, Domain
from privacy.marginals import NoisyMarginal
from synthesizers.base import Recoding

Floats = NDArray[np.float64]


class CodedSession:
    """Answers as ``privacy.session`` does, from codes in memory. ``asked`` is purpose -> sum of mu^2 (max_rows 1)."""

    def __init__(self, codes: Mapping[str, NDArray[np.intp]], domain: Domain, *, seed: int | None = 0) -> None:
        """``seed`` None: no noise."""
        self.domain = domain
        self.asked: dict[str, float] = {}
        self._codes = dict(codes)
        self._rng = None if seed is None else np.random.default_rng(seed)

    def measure(self, cliques: Sequence[Clique], *, stddev: float, purpose: str) -> list[NoisyMarginal]:
        self._debit(purpose, len(cliques), stddev)
        return [
            NoisyMarginal(clique=clique, counts=self._noisy(self._count(clique), stddev), stddev=stddev)
            for clique in cliques
        ]

    def choose(
        self,
        candidates: Sequence[Clique],
        expected: Callable[[Clique], Floats],
        *,
        stddev: float,
        purpose: str,
    ) -> Floats:
        self._debit(purpose, len(candidates), stddev)
        distances = [np.abs(self._count(clique) - np.rint(expected(clique))).sum() for clique in candidates]
        return self._noisy(np.array(distances), stddev)

    def recoded(self, columns: Mapping[str, Recoding]) -> CodedSession:
        codes = {name: mapping[self._codes[source]] for name, (source, mapping) in columns.items()}
        sizes = {name: int(mapping.max()) + 1 for name, (_, mapping) in columns.items()}
        view = CodedSession(codes, Domain.of(sizes), seed=None)
        view._rng, view.asked = self._rng, self.asked
        return view

    def _debit(self, purpose: str, n_cliques: int, stddev: float) -> None:
        self.asked[purpose] = self.asked.get(purpose, 0.0) + n_cliques / stddev**2

    def _count(self, clique: Clique) -> Floats:
        shape = self.domain.shape(clique)
        flat = np.ravel_multi_index([self._codes[name] for name in clique], shape)
        return np.bincount(flat, minlength=self.domain.size(clique)).reshape(shape).astype(np.float64)

    def _noisy(self, exact: Floats, stddev: float) -> Floats:
        if self._rng is None:
            return exact
        return exact + np.rint(self._rng.normal(0.0, stddev, exact.shape))


@pytest.fixture
def coded() -> Callable[..., CodedSession]:
    """Makes a session from a table of codes (rows x columns) and its sizes."""

    def make(table: NDArray[np.intp], sizes: Sequence[int], *, seed: int | None = 0) -> CodedSession:
        names = [f"c{column}" for column in range(len(sizes))]
        codes = {name: table[:, column] for column, name in enumerate(names)}
        return CodedSession(codes, Domain(names=tuple(names), sizes=tuple(sizes)), seed=seed)

    return make
