"""The top line: where you are, whether you may write, and how current it is."""

from __future__ import annotations

import math

from rich.cells import cell_len
from textual.strip import Strip

from aeptui.resources import formats
from aeptui.session import Session
from aeptui.ui.ages import Age
from aeptui.ui.drawing import Piece, both_ends, cut
from aeptui.ui.palette import BOLD, DIM, PLAIN, TONES
from aeptui.ui.widgets.painted import Painted


class ContextBar(Painted):
    """Profile and sandbox, protection, the way here, and what the platform does to us.

    What tells least goes first when the line is narrow: the pace, then the token.
    """

    def __init__(self, session: Session, trail: str = "") -> None:
        super().__init__(id="context")
        self.session = session
        self.trail = trail
        self.age = Age("")
        self.frozen = False

    def show(self, age: Age) -> None:
        """Say how current what is shown is."""
        self.age = age
        self.repaint()

    def lines(self, width: int, height: int) -> list[Strip]:
        """One line; red while writes are possible in a protected sandbox."""
        session = self.session
        open_door = session.writable and session.protected
        left: list[Piece] = [(f" {session.profile.name} / ", DIM), (session.sandbox, BOLD)]
        if session.protected:
            left.append(("  protected", PLAIN))
        left.append(
            (f"  may write{self._for_how_long()}", TONES["bad"] if open_door else TONES["dim"])
            if session.writable
            else ("  read-only", DIM)
        )
        if self.trail:
            left.append((f"  {self.trail}", PLAIN))
        last: Piece = (f"{self.age.words} ", TONES[self.age.tone])
        if self.frozen:
            last = (f"frozen, {self.age.words} ", TONES["busy"])
        told = self._pace()  # what tells least is last
        while told and _length(left) + _length([*told, last]) + 2 > width:
            told.pop()
        right = [*told, last]
        room = max(0, width - _length(left[:2]) - 2)
        if _length(right) > room:
            right = [(cut(right[0][0], room), right[0][1])]
        return [both_ends(left, right, width)]

    def _for_how_long(self) -> str:
        """The minutes that are left of what was unlocked; rounded up, so that the last one counts."""
        left_s = self.session.unlocked_for_s
        return f" {math.ceil(left_s / 60)} min" if left_s and not self.session.may_write else ""

    def _pace(self) -> list[Piece]:
        services, moment = self.session.services, self.session.moment()
        limited, ends = services.meter.last_limited_at, services.meter.token_expires_at
        # The budget and not what was used of it: that figure would be sent again with every look.
        limit = self.session.config.settings.sync_calls_per_minute
        token: list[Piece] = []
        if ends is not None:
            token = [(f"token till {formats.due(ends, moment)}   ", DIM)]
        if limited is not None and (moment.now - limited).total_seconds() < 120:
            pace = round(services.budget.pace)
            return [(f"asked to slow down to {pace} calls/min   ", TONES["warn"]), *token]
        return [*token, (f"up to {limit} calls/min   ", DIM)]


def _length(pieces: list[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)
