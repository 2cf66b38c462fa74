"""From a key to the last line drawn in the mapping studio, small and large.

    python -m tests.bench.studio [--presses 200]

Small is ten columns, ten pairs and 24 fields; large is 120 columns, 500 pairs
and 1,300 fields. Each figure is the median over all presses of the time that
the console is busy with one: handling it, drawing what differs, and composing
the lines. The platform does not answer meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from textual.geometry import Region
from textual.strip import Strip

from aeptui.api.exploring import SourceColumn
from aeptui.forms.workbench import Bench, Workbench
from aeptui.forms.xdm_fields import XdmField
from aeptui.session import open_session
from aeptui.ui.screens.studio import StudioPage
from tests.ui.conftest import Console, configuration, console, profile


def bench(columns: int, fields: int, pairs: int) -> Workbench:
    """A mapping of that size; pairs beyond the columns calculate."""
    names = [f"Column_{n:03d}" for n in range(columns)]
    paths = [f"group{n % 40}.part{n % 7}.field{n:04d}" for n in range(fields)]
    told = [
        {"source": names[n], "destination": paths[n]}
        if n < columns
        else {
            "source": f"upper({names[n % columns]})",
            "destination": paths[n % fields],
            "way": "expression",
        }
        for n in range(pairs)
    ]
    return Workbench(
        Bench(
            columns=tuple(SourceColumn(name) for name in names),
            rows=tuple(dict.fromkeys(names, f"value {n}") for n in range(5)),
            fields=tuple(XdmField(path) for path in paths),
        ),
        told,
    )


async def measured(work: Workbench, presses: int) -> dict[str, float]:
    """Median milliseconds for each kind of key."""
    with tempfile.TemporaryDirectory() as folder:
        session = await open_session(configuration(Path(folder)), profile())
        async with console(session) as at:
            page = StudioPage(session, work, lambda _pairs: None)
            await at.app.push_screen(page)
            await at.pilot.pause()
            _ = work.candidates
            found = {"down in the pairs": await _each(at, page, ["down"] * presses)}
            page.show_pane("fields")
            found["down in the fields"] = await _each(at, page, ["down"] * presses)
            await at.press("slash")
            found["a letter of a search"] = await _each(
                at, page, ["f", "backspace"] * (presses // 4)
            )
            await at.press("escape")
            page.show_pane("pairs")
            await at.press("e")
            found["a letter of an expression"] = await _each(
                at, page, ["x", "backspace"] * (presses // 4)
            )
        await session.close()
    return found


async def _each(at: Console, page: StudioPage, keys: list[str]) -> float:
    took = []
    for key in keys:
        before = time.thread_time()
        await at.press(key)
        _drawn(at)
        took.append((time.thread_time() - before) * 1000)
    return statistics.median(took)


def _drawn(at: Console) -> list[Strip]:
    """All lines of the screen, as a driver would take them."""
    size = at.app.size
    return at.app.screen._compositor.render_strips(size) if Region(0, 0, *size) else []


async def main(presses: int) -> None:
    """Print both columns and their ratio."""
    small = await measured(bench(10, 24, 10), presses)
    large = await measured(bench(120, 1_300, 500), presses)
    print(f"{'busy for one key, ms (median)':32}{'small':>8}{'large':>8}{'ratio':>8}")
    for what, figure in small.items():
        print(f"{what:32}{figure:8.2f}{large[what]:8.2f}{large[what] / figure:8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Key to paint in the mapping studio.")
    parser.add_argument("--presses", type=int, default=200)
    asyncio.run(main(parser.parse_args().presses))
