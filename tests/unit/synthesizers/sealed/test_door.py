"""The door with programs that misbehave: nothing but codes of the domain comes through, and nothing is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from synthesizers.sealed import door
from understudy.errors import Failed

SIZES = (3, 4)
N_ROWS = 50
SECRET = "UNIQUE_PATIENT_X"

ROGUES = {
    "raises": f"raise ValueError('{SECRET}')",
    "exits": "raise SystemExit(3)",
    "prints": f"print('{SECRET}'); import sys; sys.stderr.write('{SECRET}'); raise RuntimeError",
    "too few rows": "return codes[:10]",
    "another shape": "return codes[:50, :1]",
    "a code out of its column": "return np.full((50, 2), 3)",
    "a negative code": "return np.full((50, 2), -1)",
    "text": "return np.array([['a', 'b']] * 50)",
    "objects": "return np.array([[object(), 1]] * 50, dtype=object)",
    "dies": "import os; os._exit(1)",
}


@pytest.fixture
def rogue(tmp_path: Path) -> door.Sealed:
    """The worker with ``fake`` replaced by what the test writes."""
    code = tmp_path / "code"
    shutil.copytree(Path(door.__file__).parent / "worker", code / "worker")
    return door.Sealed(python=door.own_python(), code=code, limits=door.SealedLimits(wall_s=60.0))


def open_door(sealed: door.Sealed, room: Path, body: str | None = None) -> door.Made:
    if body is not None:
        text = f"import numpy as np\n\n\ndef run(codes, document):\n    {body}\n"
        (sealed.code / "worker" / "fake.py").write_text(text)
    room.mkdir()
    codes = np.random.default_rng(0).integers(0, 3, (200, 2)).astype(np.uint32)
    np.savez(room / "codes.npz", codes=codes)
    task = {"model": "", "sizes": list(SIZES), "n_rows": N_ROWS, "total": 200.0, "rho": 1.0, "options": {}}
    return door.run(sealed, room, "fake", task, sizes=SIZES, n_rows=N_ROWS)


def test_codes_go_in_and_codes_come_out(rogue: door.Sealed, tmp_path: Path) -> None:
    made = open_door(rogue, tmp_path / "room")
    assert made.codes.shape == (N_ROWS, 2)
    assert made.codes.dtype == np.int64
    assert made.network in ("namespace", "filter", "namespace+filter")


@pytest.mark.parametrize("body", ROGUES.values(), ids=ROGUES)
def test_what_is_no_code_of_the_domain_is_a_failure_without_a_word(
    rogue: door.Sealed, tmp_path: Path, body: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Failed) as caught:
        open_door(rogue, tmp_path / "room", body)
    assert caught.value.reason in ("sealed-failed", "sealed-answer")
    assert SECRET not in f"{caught.value}{caught.value.facts}{caught.value.__cause__}"
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "body",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=2)",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "import os; os.fork() or os._exit(0)",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
    ],
)
def test_no_socket_and_no_process_of_any_kind_can_be_made(rogue: door.Sealed, tmp_path: Path, body: str) -> None:
    """The program says by its rows which error it met: 13 is permission denied, told as the code 1."""
    told = f"""try:
        {body}
    except OSError as error:
        return np.full((50, 2), 1 if error.errno == 13 else 2)
    return np.zeros((50, 2), dtype=int)"""
    assert open_door(rogue, tmp_path / "room", told).codes[0, 0] == 1


def test_threads_can_be_made(rogue: door.Sealed, tmp_path: Path) -> None:
    body = (
        "import threading; found = []; one = threading.Thread(target=lambda: found.append(1)); one.start(); "
        "one.join(); return np.full((50, 2), len(found))"
    )
    assert open_door(rogue, tmp_path / "room", body).codes[0, 0] == 1


def test_the_environment_holds_nothing_of_ours(
    rogue: door.Sealed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_API_KEY", "secret")
    body = "import os; return np.full((50, 2), int('UNDERSTUDY_API_KEY' in os.environ))"
    assert open_door(rogue, tmp_path / "room", body).codes.max() == 0


def test_nothing_of_our_own_packages_can_be_imported(rogue: door.Sealed, tmp_path: Path) -> None:
    """The child's path has the worker, not the folder in which the service lies."""
    body = "import sys; return np.full((50, 2), int(any(name.startswith('synthesizers') for name in sys.modules)))"
    assert open_door(rogue, tmp_path / "room", body).codes.max() == 0


def test_too_much_memory_is_said_as_that(rogue: door.Sealed, tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        open_door(rogue, tmp_path / "room", "return np.ones((64 << 30,), dtype=np.uint8)")
    assert caught.value.reason == "sealed-exhausted"


def test_a_program_that_does_not_end_is_ended(rogue: door.Sealed, tmp_path: Path) -> None:
    slow = door.Sealed(python=rogue.python, code=rogue.code, limits=door.SealedLimits(wall_s=1.0))
    with pytest.raises(Failed) as caught:
        open_door(slow, tmp_path / "room", "import time; time.sleep(60)")
    assert caught.value.reason == "sealed-timed-out"


def test_an_unknown_runner_is_not_imported(rogue: door.Sealed, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    np.savez(room / "codes.npz", codes=np.zeros((1, 1), dtype=np.uint32))
    with pytest.raises(Failed, match="failed"):
        door.run(rogue, room, "os", {}, sizes=(1,), n_rows=1)


def test_a_program_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        open_door(door.Sealed(python=tmp_path / "python"), tmp_path / "room")
    assert caught.value.reason == "sealed-failed"
