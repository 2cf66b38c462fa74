"""Who may ask when: never more than allowed, and an operator before the background."""

from __future__ import annotations

import asyncio

import pytest

from aeptui.api.budget import Budget
from aeptui.api.meter import Meter


class Ticks:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_full_bucket_lets_a_burst_through_and_then_waits(ticks: Ticks) -> None:
    budget = Budget(5, ticks=ticks)
    asking = [asyncio.create_task(budget.take()) for _ in range(6)]
    await settle()
    assert [task.done() for task in asking] == [True] * 5 + [False]
    ticks.now += 12
    budget._grant()
    await settle()
    assert asking[5].done()


async def test_an_operator_goes_before_background_work_that_came_first(ticks: Ticks) -> None:
    budget = Budget(60, ticks=ticks)
    order: list[str] = []

    async def ask(who: str, *, background: bool) -> None:
        await budget.take(background=background)
        order.append(who)

    for _ in range(60):
        await budget.take()
    tasks = [asyncio.create_task(ask("background", background=True)) for _ in range(3)]
    await settle()
    tasks.append(asyncio.create_task(ask("operator", background=False)))
    await settle()
    ticks.now += 30
    budget._grant()
    await settle()
    assert order == ["operator", "background", "background", "background"]
    assert all(task.done() for task in tasks)


async def test_background_work_leaves_the_last_calls_to_the_operator(ticks: Ticks) -> None:
    budget = Budget(20, ticks=ticks)
    asking = [asyncio.create_task(budget.take(background=True)) for _ in range(20)]
    await settle()
    assert sum(task.done() for task in asking) == 17
    assert budget.waiting == 3
    await asyncio.wait_for(budget.take(), 1)
    for task in asking:
        task.cancel()


async def test_a_tiny_budget_still_lets_background_work_through(ticks: Ticks) -> None:
    await asyncio.wait_for(Budget(1, ticks=ticks).take(background=True), 1)


async def test_a_question_given_up_while_waiting_costs_nothing(ticks: Ticks) -> None:
    budget = Budget(1, ticks=ticks)
    await budget.take()
    given_up = asyncio.create_task(budget.take())
    await settle()
    next_one = asyncio.create_task(budget.take())
    await settle()
    given_up.cancel()
    ticks.now += 60
    await settle()
    budget._grant()
    await settle()
    assert next_one.done()


async def test_turns_come_by_themselves() -> None:
    budget = Budget(60_000)
    for _ in range(60_000):
        budget._left -= 1
    await asyncio.wait_for(asyncio.gather(*(budget.take() for _ in range(5))), 10)


async def test_a_429_halves_the_pace_and_a_quiet_minute_gives_some_back(ticks: Ticks) -> None:
    budget = Budget(20, ticks=ticks)
    budget.slow_down()
    assert budget.pace == 10
    budget.slow_down()
    assert budget.pace == 5
    ticks.now += 61
    assert budget.pace == 7.5
    ticks.now += 3600
    assert budget.pace == 20


async def test_the_pace_never_falls_to_nothing(ticks: Ticks) -> None:
    budget = Budget(2, ticks=ticks)
    for _ in range(20):
        budget.slow_down()
    assert budget.pace == 1


def test_the_meter_counts_the_last_minute(ticks: Ticks) -> None:
    meter = Meter(ticks=ticks)
    meter.count()
    ticks.now += 59
    meter.count()
    assert meter.calls_last_minute() == 2
    ticks.now += 2
    assert meter.calls_last_minute() == 1
    assert meter.calls == 2
