"""DP-SGD on a local model through the service: what cannot be paid, or is no model, is refused first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.bootstrap import running
from service.commands.tenants import open_tenant
from service.inprocess import InProcessTransport
from service.rest.app import create_app
from service.settings import Settings
from tests.e2e.houses import NOTES_SCHEMA
from tests.unit.synthesizers.text.wards import tiny_model
from understudy.client import Client
from understudy.errors import UnderstudyError
from understudy.messages import JobCreate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def client(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings.from_environment({"UNDERSTUDY_HOME": str(home), "UNDERSTUDY_TEXT_MODEL": str(model)})
    with running(settings, role="serve") as ports:
        key, transport = open_tenant("clinic", ports), InProcessTransport(create_app(ports))
        with Client(api_key=key, transport=transport) as found:
            yield found


@pytest.fixture(scope="module")
def dataset(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("rows") / "notes.csv"
    rows = "".join(f"p{n},{'heart' if n % 2 else 'bladder'},Seen on the round, no concerns.\n" for n in range(40))
    path.write_text("id,ward,note\n" + rows.replace("round, no", "round and no"))
    client.grant("notes", epsilon=10.0, delta=1e-3, composition="zcdp")
    return client.upload(path, NOTES_SCHEMA).id


def test_an_account_that_counts_in_zcdp_refuses_the_adapter_and_nothing_is_held(client: Client, dataset: str) -> None:
    before = client.budget("notes")
    with pytest.raises(UnderstudyError) as refused:
        client.submit(JobCreate(dataset_id=dataset, epsilon=4.0, delta=1e-5, text="adapter"))
    assert refused.value.reason == "event-unknown"
    assert client.budget("notes") == before


def test_a_model_that_has_gone_is_refused_and_nothing_is_held(client: Client, dataset: str, model: Path) -> None:
    before = client.budget("notes")
    config = (model / "config.json").rename(model / "config.away")
    try:
        with pytest.raises(UnderstudyError) as refused:
            client.submit(JobCreate(dataset_id=dataset, epsilon=4.0, delta=1e-5, text="adapter"))
    finally:
        config.rename(model / "config.json")
    assert refused.value.reason == "text-model-invalid"
    assert str(model) not in str(refused.value)
    assert client.budget("notes") == before
