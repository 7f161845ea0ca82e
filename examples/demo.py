"""The demo: two tables through a service of its own, as an ordinary HTTP client. Run it by ``make demo``.

It starts ``understudy serve`` on a free port of 127.0.0.1 with a fresh home, opens a tenant with the
one-time credential that the service prints, sends the tables, asks for synthetic rows at epsilon 1, and
stops what it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from understudy.client import Client, SynthResult
from understudy.errors import UnderstudyError
from understudy.report import figures

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "demo-output"
EPSILON = 1.0
_START_S = 60.0
_CREDENTIAL = re.compile(r"(usb_[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One table of the demo. A small table keeps more people out of training, for a control worth the name."""

    title: str
    table: Path
    schema: Path
    population: str
    audit_share: float


def main() -> int:
    """Run it. Returns the exit code."""
    console = Console(highlight=False)
    started = time.monotonic()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    examples = _examples()
    with _service(OUT / "home") as (url, credential):
        console.print(f"[bold]Understudy[/bold] runs at {url}, its state in {OUT / 'home'}")
        with Client(url, api_key=credential) as bootstrap:
            key = bootstrap.create_tenant("demo").api_key
        with Client(url, api_key=key) as client:
            for example in examples:
                _run(example, client, console)
    console.print(f"Done in {time.monotonic() - started:.0f} s; the service is stopped.")
    return 0


def _examples() -> list[Example]:
    sys.path.insert(0, str(ROOT))  # opacus installs a package of the same name
    from examples.breast_cancer import write_breast_cancer

    folder = OUT / "input"
    folder.mkdir()
    table, schema = write_breast_cancer(folder)
    return [
        Example(
            title="Breast cancer, Wisconsin (569 biopsies, 30 measurements)",
            table=table,
            schema=schema,
            population="breast-cancer",
            audit_share=0.4,
        ),
        Example(
            title="Hospital admissions (invented; names, notes, several rows a patient)",
            table=ROOT / "examples" / "hospital.csv",
            schema=ROOT / "examples" / "hospital.schema.json",
            population="ward-demo",
            audit_share=0.1,
        ),
    ]


def _run(example: Example, client: Client, console: Console) -> None:
    console.rule(example.title)
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting", total=100)
        result = client.synth(
            example.table,
            schema=example.schema,
            epsilon=EPSILON,
            audit_share=example.audit_share,
            out=OUT / example.population,
            on_progress=lambda stage, percent: bar.update(task, description=stage, completed=percent),
        )
    budget = client.budget(example.population)
    n_rows = json.loads(result.files["manifest.json"].read_text())["n_rows"]
    console.print(
        f"{n_rows:,} synthetic rows; epsilon {result.job.epsilon:g} spent on population {budget.population!r}, "
        f"{budget.epsilon_left:g} of {budget.epsilon:g} left"
    )
    console.print(_summary(result))
    console.print(f"bundle: {result.folder}\n  look at {result.files['report.owner.html']}\n")


def _summary(result: SynthResult) -> Table:
    table = Table("", "figure", "value [95 % interval]", "light")
    for figure in figures(result.files["report.owner.json"]):
        colour = {"green": "green", "amber": "yellow", "red": "red"}.get(figure.status, "bright_black")
        table.add_row(figure.group, figure.label, escape(figure.text), f"[{colour}]{figure.status}[/{colour}]")
    return table


@contextlib.contextmanager
def _service(home: Path) -> Iterator[tuple[str, str]]:
    """A service of our own: its address and its one-time credential."""
    port = _free_port()
    log = home.parent / "service.log"
    environ = {**os.environ, "UNDERSTUDY_HOME": str(home)}
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "understudy"), "serve", "--port", str(port), "--grpc-port", "0"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield f"http://127.0.0.1:{port}", _await_start(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def _await_start(process: subprocess.Popen[str], port: int) -> str:
    assert process.stdout is not None
    credential, deadline = "", time.monotonic() + _START_S
    for line in process.stdout:
        if (found := _CREDENTIAL.search(line)) is not None:
            credential = found[1]
        if "serves" in line:
            break
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return credential
        time.sleep(0.05)
    raise SystemExit("The service did not start; see demo-output/service.log.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    try:
        sys.exit(main())
    except UnderstudyError as error:
        print(f"understudy: {error.reason}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
