"""A program that draws by our driver, for a pseudo-terminal: rows, and an external program."""

from __future__ import annotations

import subprocess
import sys

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.strip import Strip
from textual.widget import Widget

from aeptui.ui.driver import distrust, driver_named


class Lines(Widget):
    """A row for each line of the window."""

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(set_cell_size(f"row {y} 日本 " + "." * 300, self.size.width))])


class Rows(App[None]):
    """Rows as wide as the window; `e` runs another program, ctrl+l draws anew, ctrl+z suspends."""

    BINDINGS = [  # noqa: RUF012
        Binding("e", "edit", "edit"),
        Binding("ctrl+l", "redraw", "redraw"),
        Binding("ctrl+z", "suspend_process", "suspend"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self) -> None:
        super().__init__(driver_class=driver_named(sys.argv[1]))

    def compose(self) -> ComposeResult:
        yield Lines()

    def action_edit(self) -> None:
        with self.suspend():
            subprocess.run([sys.executable, "-c", "print('EDITOR' * 100); input()"], check=False)

    def action_redraw(self) -> None:
        distrust(self._driver)


if __name__ == "__main__":
    Rows().run(mouse=False)
