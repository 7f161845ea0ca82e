"""The raw rows of all runs, in one CSV file that is only appended to.

Several benchmark processes may append at once. Of two rows of one case the later one counts.
"""

from __future__ import annotations

import csv
import fcntl
from dataclasses import asdict, dataclass, fields
from pathlib import Path

Key = tuple[str, str, float, float, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run. ``status`` is "ok", "failed" or "over N s"; numbers are None unless it is "ok".

    fit_cpu_s: processor seconds of the fit over all threads. load: the machine's 1-minute load when it began.
    """

    system: str
    table: str
    epsilon: float
    delta: float
    seed: int
    status: str
    fit_s: float | None = None
    fit_cpu_s: float | None = None
    sample_s: float | None = None
    peak_mib: float | None = None
    tvd2: float | None = None
    tvd3: float | None = None
    auc: float | None = None
    load: float | None = None
    version: str = ""

    @classmethod
    def of(cls, system: str, table: str, epsilon: float, delta: float, seed: int, *, load: float) -> Row:
        """A row of a run that has not ended."""
        return cls(system=system, table=table, epsilon=epsilon, delta=delta, seed=seed, status="started", load=load)

    @property
    def key(self) -> Key:
        """What makes a run the same run."""
        return self.system, self.table, self.epsilon, self.delta, self.seed


class Results:
    """The file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> list[Row]:
        """All rows, the latest of each case."""
        if not self._path.exists():
            return []
        with self._path.open(newline="") as file:
            rows = [_parsed(record) for record in csv.DictReader(file)]
        return list({row.key: row for row in rows}.values())

    def add(self, row: Row) -> None:
        """Append one row."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(asdict(row))


_TEXTS = {"system", "table", "status", "version"}


def _parsed(record: dict[str, str]) -> Row:
    values: dict[str, object] = {}
    for name, text in record.items():
        if name in _TEXTS:
            values[name] = text
        elif name == "seed":
            values[name] = int(text)
        else:
            values[name] = float(text) if text else None
    return Row(**values)
