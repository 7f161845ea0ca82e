"""The committed stubs are what the pinned compiler makes of the .proto."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import service.rpc

RPC = Path(service.rpc.__file__).parent
NAMES = ("understudy_pb2.py", "understudy_pb2.pyi", "understudy_pb2_grpc.py")


def test_the_stubs_are_fresh(tmp_path: Path) -> None:
    outputs = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", f"service/rpc/generated={RPC}", *outputs]
    subprocess.run([*command, "service/rpc/generated/understudy.proto"], check=True)
    made = tmp_path / "service" / "rpc" / "generated"
    stale = [name for name in NAMES if (made / name).read_bytes() != (RPC / "generated" / name).read_bytes()]
    assert not stale, "run `make stubs`"
