"""The service against its own OpenAPI document: requests made from it, good ones and bad ones, are never answered with
a 5xx, and every error is problem details. Few and always the same ones, since this is a fast test; set
UNDERSTUDY_TEST_EXAMPLES for more.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

from tests.wire.doors import ROUTES, Doors
from understudy.messages import Problem, Role

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("UNDERSTUDY_TEST_EXAMPLES", "8"))
FEW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def document(doors: Doors) -> Any:
    return schemathesis.openapi.from_dict(doors.app.openapi())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize("name", sorted(set(ROUTES) - {"readiness"}))
def test_no_request_breaks_the_service(doors: Doors, document: Any, name: str, mode: GenerationMode) -> None:
    route = ROUTES[name]
    (method,) = route.methods
    operation = document[route.path_format][method]
    if mode is GenerationMode.NEGATIVE and route.body_field is None and not operation.query:
        return  # any text is a path, and any bytes are a file: nothing of it can be bad

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://understudy")
        sent.pop("cookies", None)
        sent["headers"] = {**sent.get("headers", {}), "Authorization": f"Bearer {doors.keys[Role.TENANT_ADMIN]}"}
        answer = doors.http.request(**sent)
        assert answer.status_code < 500, (answer.status_code, answer.text)
        if answer.is_error:
            assert answer.headers["content-type"] == "application/problem+json"
            assert Problem.model_validate_json(answer.content).status == answer.status_code

    send()


def test_a_service_that_breaks_would_be_found(doors: Doors, document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.commands.jobs.page", lambda *_args, **_more: 1 / 0)
    with pytest.raises(AssertionError):
        test_no_request_breaks_the_service(doors, document, "list_jobs", GenerationMode.POSITIVE)
