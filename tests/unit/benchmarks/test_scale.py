"""Cost measurements: what is timed, and that the numbers come back."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks import scale


class Slow:
    """Takes its time to count, and longer in a recoded view."""

    domain = "a fact, not a call"

    def measure(self, seconds: float) -> float:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return seconds

    def recoded(self, columns: dict[str, object]) -> Slow:
        assert columns == {}
        return self


def test_a_timed_session_passes_everything_on_and_adds_up_its_views() -> None:
    session = scale.TimedSession(Slow())
    assert session.domain == "a fact, not a call"
    assert session.measure(0.01) == 0.01
    session.recoded({}).measure(0.02)
    assert 0.03 <= session.seconds < 0.2


def test_invented_codes_lie_within_their_sizes() -> None:
    codes, sizes = scale.made(500, 7)
    assert len(sizes) == 7
    assert all(codes[name].max() < size for name, size in sizes.items())


def test_a_fit_is_timed_in_two_parts() -> None:
    point = scale.fit_point("rows", 2_000, 3, 1.0)
    assert 0 < point.session_s <= point.cpu_s


def test_rates_count_every_pair_once() -> None:
    point = scale.counting_point(1_000, 4)
    assert point.what == "counting"
    assert point.rate > 0


def test_points_come_back_from_their_file(tmp_path: Path) -> None:
    point = scale.Point(what="sampling", rows=10, columns=2, epsilon=1.0, wall_s=2.0, cpu_s=1.5, rate=5.0)
    fit = scale.Point(what="rows", rows=10, columns=2, epsilon=1.0, wall_s=1.0, cpu_s=0.5, session_s=0.1)
    assert scale.read(tmp_path) == []
    scale.write([point, fit], tmp_path)
    assert scale.read(tmp_path) == [point, fit]
    assert (tmp_path / "scale.svg").exists()
