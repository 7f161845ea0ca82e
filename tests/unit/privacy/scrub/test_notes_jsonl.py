"""Notes as JSON lines, models that are plugged in, and input that means harm."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from privacy.scrub.notes import scrub_notes
from privacy.scrub.table import open_text_scrubber
from privacy.scrub.text import TextScrubber
from understudy.errors import InputRefused, UsageError


@pytest.fixture(scope="module")
def scrubber() -> TextScrubber:
    return open_text_scrubber(b"jsonl" * 8)


def _run(tmp_path: Path, scrubber: TextScrubber, raw: bytes) -> tuple[list[dict[str, object]], dict[str, object]]:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(raw)
    report = scrub_notes(source, out, scrubber)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines() if line], report.as_dict()


def test_each_line_comes_back_with_spans_over_the_original(tmp_path: Path, scrubber: TextScrubber) -> None:
    text = "Seen by Dr. Ana Quintero on 3/14/2021, MRN 12345678. Foley catheter in place."
    lines, report = _run(tmp_path, scrubber, json.dumps({"text": text}).encode() + b'\n\n{"text": null}\n')
    found = {span["entity_type"]: text[span["start"] : span["end"]] for span in lines[0]["spans"]}  # type: ignore[attr-defined]
    assert found.items() >= {"PERSON": "Ana Quintero", "DATE_TIME": "3/14/2021", "MEDICAL_RECORD": "12345678"}.items()
    assert "Foley catheter" in str(lines[0]["text"])
    assert not any(value in str(lines[0]["text"]) for value in ("Quintero", "3/14/2021", "12345678"))
    assert lines[1] == {"text": None, "spans": []}
    assert report["n_rows"] == 1
    assert "Quintero" not in json.dumps(report)


@pytest.mark.parametrize(
    "bad",
    [
        b"no json",
        b"[1]",
        b'{"txt": "a"}',
        b'{"text": 1}',
        b'{"text": "a", "name": "Ana"}',
        b"\xff\xfe{",
        b'{"text": "a", "person": true}',
    ],
)
def test_a_bad_line_is_refused_by_its_number(tmp_path: Path, scrubber: TextScrubber, bad: bytes) -> None:
    with pytest.raises(InputRefused) as caught:
        _run(tmp_path, scrubber, b'{"text": "fine"}\n' + bad + b"\n")
    assert (caught.value.reason, caught.value.where[0].line) == ("not-jsonl", 2)


def test_the_result_is_the_same_for_any_number_of_processes(tmp_path: Path, scrubber: TextScrubber) -> None:
    source = tmp_path / "in.jsonl"
    notes = [
        {"text": f"Dr. Ana Quintero saw pt {n} on 3/{n % 28 + 1}/2021, MRN {12345000 + n}.", "person": f"p{n % 5}"}
        for n in range(300)
    ]
    source.write_text("\ufeff" + "\n".join([*map(json.dumps, notes), "", '{"text": null}', '{"text": "\\ud800 Ana"}']))
    results = []
    for processes in (1, 3):
        out, percents = tmp_path / f"out.{processes}", list[int]()
        report = scrub_notes(source, out, scrubber, on_progress=percents.append, processes=processes)
        assert percents == sorted(percents)
        assert len(set(percents)) > 1
        results.append((out.read_bytes(), report))
    assert results[0] == results[1]
    assert results[0][1].n_rows == 301
    assert len(results[0][0].splitlines()) == 303


@pytest.mark.parametrize("processes", [1, 2])
def test_the_first_bad_line_is_named_and_nothing_is_kept(
    tmp_path: Path, scrubber: TextScrubber, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.scrub.notes.MAX_LINE_BYTES", 50_000)
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    fine = [b'{"text": null}'] * 1_500
    source.write_bytes(b"\n".join([*fine, b'{"text": 1}', *fine, b'{"text": "' + b"x" * 60_000 + b'"}']))
    with pytest.raises(InputRefused) as caught:
        scrub_notes(source, out, scrubber, processes=processes)
    assert caught.value.where[0].line == 1_501
    source.write_bytes(b"\n".join([*fine, b'{"text": "' + b"x" * 60_000 + b'"}', *fine]))
    with pytest.raises(InputRefused) as caught:
        scrub_notes(source, out, scrubber, processes=processes)
    assert (caught.value.where[0].line, caught.value.message) == (1_501, "A line is too long for a note.")
    assert not out.exists()


def test_a_model_is_a_path_and_nothing_else(tmp_path: Path) -> None:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Qwxyz"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "model")
    plugged = open_text_scrubber(b"model" * 8, model=tmp_path / "model")
    assert "Qwxyz" not in str(plugged.scrub("it was the Qwxyz thing").text)
    with pytest.raises(UsageError) as caught:
        open_text_scrubber(b"model" * 8, model=Path("en_core_web_lg"))
    assert caught.value.reason == "model-not-usable"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000,
        "9" * 50_000,
        "A." * 10_000,
        "\x00" * 5_000 + "MRN 1234567",
        "המטופלת מרים כהן התקבלה ב-3/14/2021, טלפון 050-555-1234",
        "👩‍⚕️ Dr. Ana Quintero 🏥 said \u202ehello\u202c \ud800",
        "," * 20_000,
        "Dr. " * 4_000,
        "",
        "\n" * 10_000,
    ],
    ids=["letters", "digits", "dots", "nulls", "rtl", "emoji", "commas", "titles", "empty", "lines"],
)
def test_input_that_means_harm_is_scrubbed_in_time(scrubber: TextScrubber, text: str) -> None:
    started = time.process_time()
    result = scrubber.scrub(text)
    assert result.text is not None
    assert time.process_time() - started < 20
