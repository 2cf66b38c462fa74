"""A few rows that are all there: what uses what, and the sandboxes to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aeptui.mirror.rows import Row
from aeptui.mirror.values import Anchor, Window


@dataclass(frozen=True, slots=True)
class FixedRows:
    """A source for `ResourceTable` that needs no query."""

    rows: Sequence[Row]

    def window(self) -> Window:
        """Every row."""
        rows = tuple(self.rows)
        return Window(
            rows=rows,  # type: ignore[arg-type]  # any Row; the union names the mirror's own
            keys=tuple(row.name for row in rows),
            before=False,
            after=False,
            position=0,
            total=len(rows),
            estimated=False,
        )

    async def first(self, _count: int) -> Window:
        """Every row."""
        return self.window()

    async def last(self, _count: int) -> Window:
        """Every row."""
        return self.window()

    async def around(self, _place: Anchor, _before: int, _after: int) -> Window:
        """Every row."""
        return self.window()
