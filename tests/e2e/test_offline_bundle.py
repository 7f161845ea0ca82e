"""The offline bundle, made by its make target and installed where there is no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundle")
    bin_ = Path(sys.executable).parent
    made = subprocess.run(
        [ROOT / "deploy" / "offline" / "bundle.sh", bin_ / "python", out], capture_output=True, text=True, cwd=ROOT
    )
    assert made.returncode == 0, made.stderr
    (archive,) = out.glob("*.tar")
    with tarfile.open(archive) as tar:
        tar.extractall(out, filter="data")
    archive.unlink()
    (folder,) = out.iterdir()
    return folder


def no_network() -> list[str]:
    """A prefix that cuts a command off the network, where the kernel lets us; else a dead proxy cuts pip off."""
    prefix = ["unshare", "--user", "--map-root-user", "--net"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
        return prefix
    return ["env", "http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9"]


def install(bundle: Path, prefix: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, "PIP_CONFIG_FILE": os.devnull, "COMPILE": "no"}
    environment = {key: value for key, value in environment.items() if key not in {"PIP_FIND_LINKS", "PIP_INDEX_URL"}}
    command = [*no_network(), "sh", str(bundle / "install.sh"), str(prefix)]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_it_installs_and_works_without_a_network(bundle: Path, tmp_path: Path) -> None:
    prefix, home = tmp_path / "opt", tmp_path / "home"
    done = install(bundle, prefix)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("installed: ")
    home.mkdir(mode=0o700)
    environment = {"UNDERSTUDY_HOME": str(home), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for words in (["doctor"], ["engines", "list"]):
        ran = subprocess.run(
            [*no_network(), prefix / "bin" / "understudy", *words], capture_output=True, text=True, env=environment
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "marginal" in ran.stdout


def test_what_was_changed_is_not_installed(bundle: Path, tmp_path: Path) -> None:
    changed = bundle / "base.lock"
    before = changed.read_text()
    changed.write_text(before + "\n# one line more\n")
    try:
        done = install(bundle, tmp_path / "opt")
    finally:
        changed.write_text(before)
    assert done.returncode != 0
    assert "damaged or was changed" in done.stderr
    assert not (tmp_path / "opt").exists()


def test_its_bill_of_materials_names_what_is_installed(bundle: Path) -> None:
    document = json.loads((bundle / "sbom.cdx.json").read_text())
    named = {component["name"].lower() for component in document["components"]}
    wheels = {path.name.split("-")[0].replace("_", "-").lower() for path in (bundle / "wheels").iterdir()}
    assert {name.replace("_", "-").replace(".", "-") for name in named} >= {name.replace(".", "-") for name in wheels}
