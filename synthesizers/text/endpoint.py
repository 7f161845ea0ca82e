"""A language model behind an OpenAI-compatible endpoint inside the perimeter (vLLM, Ollama, llama.cpp).

What is sent is public or released: names of columns and classes, and texts that the model wrote itself. Never a note.
Hosts outside of private networks are refused; redirections and proxies are not followed; time and size are bounded.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from understudy.errors import Failed, UsageError

MAX_ANSWER_BYTES = 1 << 20
MAX_TEXT = 20_000
_TRIES = 3

Resolve = Callable[[str], list[str]]


def addresses(host: str) -> list[str]:
    """All addresses of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)]


def check_endpoint(url: str, resolve: Resolve = addresses) -> str:
    """The endpoint's base, such as ``http://127.0.0.1:8000/v1``, without a slash at its end.

    Raises: UsageError (text-endpoint-missing, text-endpoint-invalid, text-endpoint-public).
    """
    if not url:
        raise UsageError(
            "The service has no text endpoint: set UNDERSTUDY_TEXT_ENDPOINT, for example to http://127.0.0.1:8000/v1.",
            code="text-endpoint-missing",
        )
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise UsageError("The text endpoint is no plain http address.", code="text-endpoint-invalid")
    try:
        found = [ipaddress.ip_address(address.split("%")[0]) for address in resolve(parts.hostname)]
    except (OSError, ValueError):
        raise UsageError("The text endpoint's host is not known.", code="text-endpoint-invalid") from None
    if not found or not all(one.is_private or one.is_loopback for one in found):
        raise UsageError("The text endpoint is outside of private networks.", code="text-endpoint-public")
    return url.rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """``deadline_s``: for all calls together, from ``started`` on by the monotonic clock."""

    base: str
    started: float
    deadline_s: float = 1800.0
    call_s: float = 60.0

    @classmethod
    def open(cls, url: str, *, deadline_s: float = 1800.0, call_s: float = 60.0) -> Endpoint:
        """Raises: as ``check_endpoint``."""
        return cls(base=check_endpoint(url), started=time.monotonic(), deadline_s=deadline_s, call_s=call_s)

    def model(self) -> str:
        """The first model on offer. Raises: Failed (text-endpoint-failed)."""
        answer = self._call("GET", "/models", None)
        try:
            return str(answer["data"][0]["id"])  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            raise _failed("offers no model") from None

    def write(self, model: str, prompt: str, *, temperature: float, max_tokens: int) -> str:
        """One text. Raises: Failed (text-endpoint-failed) if it does not answer in time, or with something else."""
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": temperature,
            "max_tokens": max_tokens,
        }
        answer = self._call("POST", "/chat/completions", body)
        try:
            text = answer["choices"][0]["message"]["content"]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            text = None
        if not isinstance(text, str) or not text.strip():
            raise _failed("gave no text")
        return text.strip()[:MAX_TEXT]

    def _call(self, method: str, path: str, body: object) -> dict[str, object]:
        said = "did not answer"
        for _ in range(_TRIES):
            left = self.deadline_s - (time.monotonic() - self.started)
            if left <= 0:
                raise _failed("took too long")
            try:
                found = self._once(method, path, body, min(self.call_s, left))
            except httpx.HTTPError:
                said = "did not answer"
                continue
            except ValueError:
                said = "answered with something else"
                continue
            return found
        raise _failed(said)

    def _once(self, method: str, path: str, body: object, timeout_s: float) -> dict[str, object]:
        """ValueError for an answer that is no JSON object of a good status and size."""
        until = time.monotonic() + timeout_s
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout_s) as client,
            client.stream(method, self.base + path, json=body) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise ValueError
            raw = bytearray()
            for chunk in answer.iter_bytes():
                raw += chunk
                if len(raw) > MAX_ANSWER_BYTES:
                    raise ValueError
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("slow")
        found = json.loads(raw)
        if not isinstance(found, dict):
            raise ValueError
        return found


def _failed(why: str) -> Failed:
    return Failed(f"The text endpoint {why}.", code="text-endpoint-failed")
