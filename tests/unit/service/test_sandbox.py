"""run_child and serve_child: what comes back, what never does, and that nothing outlives the call."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.sandbox import ChildLimits, decode_error, encode_error, run_child
from understudy.errors import ERRORS, BudgetExceeded, Failed, InputRefused, Place

TASKS = """
import os, resource, signal, socket, subprocess, sys, time
from pathlib import Path
from service.sandbox_child import serve_child
from understudy.errors import InputRefused, Place

def echo(request, progress):
    for percent in (0, 0, 50, 100):
        progress(percent, "echo")
    leader = os.getpid() == os.getpgrp()
    return {"request": dict(request), "env": dict(os.environ), "cwd": os.getcwd(), "leader": leader}

def noisy(request, progress):
    print("secret on stdout"); os.system("echo secret from a library"); print("x" * 10**6, file=sys.stderr)
    return {"fine": True}

def refuse(request, progress):
    raise InputRefused("No.", code="row-ragged", where=(Place(line=3, column="a"),), facts={"total": "1"})

def broken(request, progress):
    raise ValueError("secret value")

def hungry(request, progress):
    return {"n": len(bytearray(4 << 30))}

def writes(request, progress):
    Path(request["out"]).write_bytes(b"x" * (2 << 20))
    return {}

def busy(request, progress):
    while True:
        pass

def abort(request, progress):
    os.kill(os.getpid(), getattr(signal, request["signal"]))

def garbage(request, progress):
    os._exit(0)

def dial(request, progress):
    # What was cut once cannot be cut again, so whether it may be is tried in a process of its own.
    again = "import sys; from service.sandbox_child import cut_network; sys.exit(not cut_network())"
    may_cut = subprocess.run([sys.executable, "-c", again]).returncode == 0
    try:
        socket.create_connection(("127.0.0.1", request["port"]), 2).close()
        return {"reached": True, "may_cut": may_cut, "user": os.getuid()}
    except OSError:
        return {"reached": False, "may_cut": may_cut, "user": os.getuid()}

def caps(request, progress):
    return {"files": resource.getrlimit(resource.RLIMIT_NOFILE)[1], "core": resource.getrlimit(resource.RLIMIT_CORE)[0]}

def sleeper(request, progress):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(request["pids"]).write_text(f"{os.getpid()} {child.pid}")
    progress(1, "sleep")
    if request.get("leave"):
        return {}
    time.sleep(60)

serve_child({k: v for k, v in globals().items() if callable(v) and getattr(v, "__module__", "") == "__main__"})
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run(task, request, ...)`` in a child whose module is TASKS."""
    (tmp_path / "sandbox_tasks.py").write_text(TASKS)
    monkeypatch.syspath_prepend(str(tmp_path))

    def call(task: str, request: dict[str, object] | None = None, **options: object) -> dict[str, object]:
        return run_child("sandbox_tasks", request or {}, task=task, **options)

    return call


def is_alive(pid: int) -> bool:
    """Running, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def all_gone(pids: Path) -> bool:
    deadline = time.monotonic() + 5
    numbers = [int(pid) for pid in pids.read_text().split()]
    while any(is_alive(pid) for pid in numbers) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(is_alive(pid) for pid in numbers)


