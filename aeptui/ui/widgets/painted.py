"""The base of our widgets: drawn by line, and repainted only where it differs."""

from __future__ import annotations

import logging
from itertools import zip_longest

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from aeptui.ui.drawing import line
from aeptui.ui.palette import TONES

log = logging.getLogger(__name__)


class Painted(Widget):
    """A widget that says what its lines look like now.

    A subclass gives `lines`; whoever changed what it draws calls `repaint`,
    which sends only the lines that differ: none when nothing does. A bug in
    `lines` breaks this one panel, in words, and goes to the log.
    """

    DEFAULT_CSS = "Painted { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: list[Strip] = []
        self._drawn_for = (0, 0)
        self._broken = False

    def lines(self, width: int, height: int) -> list[Strip]:
        """The lines of this widget, at most `height` of them, each `width` cells."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw again the lines that differ from those on the screen."""
        width, height = self.size
        if not width or not height:
            self._drawn_for = (0, 0)  # hidden: made anew when it is shown again
            return
        before, now = self._drawn, self._lines(width, height)
        self._drawn, self._drawn_for = now, (width, height)
        changed = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip_longest(before, now))
            if old is not new and old != new
        ]
        if changed:
            self.refresh(*changed)

    def watch_has_focus(self, has_focus: bool) -> None:
        """A cursor is drawn another way while the keys are elsewhere.

        Watched, since a handler of Focus would run before the widget knows that it has it.
        """
        super().watch_has_focus(has_focus)
        self.repaint()

    def render_line(self, y: int) -> Strip:
        """The line that `repaint` left, made first where the size is new."""
        width, height = self.size
        if self._drawn_for != (width, height):
            self._drawn, self._drawn_for = self._lines(width, height), (width, height)
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(width)

    def _lines(self, width: int, height: int) -> list[Strip]:
        try:
            return self.lines(width, height)[:height]
        except Exception as bug:
            # The boundary of a panel: the rest of the screen goes on working.
            if not self._broken:
                self._broken = True
                log.error("drawing %s failed: %s", type(self).__name__, bug, exc_info=True)
            words = "This panel is broken by a bug of ours; the log has the details."
            return [line([(" " + words, TONES["bad"])], width)]
