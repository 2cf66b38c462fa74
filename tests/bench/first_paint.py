"""When can a flow's name and its state be read? Beside a bare Textual program, in the same run.

    python -m tests.bench.first_paint [-n 7] [--size 80x24]

Makes a rehearsal once, then starts `aeptui demo --speed 0` from that state and
a program of one Static in turn, and prints the medians, their ratio, and the
bytes that each start sent. Then it leaves the console alone for ten seconds and
prints the bytes that it sent.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.terminal import Terminal

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("READY")

Bare().run()
"""
FLOW_WITH_STATE = r"(?i)(failed|partial|late|clean|odd|stuck|silent)\s+(Salesforce|Dynamics)"


def is_live(text: str) -> bool:
    """Whether the top line says that what is shown is current."""
    return text.splitlines()[0].rstrip().endswith(" live")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("-n", type=int, default=7)
    parser.add_argument("--size", default="80x24")
    parser.add_argument("--idle-s", type=float, default=10)
    options = parser.parse_args()
    columns, lines = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "AEPTUI_STATE_DIR": str(Path(folder) / "state"),
            "TERM": "xterm-256color",
        }
        # Both programs run compiled: the first start below leaves the compiled modules behind.
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        demo = [sys.executable, "-m", "aeptui", "demo", "--speed", "0"]
        bare = [sys.executable, "-c", BARE]

        def start(command: list[str], pattern: str) -> tuple[float, int]:
            with Terminal(command, columns=columns, lines=lines, env=env) as terminal:
                seconds = terminal.wait_for(pattern, within_s=120)
                size = terminal.bytes_seen
                terminal.press("ctrl+q")
                terminal.ended()
            return seconds * 1000, size

        with Terminal(demo, columns=columns, lines=lines, env=env) as terminal:
            terminal.wait_until(is_live, within_s=120)
            terminal.wait_for(FLOW_WITH_STATE)
            terminal.press("ctrl+q")
            terminal.ended()

        ours: list[tuple[float, int]] = []
        floor: list[tuple[float, int]] = []
        for _ in range(options.n):
            floor.append(start(bare, "READY"))
            ours.append(start(demo, FLOW_WITH_STATE))
        our_ms = statistics.median(ms for ms, _ in ours)
        floor_ms = statistics.median(ms for ms, _ in floor)
        print(f"bare Textual   {floor_ms:6.0f} ms  {floor[0][1]:7,} bytes")
        print(
            f"aeptui demo    {our_ms:6.0f} ms  {ours[0][1]:7,} bytes   ratio {our_ms / floor_ms:.2f}"
        )

        with Terminal(demo, columns=columns, lines=lines, env=env) as terminal:
            terminal.wait_until(is_live, within_s=60)
            settled = time.monotonic() + 5
            while time.monotonic() < settled:
                terminal.read()
            before, until = terminal.bytes_seen, time.monotonic() + options.idle_s
            while time.monotonic() < until:
                terminal.read()
            print(f"idle           {(terminal.bytes_seen - before) / options.idle_s:6.1f} bytes/s")
            terminal.press("ctrl+q")
            terminal.ended()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
