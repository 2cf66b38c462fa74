"""Our table alone, on our driver: thirty rows, one cell of each changed once a second.

python -m tests.bench.floor.table [stock]
"""

import random
import sys
from datetime import UTC, datetime

from textual.app import App, ComposeResult

from aeptui.mirror.rows import Row
from aeptui.mirror.values import Window
from aeptui.moment import Moment
from aeptui.resources.definition import Column
from aeptui.ui.driver import driver_named
from aeptui.ui.widgets.resource_table import ResourceTable
from tests.bench.floor.rows import TITLES, WIDTHS, made

CHANGING = TITLES.index("records")


class Ticking(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, driver: str) -> None:
        super().__init__(driver_class=driver_named(driver))
        self.cells = [list(row) for row in made(30)]
        self.chance = random.Random(2)

    def compose(self) -> ComposeResult:
        def column(i: int) -> Column:
            return Column(TITLES[i], lambda row, _: self.cells[int(row.id)][i], WIDTHS[i] - 2)

        columns = [column(i) for i in range(len(TITLES))]
        yield ResourceTable(columns, lambda: Moment(datetime.now(UTC), UTC))

    def on_mount(self) -> None:
        rows = tuple(Row(id=str(n)) for n in range(len(self.cells)))
        self.window = Window(rows, ((),) * len(rows), False, False, 0, len(rows), False)  # type: ignore[arg-type]
        self.query_one(ResourceTable).show(self.window)
        self.set_interval(1, self.change)

    def change(self) -> None:
        for row in self.cells:
            row[CHANGING] = str(self.chance.randrange(10**7))
        self.query_one(ResourceTable).show(self.window)


if __name__ == "__main__":
    Ticking(sys.argv[1] if len(sys.argv) > 1 else "diff").run()
