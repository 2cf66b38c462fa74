"""What is wrong with what is shown, under the top line: whole, since it says what to do."""

from __future__ import annotations

from rich.cells import cell_len
from textual.events import Resize
from textual.strip import Strip

from aeptui.ui.drawing import both_ends, line, wrap
from aeptui.ui.palette import PLAIN, TONES
from aeptui.ui.widgets.painted import Painted

MOST = 3
"""A sentence takes so many lines at most: the rows are what the page is for."""


class Notice(Painted):
    """A sentence, and from when the rows are; on one line where both fit, else wrapped."""

    def __init__(self) -> None:
        super().__init__(id="notice")
        self._said = self._since = ""

    def put(self, said: str, since: str) -> None:
        """Say this instead of what was there; nothing is shown for nothing."""
        self._said, self._since = said, since
        self.set_class(bool(said or since), "-said")
        self._take(self.app.size.width)

    def on_resize(self, event: Resize) -> None:
        """Another width needs other lines."""
        self._take(event.size.width)

    def _take(self, width: int) -> None:
        lines = len(self.lines(width, MOST))
        if self.styles.height is None or self.styles.height.value != lines:
            self.styles.height = lines
        self.repaint()

    def lines(self, width: int, height: int) -> list[Strip]:
        """The sentence in the tone of trouble, and at the end of the last line its age."""
        room = max(10, width - 2)
        said = list(wrap(self._said, room)) or [""]
        since = f"{self._since} " if self._since else ""
        if len(said) < MOST and cell_len(said[-1]) + cell_len(since) + 2 > width:
            said.append("")
        told = [*said[: MOST - 1], " ".join(said[MOST - 1 :])] if len(said) > MOST else said
        *before, last = [[(f" {text}", TONES["warn"])] for text in told]
        return [*(line(text, width) for text in before), both_ends(last, [(since, PLAIN)], width)]
