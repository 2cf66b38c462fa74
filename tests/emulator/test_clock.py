"""Emulated time: real time multiplied, held back by what is not done yet, never going back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.clock import Clock

START_MS = 1_772_438_400_000


class Real:
    """Real seconds that pass when told to."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_what_a_fast_clock_piled_up_can_be_let_go() -> None:
    real = Real()
    clock = Clock(START_MS, 10_000.0, real)
    clock.hold(START_MS + 5_000)
    real.s = 60.0
    assert clock.now_ms() == START_MS + 5_000
    assert clock.wanted_ms() == START_MS + 600_000_000
    clock.go_on(0.0)
    real.s = 120.0
    assert clock.now_ms() == clock.wanted_ms() == START_MS + 5_000


_MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.floats(0, 1e6)),
        st.tuples(st.just("speed"), st.floats(0, 1e4)),
        st.tuples(st.just("advance"), st.floats(-10, 1e6)),
        st.tuples(st.just("hold"), st.integers(-(10**9), 10**9)),
        st.tuples(st.just("go on"), st.floats(0, 1e4)),
    ),
    max_size=30,
)


@given(_MOVES)
def test_any_moves_never_turn_it_back(moves: list[tuple[str, float]]) -> None:
    real = Real()
    clock = Clock(START_MS, 1.0, real)
    seen = [clock.now_ms()]
    for move, amount in moves:
        match move:
            case "pass":
                real.s += amount
            case "speed":
                clock.speed = amount
            case "advance":
                clock.advance(amount)
            case "hold":
                clock.hold(seen[-1] + int(amount))
            case _:
                clock.go_on(amount)
        seen.append(clock.now_ms())
    assert seen == sorted(seen)
