"""Pictures of each main screen, from the real program on the emulator.

    python -m tests.screenshots [--folder screenshots]

Starts a rehearsal with a fixed seed and a clock that stands still, opens the
console headless at 80x24 and at 120x36 (home, why, causes and what changed at
160x48 as well), and writes an SVG of each screen; and a PNG beside it, where
cairosvg is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from aeptui.config import Config
from aeptui.config_load import rehearsal_config
from aeptui.rehearsal import Options, Rehearsal
from aeptui.session import open_session
from aeptui.ui.app import AepApp
from aeptui.ui.screens.first import FirstApp
from aeptui.ui.screens.remapping import RemapPage
from aeptui.ui.screens.why import WhyPage
from aeptui.ui.widgets.detail_view import DetailView

SIZES = ((80, 24), (120, 36))
LARGEST = (160, 48)
"""Only home and what explains the trouble are taken at this size."""
OPENED = {
    "base-connections": "Login",
    "schemas": "Fields",
    "datasets": "Expires",
    "mapping-sets": "Pairs",
}
"""Kinds of which one is opened as well, and what is seen then."""
START = "2026-09-16T08:00:00Z"
SEED = 7
FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"


class Camera:
    """Takes pictures of one app at one size."""

    def __init__(self, folder: Path, pilot: Pilot[int], size: tuple[int, int]) -> None:
        self._folder = folder
        self._pilot = pilot
        self.size = size

    @property
    def text(self) -> str:
        """The screen, a line each."""
        app = self._pilot.app
        lines = app.screen._compositor.render_strips(app.size)
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)

    async def sees(self, pattern: str, patience_s: float = 20) -> None:
        """Wait until `pattern` is on the screen."""
        await self.until(lambda: bool(re.search(pattern, self.text)), patience_s)

    async def until(self, holds: Callable[[], bool], patience_s: float = 90) -> None:
        """Wait until it holds."""
        for _ in range(int(patience_s / 0.05)):
            if holds():
                return
            await self._pilot.pause(0.05)
        raise SystemExit(f"This was never seen; the screen is:\n{self.text}")

    async def current(self) -> None:
        """Wait until what is shown is as new as the platform."""
        await self.until(lambda: self.text.splitlines()[0].rstrip().endswith(" live"))

    async def go(self, text: str, pattern: str) -> None:
        """Go where the text says and wait for what is there."""
        names = {" ": "space", "-": "minus"}
        await self._pilot.press("colon", *(names.get(letter, letter) for letter in text), "enter")
        await self.sees(pattern)

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self._pilot.press(*keys)

    async def take(self, name: str) -> None:
        """Write the picture."""
        await self._pilot.pause(0.6)
        columns, lines = self.size
        path = self._folder / f"{name}-{columns}x{lines}.svg"
        svg = self._pilot.app.export_screenshot(title="aeptui")
        # The fonts of the export are fetched from the web, which a picture should not need.
        svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.S)
        svg = re.sub(
            r"font-family: (Fira Code|\$\{unique_id\}.*?)[^;]*;", f"font-family: {FONT};", svg
        )
        path.write_text(svg, encoding="utf-8")
        print(path)


async def tour(camera: Camera, pilot: Pilot[int]) -> None:
    """Every main screen, once."""
    await camera.sees(r"FAILED +(Salesforce|Dynamics)")
    await camera.current()
    await camera.sees(r"·{16}F{4}", patience_s=90)  # all of the last twenty runs are known
    await camera.take("home")
    await understanding_tour(camera, pilot)
    if camera.size == LARGEST:
        return
    await camera.press("enter")
    await camera.sees("flow runs ─")
    await camera.take("flow")
    await camera.press("escape")
    await camera.go("Salesforce contacts", "called Salesforce contacts")
    await camera.take("found")
    await camera.press("enter")
    await camera.sees("Salesforce contacts +PARTIAL")
    await camera.press("enter")
    await camera.sees("flow run .*live|What went wrong")
    await camera.take("run")
    await camera.press("escape", "w")
    await camera.until(lambda: isinstance(pilot.app.screen, WhyPage))
    detail = pilot.app.screen.query_one(DetailView)
    await camera.until(lambda: detail.detail is not None and len(detail.detail.blocks) > 2)
    await camera.take("why")
    await camera.press("v")
    await camera.sees('"id"')
    await camera.take("raw")
    await camera.press("escape", "escape")
    await camera.press("u")
    await camera.sees("uses")
    await camera.take("used-by")
    for kind, pattern in (
        ("flows", "flows  12"),
        ("runs", "flow runs +[0-9]"),
        ("base-connections", "base connections +[1-9]"),
        ("source-connections", "source connections +[1-9]"),
        ("target-connections", "target connections +[1-9]"),
        ("schemas", "schemas +[1-9]"),
        ("datasets", "datasets +[1-9]"),
        ("mapping-sets", "mapping sets +[1-9]"),
        ("batches", "batches +[1-9]"),
    ):
        await camera.go(kind, pattern)
        await camera.take(kind)
        if kind in OPENED:
            await camera.press("enter")
            await camera.sees(OPENED[kind])
            await camera.take(f"{kind}-one")
            await camera.press("escape")
    await camera.press("question_mark")
    await camera.sees("Look")
    await camera.take("help")
    await camera.go("home", "LAST 20 RUNS")
    await camera.press("slash", *"contacts")
    await camera.sees("match")
    await camera.take("filter")
    await camera.press("escape", "colon", *"flws")
    await camera.sees("did you mean")
    await camera.take("go-to")
    await camera.press("escape")
    await alerting_tour(camera)
    await camera.go("sandbox", "SANDBOX")
    await camera.take("sandboxes")
    await camera.press("escape")
    await camera.go("emulator stop", "local platform stopped")
    await camera.sees("What you see is from", patience_s=90)
    await camera.take("stopped")
    await camera.go("emulator start", "running again")
    await camera.current()
    await camera.go("sandbox empty", "No flows in this sandbox yet")
    await camera.current()
    await camera.take("empty")


async def alerting_tour(camera: Camera) -> None:
    """What is known and what happened, and the same done for many rows; nothing is sent."""
    await camera.go("home", "LAST 20 RUNS")
    await camera.press("home", "a")
    await camera.sees("failed  a .*[^ ]")
    await camera.take("acknowledged")
    await camera.press("i")
    await camera.sees("until tomorrow")
    await camera.take("snooze")
    await camera.press("escape")
    await camera.go("rules", "it recovers")
    await camera.press("n")
    await camera.sees("flows: ")
    await camera.take("rules")
    await camera.press("escape")
    await camera.go("events", "New cause")
    await camera.take("events")
    await camera.go("home", "LAST 20 RUNS")
    await camera.press("a")
    await camera.sees("not acknowledged any more")
    await camera.press("home", "space", "space", "R")
    await camera.sees("Retry [0-9]+ run")
    await camera.take("retry-many")
    await camera.press("escape", "t")
    await camera.sees("Test .*over")
    await camera.take("test-many")
    await camera.go("home", "LAST 20 RUNS")


async def understanding_tour(camera: Camera, pilot: Pilot[int]) -> None:
    """Why, causes, one of them opened, and what changed: from home and back."""

    async def explained(name: str) -> None:
        detail = pilot.app.screen.query_one(DetailView)
        await camera.until(lambda: detail.detail is not None and len(detail.detail.blocks) > 2)
        await camera.take(name)

    await camera.press("w")
    await camera.until(lambda: isinstance(pilot.app.screen, WhyPage))
    await explained("why-failed")
    await camera.press("escape", "c")
    await camera.sees("causes +[1-9]+ open")
    await camera.take("causes")
    await camera.press("down", "enter")
    await camera.sees("Sample rows|What to do")
    await camera.until(lambda: "Asking the platform" not in camera.text)
    await camera.take("cause")
    await camera.press("w")
    await camera.until(lambda: isinstance(pilot.app.screen, WhyPage))
    await explained("why-partial")
    await camera.press("d")
    await camera.sees("first bad run")
    await explained("changed")
    await camera.press("escape", "escape", "escape", "escape")
    await camera.sees("LAST 20 RUNS")


async def making_tour(camera: Camera, pilot: Pilot[int]) -> None:
    """The forms, empty, and each page of the wizard as it is walked; nothing is sent."""

    async def settled() -> None:
        page: Any = pilot.app.screen
        await camera.until(lambda: not page.asking and not page.lookups.missing())

    async def chosen(text: str) -> None:
        await camera.press("enter", *text, "enter")
        await settled()

    for kind in (
        "base-connections",
        "source-connections",
        "target-connections",
        "schemas",
        "datasets",
        "mapping-sets",
    ):
        await camera.go(f"new {kind}", "New ")
        await settled()
        if kind == "base-connections":
            await chosen("salesforce")
            await camera.press("down", "down", *"no address", "down")
            await camera.sees("▲")
        await camera.take(f"form-{kind}")
        await camera.press("ctrl+n", "escape")
    await camera.go("new flows", "New CRM flow")
    await camera.press("down", "enter")
    await camera.sees("Flow spec")
    await settled()
    await camera.take("form-flows")
    await camera.press("escape")
    await camera.go("new crm flow", "page 1 of 7")
    await settled()
    await camera.press("down")
    await chosen("prod")
    await camera.take("wizard-1-source")
    await camera.press("ctrl+g")
    await camera.sees("page 2 of 7")
    await settled()
    await camera.press("down")
    await chosen("contact")
    await camera.take("wizard-2-table")
    await camera.press("ctrl+t")
    await camera.sees("FirstName")
    await camera.take("wizard-2-sample")
    await camera.press("escape", "ctrl+g")
    await camera.sees("page 3 of 7")
    await settled()
    await camera.press("down", "down", "down", "enter")
    await camera.take("wizard-3-field-groups")
    await camera.press("escape")
    await settled()
    await camera.take("wizard-3-schema")
    for number, name in ((4, "dataset"), (5, "mapping"), (6, "schedule"), (7, "review")):
        await camera.press("ctrl+g")
        await camera.sees(f"page {number} of 7")
        await settled()
        await camera.take(f"wizard-{number}-{name}")
        if name == "mapping":
            await camera.press("down", "enter")
            await camera.sees("PAIRS")
            await camera.take("wizard-5-studio")
            await camera.press("escape")
    await camera.press("ctrl+r")
    await camera.sees("POST ")
    await camera.take("request")
    await camera.press(*["escape"] * 8)
    await camera.go("home", "LAST 20 RUNS")
    await camera.press("X")
    await camera.sees("Delete the flow .*go")
    await camera.take("delete")
    await camera.press("escape", "E")
    await camera.sees("Change the flow")
    await settled()
    await camera.take("change")
    await camera.press("escape")
    await studio_tour(camera, pilot)


async def studio_tour(camera: Camera, pilot: Pilot[int]) -> None:
    """The studio on the mapping of a flow, an expression on its way, its plan, and the journal."""
    await camera.go("Salesforce contacts", "called Salesforce contacts")
    await camera.press("enter")
    await camera.sees("Salesforce contacts +PARTIAL")
    await camera.press("m")
    await camera.until(lambda: isinstance(pilot.app.screen, RemapPage))
    page: Any = pilot.app.screen
    await camera.until(lambda: page.trial.whole)
    await camera.take("studio")
    await camera.press("tab")
    await camera.take("studio-fields")
    await camera.press("tab")
    await camera.take("studio-columns")
    await camera.press("tab", "e", "ctrl+u", *"upper(concta(FirstName")
    await camera.until(lambda: page.functions and page.trial.revision == page.work.revision)
    await camera.take("studio-expression")
    await camera.press("ctrl+u", *"upper(Id)", "enter")
    await camera.until(lambda: page.trial.whole and page.trial.revision == page.work.revision)
    await camera.press("ctrl+g")
    await camera.sees("PUT /data")
    await camera.take("studio-plan")
    await camera.press("escape", "ctrl+n", "escape")
    await camera.go("journal", "JOURNAL")
    await camera.take("journal")
    await camera.go("home", "LAST 20 RUNS")


async def main(folder: Path) -> None:
    """All pictures, at each size."""
    with tempfile.TemporaryDirectory() as state:
        for size in (*SIZES, LARGEST):
            await shoot(folder, size, state)
    draw(folder)


async def shoot(folder: Path, size: tuple[int, int], state: str) -> None:
    """All pictures at one size; the world is made once and kept between the sizes."""
    shutil.rmtree(Path(state) / "answers", ignore_errors=True)  # unfinished at the last size
    first = FirstApp(Config(Path("~/.config/aeptui/config.toml"), Path(state)))
    async with first.run_test(size=size) as asked:
        await Camera(folder, asked, size).take("first")  # type: ignore[arg-type]
    config = rehearsal_config({"AEPTUI_STATE_DIR": state})
    config = replace(config, settings=replace(config.settings, timezone="UTC"))
    rehearsal = Rehearsal.prepare(config, Options(seed=SEED, speed=0, start=START))
    rehearsal.start()
    try:
        app = AepApp(await open_session(config, rehearsal=rehearsal))
        async with app.run_test(size=size) as pilot:
            camera = Camera(folder, pilot, size)
            await camera.sees(r"FAILED +(Salesforce|Dynamics)", patience_s=120)
            if size != LARGEST:
                await making_tour(camera, pilot)
            await tour(camera, pilot)
        await app.session.close()
    finally:
        await rehearsal.stop()


def draw(folder: Path) -> None:
    """A PNG beside each SVG, or a word about why there is none."""
    try:
        import cairosvg  # type: ignore[import-untyped]
    except ImportError:
        print("No PNG: cairosvg is not installed (`pip install cairosvg`).")
        return
    for path in sorted(folder.glob("*.svg")):
        cairosvg.svg2png(url=str(path), write_to=str(path.with_suffix(".png")))
        print(path.with_suffix(".png"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pictures of each main screen.")
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    pictures = parser.parse_args().folder
    pictures.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(pictures))
