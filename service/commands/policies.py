"""Which gates a job must pass: the service's own, those of its population, and what the job asks for, all together.

The service's policy is a JSON file of its operator (UNDERSTUDY_POLICY): ``{"default": {...}, "populations": {"ward":
{...}}}``, where each is a policy of ``evaluation.gates`` (and ``tenants``, see ``choices``). It is read when a job is
asked for and kept with the job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from evaluation.gates import EPSILON, Policy
from service.settings import Settings
from understudy.errors import Failed, UsageError


def policy_for(asked: object, population: str, settings: Settings, *, epsilon: float) -> Policy:
    """The strictest of all. Only the service may say that literals are not searched for.

    Raises: UsageError (policy-invalid) for a fault in what was asked; UsageError (gate-refused) if the price alone
    is above a gate, so that nothing is charged; Failed (policy-unreadable) for a fault in the operator's file.
    """
    service = _of_service(settings.policy, population)
    if service.no_pii_literal is None:
        service = replace(service, no_pii_literal=True)
    policy = service.and_also(Policy.parse(asked))
    if policy.max_epsilon is not None and epsilon > policy.max_epsilon:
        raise UsageError(
            "The policy allows no release at this epsilon. Nothing was charged.",
            code="gate-refused",
            facts={"gate": EPSILON, "limit": f"{policy.max_epsilon:g}"},
        )
    return policy


def _of_service(path: Path | None, population: str) -> Policy:
    if path is None:
        return Policy()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        populations = document.get("populations", {})
        if not (set(document) <= {"default", "populations", "tenants"} and isinstance(populations, Mapping)):
            raise UsageError("The file has a default and populations.")
        own = Policy.parse(populations.get(population, {}))
        return Policy.parse(document.get("default", {})).and_also(own)
    except (OSError, ValueError, AttributeError, UsageError):
        # A policy that cannot be read must not become no policy.
        raise Failed("The service's policy file cannot be read.", code="policy-unreadable") from None
