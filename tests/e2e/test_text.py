"""Notes beside a table, end to end: paid for, scrubbed, synthesized from their rows, searched, and packed."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.inprocess import InProcessTransport
from tests.e2e.houses import House
from understudy.client import Client
from understudy.errors import UsageError
from understudy.messages import JobCreate, JobState, PlanCreate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

WARDS = ("cardiology", "urology", "surgery")
SAID = {
    "cardiology": "chest pain on exertion, started on metoprolol, echo planned",
    "urology": "flank pain and haematuria, cystoscopy planned, catheter in place",
    "surgery": "wound clean and dry, drain removed, mobilising well",
}
SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "patient_id", "type": "string"},
        {"name": "patient", "type": "string", "understudy:kind": "name"},
        {"name": "ward", "type": "string", "constraints": {"enum": list(WARDS)}},
        {"name": "age", "type": "integer", "constraints": {"minimum": 18, "maximum": 95}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
        {"name": "note", "type": "text"},
    ],
    "understudy:population": "ward patients",
    "understudy:privacyUnit": {"column": "patient_id", "maxRows": 2},
}
SECRET = "zebrafinch harpsichord quartz vulcanised marmalade obelisk"


def table(path: Path, n: int = 160) -> Path:
    rng = random.Random(3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["patient_id", "patient", "ward", "age", "sex", "note"])
        for index in range(n):
            ward, age, sex = rng.choice(WARDS), rng.randint(18, 95), rng.choice("FM")
            who = f"{rng.choice(['Quentin', 'Isolde', 'Bram'])} {rng.choice(['Zwicker', 'Thorsby', 'Obuya'])}"
            they = "She" if sex == "F" else "He"
            note = f"{who} is a {age}-year-old patient on {ward}. {they} has {SAID[ward]}. Reviewed today."
            if index == 0:
                note += f" {SECRET}."
            writer.writerow([f"P{index:05}", who, ward, age, sex, "" if index % 40 == 7 else note])
    return path


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[Client]:
    transport = InProcessTransport(house.app)
    with Client(api_key=house.keys["clinic"], transport=transport) as found:
        yield found


@pytest.fixture(scope="module")
def made(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notes")
    client.grant("ward patients", epsilon=20.0, delta=1e-3)
    result = client.synth(
        table(folder / "notes.csv"),
        schema=SCHEMA,
        epsilon=8.0,
        delta=1e-5,
        n_rows=50,
        text="model",
        out=folder / "out",
    )
    assert result.job.state is JobState.DONE
    return result.folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "synthetic.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_has_a_note_that_agrees_with_it(made: Path) -> None:
    rows = rows_of(made)
    assert len(rows) == 50
    assert sum(bool(row["note"].strip()) for row in rows) >= 40  # a short note may be nothing at all
    told = [(row["age"], found) for row in rows if row["age"] for found in re.findall(r"\b(\d+)-year-old", row["note"])]
    assert all(age == found for age, found in told)
    pronouns = [
        (row["sex"], word) for row in rows if row["sex"] for word in re.findall(r"\b(?:he|she)\b", row["note"].lower())
    ]
    assert all((sex == "F") == (word == "she") for sex, word in pronouns)


def test_nobodys_words_are_in_it(made: Path) -> None:
    everything = " ".join(row["note"] for row in rows_of(made)).lower()
    assert "zebrafinch" not in everything
    assert "zwicker" not in everything


def test_the_price_of_text_and_table_is_one_and_stands_in_the_ledger(client: Client, made: Path) -> None:
    statement = json.loads((made / "privacy_statement.json").read_text())
    purposes = [event["purpose"] for event in statement["events"]]
    assert {"text-0/words", "text-0/classes", "text-0/runs-2", "text-0/runs-3", "text-0/runs-4"} <= set(purposes)
    spent = client.budget("ward patients")
    assert spent.epsilon_spent == pytest.approx(8.0)
    assert statement["provenance"]["note: text"] == "dp"


def test_a_plan_tells_the_price_of_notes_before_any_is_read(client: Client) -> None:
    request = PlanCreate(table_schema=SCHEMA, epsilon=2.0, delta=1e-5, n_rows=500, text="model", text_share=0.7)
    plan = client.plan(request)
    shares = {event.purpose: event.share for event in plan.events}
    assert sum(share for name, share in shares.items() if name.startswith("text-0/")) == pytest.approx(0.7, abs=0.05)
    assert plan.epsilon_of_events <= 2.0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": "poetry"}, "text-engine-unknown"),
        ({"text": "model", "text_share": 1.0}, "text-share-invalid"),
        ({"text": "adapter"}, "text-model-missing"),
        ({"text": "evolution"}, "text-endpoint-missing"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_charged(
    client: Client, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(UsageError) as refused:
        client.plan(PlanCreate(table_schema=SCHEMA, epsilon=2.0, delta=1e-5, **change))
    assert refused.value.reason == code


def test_text_without_a_text_column_and_with_canaries_is_refused(client: Client, tmp_path: Path) -> None:
    bare = {**SCHEMA, "fields": SCHEMA["fields"][:-1]}
    with pytest.raises(UsageError) as refused:
        client.plan(PlanCreate(table_schema=bare, epsilon=2.0, delta=1e-5, text="model"))
    assert refused.value.reason == "text-column-missing"
    dataset = client.upload(table(tmp_path / "notes.csv", 30), SCHEMA)
    before = client.budget("ward patients").epsilon_held
    with pytest.raises(UsageError) as refused:
        client.submit(JobCreate(dataset_id=dataset.id, epsilon=1.0, text="model", canaries=10))
    assert refused.value.reason == "text-with-canaries"
    assert client.budget("ward patients").epsilon_held == before
