"""The command line on a served world: in this process, or in one of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from aeptui import cli
from tests.emulated import STILL, Rehearsal, demo_world, emulated

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Platform:
    """A served world, with all that a command needs to reach it."""

    served: Rehearsal
    env: dict[str, str]
    folder: Path

    @property
    def url(self) -> str:
        return self.served.url

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of the platform so far."""
        return self.served.requests()

    def run(
        self, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What `aeptui` says and answers to these words, in this process: a start is dear."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        alone = patch.dict(os.environ, clean({**self.env, **(env or {})}), clear=True)
        with alone, redirect_stdout(out), redirect_stderr(err):
            try:
                code = cli.main(words)
            except SystemExit as end:
                code = int(end.code or 0)
        said = []
        for each in (out, err):
            each.seek(0)
            said.append(each.read())
        return subprocess.CompletedProcess(words, code, *said)

    def run_apart(
        self, *words: str, env: dict[str, str] | None = None, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """`aeptui` with these words, in a process of its own."""
        return run(*words, env={**self.env, **(env or {})}, **more)


def clean(env: dict[str, str]) -> dict[str, str]:
    """This environment with nothing of ours in it but `env`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    return {**kept, "NO_COLOR": "", **env}


def run(*words: str, env: dict[str, str], **more: Any) -> subprocess.CompletedProcess[str]:
    """`aeptui` with these words, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "aeptui", *words],
        env=clean(env),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        **more,
    )


@contextmanager
def serving(folder: Path, *flags: str, world: Path | None = None) -> Iterator[Platform]:
    """An emulator for as long as a block lasts, on the data in `world` where one is given."""
    env_file = folder / "emulator.env"
    with emulated(world or folder / "world", "--env-file", str(env_file), *flags) as served:
        env = dict(line.split("=", 1) for line in env_file.read_text().splitlines())
        home = folder / "home"
        home.mkdir(exist_ok=True)
        env |= {
            "AEPTUI_STATE_DIR": str(folder / "state"),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
        }
        yield Platform(served, env, folder)


@contextmanager
def serving_demo(folders: pytest.TempPathFactory) -> Iterator[Platform]:
    """The demo's world, standing still."""
    with serving(folders.mktemp("platform"), *STILL, world=demo_world(folders)) as platform:
        yield platform
