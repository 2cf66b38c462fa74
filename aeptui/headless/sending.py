"""Sending a plan from the command line: what happens on standard error, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aeptui.headless import talk
from aeptui.headless.listing import Usage
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import why_not_write

if TYPE_CHECKING:
    from aeptui.session import Session

FINE, TROUBLE, HALF_WAY = 0, 1, 5


def need_writing(session: Session) -> None:
    """Usage, saying how to open it, while nothing may be written here."""
    if session.config.flags.read_only:
        raise Usage("--read-only was given, and nothing opens writing beside it. Nothing was sent")
    if reason := why_not_write(session):
        name = f" --confirm-sandbox {session.sandbox}" if session.protected else ""
        raise Usage(f"{reason}; --allow-writes{name} opens it for this command. Nothing was sent")


async def confirm(question: str, *, yes: bool) -> bool:
    """Whether the person at the terminal agrees; Usage where there is none to be asked."""
    if yes:
        return True
    if not talk.possible():
        raise Usage("There is nobody to ask; --yes goes ahead. Nothing was sent")
    try:
        agreed = (await talk.line(f"{question} [y/N] ")).strip().lower() in ("y", "yes")
    except talk.Left:
        agreed = False
    if not agreed:
        print("aeptui: Nothing was sent.", file=sys.stderr)
    return agreed


async def told(events: AsyncIterator[Event]) -> Event | None:
    """Say each event as it comes; the last one."""
    last: Event | None = None
    async for event in events:
        last = event
        print(f"aeptui: {event}", file=sys.stderr)
    return last


def exit_code(last: Event | None) -> int:
    """0 when the plan came to its end, 5 when it stopped half-way; raises what nobody saw land."""
    if last is None:
        return TROUBLE
    if last.what == "finished":
        return FINE
    begun = bool(last.stands) or last.what in ("unknown", "left behind")
    if last.error is not None and not begun and last.what == "failed":
        raise last.error
    if begun:
        command = f"`aeptui journal resume {last.plan.id[:8]}`"
        print(f"aeptui: {command} goes on; rollback takes back, show tells more.", file=sys.stderr)
    return HALF_WAY if begun else TROUBLE
