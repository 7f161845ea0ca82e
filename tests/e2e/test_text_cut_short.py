"""A training of a text model that is cut short: it is not begun again, and asking again is another payment."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from service import bootstrap
from service.bootstrap import running
from service.commands.tenants import open_tenant
from service.inprocess import InProcessTransport
from service.ports import Progress
from service.rest.app import create_app
from service.sandbox import run_child
from service.settings import Settings
from tests.e2e.houses import NOTES_SCHEMA
from tests.e2e.kill_driver import children_of
from tests.unit.synthesizers.text.wards import tiny_model
from understudy.client import Client
from understudy.errors import Failed
from understudy.messages import JobCreate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Deadly(bootstrap.ChildSandbox):
    """Children without mathematics; the one that fits is killed in its middle, each time."""

    fits = 0

    def __call__(
        self, task: str, request: dict[str, object], *, on_progress: Progress, **more: Any
    ) -> dict[str, object]:
        Deadly.fits += task == "fit"

        def progress(percent: int, stage: str) -> None:
            on_progress(stage, percent)
            for pid in children_of(os.getpid()) if task == "fit" else ():
                os.kill(pid, signal.SIGSEGV)  # it dies without a word, and may be tried anew

        return run_child("tests.e2e.light_child", request, task=task, on_progress=progress, **more)


def test_a_training_that_was_killed_is_not_begun_again_and_asking_again_pays_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ChildSandbox", Deadly)
    model = tiny_model(tmp_path / "model")
    environment = {"UNDERSTUDY_HOME": str(tmp_path / "home"), "UNDERSTUDY_TEXT_MODEL": str(model)}
    path = tmp_path / "notes.csv"
    path.write_text("id,ward,note\n" + "".join(f"p{n},heart,Seen on the round {n}.\n" for n in range(30)))
    with running(Settings.from_environment(environment), role="serve") as ports:
        key, transport = open_tenant("clinic", ports), InProcessTransport(create_app(ports))
        with Client(api_key=key, transport=transport) as client:
            client.grant("notes", epsilon=10.0, delta=1e-3)
            dataset = client.upload(path, NOTES_SCHEMA).id
            asked = JobCreate(dataset_id=dataset, epsilon=2.0, delta=1e-5, text="adapter")
            for turn in (1, 2):
                with pytest.raises(Failed) as failed:
                    client.wait(client.submit(asked).id)
                assert failed.value.reason == "training-cut-short"
                assert "pays again" in failed.value.message
                assert Deadly.fits == turn, "begun once for each payment, and never again"
                spent = [entry for entry in client.history(population="notes") if entry.kind == "spend"]
                assert len(spent) == turn
                assert client.budget("notes").epsilon_spent == pytest.approx(2.0 * turn)
