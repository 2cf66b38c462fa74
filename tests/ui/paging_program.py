"""A program of long pages on our driver, for a pseudo-terminal: it names the keys that it got."""

from __future__ import annotations

import random
import subprocess
import sys

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.events import Key, Paste
from textual.strip import Strip
from textual.widget import Widget

from aeptui.ui.driver import driver_named

EDITOR = "print('EDITOR' * 9); read = input(); print('it read', repr(read)); input()"


class Page(Widget):
    """A page of noise, all of which is other than that of the page before."""

    number = 0
    keys = ""

    def render_line(self, y: int) -> Strip:
        noise = random.Random(self.number * 1000 + y)
        text = "".join(noise.choices("abcdefgh ", k=200))
        if y == 0:
            text = f"page {self.number} {text}"
        elif y == self.size.height - 1:
            text = f"keys:{self.keys}"
        return Strip([Segment(set_cell_size(text, self.size.width))])


class Pages(App[None]):
    """`n` turns the page, `e` runs another program, ctrl+z suspends, `q` quits."""

    BINDINGS = [  # noqa: RUF012
        Binding("n", "turn", "next"),
        Binding("e", "edit", "edit"),
        Binding("ctrl+z", "suspend_process", "suspend"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self) -> None:
        super().__init__(driver_class=driver_named("diff"))
        self.page = Page()

    def compose(self) -> ComposeResult:
        yield self.page

    def action_turn(self) -> None:
        self.page.number += 1
        self.page.refresh()

    def action_edit(self) -> None:
        with self.suspend():
            subprocess.run([sys.executable, "-c", EDITOR], check=False)

    def on_key(self, event: Key) -> None:
        self.page.keys += f" {event.key}"
        self.page.refresh()

    def on_paste(self, event: Paste) -> None:
        self.page.keys += f" <{event.text}>"
        self.page.refresh()


if __name__ == "__main__":
    Pages().run(mouse=False)
