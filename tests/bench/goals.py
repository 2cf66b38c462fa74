"""What the console costs on a terminal, beside programs that could not cost less; all in one run.

    python -m tests.bench.goals [start keys link idle cells memory sync pyc ends] [-n 7]
                                [--flows 10000] [--runs 20000]

Floors are programs of our own: `bare` (a Textual program of one Static), `dash` (header,
DataTable and footer as Textual sends them), `raw` (a list without a framework). `stock` is
the console with Textual's own driver. Prints one line for each goal: ours, the floor, the
same with the stock driver, what is aimed for, whether it is met, and how busy the machine was.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

import aeptui
from tests.bench.probe import Answered, Probe
from tests.bench.world import FLOW, THERE, World, environment, leave, made

ROUND_TRIP_S = 0.08
SLOW_LINKS = (64_000, 16_000)
FIRST_ROW = "flow-0000"
NO_REST_S = 0.03
PAGE_BYTES = 3_200
"""What a page of new rows costs, about (the lag under acknowledged frames is counted in these)."""


@dataclass(frozen=True)
class Line:
    """One goal: the figures as they are shown, and whether it is met."""

    goal: str
    what: str
    ours: str
    floor: str
    stock: str
    aim: str
    met: bool


def at_most(
    goal: str,
    what: str,
    ours: float,
    limit: float,
    *,
    unit: str = "ms",
    floor: float | None = None,
    of: str = "",
    stock: float | None = None,
) -> Line:
    """A goal of at most `limit` times the floor, or of at most `limit` itself without one."""

    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.0f}"

    if floor is None:
        aim, met = f"≤ {shown(limit)} {unit}", ours <= limit
    else:
        aim, met = f"{ours / floor:.2f} (≤ {limit:g}) × {of}", ours <= limit * floor
    return Line(goal, what, f"{shown(ours)} {unit}", shown(floor), shown(stock), aim, met)


class Bench:
    """One world and the programs on it."""

    def __init__(self, world: World, times: int) -> None:
        self.world = world
        self.times = times

    def floor(self, name: str, *arguments: str, env: dict[str, str] | None = None) -> Probe:
        command = [sys.executable, "-m", f"tests.bench.floor.{name}", *arguments]
        return Probe(command, env=environment(self.world.folder) | (env or {}))

    # Starting ------------------------------------------------------------------

    def start(self) -> list[Line]:
        first: dict[str, list[float]] = {"ours": [], "bare": [], "stock": []}
        there: dict[str, list[float]] = {"ours": [], "bare": [], "stock": []}
        settled: dict[str, list[float]] = {"ours": [], "bare": [], "stock": []}
        sent: dict[str, tuple[int, int]] = {}
        for _ in range(self.times):
            for name in first:
                with self._started(name) as probe:
                    pattern = "READY" if name == "bare" else FLOW
                    first[name].append(probe.wait_for(pattern) * 1000)
                    own = "READY" if name == "bare" else THERE
                    there[name].append(probe.wait_for(own) * 1000)
                    settled[name].append((probe.settle(0.6) - probe.started) * 1000)
                    sent[name] = (probe.bytes, probe.diff_bytes)
                    if name != "bare":
                        leave(probe)
        ms = {name: statistics.median(each) for name, each in first.items()}
        own_ms = {name: statistics.median(each) for name, each in there.items()}
        rest = {name: statistics.median(each) for name, each in settled.items()}
        over = {name: size / diff for name, (size, diff) in sent.items()}
        return [
            at_most("G1+", "start to a named flow and its state, as home was left", ms["ours"], 0.25,
                    floor=ms["bare"], of="bare", stock=ms["stock"]),
            at_most("G1", "start to the console with a named flow and its state", own_ms["ours"], 1.3,
                    floor=ms["bare"], of="bare", stock=own_ms["stock"]),
            at_most("G2", "start to rest", rest["ours"], 1.5,
                    floor=rest["bare"], of="bare", stock=rest["stock"]),
            at_most("G2", "written until then", sent["ours"][0], 8_192, unit="bytes",
                    stock=sent["stock"][0]),
            at_most("G5", "over-draw of a start", over["ours"], 1.3, unit="×",
                    stock=over["stock"]),
        ]  # fmt: skip

    def _started(self, name: str) -> Probe:
        if name == "bare":
            return self.floor("bare")
        return self.world.console(driver="diff" if name == "ours" else "stock")

    # Keys ------------------------------------------------------------------------

    def keys(self) -> list[Line]:
        told = {name: self._keys_of(name) for name in ("ours", "stock", "dash", "raw")}
        ours, stock, dash, raw = (told[name] for name in ("ours", "stock", "dash", "raw"))
        lines = [
            at_most("G3", "10,000 flows to visible rows", ours["open"][0], 0.01,
                    floor=self._filled(10_000), of="DataTable"),
            at_most("G4", "a move of the cursor", ours["move"][0], 1.3,
                    floor=dash["move"][0], of="dash", stock=stock["move"][0]),
            at_most("G4", "a line scrolled", ours["scroll"][0], 3.5,
                    floor=dash["move"][0], of="dash's move", stock=stock["scroll"][0]),
            at_most("G4", "a page", ours["page"][0], 3.9,
                    floor=dash["move"][0], of="dash's move", stock=stock["page"][0]),
            at_most("G4", "the same, beside a program without a framework", ours["scroll"][0], 20,
                    floor=raw["scroll"][0], of="raw"),
            _beside(
                at_most("G4", "p95 of a move ÷ its median, with a sync every second",
                        ours["move"][1] / ours["move"][0], 2, unit="×",
                        stock=stock["move"][1] / stock["move"][0]),
                dash["move"][1] / dash["move"][0],
            ),
        ]  # fmt: skip
        for what in ("move", "scroll", "page", "open", "back"):
            lines.append(
                at_most("G5", f"over-draw: {what}", ours[what][3], 1.15, unit="×",
                        stock=stock[what][3])
            )  # fmt: skip
        lines.append(
            at_most("G5", "bytes of a line scrolled", ours["scroll"][2], 450, unit="bytes",
                    stock=stock["scroll"][2])
        )  # fmt: skip
        return lines

    def _keys_of(self, name: str) -> dict[str, tuple[float, float, float, float]]:
        """For each kind of key: median and p95 in ms, bytes, and bytes over those of a plain diff."""
        of_ours = name in ("ours", "stock")
        probe = (
            self.world.console(driver="diff" if name == "ours" else "stock", interval_s=1)
            if of_ours
            else self.floor(name, "100" if name == "dash" else "10000")
        )
        found: dict[str, list[Answered]] = {}
        with probe:
            probe.wait_for(THERE if of_ours else FIRST_ROW)
            probe.settle(1)
            if of_ours:
                found["open"], found["back"] = [], []
                for _ in range(5):
                    found["open"].append(self._opened(probe))
                    found["back"].append(probe.latency("esc", quiet_s=0.3))
                self._opened(probe)
            found["move"] = [probe.latency("down") for _ in range(20)]
            for _ in range(40):
                probe.press("down")
                probe.pump(0.03)
            probe.settle()
            # The next key comes before the cursor has rested, so no detail is counted in.
            found["scroll"] = [probe.latency("down", quiet_s=NO_REST_S) for _ in range(20)]
            page = ("pageup", "pagedown") if name == "dash" else ("pagedown",)
            found["page"] = [probe.latency(key) for key in page * 7][: 3 if name == "dash" else 7]
        return {what: _summed(each) for what, each in found.items()}

    def _opened(self, probe: Probe, kind: str = "flows") -> Answered:
        """The list of all of a kind, from the last key of what leads there."""
        for key in (":", kind):
            probe.press(key)
            probe.settle(0.3)
        return probe.latency("enter", quiet_s=0.3)

    def _filled(self, rows: int) -> float:
        """The milliseconds that a DataTable needs for so many rows."""
        with self.floor("dash", str(rows)) as probe:
            probe.wait_for("READY")
            probe.settle(0.6)
            return probe.latency("p", within_s=30).done_s * 1000

    # A slow link -----------------------------------------------------------------

    def link(self) -> list[Line]:
        """A held key: the list is what `raw` has, too; the detail beside it waits for a rest."""
        from aeptui.ui.screens.resource import SETTLE_S

        lines = []
        for rate in SLOW_LINKS:
            told = {name: self._held(name, rate) for name in ("ours", "raw", "stock")}
            ours, raw, stock = (told[name] for name in ("ours", "raw", "stock"))
            what = f"`down` held at {rate // 1000} kB/s, 80 ms round trip: lag of the list"
            lines.append(at_most("G6", what, ours[0], 1.3, floor=raw[0], of="raw", stock=stock[0]))
            what = "the same, with the detail beside it"
            limit = 1.3 * raw[0] + SETTLE_S * 1000
            lines.append(at_most("G6", what, ours[1], limit, stock=stock[1]))
            what = f"page-down held for 2 s at {rate // 1000} kB/s: lag of the whole screen"
            frames = 1000 * (2 * ROUND_TRIP_S + 3 * PAGE_BYTES / rate)
            lines.append(at_most("G6", what, ours[2], frames, stock=stock[2]))
            lines.append(
                Line("G6", "the same without a framework", "", f"{raw[2]:,.0f}", "", "", True)
            )
        return lines

    def _held(self, name: str, rate: int) -> tuple[float, float, float]:
        """Milliseconds of lag: the list's and the whole screen's after `down`, and after page-down."""
        far = {"latency_s": ROUND_TRIP_S / 2, "bytes_a_second": rate}
        if name == "raw":
            command = [sys.executable, "-m", "tests.bench.floor.raw", "10000"]
            probe = Probe(command, env=environment(self.world.folder), **far)  # type: ignore[arg-type]
        else:
            driver = "diff" if name == "ours" else "stock"
            probe = self.world.console(driver=driver, **far)  # type: ignore[arg-type]
        with probe:
            probe.wait_for(FIRST_ROW if name == "raw" else THERE)
            probe.settle(1)
            if name != "raw":
                self._opened(probe)
            for _ in range(40):
                probe.press("down")
                probe.pump(0.1)
            probe.settle(1)
            if name != "raw":
                probe.watched = next(line for line in probe.text.splitlines() if "│" in line).index(
                    "│"
                )
            held = [probe.held("down", 30, 1 / 30) for _ in range(3)]
            of_list, of_all = zip(*held, strict=True)
            if name != "raw":
                self._opened(probe, "runs")
                probe.settle(1)
            pages_s = probe.held("pagedown", 60, 1 / 30)[1]
            return (
                statistics.median(of_list) * 1000,
                statistics.median(of_all) * 1000,
                pages_s * 1000,
            )

    # At rest -----------------------------------------------------------------------

    def idle(self, seconds: float = 20) -> list[Line]:
        told: dict[str, tuple[float, float]] = {}
        for name in ("ours", "bare"):
            with self._started(name) as probe:
                probe.wait_for("READY" if name == "bare" else r"\A.* live$")
                probe.settle(3)
                told[name] = _watched(probe, seconds)
        return [
            at_most("G7", "sent at rest", told["ours"][0], 0, unit="bytes/s"),
            at_most("G7", "CPU at rest, with a look every 15 s", told["ours"][1], 1.3, unit="%",
                    floor=told["bare"][1], of="bare"),
        ]  # fmt: skip

    def cells(self, seconds: float = 10) -> list[Line]:
        """Thirty cells that change once a second."""
        told = {}
        for name, arguments in (("table", ()), ("table", ("stock",)), ("dash", ("30", "30"))):
            with self.floor(name, *arguments) as probe:
                probe.wait_for(FIRST_ROW)
                probe.settle(0.5, 3)
                told[name, *arguments] = _watched(probe, seconds)
        ours, stock = told["table",], told["table", "stock"]
        dash = told["dash", "30", "30"]
        return [
            at_most("G8", "30 cells a second", ours[0], 550, unit="bytes/s", stock=stock[0]),
            at_most("G8", "CPU for them", ours[1], 0.7, unit="%", stock=stock[1]),
            at_most("G8", "CPU for them, beside a DataTable", ours[1], 0.25, unit="%",
                    floor=dash[1], of="dash"),
        ]  # fmt: skip

    # Memory --------------------------------------------------------------------------

    def memory(self) -> list[Line]:
        with self.floor("bare") as probe:
            probe.wait_for("READY")
            probe.settle(1)
            bare = probe.rss_mib()
        nobody = {
            "AEPTUI_PLATFORM_URL": "http://127.0.0.1:9",
            "AEPTUI_IMS_URL": "http://127.0.0.1:9",
        }
        with self.world.console(state="empty", env=nobody) as probe:
            probe.wait_for("Nothing answers")
            probe.settle(1)
            empty = probe.rss_mib()
        with self.world.console(state=self.world.copied("seen")) as probe:
            probe.wait_for(THERE)
            probe.settle(1)
            probe.press(":")
            probe.press("runs")
            probe.settle()
            probe.press("enter")
            probe.wait_for(r"of ~?[\d,]{5,}")
            for key in ("end", "home", "pagedown", "pagedown", "enter", "esc"):
                probe.latency(key, quiet_s=0.4)
            seen = probe.rss_mib()
        return [
            at_most("G9", "memory, with nothing known", empty, 1.4, unit="MiB", floor=bare, of="bare"),
            at_most("G9", "memory, after this world was seen", seen, 1.9, unit="MiB", floor=bare,
                    of="bare"),
        ]  # fmt: skip

    # While much is read ----------------------------------------------------------------

    def sync(self) -> list[Line]:
        """The same keys at rest and while much is read: a prompt costs more than a move."""
        with self.world.console() as probe:
            probe.wait_for(THERE)
            probe.wait_for(r"\A.* live$")
            probe.settle(1)
            _prompt(probe)  # the first one loads what a prompt needs
            at_rest = [each for _ in range(20) for each in _prompt(probe)]
            still = [probe.latency("down", quiet_s=0.05) for _ in range(40)]
        asked: list[Answered] = []
        moved: list[Answered] = []
        for _ in range(min(4, self.times)):
            shutil.rmtree(self.world.state("fresh"), ignore_errors=True)
            with self.world.console(state="fresh") as probe:
                probe.wait_for("Nothing is known yet")
                _prompt(probe)
                while not re.search(FLOW, probe.text, re.M) and probe.alive():
                    asked += _prompt(probe)
                moved += [probe.latency("down", quiet_s=0.05) for _ in range(60)]
        print(f"({len(asked)} keys pressed while flows were read, {len(moved)} while runs were)")
        return [
            at_most("G13", "p95 of a prompt's keys while the flows are read", _p95(asked), 2,
                    floor=_p95(at_rest), of="at rest"),
            at_most("G13", "p95 of a move while runs are read", _p95(moved), 2, floor=_p95(still),
                    of="at rest"),
        ]  # fmt: skip

    # Without compiled modules -----------------------------------------------------------

    def pyc(self) -> list[Line]:
        told: dict[str, list[float]] = {
            "ours": [], "ours read-only": [], "ours anew": [], "bare anew": []
        }  # fmt: skip
        nowhere = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/nonexistent"}
        read_only = {
            "PYTHONPATH": str(read_only_installation(self.world.folder)),
            "PYTHONSAFEPATH": "1",  # not what lies in the folder that this is started from
        }
        with self.world.console(env=read_only) as probe:
            probe.wait_for(THERE)  # the first start there compiles
        for _ in range(min(3, self.times)):
            for name, each in told.items():
                env = nowhere if name.endswith("anew") else read_only if "only" in name else {}
                probe = (
                    self.floor("bare", env=env)
                    if name.startswith("bare")
                    else self.world.console(env=env)
                )
                with probe:
                    each.append(probe.wait_for("READY" if "bare" in name else THERE) * 1000)
        ms = {name: statistics.median(each) for name, each in told.items()}
        with self.world.console("doctor", env=nowhere) as probe:
            said = bool(probe.wait_for("every start compiles anew"))
        told_so = "doctor says so" if said else "doctor is silent"
        anew = at_most("G14", f"start where none is wanted; {told_so}", ms["ours anew"], 1.5,
                       floor=ms["bare anew"], of="bare")  # fmt: skip
        return [
            at_most("G14", "start where no compiled module can be kept beside its source",
                    ms["ours read-only"], 1.1, floor=ms["ours"], of="where it can"),
            anew,
        ]  # fmt: skip

    # The terminal goes away ----------------------------------------------------------------

    def ends(self) -> list[Line]:
        lines = []
        ignoring = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
        for what, prefix in (("", ()), (", SIGHUP ignored", ignoring)):
            state = self.world.copied("gone")
            with self.world.console(state=state, prefix=prefix) as probe:
                probe.wait_for(THERE)
                probe.settle(1)
                probe.hang_up()
                took = probe.ended(within_s=10)
            whole = all(_is_whole(path) for path in self.world.state(state).rglob("*.sqlite"))
            ms = float("inf") if took is None else took * 1000
            lines.append(at_most("G15", f"the terminal goes away{what}: gone after", ms, 1_000))
            lines.append(Line("G15", f"its files are whole{what}", "yes" if whole else "no",
                              "", "", "yes", whole))  # fmt: skip
        return lines


def _prompt(probe: Probe) -> list[Answered]:
    """Open the command line and leave it."""
    return [probe.latency(key, quiet_s=0.05) for key in (":", "esc")]


def read_only_installation(folder: Path) -> Path:
    """The console and its libraries without compiled modules, where none can be made."""
    made = folder / "read-only"
    libraries = Path(httpx.__file__).parents[1]
    wanted = ("textual", "rich", "httpx", "httpcore", "h11", "anyio", "msgspec", "platformdirs")
    for package in (Path(aeptui.__file__).parent, *(libraries / name for name in wanted)):
        shutil.copytree(
            package,
            made / package.name,
            ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )
    for source in {path.parent for path in made.rglob("*.py")}:
        (source / "__pycache__").touch()  # in the place of the folder; it stops even root
    return made


def _watched(probe: Probe, seconds: float) -> tuple[float, float]:
    """Bytes a second and CPU in percent over the next seconds."""
    size, cpu, began = probe.bytes, probe.cpu_s(), time.monotonic()
    probe.pump(seconds)
    took = time.monotonic() - began
    return (probe.bytes - size) / took, (probe.cpu_s() - cpu) / took * 100


def _summed(each: Sequence[Answered]) -> tuple[float, float, float, float]:
    size = statistics.median(one.bytes for one in each)
    diff = statistics.median(one.diff_bytes for one in each)
    return statistics.median(one.first_s for one in each) * 1000, _p95(each), size, size / diff


def _p95(each: Sequence[Answered]) -> float:
    ordered = sorted(one.first_s for one in each)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000


def _beside(line: Line, floor: float) -> Line:
    """`line` with a floor's figure shown, which is not what it is aimed at."""
    return Line(line.goal, line.what, line.ours, f"{floor:,.2f}", line.stock, line.aim, line.met)


def _is_whole(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        connection.close()


def show(lines: Sequence[Line]) -> None:
    load = os.getloadavg()[0]
    for line in lines:
        cells = (line.goal, line.what, line.ours, line.floor, line.stock, line.aim)
        met = "yes" if line.met else "no"
        print(f"| {' | '.join(cells)} | {met} | {load:.1f} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    names = ["start", "keys", "link", "idle", "cells", "memory", "sync", "pyc", "ends"]
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"of {', '.join(names)}; all")
    parser.add_argument("-n", type=int, default=7)
    parser.add_argument("--flows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20_000)
    options = parser.parse_args()
    if unknown := set(options.goals) - set(names):
        parser.error(f"no such goal: {', '.join(sorted(unknown))}")
    sys.setswitchinterval(0.0005)  # the stamps of arrival must not wait for the screen
    with made(options.flows, options.runs) as world:
        bench = Bench(world, options.n)
        print(f"{options.flows:,} flows, {options.runs:,} runs, n = {options.n}")
        print(
            "| goal | what | ours | floor | stock driver | aim | met | load |\n" + "|---" * 8 + "|"
        )
        for name in options.goals or names:
            measure: Callable[[], list[Line]] = getattr(bench, name)
            show(measure())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
