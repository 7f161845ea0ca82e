"""Gates: what a release must show before it leaves. Decided from the owner report and a search for literals.

A refusal says which gate, and nothing else of what was found. It is one bit of private rows, told to the owner
alone; it costs no budget and gives none back, and it is counted as an attempt. A figure that a gate asks for and that
could not be had refuses too: unknown is not good.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from evaluation.report import Json
from understudy.errors import UsageError

EPSILON, ATTACK_AUC, ATTACK_RATE, FIDELITY, LITERAL, STOP = (
    "max_epsilon",
    "max_attack_auc",
    "max_attack_rate",
    "min_fidelity",
    "no_pii_literal",
    "stop",
)
"""Names of the gates, as they stand in a policy and in a refusal."""
RECIPIENTS, EXPIRES = "recipients", "expires"
WORDS = (RECIPIENTS, EXPIRES)
LONGEST = 200
"""Characters that recipients may take on page one."""

_AUC = "risk.membership"
_RATES = ("risk.verbatim", "risk.singling_out", "risk.linkability", "risk.inference")
_DISTANCE = "fidelity.tvd2.mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a release must keep to. None means that there is no such gate.

    ``max_attack_auc``: upper end of the interval of every membership AUC that could be judged. ``max_attack_rate``:
    upper end of the interval of each attack's success above its control group. ``min_fidelity``: one minus the upper
    end of the mean 2-way distance beyond sampling noise. ``no_pii_literal`` stands unless it is False. That an audit
    above the claim stops a release is no choice. ``recipients``, in words, and ``expires``, a day (ISO 8601), are no
    gates: page one of both reports says them.
    """

    max_epsilon: float | None = None
    max_attack_auc: float | None = None
    max_attack_rate: float | None = None
    min_fidelity: float | None = None
    no_pii_literal: bool | None = None
    recipients: str | None = None
    expires: str | None = None

    @classmethod
    def parse(cls, document: object) -> Policy:
        """Read ``as_dict`` back, or what an owner wrote.

        Raises: UsageError (policy-invalid) for what is not a gate, or not of its kind. Nothing is ignored.
        """
        if not isinstance(document, Mapping) or not set(document) <= {field.name for field in fields(cls)}:
            raise _invalid(f"A policy is an object of: {', '.join(field.name for field in fields(cls))}.")
        for name, value in document.items():
            if value is not None and name == LITERAL:
                if not isinstance(value, bool):
                    raise _invalid(f"{name} is true, false or null.")
            elif value is not None and name in WORDS:
                _check_words(name, value)
            elif value is not None and not _is_limit(name, value):
                raise _invalid(f"{name} is a number from 0{'' if name == EPSILON else ' to 1'}, or null.")
        return cls(**document)

    def as_dict(self) -> Json:
        """Plain JSON."""
        return asdict(self)

    def facts(self) -> dict[str, str]:
        """What page one says beside the gates: who may have the table, until when; left out where it was not said."""
        return {name: value for name, value in asdict(self).items() if name in WORDS and value}

    def in_words(self) -> str:
        """Every gate that stands, for a reader."""
        said = [f"{name.replace('_', ' ')} {value:g}" for name, value in asdict(self).items() if _is_number(value)]
        return ", ".join([*said, *([] if self.no_pii_literal is False else ["no identifying literal"])]) or "no gate"

    def and_also(self, other: Policy) -> Policy:
        """The stricter of both in every gate."""
        return Policy(
            max_epsilon=_least(self.max_epsilon, other.max_epsilon),
            max_attack_auc=_least(self.max_attack_auc, other.max_attack_auc),
            max_attack_rate=_least(self.max_attack_rate, other.max_attack_rate),
            min_fidelity=None
            if self.min_fidelity is None and other.min_fidelity is None
            else max(self.min_fidelity or 0.0, other.min_fidelity or 0.0),
            no_pii_literal=_either(self.no_pii_literal, other.no_pii_literal),
            recipients=self.recipients or other.recipients,
            expires=min((day for day in (self.expires, other.expires) if day), default=None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One gate. ``found`` is what was held against ``limit``; None if it could not be had, which refuses too."""

    gate: str
    limit: float | None
    found: float | None
    refused: bool

    def as_dict(self) -> Json:
        """Plain JSON, for the owner's report."""
        return {"gate": self.gate, "limit": self.limit, "found": self.found, "refused": self.refused}


def verdicts(policy: Policy, owner_report: Json, *, n_literals: int) -> tuple[Verdict, ...]:
    """Every gate that stands, in a fixed order. Owner side: what was found is a figure of private rows.

    ``owner_report``: ``Report.as_owner_json()``. ``n_literals``: cells with a literal, see ``evaluation.literals``.
    """
    return tuple(_verdicts(policy, owner_report, n_literals))


def refusals(found: Iterable[Verdict]) -> tuple[str, ...]:
    """Names of the gates that this release does not pass; empty if it may leave."""
    return tuple(verdict.gate for verdict in found if verdict.refused)


def _verdicts(policy: Policy, report: Json, n_literals: int) -> Iterator[Verdict]:
    metrics = _metrics(report)
    stopped = bool(report.get("stop", True))
    yield Verdict(gate=STOP, limit=None, found=None, refused=stopped)
    if policy.max_epsilon is not None:
        epsilon = _value(report, "statement").get("epsilon")
        known = float(epsilon) if isinstance(epsilon, int | float) else None
        yield _at_most(EPSILON, policy.max_epsilon, known)
    if policy.max_attack_auc is not None:
        aucs = [_upper(metric) for name, metric in metrics.items() if name.startswith(_AUC)]
        highest = max((auc for auc in aucs if auc is not None), default=None)
        yield _at_most(ATTACK_AUC, policy.max_attack_auc, None if _upper(metrics.get(_AUC)) is None else highest)
    if policy.max_attack_rate is not None:
        rates = [_upper(metrics[name]) for name in _RATES if name in metrics]
        rated = [rate for rate in rates if rate is not None]
        yield _at_most(ATTACK_RATE, policy.max_attack_rate, max(rated) if rated and len(rated) == len(rates) else None)
    if policy.min_fidelity is not None:
        distance = _upper(metrics.get(_DISTANCE))
        fidelity = None if distance is None else 1.0 - distance
        refused = fidelity is None or fidelity < policy.min_fidelity
        yield Verdict(gate=FIDELITY, limit=policy.min_fidelity, found=fidelity, refused=refused)
    if policy.no_pii_literal is not False:
        yield Verdict(gate=LITERAL, limit=0.0, found=float(n_literals), refused=n_literals > 0)


def _at_most(gate: str, limit: float, found: float | None) -> Verdict:
    return Verdict(gate=gate, limit=limit, found=found, refused=found is None or found > limit)


def _metrics(report: Json) -> dict[str, Mapping[str, Any]]:
    sections: Any = report.get("sections", [])
    return {str(metric["id"]): metric for section in sections for metric in section["metrics"]}


def _upper(metric: Mapping[str, Any] | None) -> float | None:
    """The upper end of a metric's interval; None where it was not judged, or its interval has no end."""
    if metric is None or metric.get("value") is None or metric.get("status") == "grey":
        return None
    ci = metric.get("ci")
    return float(ci[1]) if isinstance(ci, list) and ci[1] is not None else None


def _value(report: Json, key: str) -> Mapping[str, Any]:
    value = report.get(key)
    return value if isinstance(value, Mapping) else {}


def _least(first: float | None, second: float | None) -> float | None:
    known = [value for value in (first, second) if value is not None]
    return min(known) if known else None


def _either(first: bool | None, second: bool | None) -> bool | None:
    """True if one says so, else False if one says so."""
    known = [value for value in (first, second) if value is not None]
    return any(known) if known else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_limit(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return value >= 0 and (name == EPSILON or value <= 1)


def _check_words(name: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST or not value.isprintable():
        raise _invalid(f"{name} is a line of at most {LONGEST} characters, or null.")
    if name == EXPIRES:
        try:
            if date.fromisoformat(value).isoformat() != value:
                raise ValueError
        except ValueError:
            raise _invalid(f"{name} is a day as 2027-01-31, or null.") from None


def _invalid(message: str) -> UsageError:
    return UsageError(message, code="policy-invalid")
