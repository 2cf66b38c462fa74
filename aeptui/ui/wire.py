"""The stream of a program that draws whole widgets, as the stream of what changed.

What the program sends is read into the screen that it wants: cursor addresses,
styles, text, line ends. Sequences that draw nothing (modes, titles, questions,
the clipboard, the bell) are sent on in their place. A sequence that draws and is
none of these (a picture, say) ends it: from there on the stream is passed on as
it is, since a model that is wrong is worse than none.
"""

from __future__ import annotations

import re

from aeptui.ui.cells import BLANK, Cells
from aeptui.ui.difference import Pencil, difference
from aeptui.ui.sgr import PLAIN, Styles

MOST_STYLES = 4096
"""With more styles than these on one screen's way the model is given up, so that it never grows."""
FRAME_START, FRAME_END = "\x1b[?2026h", "\x1b[?2026l"

_TOKENS = re.compile(
    r"""
    (?P<text>[^\x00-\x1f\x7f-\x9f]+)
  | \x1b\[(?:(?P<y>\d*)(?:;(?P<x>\d*))?H|(?P<sgr>[\d;:]*)m)
  | (?P<quiet>\x1b\[(?:[?<=>][0-?]*[ -/]*[@-~]|[0-?]*(?:[nc]|[ ]q|t|\$p)))
  | \x1b\]8;(?P<link>[^\x07\x1b]*)(?:\x07|\x1b\\)
  | (?P<string>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)
             | \x1bP(?:tmux;|[$+]q|\x1b)(?:\x1b\x1b|\x1b[^\\\x1b]|[^\x1b])*\x1b\\
             | \x1b[=>] | \x07)
  | (?P<end>[\r\n])
  | (?P<drawing>\x1b)
  | (?P<stray>[\x00-\x1f\x7f-\x9f])
    """,
    re.VERBOSE,
)
OPENS, CLOSES = "\x1b[?1049h", "\x1b[?1049l"
_POINTER = "\x1b]22;"
"""The shape of the mouse pointer, said again with each screen; the mouse is the operator's own."""


class Wire:
    """Takes a program's stream and gives the one to send.

    Nothing is given while nothing changes, and nothing is drawn but on the alternate
    screen: the other one is the shell's. Between the marks of a synchronized
    update the change is gathered and given with the same marks; a program that
    sends none gets none. Held back, it takes all in and gives only what draws nothing,
    with the change that this has to follow; once let go it gives what is still new.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.plain = False
        """Whether the stream is passed on as it is."""
        self.held = False
        """Whether changes are kept for later."""
        self._styles = Styles()
        self._wanted = Cells(columns, lines)
        self._shown = Cells(columns, lines)
        self._pencil = Pencil(self._styles, columns)
        self._rows: set[int] = set()
        self._unknown = True
        self._open = False
        self._y = self._x = 0
        self._style = PLAIN
        self._moved = False
        self._frame: list[str] | None = None
        self._framed = False

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        return self._wanted.columns, self._wanted.lines

    def resize(self, columns: int, lines: int) -> None:
        """The terminal has another size, or had; what it shows is not known any more."""
        self._wanted = self._wanted.resized(columns, lines)
        self.distrust()

    def distrust(self) -> None:
        """The terminal may show anything: the next change is told with all the rest."""
        self._unknown = True

    def send(self, data: str) -> str:
        """What to send for `data`."""
        if self.plain:
            return data
        out: list[str] = []
        for token in _TOKENS.finditer(data):
            kind = token.lastgroup
            if kind == "text":
                self._text(token["text"])
            elif kind in ("x", "y"):
                self._y, self._x = int(token["y"] or 1) - 1, int(token["x"] or 1) - 1
                self._moved = True
            elif kind == "sgr":
                self._style = self._styles.after(self._style, token["sgr"])
            elif kind == "end":
                self._x = 0
                if token["end"] == "\n":
                    self._y = min(self._y + 1, self._wanted.lines - 1)
            elif kind == "link":
                self._style = self._styles.linked(self._style, _target(token["link"]))
            elif kind in ("quiet", "string"):
                self._pass(token[0], out)
            elif kind == "drawing" or len(self._styles) > MOST_STYLES:
                out.append(self._give_up())
                out.append(data[token.start() :])
                return "".join(out)
        if self._frame is None and not self.held:
            out.append(self._change())
        return "".join(out)

    def let_go(self) -> str:
        """Hold nothing back any more: what has changed meanwhile, if no update is under way."""
        self.held = False
        if self._frame is not None:
            return ""  # its end brings it
        sent = self._change()
        return f"{FRAME_START}{sent}{FRAME_END}" if sent and self._framed else sent

    def _text(self, text: str) -> None:
        blanks_show = self._styles.shown_on_blank[self._style]
        size, differs = self._wanted.put(self._y, self._x, text, self._style, blanks_show)
        self._x += size
        if differs:
            self._rows.add(self._y)

    def _pass(self, sequence: str, out: list[str]) -> None:
        if sequence == FRAME_START:
            self._frame = []
        elif sequence == FRAME_END:
            out.append(self._end_frame())
        elif sequence == OPENS and self._open:
            pass  # some terminals, asked once more, forget where they were before
        elif not sequence.startswith(_POINTER):
            into = out if self._frame is None else self._frame
            into.append(self._change())
            into.append(sequence)
            if sequence == OPENS:
                self._open = True
                self.distrust()
            elif sequence == CLOSES:
                self._open = self._framed = False

    def _end_frame(self) -> str:
        if self._frame is None:
            return ""
        sent = "".join(self._frame) + ("" if self.held else self._change())
        self._frame, self._framed = None, True
        return f"{FRAME_START}{sent}{FRAME_END}" if sent else ""

    def _change(self) -> str:
        """What makes the terminal show what is wanted; nothing if it does already."""
        if not self._open:
            return ""
        wanted, pencil = self._wanted, self._pencil
        if self._unknown:
            self._unknown = False
            pencil = self._pencil = Pencil(self._styles, wanted.columns)
            pencil.raw("\x1b[m\x1b[2J")
            self._shown = Cells(wanted.columns, wanted.lines)
            self._rows = set(range(wanted.lines))
            self._moved = True
        if self._rows:
            difference(self._shown, wanted, self._rows, pencil)
            self._rows.clear()
        if pencil.sent or self._moved:
            pencil.pick(PLAIN)
            pencil.to(min(self._y, wanted.lines - 1), min(self._x, wanted.columns - 1))
            self._moved = False
        return pencil.take()

    def picture(self) -> str:
        """The stream of a program that would draw the screen as it is wanted now."""
        shows = self._styles.shown_on_blank
        drawn: list[str] = []
        style = PLAIN
        for y in range(self._wanted.lines):
            drawn.append(f"\x1b[{y + 1}H")
            for text, number in zip(self._wanted.texts[y], self._wanted.styles[y], strict=True):
                if text == BLANK and not shows[number]:
                    number = PLAIN if shows[style] else style
                if number != style:
                    drawn.append(self._styles.change(style, number))
                    style = number
                drawn.append(text)
        return "".join([*drawn, self._styles.change(style, PLAIN)])

    def _give_up(self) -> str:
        """Bring the terminal to where the stream has it, and leave it to the stream."""
        sent = self._change()
        if self._frame is not None:
            sent = FRAME_START + "".join(self._frame) + sent
            self._frame = None
        self.plain = True
        self._pencil.pick(self._style)
        return sent + self._pencil.take()


def _target(link: str) -> str:
    """What an OSC 8 says, or nothing if it ends a link."""
    return link if link.partition(";")[2] else ""