def test_the_result_and_each_change_of_progress_come_back(run, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_MASTER_KEY", "secret")
    heard: list[tuple[int, str]] = []
    result = run("echo", {"a": [1, "é"]}, on_progress=lambda *each: heard.append(each), environment={"EXTRA": "1"})
    assert result["request"] == {"a": [1, "é"]}
    assert heard == [(0, "echo"), (50, "echo"), (100, "echo")]
    environment = result["env"]
    assert environment["HOME"] == environment["TMPDIR"] == result["cwd"]
    assert environment["EXTRA"] == "1"
    assert "secret" not in environment.values()
    assert result["leader"] is True
    assert not Path(result["cwd"]).exists()


def test_prints_of_libraries_do_not_break_the_protocol_and_the_log_is_bounded(run, tmp_path):
    log = tmp_path / "log"
    assert run("noisy", limits=ChildLimits(log_bytes=1000), log=log) == {"fine": True}
    assert log.stat().st_size == 1000
    assert log.stat().st_mode & 0o777 == 0o600
    assert run("noisy") == {"fine": True}


def test_an_error_comes_back_as_it_was(run):
    with pytest.raises(InputRefused) as caught:
        run("refuse")
    error = caught.value
    assert (error.reason, error.message, error.facts) == ("row-ragged", "No.", {"total": "1"})
    assert error.where == (Place(line=3, column="a"),)


@pytest.mark.parametrize("kind", list(ERRORS.values()))
def test_every_error_survives_encoding(kind):
    error = kind("Message.", code="some-code", where=(Place(pointer="/a"), Place(line=1)), facts={"a": "b"})
    back = decode_error(encode_error(error))
    assert type(back) is kind
    assert (back.message, back.reason, back.where, back.facts) == ("Message.", "some-code", error.where, {"a": "b"})


def test_text_of_a_foreign_error_goes_nowhere(run, tmp_path):
    log = tmp_path / "log"
    with pytest.raises(Failed) as caught:
        run("broken", log=log)
    assert "secret" not in str(caught.value)
    assert "ValueError" in log.read_text()
    assert "secret" not in log.read_text()


def test_a_task_that_is_not_known_fails(run):
    with pytest.raises(Failed):
        run("nothing")


def test_too_much_memory_is_the_error_that_the_caller_chose(run):
    small = ChildLimits(memory_bytes=1 << 30)
    with pytest.raises(Failed) as caught:
        run("hungry", limits=small)
    assert caught.value.reason == "exhausted"
    with pytest.raises(InputRefused):
        run("hungry", limits=small, on_exhausted=InputRefused("Too much.", code="decoded-too-large"))


def test_too_large_a_file_is_exhaustion(run, tmp_path):
    with pytest.raises(Failed) as caught:
        run("writes", {"out": str(tmp_path / "out")}, limits=ChildLimits(file_bytes=1 << 20))
    assert caught.value.reason == "exhausted"


def test_too_much_cpu_is_exhaustion(run):
    with pytest.raises(Failed) as caught:
        run("busy", limits=ChildLimits(cpu_s=1))
    assert caught.value.reason == "exhausted"


def test_a_library_that_crashes_over_a_file_refuses_the_file(run) -> None:
    refused = InputRefused("No.", code="file-damaged")
    with pytest.raises(InputRefused) as caught:
        run("abort", {"signal": "SIGSEGV"}, on_crash=refused)
    assert caught.value.reason == "file-damaged"
    with pytest.raises(Failed) as caught_too:  # what the kernel ends is no fault of the file
        run("abort", {"signal": "SIGKILL"}, on_crash=refused)
    assert caught_too.value.reason == "exhausted"


@pytest.mark.parametrize(
    ("name", "reason"), [("SIGKILL", "exhausted"), ("SIGABRT", "exhausted"), ("SIGSEGV", "no-answer")]
)
def test_a_child_that_a_signal_ends(run, name, reason):
    with pytest.raises(Failed) as caught:
        run("abort", {"signal": name})
    assert caught.value.reason == reason


def test_a_child_that_ends_without_an_answer_fails(run):
    with pytest.raises(Failed) as caught:
        run("garbage")
    assert caught.value.reason == "no-answer"


def test_a_module_that_does_not_exist_fails():
    with pytest.raises(Failed):
        run_child("service.no_such_module", {})


def test_cancelling_ends_the_whole_group(run, tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(Failed) as caught:
        run("sleeper", {"pids": str(pids)}, is_cancelled=pids.exists)
    assert caught.value.reason == "cancelled"
    assert all_gone(pids)


def test_an_error_of_the_progress_callback_ends_the_whole_group(run, tmp_path):
    pids = tmp_path / "pids"

    def stop(percent: int, stage: str) -> None:
        raise BudgetExceeded("Enough.")

    with pytest.raises(BudgetExceeded):
        run("sleeper", {"pids": str(pids)}, on_progress=stop)
    assert all_gone(pids)


def test_the_clock_ends_the_whole_group(run, tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(Failed) as caught:
        run("sleeper", {"pids": str(pids)}, limits=ChildLimits(wall_s=1.0))
    assert caught.value.reason == "timed-out"
    assert all_gone(pids)


def test_nothing_that_a_child_started_outlives_a_good_answer(run, tmp_path):
    pids = tmp_path / "pids"
    assert run("sleeper", {"pids": str(pids), "leave": True}) == {}
    assert all_gone(pids)


def test_the_group_dies_with_its_parent(run, tmp_path):
    pids = tmp_path / "pids"
    code = (
        f"from service.sandbox import run_child; run_child('sandbox_tasks', {{'pids': {str(pids)!r}}}, task='sleeper')"
    )
    path = os.pathsep.join([str(tmp_path), *(entry for entry in sys.path if entry)])
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path})
    deadline = time.monotonic() + 10
    while not (pids.exists() and pids.read_text().count(" ")) and time.monotonic() < deadline:
        time.sleep(0.01)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert all_gone(pids)


def test_ingest_runs_as_a_child_and_its_refusal_comes_back(tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    request: dict[str, object] = {
        "source": str(source),
        "out": str(out),
        "format": "csv",
        "schema": {"fields": [{"name": "a", "type": "integer"}]},
        "max_bytes": 1000,
    }
    source.write_text("a\n1\n2\n")
    run_child("service.child", request, task="ingest")
    assert out.stat().st_mode & 0o777 == 0o600
    source.write_text("a\n1\nx\n")
    with pytest.raises(InputRefused) as caught:
        run_child("service.child", request, task="ingest")
    assert (caught.value.reason, caught.value.where) == ("value-not-integer", (Place(line=3, column="a"),))


def test_a_child_has_no_network_where_the_kernel_lets_us_take_it(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = {"port": server.getsockname()[1]}
        assert run("dial", where, limits=ChildLimits(network=True))["reached"]
        found = run("dial", where)
    assert found["user"] == os.getuid()
    if not found["may_cut"]:
        pytest.skip("this kernel lets no ordinary process have a network of its own")
    assert not found["reached"]


def test_a_child_may_open_so_many_files_and_leaves_no_core(run):
    assert run("caps", limits=ChildLimits(open_files=200)) == {"files": 200, "core": 0}


def test_a_full_disk_is_said_to_be_one(run):
    with pytest.raises(Failed) as caught:
        run("writes", {"out": "/dev/full"})
    assert caught.value.reason == "disk-full"
