"""What the guarantee leaves to the best possible attack: error trade-offs, AUC, posterior belief.

Public: computed from the statement alone. When the events of a release are Gaussians that together
make up the claim, the exact Gaussian trade-off is used, which is far tighter than (epsilon, delta).
Sources: Wasserman and Zhou 2010; Kairouz, Oh and Viswanath 2015; Dong, Roth and Su 2022 (Gaussian
differential privacy, arXiv:1905.02383).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evaluation.statement import PrivacyStatement
from privacy.accounting import compose, decode, epsilon_of, gaussian_price
from understudy.errors import UnderstudyError

Floats = NDArray[np.float64]

_AGREE = 0.02
_GRID = np.concatenate([[0.0], np.geomspace(1e-9, 1.0, 4_001)])


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """(epsilon, delta), and `mu` with its own failure probability when the mechanism is mu-GDP."""

    epsilon: float
    delta: float
    mu: float | None = None
    failure: float = 0.0

    def tpr(self, fpr: Floats) -> Floats:
        """Highest share of members found at these shares of non-members accused."""
        odds = math.exp(min(self.epsilon, 50.0))
        cap = np.minimum(odds * fpr + self.delta, 1 - (1 - self.delta - fpr) / odds)
        if self.mu is not None:
            cap = np.minimum(cap, norm.cdf(norm.ppf(fpr) + self.mu) + self.failure)
        return np.asarray(np.clip(cap, 0.0, 1.0), dtype=np.float64)

    @property
    def auc(self) -> float:
        """Highest AUC of any membership attack; at delta 0 and no mu it is e^eps / (1 + e^eps)."""
        return float(np.trapezoid(self.tpr(_GRID), _GRID))


def trade_off(statement: PrivacyStatement) -> TradeOff | None:
    """The trade-off of a statement, or None without a guarantee.

    The events are believed only if they price to the claimed epsilon; otherwise something was left out,
    and the claim alone is used.
    """
    if statement.epsilon is None:
        return None
    plain = TradeOff(epsilon=statement.epsilon, delta=statement.delta)
    try:
        whole = compose([decode(item.event) for item in statement.events])
        price, epsilon = gaussian_price(whole), epsilon_of(whole, statement.delta)
    except UnderstudyError:
        return plain
    if not statement.events or price is None or abs(epsilon - statement.epsilon) > _AGREE * statement.epsilon:
        return plain
    return TradeOff(epsilon=statement.epsilon, delta=statement.delta, mu=price.mu, failure=float(price.delta))


def posterior(prior: float, epsilon: float) -> float:
    """Highest belief that a prior belief can be raised to (delta aside), by Bayes' rule."""
    odds = prior / (1 - prior) * math.exp(min(epsilon, 50.0))
    return odds / (1 + odds)
