"""Lost parts of a table: is a share of the synthetic rows smaller than the same share of the real ones?

Pure: shares in, findings out. Used for groups of people and for the tails of columns. A part that is too small
for half of it to be missed is underpowered, and never green.
Source: two-proportion z, Holm 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from evaluation.intervals import holm
from evaluation.report import Status, Threshold

ALPHA_RED, ALPHA_AMBER = 0.001, 0.01
POWER = 0.9
_HALF = 0.5
"""A cell is judged if losing half of it would have been red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One group: shares among training and synthetic rows, and what a loss would have to be to be seen."""

    name: str
    share: float
    made: float
    error: float
    visible: float
    p_value: float
    adjusted: float = 1.0

    @property
    def ratio(self) -> float:
        """Share among synthetic rows over share among training rows."""
        return self.made / self.share

    @property
    def judged(self) -> bool:
        """Whether halving the group would have turned red with 90 % power."""
        return self.visible >= _HALF

    @property
    def ci(self) -> tuple[float, float]:
        """95 % interval of the ratio, on the log scale."""
        wide = float(np.exp(1.96 * self.error))
        return self.ratio / wide, max(self.ratio, 1e-9) * wide


def lost_cells(counted: Sequence[tuple[str, float, float]], n: int, m: int) -> list[Cell]:
    """Cells of (name, real share above 0, synthetic share) with n real and m synthetic independent rows, Holm."""
    cells = [_cell(name, real, made, n, m, max(1, len(counted))) for name, real, made in counted]
    adjusted = holm([cell.p_value for cell in cells])
    return [replace(cell, adjusted=p) for cell, p in zip(cells, adjusted, strict=True)]


def smallest_ratio(share: float, n: int, m: int, tests: int) -> float:
    """The smallest loss that could be seen, as a ratio: one below it gives Holm p < 0.001 with 90 % power.

    Normal limit, n real and m synthetic rows; 0 when even the whole group's loss could not be seen.
    """
    z = norm.isf(ALPHA_RED / tests) + norm.ppf(POWER)
    return max(0.0, float(1 - z * np.sqrt((1 - share) / share * (1 / n + 1 / m))))


def finding(cell: Cell, threshold: Threshold) -> Status:
    """Red and amber on significant loss; green only where a loss of half would have been seen, else grey."""
    if cell.ratio < threshold.red and cell.adjusted < ALPHA_RED:
        return Status.RED
    if cell.ratio < threshold.amber and cell.adjusted < ALPHA_AMBER:
        return Status.AMBER
    return Status.GREEN if cell.judged else Status.GREY


def _cell(name: str, share: float, made: float, n: int, m: int, tests: int) -> Cell:
    pooled = (share * n + made * m) / (n + m)
    spread = np.sqrt(max(pooled * (1 - pooled) * (1 / n + 1 / m), 1e-18))
    error = np.sqrt((1 - share) / (share * n) + (1 - made) / (made * m + 0.5))
    return Cell(
        name=name,
        share=share,
        made=made,
        error=float(error),
        visible=smallest_ratio(share, n, m, tests),
        p_value=float(norm.cdf((made - share) / spread)),
    )
