"""Opening the door for writes: for a while, by a person, and by name where it is protected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aeptui.pipelines.here import why_not_write
from aeptui.session import Session
from aeptui.ui.screens.confirm import Confirm, TypedName

if TYPE_CHECKING:
    from aeptui.ui.screens.page import Page

MINUTES = 15
MOST_MINUTES = 8 * 60


class NoTime(ValueError):
    """What was typed is no length of time; the text is a sentence."""


def minutes_of(text: str) -> int:
    """`15m`, `2h` or `15` as minutes; 15 without a word."""
    found = re.fullmatch(r"(\d{1,4})\s*(m|min|h)?", text.strip().lower())
    if not text.strip():
        return MINUTES
    minutes = int(found[1]) * (60 if found[2] == "h" else 1) if found else 0
    if not 1 <= minutes <= MOST_MINUTES:
        raise NoTime(f"{text.strip()!r} is no time to unlock for; 15m or 2h is, 8h at most.")
    return minutes


def with_the_way_out(session: Session, reason: str | None) -> str | None:
    """A reason not to act; where it is that writing is shut, with what opens it."""
    if reason is None or reason != why_not_write(session):
        return reason
    if session.config.flags.read_only:
        return f"{reason}; this console was started with --read-only"
    return f"{reason}; :unlock opens it"


async def unlock(page: Page, session: Session, minutes: int) -> bool:
    """Ask, and open writing; False when it stays shut."""
    words = f"Writing is then possible for {minutes} minutes, until you switch or quit."
    what = f"{session.profile.name} / {session.sandbox}"
    if session.protected:
        question = TypedName(
            f"Unlock writing in {what}?", f"It is protected. {words}", session.sandbox
        )
        agreed = await page.app.push_screen_wait(question)
    else:
        agreed = await page.app.push_screen_wait(Confirm(f"Unlock writing in {what}?", words))
    if agreed:
        session.unlock(minutes)
    return bool(agreed)


async def may_send(page: Page, title: str) -> str:
    """Why a form is not sent, or an empty string: writing is open, and the name was typed."""
    session = page.session
    reason = why_not_write(session)
    if reason is not None:
        shut = with_the_way_out(session, reason) or reason
        if session.config.flags.read_only:
            return shut
        return "" if await unlock(page, session, MINUTES) else shut
    if not session.protected:
        return ""
    question = TypedName(f"{title}?", "This sandbox is protected.", session.sandbox)
    return "" if await page.app.push_screen_wait(question) else "It was not confirmed"
