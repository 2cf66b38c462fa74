"""The usual Textual program: a header, a DataTable and a footer, as Textual sends them.

    python -m tests.bench.floor.dash [ROWS] [CELLS A SECOND]

`p` fills the table; with CELLS that many change once a second.
"""

import random
import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Footer, Header, Static

from tests.bench.floor.rows import TITLES, WIDTHS, made


class Dash(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("q", "quit", "Quit"), ("p", "fill", "Fill")]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, rows: int, cells: int) -> None:
        super().__init__()
        self.rows, self.cells = rows, cells
        self.chance = random.Random(2)

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("READY")
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for title, width in zip(TITLES, WIDTHS, strict=True):
            table.add_column(title, width=width, key=title)
        if self.rows <= 100:
            self.action_fill()
        if self.cells:
            self.set_interval(1, self.change)

    def action_fill(self) -> None:
        self.keys = self.query_one(DataTable).add_rows(made(self.rows))

    def change(self) -> None:
        table = self.query_one(DataTable)
        for key in self.keys[: self.cells]:
            table.update_cell(key, "records", str(self.chance.randrange(10**7)))


if __name__ == "__main__":
    told = [int(each) for each in sys.argv[1:]] + [0, 0]
    Dash(told[0] or 30, told[1]).run()
