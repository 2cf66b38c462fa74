"""What happens while a plan is carried out, as whoever draws it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from aeptui.api.errors import ApiTrouble
from aeptui.api.writing import WriteRequest
from aeptui.pipelines.plan import Made, Plan, Step

What: TypeAlias = Literal[
    "sending", "done", "failed", "unknown", "refused", "undone", "left behind", "finished"
]
"""`refused` is by us, before a write; `failed` is the platform's no, or nobody was reached;
`unknown` may have landed; `finished` is the last event of a plan that did all it was to do."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `str()` is a line for a log or a terminal.

    `stands` is what the plan has made so far, in the order of its making; `error` is
    the platform's trouble where there was one, for the field that it is about.
    """

    what: What
    plan: Plan
    sentence: str
    step: Step | None = None
    request: WriteRequest | None = None
    """As shown: without secrets."""
    made: Made | None = None
    error: ApiTrouble | None = None
    stands: tuple[tuple[Step, Made], ...] = ()

    def __str__(self) -> str:
        return f"{self.what}: {self.sentence}"
