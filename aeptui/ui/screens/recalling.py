"""What a plan of kept answers had come to when its form was left, or the console ended."""

from __future__ import annotations

import logging

from aeptui.forms.answers import KeptAnswers
from aeptui.pipelines.here import journal_of
from aeptui.pipelines.journal import Entry, JournalError, State
from aeptui.resources.formats import plural
from aeptui.session import Session
from aeptui.ui.sending import Stands

log = logging.getLogger(__name__)

_STATES: dict[State, str] = {
    "sending": "unknown",
    "done": "done",
    "failed": "failed",
    "unknown": "unknown",
    "undone": "undone",
    "left": "left behind",
}


async def recalled(session: Session, kept: KeptAnswers) -> Entry | None:
    """The plan that was begun with these answers; None where there is nothing to go on with."""
    if not kept.plan_id():
        return None
    try:
        async with journal_of(session) as journal:
            entry = await journal.entry(kept.plan_id())
    except JournalError as trouble:
        log.info("what was sent with kept answers is not known: %s", trouble)
        return None
    if entry is None or entry.ended in ("undone", "forgotten"):
        kept.begun("")
        return None
    return entry


def states_of(entry: Entry) -> dict[str, str]:
    """How far each step came, in the words of the view of a plan."""
    return {each.step.name: _STATES.get(each.state, "") for each in entry.steps}


def stands_of(entry: Entry) -> Stands:
    """What a plan in the journal has made."""
    known = entry.known()
    return tuple(
        (each.step, known[each.step.name]) for each in entry.steps if each.step.name in known
    )


def in_words(entry: Entry, way_on: str) -> str:
    """How far the plan of kept answers came, and which key goes on."""
    if entry.busy:
        return "Another aeptui is sending these answers just now."
    made = [step.title for step, _ in stands_of(entry)]
    unsure = sum(1 for each in entry.steps if each.state in ("sending", "unknown"))
    if len(made) == len(entry.steps):
        return f"Your answers of last time are made: {_listed(made)}. ctrl+n begins afresh."
    words = "Your answers of last time are here, but for secrets."
    if made:
        words += f" Done already, and not repeated: {_listed(made)}."
    if unsure:
        words += f" {plural(unsure, 'write')} may have landed, and is looked for first."
    return f"{words} {way_on}, ctrl+n begins afresh."


def _listed(titles: list[str]) -> str:
    shown = ", ".join(titles[:2])
    return f"{shown} and {len(titles) - 2} more" if len(titles) > 2 else shown
