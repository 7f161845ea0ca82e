"""Counts that are paid for before they are taken: the one way to noisy numbers while the domain is learnt.

Only ``privacy`` may use this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.accounting import DpEvent, compose, failure_event, gaussian_event
from privacy.noise import Entropy, rounded_gaussian

Debit = Callable[[str, DpEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """Takes the money, then the counts, then adds the noise."""

    debit: Debit
    entropy: Entropy

    def counts(
        self,
        exact: Callable[[], NDArray[np.int64]],
        *,
        purpose: str,
        noise_multiplier: float,
        sensitivity: float,
        failure: float = 0.0,
    ) -> NDArray[np.int64]:
        """``exact()`` plus rounded Gaussian noise of stddev noise_multiplier * sensitivity.

        ``sensitivity``: the L2 sensitivity of ``exact()``, add/remove one unit. ``failure``: the delta that the
        caller's use of the numbers needs.
        Raises: PlanExceeded; ``exact`` is not called then.
        """
        event = gaussian_event(noise_multiplier)
        self.debit(purpose, compose([event, failure_event(failure)]) if failure > 0 else event)
        counts = exact()
        return counts + rounded_gaussian(noise_multiplier * sensitivity, counts.shape, self.entropy)
