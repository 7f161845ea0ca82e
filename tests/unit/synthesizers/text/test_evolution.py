"""Private evolution against a stub that speaks the real protocol, and against ones that hang, lie or break."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from synthesizers.text.endpoint import MAX_ANSWER_BYTES, Endpoint, check_endpoint
from synthesizers.text.evolution import EvolutionEngine, embedding
from tests.unit.synthesizers.text.wards import SAID, SCHEMA, SECRET, notes, price, session
from understudy.errors import Failed, UsageError

Answer = Callable[[BaseHTTPRequestHandler, dict[str, object]], None]


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class Stub:
    """An OpenAI-compatible endpoint. ``seen``: every prompt that it was sent."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.seen: list[str] = []
        stub, count = self, iter(range(10**6))

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                send(self, json.dumps({"object": "list", "data": [{"id": "tiny", "object": "model"}]}).encode())

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                prompt = asked["messages"][0]["content"]
                stub.seen.append(prompt)
                if answer is not None:
                    answer(self, asked)
                    return
                ward = next((name for name in SAID if name in prompt), "heart")
                # One in three texts is of another ward, and one in four has nothing to do with anything.
                n = next(count)
                said = SAID[list(SAID)[n % 2]] if n % 3 == 0 else SAID[ward]
                said = "The invoice is overdue and the printer is broken." if n % 4 == 3 else said
                text = f"[NAME] is a [AGE]-year-old patient. She {said} ({n})"
                send(self, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode())

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    found = Stub()
    yield found
    found.close()


def test_votes_choose_and_nothing_private_is_sent(stub: Stub) -> None:
    engine = EvolutionEngine(stub.url, texts=24)
    plan = engine.plan(SCHEMA, "note", price(100.0))
    rows = notes(120)
    fitted = engine.fit(session(plan, rows), plan)
    best = {
        here: max((v, t) for (k, t), v in zip(fitted.texts, fitted.votes, strict=True) if k == here)[1]
        for here in (0, 1)
    }
    assert "chest pain" in best[0]
    assert "cystoscopy" in best[1]
    sent = " ".join(stub.seen)
    assert "Zwicker" not in sent
    assert SECRET not in sent
    made = fitted.write(rows.slice(0, 20), seed=1)
    for (note, bare), row in zip(made, rows.slice(0, 20).to_pylist(), strict=True):
        assert f"{row['age']}-year-old" in note
        assert str(row["name"]).split()[-1] in note
        assert str(row["name"]) not in bare
    told = " ".join(text for _, text in fitted.texts) + " ".join(note for note, _ in made)
    assert not any(word in told for word in SECRET.split())


def test_an_endpoint_is_private_or_refused() -> None:
    def at(address: str) -> Callable[[str], list[str]]:
        return lambda _: [address]

    assert check_endpoint("http://gpu.ward:8000/v1/", at("10.1.2.3")) == "http://gpu.ward:8000/v1"
    for url, address, code in (
        ("", "10.0.0.1", "text-endpoint-missing"),
        ("ftp://host/v1", "10.0.0.1", "text-endpoint-invalid"),
        ("http://user:secret@host/v1", "10.0.0.1", "text-endpoint-invalid"),
        ("https://api.example.com/v1", "93.184.216.34", "text-endpoint-public"),
    ):
        with pytest.raises(UsageError) as refused:
            check_endpoint(url, at(address))
        assert refused.value.reason == code


def hang(handler: BaseHTTPRequestHandler, _: dict[str, object]) -> None:
    time.sleep(1.0)
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler, _: dict[str, object]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        drip,
        lambda handler, _: send(handler, b"boom", 500),
        lambda handler, _: send(handler, b"not json"),
        lambda handler, _: send(handler, b"[1, 2]"),
        lambda handler, _: send(handler, b'{"choices": []}'),
        lambda handler, _: send(handler, b'{"choices": [{"message": {"content": 7}}]}'),
        lambda handler, _: send(handler, b"x" * (MAX_ANSWER_BYTES + 10)),
    ],
    ids=["hangs", "drips", "500", "no-json", "a-list", "no-choice", "no-text", "too-much"],
)
def test_an_endpoint_that_misbehaves_ends_the_fit_in_time_and_costs_no_vote(answer: Answer) -> None:
    broken = Stub(answer)
    try:
        engine = EvolutionEngine(broken.url, texts=6, deadline_s=1.5, call_s=0.3)
        plan = engine.plan(SCHEMA, "note", price())
        paid = session(plan, notes(10))
        started = time.monotonic()
        with pytest.raises(Failed) as failed:
            engine.fit(paid, plan)
        assert failed.value.reason == "text-endpoint-failed"
        assert time.monotonic() - started < 10
    finally:
        broken.close()


def test_nobody_listens() -> None:
    with pytest.raises(Failed) as failed:
        Endpoint.open("http://127.0.0.1:9/v1", deadline_s=2.0, call_s=0.5).model()
    assert failed.value.reason == "text-endpoint-failed"


def test_near_texts_are_near() -> None:
    one, like, other = (embedding(text) for text in ("chest pain on exertion", "pain in the chest", "invoice overdue"))
    assert float(one @ like) > float(one @ other)
    assert embedding("").shape == (1024,)
