"""The emulator as a program, and the command line as another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Platform:
    """A served world, with all that a command needs to reach it."""

    env: dict[str, str]
    folder: Path

    @property
    def url(self) -> str:
        return self.env["AEPTUI_PLATFORM_URL"]

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call of the emulator's own control surface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/_emulator/{path}",
            data=data,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of the platform so far."""
        seen: list[dict[str, Any]] = self.control("GET", "requests?since=0")
        return seen

    def run(
        self, *words: str, env: dict[str, str] | None = None, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """`aeptui` with these words, in a process of its own."""
        return run(*words, env={**self.env, **(env or {})}, **more)


def run(*words: str, env: dict[str, str], **more: Any) -> subprocess.CompletedProcess[str]:
    """`aeptui` with these words and nothing of ours in its environment but `env`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    return subprocess.run(
        [sys.executable, "-m", "aeptui", *words],
        env={**clean, "NO_COLOR": "", **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        **more,
    )


@contextmanager
def serving(folder: Path, *flags: str) -> Iterator[Platform]:
    """An emulator that ends with the block."""
    env_file = folder / "emulator.env"
    with (folder / "emulator.out").open("w") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "aeptui",
                "emulator",
                "--env-file",
                str(env_file),
                "--until-stdin-closes",
                *flags,
            ],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        waited = time.monotonic() + PATIENCE_S
        while not env_file.exists():
            assert process.poll() is None, (folder / "emulator.out").read_text()
            assert time.monotonic() < waited, "the emulator does not serve"
            time.sleep(0.05)
        lines = env_file.read_text().splitlines()
        env = dict(line.split("=", 1) for line in lines)
        home = folder / "home"
        home.mkdir(exist_ok=True)
        env |= {
            "AEPTUI_STATE_DIR": str(folder / "state"),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
        }
        platform = Platform(env, folder)
        while not made(platform):
            assert process.poll() is None, (folder / "emulator.out").read_text()
            assert time.monotonic() < waited, "the world is not made"
            time.sleep(0.2)
        yield platform
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdin is not None:
            process.stdin.close()


def made(platform: Platform) -> bool:
    """Whether the world is served and whole."""
    try:
        return platform.control("GET", "state")["making"] is None
    except OSError:
        return False
