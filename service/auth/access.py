"""The one table of access: every operation, who may do it, and what the audit log keeps of it.

HTTP and gRPC look here and nowhere else. An operation is called as the HTTP handler is; ``methods`` are the gRPC
methods that do the same. An operation without a line here is closed to everybody, and a test says so. To add one:
a line in the block of its noun, with the narrowest roles; ``entity`` names the path parameter that holds one of OUR
ids, or a name that the owner declared. Never name one that could hold something about a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from service.context import Principal
from understudy.errors import Forbidden
from understudy.messages import Role


class Action(StrEnum):
    """What an operation does, by the letters of FHIR's AuditEvent.action."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


_ADMIN = frozenset({Role.TENANT_ADMIN})
_STEWARDS = _ADMIN | {Role.STEWARD}
_ANALYSTS = _ADMIN | {Role.ANALYST}
_MAKERS = _STEWARDS | {Role.ANALYST}
_AUDITORS = _ADMIN | {Role.AUDITOR}
_GOVERNORS = _STEWARDS | {Role.AUDITOR}
_READERS = _MAKERS | {Role.AUDITOR}
_EVERYBODY = frozenset(Role)
_OWN = frozenset({Role.ANALYST})


@dataclass(frozen=True, slots=True)
class Rule:
    """One operation. ``roles`` None: open to who has no credential. ``discloses``: a read that the audit log keeps.

    ``scope`` is what a narrowed key needs, for example ``jobs:write``. ``own``: roles that may do it only with what
    they have asked for themselves; the use case calls ``permit_own`` once it knows whose the job is.
    """

    operation: str
    methods: tuple[str, ...]
    action: Action
    roles: frozenset[Role] | None
    entity: str = ""
    discloses: bool = False
    scope: str = ""
    own: frozenset[Role] = frozenset()

    @property
    def is_public(self) -> bool:
        """True if nobody needs to say who they are."""
        return self.roles is None

    @property
    def is_audited(self) -> bool:
        """True if the audit log keeps every such act, not only one that was denied."""
        return not self.is_public and (self.discloses or self.action is not Action.READ)


def _rules(noun: str, *rows: Rule) -> Iterable[Rule]:
    for row in rows:
        scope = f"{noun}:{'read' if row.action is Action.READ else 'write'}"
        yield Rule(row.operation, row.methods, row.action, row.roles, row.entity, row.discloses, scope, row.own)


_C, _R, _U, _D, _E = Action

