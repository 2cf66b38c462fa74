"""The one table, on rows that come late."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

from textual.app import App, ComposeResult

from aeptui.mirror.rows import Row
from aeptui.mirror.values import Anchor, Window
from aeptui.resources.definition import Column, Moment
from aeptui.ui.widgets.resource_table import ResourceTable

ROWS = [Row(id=f"{n:05}") for n in range(20_000)]


class LateRows:
    """Rows that are told of only when they are let through."""

    def __init__(self) -> None:
        self.through = asyncio.Semaphore(0)
        self.asked = 0

    def between(self, start: int, end: int) -> Window:
        start, end = max(0, start), min(len(ROWS), end)
        rows = tuple(ROWS[start:end])
        keys = tuple((row.id,) for row in rows)
        return Window(
            rows,
            keys,
            start > 0,
            end < len(ROWS),
            start,
            len(ROWS),
            False,
        )

    async def first(self, count: int) -> Window:
        return self.between(0, count)

    async def last(self, count: int) -> Window:
        return self.between(len(ROWS) - count, len(ROWS))

    async def around(self, place: Anchor, before: int, after: int) -> Window:
        self.asked += 1
        await self.through.acquire()
        at = int(str(place.id))
        return self.between(at - before, at + after)


class OneTable(App[None]):
    def compose(self) -> ComposeResult:
        columns = [Column("Id", lambda row, _: row.id, 10)]
        yield ResourceTable(columns, lambda: Moment(datetime.now(UTC), UTC))


async def test_what_an_earlier_source_was_asked_is_given_up_for_a_new_one() -> None:
    slow, quick = LateRows(), LateRows()
    left = asyncio.Event()

    async def never(count: int) -> Window:
        try:
            await slow.through.acquire()
        finally:
            left.set()
        return slow.between(0, count)

    slow.first = never  # type: ignore[method-assign]
    app = OneTable()
    async with app.run_test(size=(40, 22)) as pilot:
        table = app.query_one(ResourceTable)
        table.read_from(slow, sorted_by="", reverse=False, until="Looking through 20,000 rows.")
        looking = asyncio.ensure_future(table.look())
        await pilot.pause()
        shown = "".join(strip.text for strip in table.lines(40, 20))
        assert "Looking through 20,000 rows." in shown
        table.read_from(quick, sorted_by="", reverse=False)
        await left.wait()
        await looking
        assert table.held is None
        await table.look()
        assert table.held == "00000"


async def test_any_keys_pressed_before_their_rows_are_there_add_up() -> None:
    chance, source = random.Random(7), LateRows()
    app = OneTable()
    async with app.run_test(size=(40, 22)) as pilot:
        table = app.query_one(ResourceTable)
        middle = len(ROWS) // 2
        table.read_from(
            source,
            sorted_by="",
            reverse=False,
            first=source.between(middle, middle + 60),
        )
        table.focus()
        await pilot.pause()
        page = len(table.ids) - 1
        steps = {"down": 1, "up": -1, "pagedown": page, "pageup": -page}
        for _ in range(12):
            keys = chance.choices([*steps], weights=(3, 1, 6, 1), k=chance.randrange(1, 25))
            wanted = int(str(table.held)) + sum(steps[key] for key in keys)
            for key in keys:
                table.action_page(1 if key == "pagedown" else -1) if "page" in key else (
                    table.action_move(steps[key])
                )
                if chance.random() < 0.1:
                    source.through.release()
                    await asyncio.sleep(0)
            source.through.release()
            while table.held != f"{wanted:05}":
                assert table._moving, f"stays at {table.held}, not at {wanted}"
                source.through.release()
                await pilot.pause()
        assert source.asked > 12


async def test_a_move_of_the_cursor_makes_one_line_and_a_later_moment_all() -> None:
    moment, made = Moment(datetime(2026, 11, 2, tzinfo=UTC), UTC), []

    def told(row: Row, at: Moment) -> str:
        made.append(row.id)
        return f"{row.id} {at.now:%H:%M:%S}"

    class Counted(App[None]):
        def compose(self) -> ComposeResult:
            yield ResourceTable([Column("Id", told, 20)], lambda: moment)

    app, source = Counted(), LateRows()
    async with app.run_test(size=(40, 22)) as pilot:
        table = app.query_one(ResourceTable)
        table.read_from(source, sorted_by="", reverse=False, first=source.between(0, 60))
        table.focus()
        await pilot.pause()
        await pilot.press("down")
        made.clear()
        await pilot.press("down")
        assert made == ["00002"]  # the others were drawn without the cursor before
        made.clear()
        await pilot.press("up")
        assert made == []
        moment = Moment(moment.now + timedelta(seconds=1), UTC)
        table.repaint()
        assert set(made) == set(table.ids)
        assert "00001 00:00:01" in table.render_line(2).text
