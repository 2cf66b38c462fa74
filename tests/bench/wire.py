"""What the console sends: our driver beside the stock one, in the same run.

    python -m tests.bench.wire [--size 80x24] [--idle-s 10]

Makes a rehearsal once, then starts `aeptui demo --speed 0` from that state with
each driver and prints the bytes of a start, of a move of the cursor, of a list
that scrolls by a line, of a page, of a page opened and left, and of rest.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.terminal import Terminal

# The demo reads no configuration, so the setting is made where it is read.
START = """
from aeptui.ui import driver
named = driver.driver_named
driver.driver_named = lambda _: named({name!r})
from aeptui.cli import main
raise SystemExit(main(["demo", "--speed", "0"]))
"""
FLOW_WITH_STATE = re.compile(r"(?m)^.(FAILED|PARTIAL) +(Salesforce|Dynamics) \w+")
QUIET_S = 0.2
"""A key has had its effect when nothing came for so long."""
LONGEST_S = 4
REPEATS = 6


def ready(text: str) -> bool:
    """Whether the world is made and its flows are shown, as fresh as they can be."""
    return "live" in text.splitlines()[0] and FLOW_WITH_STATE.search(text) is not None


def settled(terminal: Terminal, quiet_s: float = QUIET_S) -> int:
    """The bytes seen when nothing more comes, or when something comes again and again."""
    seen, since = terminal.bytes_seen, time.monotonic()
    latest = since + LONGEST_S
    while time.monotonic() - since < quiet_s and time.monotonic() < latest:
        terminal.read(0.02)
        if terminal.bytes_seen != seen:
            seen, since = terminal.bytes_seen, time.monotonic()
    return seen


def cost(terminal: Terminal, *keys: str) -> float:
    """The bytes that each of `keys` leads to: their median."""
    each = []
    before = settled(terminal)
    for key in keys:
        terminal.press(key)
        after = settled(terminal)
        each.append(after - before)
        before = after
    return statistics.median(each)


def measured(
    name: str, columns: int, lines: int, idle_s: float, env: Mapping[str, str]
) -> dict[str, float]:
    """The bytes of each thing done, with the driver of that name."""
    command = [sys.executable, "-c", START.format(name=name)]
    figures: dict[str, float] = {}
    with Terminal(command, columns=columns, lines=lines, env=env) as terminal:
        terminal.wait_until(ready, within_s=120)
        figures["start, until settled"] = settled(terminal, 3)
        figures["cursor down, home"] = cost(terminal, *["down"] * 5)
        terminal.press(":", "runs", "enter")
        terminal.wait_for(r"flow runs +\d+")
        figures["cursor down, runs"] = cost(terminal, *["down"] * 5)
        terminal.press(*["down"] * lines)
        figures["a line scrolled down"] = cost(terminal, *["down"] * REPEATS)
        figures["a page down"] = cost(terminal, *["pagedown"] * 5)
        terminal.press(*["up"] * lines)
        figures["a line scrolled up"] = cost(terminal, *["up"] * REPEATS)
        figures["a run opened"] = cost(terminal, "enter")
        figures["and left"] = cost(terminal, "esc")
        before, until = settled(terminal, 3), time.monotonic() + idle_s
        while time.monotonic() < until:
            terminal.read()
        figures["idle, a second"] = (terminal.bytes_seen - before) / idle_s
        terminal.press("ctrl+q")
        terminal.ended()
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="80x24")
    parser.add_argument("--idle-s", type=float, default=10)
    options = parser.parse_args()
    columns, lines = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")},
            "HOME": folder,
            "AEPTUI_STATE_DIR": str(Path(folder) / "state"),
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
        }
        with Terminal([sys.executable, "-c", START.format(name="stock")], env=env) as terminal:
            terminal.wait_until(ready, within_s=120)
        stock = measured("stock", columns, lines, options.idle_s, env)
        ours = measured("diff", columns, lines, options.idle_s, env)
    print(f"{'bytes':24} {'stock':>9} {'ours':>9}   ratio")
    for what, theirs in stock.items():
        ratio = f"{theirs / ours[what]:7.1f}" if ours[what] else ""
        print(f"{what:24} {theirs:9,.0f} {ours[what]:9,.0f} {ratio}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
