"""A worker says who is gone only while its own heart beats in time."""

from __future__ import annotations

from service.worker import BEATS, Pulse


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def judges(*late_s: float) -> list[bool]:
    """For each round, whether a worker may judge whose beat came so late; a pause is 10 s."""
    clock = Clock()
    pulse, found = Pulse(10.0, clock), []
    for seconds in late_s:
        clock.now_s += pulse.pause_s() + seconds
        found.append(pulse.may_judge())
    return found


def test_who_is_in_time_judges() -> None:
    assert judges(0.0, 9.0, 0.1) == [True, True, True]


def test_who_was_held_up_gives_the_others_a_round_to_be_seen_again() -> None:
    assert judges(0.0, 300.0, 0.0) == [True, False, True]


def test_where_all_is_always_late_somebody_judges_at_last() -> None:
    found = judges(*[20.0] * (2 * BEATS + 2))
    assert found.count(True) == 2
    assert found.index(True) == BEATS