RULES: tuple[Rule, ...] = (
    *_rules(
        "service",
        Rule("health", ("Service.GetHealth",), _R, None),
        Rule("readiness", ("Service.GetReadiness",), _R, None),
        Rule("create_tenant", ("Service.CreateTenant",), _C, None),
        Rule("list_engines", ("Service.ListEngines",), _R, _EVERYBODY),
    ),
    *_rules(
        "datasets",
        Rule("create_dataset", ("Datasets.Create",), _C, _STEWARDS),
        Rule("put_content", ("Datasets.Upload",), _U, _STEWARDS, "dataset_id"),
        Rule("append_content", ("Datasets.Upload",), _U, _STEWARDS, "dataset_id"),
        Rule("create_pull", ("Datasets.Pull",), _C, _STEWARDS),
        Rule("get_upload", ("Datasets.GetUpload",), _R, _STEWARDS, "dataset_id"),
        Rule("delete_dataset", ("Datasets.Delete",), _D, _STEWARDS, "dataset_id"),
        Rule("list_datasets", ("Datasets.List",), _R, _READERS),
        Rule("get_dataset", ("Datasets.Get",), _R, _READERS, "dataset_id"),
        Rule("propose_schema", ("Datasets.ProposeSchema",), _E, _STEWARDS),
    ),
    *_rules(
        "scrubs",
        Rule("create_scrub", ("Scrubs.Create",), _C, _STEWARDS),
        Rule("put_scrub", ("Scrubs.Upload",), _U, _STEWARDS, "scrub_id"),
        Rule("get_scrubbed", ("Scrubs.Download",), _R, _STEWARDS, "scrub_id", discloses=True),
        Rule("delete_scrub", ("Scrubs.Delete",), _D, _STEWARDS, "scrub_id"),
    ),
    *_rules(
        "jobs",
        Rule("create_job", ("Jobs.Create",), _C, _ANALYSTS),
        Rule("list_jobs", ("Jobs.List",), _R, _EVERYBODY),
        Rule("get_job", ("Jobs.Get",), _R, _EVERYBODY, "job_id"),
        Rule("get_bundle", ("Jobs.DownloadBundle",), _R, _MAKERS, "job_id", discloses=True, own=_OWN),
        Rule("get_job_events", ("Jobs.Watch",), _R, _EVERYBODY, "job_id"),
        # A steward's own: pulls, evaluations, curves.
        Rule("cancel_job", ("Jobs.Cancel",), _U, _MAKERS | {Role.OPERATOR}, "job_id", own=_OWN | {Role.STEWARD}),
        Rule("create_plan", ("Jobs.Plan",), _R, _MAKERS),
    ),
    *_rules(
        "reports",
        Rule("get_release_report", ("Jobs.DownloadReleaseReport",), _R, _READERS, "job_id", discloses=True, own=_OWN),
        # Figures of real rows: for the owner of the data only.
        Rule("get_owner_report", ("Jobs.DownloadOwnerReport",), _R, _STEWARDS, "job_id", discloses=True),
        Rule("create_evaluation", ("Jobs.Evaluate",), _E, _STEWARDS),
        Rule("create_curve", ("Jobs.Curve",), _E, _STEWARDS),
    ),
    *_rules(
        "budgets",
        Rule("list_budgets", ("Budgets.List",), _R, _READERS),
        Rule("get_budget", ("Budgets.Get",), _R, _READERS, "population"),
        Rule("grant_budget", ("Budgets.Grant",), _U, _STEWARDS, "population"),
        Rule("grant_tenant_budget", ("Budgets.Grant",), _U, _STEWARDS),
        Rule("list_entries", ("Budgets.History",), _R, _GOVERNORS),
        Rule("verify_ledger", ("Budgets.Verify",), _R, _GOVERNORS),
    ),
    *_rules(
        "custody",
        Rule("get_signing_key", ("Custody.GetSigningKey",), _R, None),
        Rule("get_retention", ("Custody.GetRetention",), _R, _GOVERNORS),
        Rule("set_retention", ("Custody.SetRetention",), _U, _STEWARDS),
        Rule("list_releases", ("Custody.ListReleases",), _R, _READERS),
        # No entity: the path names a person.
        Rule("erase_subject", ("Custody.EraseSubject",), _D, _STEWARDS),
    ),
    *_rules(
        "audit",
        Rule("export_audit", ("Audit.Export",), _R, _AUDITORS, discloses=True),
        Rule("check_audit", ("Audit.Check",), _R, _AUDITORS),
    ),
    *_rules(
        "keys",
        Rule("create_key", ("Keys.Create",), _C, _ADMIN),
        Rule("list_keys", ("Keys.List",), _R, _AUDITORS),
        Rule("revoke_key", ("Keys.Revoke",), _D, _ADMIN, "key_id"),
    ),
)

SCOPES: frozenset[str] = frozenset(rule.scope for rule in RULES if not rule.is_public)
"""Everything that a key can be narrowed to."""

_BY_OPERATION = {rule.operation: rule for rule in RULES}
_BY_METHOD = {method: rule for rule in reversed(RULES) for method in rule.methods}


def rule_of(operation: str) -> Rule | None:
    """The line of an HTTP operation; None if there is none, which closes it to everybody."""
    return _BY_OPERATION.get(operation)


def rule_of_method(method: str) -> Rule | None:
    """The line of a gRPC method, for example ``Datasets.Create``; None as above."""
    return _BY_METHOD.get(method)


def may(principal: Principal, rule: Rule) -> bool:
    """True if one of the caller's roles is in the rule, and the credential is not narrowed to something else."""
    if rule.roles is None:
        return True
    return bool(principal.roles & rule.roles) and (not principal.scopes or rule.scope in principal.scopes)


def permit(principal: Principal, rule: Rule) -> None:
    """Raises: Forbidden (forbidden) with the roles that would do; never with what the caller has."""
    if not may(principal, rule):
        roles = sorted(rule.roles or ())
        raise Forbidden("This credential may not do this.", facts={"roles": ", ".join(roles), "scope": rule.scope})


def may_with(principal: Principal, operation: str, asked_by: str) -> bool:
    """True if the caller may do this to what ``asked_by``, a ``Principal.owner``, has asked for.

    A caller with a role that may do it to everybody's is not held to their own. One without any role is the service.
    """
    rule = rule_of(operation)
    admitted = principal.roles & ((rule.roles if rule else None) or frozenset())
    return principal.owner == asked_by or rule is None or not admitted or bool(admitted - rule.own)


def permit_own(principal: Principal, operation: str, asked_by: str) -> None:
    """Raises: Forbidden (not-your-job) unless ``may_with``."""
    if not may_with(principal, operation, asked_by):
        raise Forbidden(
            "Somebody else has asked for this job: of it you may see only how far it is.", code="not-your-job"
        )
