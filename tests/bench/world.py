"""A world of many flows for the console to look at: an emulator of them, and a mirror already read."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.probe import Probe
from tests.emulated import start, stop, wait_for_world

FLOW = r"^.(FAILED|PARTIAL|LATE|SILENT|ODD|STUCK|clean|waiting) +(Salesforce|Dynamics) \w+"
"""A named flow and its state, as every list of flows shows them."""
THERE = r"\A environment / "
"""The top line of the console itself, which the saved screen has not."""
CALLS_A_MINUTE = 6_000


@dataclass(frozen=True)
class World:
    """Where its console keeps its state, and how it is started."""

    folder: Path
    access: Mapping[str, str]

    def console(
        self,
        *arguments: str,
        driver: str = "diff",
        state: str = "known",
        interval_s: int = 15,
        env: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        latency_s: float = 0.0,
        bytes_a_second: int = 0,
    ) -> Probe:
        """`aeptui` on this world; `known` is the state that has seen all of it."""
        config = self.folder / f"{driver}-{interval_s}.toml"
        wanted = (
            f'driver = "{driver}"\n[sync]\ninterval_s = {interval_s}\n'
            f"calls_per_minute = {CALLS_A_MINUTE}\n"
        )
        if not config.exists():  # a file that is written anew is another one to the saved screen
            config.write_text(wanted)
        told = {
            **self.access,
            "AEPTUI_CONFIG": str(config),
            "AEPTUI_STATE_DIR": str(self.state(state)),
        }
        return Probe(
            [*prefix, sys.executable, "-m", "aeptui", *arguments],
            env=environment(self.folder) | told | dict(env or {}),
            latency_s=latency_s,
            bytes_a_second=bytes_a_second,
        )

    def state(self, name: str) -> Path:
        """A folder of its own for each `name`."""
        return self.folder / "states" / name

    def copied(self, name: str) -> str:
        """A copy of the known state under `name`, so that nothing is left of what was done there."""
        shutil.rmtree(self.state(name), ignore_errors=True)
        shutil.copytree(self.state("known"), self.state(name))
        return name


def environment(folder: Path) -> dict[str, str]:
    """What every measured program is started with: compiled modules, true colour, no profile."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AEPTUI_", "PYTHONDONTWRITE", "NO_COLOR", "COLUMNS", "LINES"))
    }
    return kept | {
        "HOME": str(folder),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(Path.cwd()),
    }


@contextmanager
def made(flows: int, runs: int) -> Iterator[World]:
    """A world with so many flows and runs, and a console's state that has read its flows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = folder / "env"
        scale = f"flows={flows},runs={runs}"
        emulator = start(
            folder / "emulator", "--scale", scale, "--speed", "0", "--env-file", str(env)
        )
        try:
            wait_for_world(emulator)
            access = dict(line.split("=", 1) for line in env.read_text().splitlines())
            world = World(folder, access)
            with world.console() as probe:
                probe.wait_for(FLOW, within_s=300)
                probe.wait_for(r"\A.* live$", within_s=300)
                _until_all_is_read(probe)
                leave(probe)
            yield world
        finally:
            stop(emulator)


def _until_all_is_read(probe: Probe, within_s: float = 600) -> None:
    """Wait until the history of runs is read, too: the console has nothing to do then."""
    until = time.monotonic() + within_s
    busy = True
    while busy and time.monotonic() < until:
        before = probe.cpu_s()
        probe.pump(2)
        busy = probe.cpu_s() - before > 0.1


def leave(probe: Probe) -> None:
    """Quit the console, which writes down what it knows."""
    probe.press("ctrl+q")
    probe.ended(within_s=30)
