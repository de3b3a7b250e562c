"""What is kept for a short time is taken once; who tries too often waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.once import KEPT, Once, Rate

SECOND = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


def test_a_value_is_taken_once_and_in_time():
    clock = Clock()
    kept: Once[str] = Once(10, clock)
    first, second = kept.put("a"), kept.put("b")
    assert kept.take(first) == "a"
    assert kept.take(first) is None
    clock.ns = 10 * SECOND
    assert kept.take(second) is None
    assert kept.take("no such name") is None


def test_the_oldest_makes_room_when_there_are_too_many():
    kept: Once[int] = Once(10, Clock())
    names = [kept.put(n) for n in range(KEPT + 1)]
    assert kept.take(names[0]) is None
    assert kept.take(names[1]) == 1


@given(
    burst=st.integers(1, 5),
    seconds=st.integers(1, 5),
    waits=st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=40),
)
def test_no_span_of_time_has_more_tries_than_the_burst_and_its_share(
    burst: int, seconds: int, waits: list[int]
):
    clock = Clock()
    rate, taken = Rate(burst, seconds, clock), []
    for wait in waits:
        clock.ns += wait
        if rate.may("x"):
            taken.append(clock.ns)
    assert len(taken) >= min(burst, len(waits))
    for n, start in enumerate(taken):
        for m, end in enumerate(taken[n:], 1):
            assert m <= burst + (end - start) // (seconds * SECOND)
    assert rate.may("another")
