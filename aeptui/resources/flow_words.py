"""Why a flow needs a person though its last run did not go wrong: what each such word means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from aeptui.mirror.rows import FlowRow
from aeptui.monitor import tones
from aeptui.resources.definition import Prose


class Meaning(NamedTuple):
    """What is usually behind a word, and what to do about it."""

    cause: str
    remedy: str


MEANINGS: Mapping[str, Meaning] = {
    "stuck": Meaning(
        "a source that answers slowly, far more rows than usual, or trouble inside the platform",
        "see on the live panel whether rows still come; t tests the base connection; when nothing "
        "moves, ask Adobe with the run's id",
    ),
    "late": Meaning(
        "the platform is behind with its schedules, or a change of the flow has not reached them",
        "wait for the next due time; when that passes as well, O on the flow turns it off and "
        "on again, and Adobe can be asked with its id",
    ),
    "silent": Meaning(
        "nothing changes in the source, its user sees no rows any more, or a filter lets none by",
        "look in the CRM for rows changed since the last run; t tests the base connection",
    ),
    "odd": Meaning(
        "more or fewer changes in the source than usual, such as a mass import or a new filter",
        "compare with what the CRM has; when it is meant to be so, a on the flow says that it "
        "is known",
    ),
    "expiring": Meaning(
        "the dataset was made with an end; its rows go then, and the flow fails from there on",
        "move the dataset's end in the Experience Platform, or give the flow another dataset",
    ),
}
"""Words that are about the flow, and not about how its last run ended."""


def blocks_of(flow: FlowRow) -> list[Prose]:
    """What to say first of a flow with such a word; nothing for any other."""
    meaning = MEANINGS.get(flow.word)
    if meaning is None:
        return []
    reason = f": {flow.reason}" if flow.reason else ""
    return [
        Prose(f"The flow is {flow.word}{reason}.", tone=tones.tone(flow.word)),
        Prose(f"Usual cause: {meaning.cause}.\nWhat to do: {meaning.remedy}."),
    ]
