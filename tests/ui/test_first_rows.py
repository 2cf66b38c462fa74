"""A large sandbox that nobody has read yet: its first flows stand there after one page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aeptui.session import open_session
from tests.emulated import FLOWSERVICE, STILL, Rehearsal, emulated
from tests.ui.conftest import console
from tests.week import config_in, profile_of

PAGE = 100
FLOWS = 250


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """An emulator whose flows come on three pages."""
    scale = ("--scale", f"flows={FLOWS},runs={FLOWS}")
    with emulated(tmp_path_factory.mktemp("large"), *scale, *STILL) as rehearsal:
        yield rehearsal


def answered(rehearsal: Rehearsal) -> int:
    """How many pages of flows the platform has sent."""
    told = [each for each in rehearsal.requests() if each["status"] == 200]
    return sum(each["path"].partition("?")[0] == f"{FLOWSERVICE}/flows" for each in told)


async def test_the_first_page_of_flows_is_shown_before_the_second_has_come(
    large: Rehearsal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = f"{FLOWSERVICE}/flows"
    large.ask("faults", kind="latency", latency_s=20, method="GET", path=path, after=1)
    session = await open_session(config_in(tmp_path_factory.mktemp("new")), profile_of(large))
    try:
        async with console(session) as screen:
            await screen.until(lambda: screen.table.ids)
            assert screen.table.total == str(PAGE)
            await screen.until(lambda: screen.table.row and screen.table.row.word)
            await screen.sees(screen.table.row.name.split()[0], f"of {PAGE}")
            assert answered(large) == 1
    finally:
        await session.close()
