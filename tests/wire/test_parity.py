"""Messages, .proto and OpenAPI say the same: every message, field, type, option, enum, error and method.

``differences`` does the comparing; further down it is broken on purpose in every way it is meant to notice.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from service.faults import FAULTS, fault_of
from service.rest.app import create_app
from service.rpc.convert import from_proto
from tests.wire.parity import ENUMS, FILE, MESSAGES, METHODS, differences, sent_by_callers
from understudy import errors
from understudy.errors import ERRORS, UnderstudyError, UsageError
from understudy.messages import Message

OPENAPI: dict[str, Any] = create_app(None).openapi()  # type: ignore[arg-type]


def test_messages_proto_and_openapi_say_the_same() -> None:
    assert differences(MESSAGES, ENUMS, OPENAPI) == []


def test_every_member_of_an_enum_is_its_name_in_small_letters() -> None:
    # The conversion rests on it.
    assert [str(member) for enum in ENUMS.values() for member in enum if member.value != member.name.lower()] == []


@pytest.mark.parametrize("name", sorted(sent_by_callers()))
def test_what_http_requires_grpc_requires(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_proto(GetMessageClass(FILE.message_types_by_name[name])(), MESSAGES[name])
    required = OPENAPI["components"]["schemas"][name]["required"]
    assert caught.value.facts == {f"/{field}": "missing" for field in required}


@pytest.mark.parametrize("kind", [*ERRORS.values()], ids=lambda kind: kind.__name__)
def test_every_error_that_is_raised_has_a_row_of_its_own_tree(kind: type[UnderstudyError]) -> None:
    is_group = any(issubclass(other, kind) and other is not kind for other in ERRORS.values())
    is_ours = kind is errors.Failed
    assert is_group or is_ours or fault_of(kind("m")).kind is not UnderstudyError


def test_every_class_of_error_is_in_the_tree() -> None:
    classes = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, UnderstudyError)}
    assert classes - {UnderstudyError} == set(ERRORS.values())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind.__name__)
def test_every_row_has_codes_that_exist(fault: Any) -> None:
    assert fault.grpc in grpc.StatusCode.__members__
    assert fault.grpc != "OK"
    assert 400 <= fault.http < 600


TWINS = {
    "health": {"Service.GetHealth"},
    "create_tenant": {"Service.CreateTenant"},
    "readiness": {"Service.GetReadiness"},
    "create_key": {"Keys.Create"},
    "list_keys": {"Keys.List"},
    "revoke_key": {"Keys.Revoke"},
    "get_signing_key": {"Custody.GetSigningKey"},
    "get_retention": {"Custody.GetRetention"},
    "set_retention": {"Custody.SetRetention"},
    "list_releases": {"Custody.ListReleases"},
    "erase_subject": {"Custody.EraseSubject"},
    "export_audit": {"Audit.Export"},
    "check_audit": {"Audit.Check"},
    "list_engines": {"Service.ListEngines"},
    "create_dataset": {"Datasets.Create"},
    "list_datasets": {"Datasets.List"},
    "get_dataset": {"Datasets.Get"},
    "delete_dataset": {"Datasets.Delete"},
    "put_content": {"Datasets.Upload"},
    "append_content": {"Datasets.Upload"},
    "create_pull": {"Datasets.Pull"},
    "get_upload": {"Datasets.GetUpload"},
    "propose_schema": {"Datasets.ProposeSchema"},
    "create_scrub": {"Scrubs.Create"},
    "put_scrub": {"Scrubs.Upload"},
    "get_scrubbed": {"Scrubs.Download"},
    "delete_scrub": {"Scrubs.Delete"},
    "create_job": {"Jobs.Create"},
    "list_jobs": {"Jobs.List"},
    "get_job": {"Jobs.Get"},
    "get_job_events": {"Jobs.Watch"},
    "cancel_job": {"Jobs.Cancel"},
    "get_bundle": {"Jobs.DownloadBundle"},
    "get_owner_report": {"Jobs.DownloadOwnerReport"},
    "get_release_report": {"Jobs.DownloadReleaseReport"},
    "create_plan": {"Jobs.Plan"},
    "create_evaluation": {"Jobs.Evaluate"},
    "create_curve": {"Jobs.Curve"},
    "list_budgets": {"Budgets.List"},
    "get_budget": {"Budgets.Get"},
    "grant_budget": {"Budgets.Grant"},
    "grant_tenant_budget": {"Budgets.Grant"},
    "list_entries": {"Budgets.History"},
    "verify_ledger": {"Budgets.Verify"},
}
"""Each HTTP operation and the gRPC methods that do the same."""


def test_every_operation_is_offered_by_both() -> None:
    operations = {
        operation["operationId"]: operation for path in OPENAPI["paths"].values() for operation in path.values()
    }
    assert set(TWINS) == set(operations)
    assert set.union(*TWINS.values()) == set(METHODS)
    for name, methods in TWINS.items():
        assert {_answer_of(operations[name])} <= {METHODS[method].output_type.name for method in methods} | {""}


def _answer_of(operation: Mapping[str, Any]) -> str:
    """The message that an operation answers with; empty if it is none."""
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    schema = answers[0].get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


# --- broken on purpose ------------------------------------------------------------------------------------------


def with_step(**fields: Any) -> dict[str, type[Message]]:
    """The messages, with other fields in StepView."""
    body = {"__annotations__": fields, "__module__": __name__}
    return MESSAGES | {"StepView": type("StepView", (Message,), body)}


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (with_step(name=str, seconds=float, extra=str), ["StepView: extra is missing"]),
        (with_step(name=str), ["StepView: seconds is too much"]),
        (with_step(name=str, seconds=int), ["StepView: seconds is "]),
        (with_step(name=list[str], seconds=float), ["StepView: name is "]),
        (with_step(name=dict[str, str], seconds=float), ["StepView: name is "]),
        (MESSAGES | {"Extra": Message}, ["Extra is missing"]),
        ({name: kind for name, kind in MESSAGES.items() if name != "Guess"}, ["Guess is too much"]),
    ],
    ids=["extra", "lost", "type", "list", "map", "message", "lost-message"],
)
def test_a_difference_is_found_in_both(kinds: dict[str, type[Message]], found: list[str]) -> None:
    reported = differences(kinds, ENUMS, OPENAPI)
    assert len(reported) == 2
    assert {report.split()[0].strip(":") for report in reported} == {".proto", "OpenAPI"}
    assert all(found[0] in report for report in reported)


def test_a_field_that_became_optional_is_found_in_both() -> None:
    class StepView(Message):
        name: str
        seconds: float | None = None

    assert len(differences(MESSAGES | {"StepView": StepView}, ENUMS, OPENAPI)) == 2


def test_a_field_that_became_required_is_found() -> None:
    class PlaceView(Message):
        line: int
        column: str | None = None
        pointer: str | None = None

    assert len(differences(MESSAGES | {"PlaceView": PlaceView}, ENUMS, OPENAPI)) == 2


def test_another_member_of_an_enum_is_found_in_both() -> None:
    TableFormat = StrEnum("TableFormat", [*ENUMS["TableFormat"].__members__, "EXCEL"])
    assert differences(MESSAGES, ENUMS | {"TableFormat": TableFormat}, OPENAPI) == [
        ".proto TableFormat: TABLE_FORMAT_EXCEL is missing",
        "OpenAPI TableFormat: excel is missing",
    ]


def test_an_openapi_document_of_another_mind_is_found() -> None:
    other = copy.deepcopy(OPENAPI)
    other["components"]["schemas"]["JobView"]["required"].remove("stage")
    del other["components"]["schemas"]["Health"]
    assert len(differences(MESSAGES, ENUMS, other)) == 2


def test_an_error_without_a_row_would_be_found() -> None:
    class Unheard(UnderstudyError):
        code = "unheard"

    assert fault_of(Unheard("m")).kind is UnderstudyError
