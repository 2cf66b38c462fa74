"""The emulator as tests meet it: a process of its own on loopback, told by its control calls.

`emulated` serves a world for as long as a block lasts; `tests/conftest.py` keeps one process
for all tests of a worker. A demo's world is made once for a whole run of the tests, and copied.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from aeptui.api.services import ApiSettings, Secret

START = "2026-03-02T08:00:00+00:00"
START_MS = 1_772_438_400_000
FLOWSERVICE = "/data/foundation/flowservice"
CLIENT_ID = "aeptui-rehearsal"
SECRET = "rehearsal-secret"
STILL = ("--speed", "0", "--seed", "1", "--start", START)
EMPTY = ("--empty", *STILL)


@dataclass
class Rehearsal:
    """A running emulator, and what its control calls can do."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    control: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.control = httpx.Client(base_url=f"{self.url}/_emulator", timeout=60, trust_env=False)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._got(self.control.get("/state"))
        return state

    @property
    def now_ms(self) -> int:
        return int(self.state()["now_ms"])

    @property
    def org(self) -> str:
        return f"REHEARSAL{self.state()['world']}@AdobeOrg"

    def advance(self, **span: float) -> int:
        """Move the clock by `minutes`, `hours`, ...; answers how many runs ended."""
        units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
        seconds = sum(units[unit] * count for unit, count in span.items())
        return int(self.ask("clock", advance_s=seconds)["runs_settled"])

    def ask(self, call: str, **body: Any) -> Any:
        return self._got(self.control.post(f"/{call}", json=body))

    def begin_again(self) -> None:
        """Another world of the first seed at its first moment, without faults and quirks."""
        self.ask("reset", seed=1)

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self._got(self.control.get(f"/requests?since={since}"))
        return answer

    def token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "scope": "openid,AdobeID",
        }
        answer = httpx.post(f"{self.url}/ims/token/v3", data=form, trust_env=False)
        return str(self._got(answer)["access_token"])

    def client(self, sandbox: str = "dev") -> httpx.Client:
        """A client that may ask anything, in a sandbox."""
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "x-api-key": CLIENT_ID,
            "x-gw-ims-org-id": self.org,
            "x-sandbox-name": sandbox,
        }
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def settings(self, **changes: Any) -> ApiSettings:
        """What our own client needs to know, without a budget in its way."""
        known: dict[str, Any] = {
            "platform_url": self.url,
            "ims_url": self.url,
            "org_id": self.org,
            "client_id": CLIENT_ID,
            "client_secret": Secret(SECRET),
            "sandbox": "dev",
            "calls_per_minute": 60_000,
        }
        return ApiSettings(**(known | changes))

    @staticmethod
    def _got(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


def start(folder: Path, *flags: str, stderr: IO[str] | None = None) -> Rehearsal:
    """Start an emulator and wait for its one line; what it complains of goes to `stderr`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "aeptui.emulator", "--data", str(folder), *flags],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    assert process.stdout is not None
    word, _, url = process.stdout.readline().strip().partition(" ")
    assert word == "ready", f"the emulator said {word!r} and ended with {process.poll()}"
    return Rehearsal(url, folder, process)


def wait_for_world(rehearsal: Rehearsal) -> None:
    while rehearsal.state()["making"] is not None:
        assert rehearsal.process.poll() is None, "the emulator ended while it made its world"
        time.sleep(0.02)  # each look costs the one who makes it


def stop(rehearsal: Rehearsal) -> int:
    """End an emulator as an operator would; answers its exit code."""
    rehearsal.control.close()
    rehearsal.process.terminate()
    assert rehearsal.process.stdout is not None
    rehearsal.process.stdout.close()
    return rehearsal.process.wait(timeout=30)


@contextmanager
def emulated(folder: Path, *flags: str) -> Iterator[Rehearsal]:
    """An emulator in a folder, from when its world is made to the end of the block."""
    rehearsal = start(folder, *flags)
    try:
        wait_for_world(rehearsal)
        yield rehearsal
    finally:
        stop(rehearsal)


def demo_world(folders: pytest.TempPathFactory, folder: Path | None = None) -> Path:
    """A folder with a demo's world of the first seed, as it is when it opens: a copy.

    The workers of one run of the tests share the original; the first that needs it makes it.
    """
    base = folders.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    original = shared / "demo-world"
    with (shared / "demo-world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not original.exists():
            making = folders.mktemp("making")
            with emulated(making, *STILL):
                pass
            making.rename(original)
    return Path(shutil.copytree(original, folder or folders.mktemp("demo") / "data"))
