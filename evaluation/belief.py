"""What an accusation is worth: from the belief before to the belief after, for this attack and for any.

Owner side. An AUC does not say how often an accused person was in the table; that depends on how common members
are among those that an attacker looks at.
Source: Bayes' rule; base rates after shared study, section C.
"""

from __future__ import annotations

import numpy as np

from evaluation.intervals import wilson
from evaluation.membership import Audit
from evaluation.report import Disclosure, Table
from evaluation.tradeoff import TradeOff, posterior

BASE_RATES = (0.001, 0.01, 0.10)
FALSE_ALARMS = 0.01
MIN_SIDE = 100


def belief(found: Audit | None, best: TradeOff | None) -> tuple[Table, ...]:
    """Precision of the membership attack at one false alarm in a hundred, by share of members looked at."""
    inside = np.zeros(0) if found is None else found.score[found.member]
    outside = np.zeros(0) if found is None else np.sort(found.score[~found.member])
    if min(len(inside), len(outside)) < MIN_SIDE:
        return ()
    cut = outside[len(outside) - 1 - int(FALSE_ALARMS * len(outside))]
    hits = int(np.count_nonzero(inside > cut))
    rate, most = hits / len(inside), wilson(hits, len(inside))[1]
    rows = []
    for base in BASE_RATES:
        after = [_percent(precision(base, tpr)) for tpr in (rate, most)]
        if best is not None:
            allowed = float(best.tpr(np.array([FALSE_ALARMS]))[0])
            after += [_percent(precision(base, allowed)), _percent(posterior(base, best.epsilon))]
        rows.append((_percent(base), *after))
    header: tuple[str, ...] = ("Members among those looked at", "Accused rightly", "At most (95%)")
    if best is not None:
        header += ("The guarantee allows", "Any conclusion, at most")
    return (
        Table(
            id="risk-belief",
            title="What an accusation is worth",
            header=header,
            rows=tuple(rows),
            disclosure=Disclosure.OWNER,
            note=f"At one false alarm in a hundred never-seen people, where the attack finds {rate:.1%} of the "
            "members. An accusation that is worth no more than the share before has taught the attacker nothing.",
        ),
    )


def precision(base: float, tpr: float, fpr: float = FALSE_ALARMS) -> float:
    """Share of the accused who are members, when `base` of those looked at are."""
    return base * tpr / (base * tpr + (1 - base) * fpr)


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else f"{share:.2%}"
