"""A sample of the soak (`python -m tests.soak`): over a mirror that moves, without a platform."""

from __future__ import annotations

from aeptui.session import Session
from tests import soak
from tests.ui.conftest import run


async def test_nothing_grows_with_refreshes_and_screen_changes(filled: Session) -> None:
    async def refresh(number: int) -> None:
        fresh = run(100 + number, number % 40, 0)
        await filled.mirror.upsert("runs", [fresh], seen_at=filled.now())
        await filled.mirror.note("runs", at=filled.now(), trouble=None, next_in_s=15)

    done = await soak.soak(filled, refresh, refreshes=60, changes=30, tenths=2)
    assert done.constant, done.held
    assert done.growth <= 0.1, done.held
