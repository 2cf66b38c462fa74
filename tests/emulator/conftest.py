"""An emulator in a process of its own, met over real HTTP: an empty world whose clock stands.

One process serves a module's tests; `fresh` begins its world again for a test that counts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

START = "2026-03-02T08:00:00+00:00"
START_MS = 1_772_438_400_000
FLOWSERVICE = "/data/foundation/flowservice"


@dataclass
class Rehearsal:
    """A running emulator, and what its control calls can do."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    control: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.control = httpx.Client(base_url=f"{self.url}/_emulator", timeout=60)

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

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self._got(self.control.get(f"/requests?since={since}"))
        return answer

    def token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": "aeptui-rehearsal",
            "client_secret": "rehearsal-secret",
            "scope": "openid,AdobeID",
        }
        answer = httpx.post(f"{self.url}/ims/token/v3", data=form)
        return str(self._got(answer)["access_token"])

    def client(self, sandbox: str = "dev") -> httpx.Client:
        """A client that may ask anything, in a sandbox."""
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "x-api-key": "aeptui-rehearsal",
            "x-gw-ims-org-id": self.org,
            "x-sandbox-name": sandbox,
        }
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    @staticmethod
    def _got(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


def start(folder: Path, *flags: str) -> Rehearsal:
    """Start an emulator and wait for its one line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "aeptui.emulator", "--data", str(folder), *flags],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    word, _, url = process.stdout.readline().strip().partition(" ")
    assert word == "ready", f"the emulator said {word!r} and ended with {process.poll()}"
    return Rehearsal(url, folder, process)


def stop(rehearsal: Rehearsal) -> int:
    """End an emulator as an operator would; answers its exit code."""
    rehearsal.control.close()
    rehearsal.process.terminate()
    assert rehearsal.process.stdout is not None
    rehearsal.process.stdout.close()
    return rehearsal.process.wait(timeout=30)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    folder = tmp_path_factory.mktemp("emulator")
    rehearsal = start(folder, "--empty", "--speed", "0", "--seed", "1", "--start", START)
    wait_for_world(rehearsal)
    yield rehearsal
    stop(rehearsal)


def wait_for_world(rehearsal: Rehearsal) -> None:
    while rehearsal.state()["making"] is not None:
        assert rehearsal.process.poll() is None, "the emulator ended while it made its world"


@pytest.fixture
def fresh(emulator: Rehearsal) -> Rehearsal:
    """The emulator with nothing in its world, at its first moment, without faults or quirks."""
    emulator.ask("reset")
    wait_for_world(emulator)
    return emulator


@pytest.fixture
def api(emulator: Rehearsal) -> Iterator[httpx.Client]:
    """A client with a token, in the sandbox `dev`."""
    with emulator.client() as client:
        yield client


@pytest.fixture
def base_connection(api: httpx.Client) -> Callable[..., str]:
    """Makes a Salesforce base connection and answers its id."""

    def make(name: str = "Salesforce", client: httpx.Client = api, **params: str) -> str:
        body = {
            "name": name,
            "auth": {
                "specName": "Basic Authentication",
                "params": {
                    "environmentUrl": "https://example.my.salesforce.com",
                    "username": "integration@example.com",
                    "password": "correct horse",
                    "securityToken": "battery staple",
                    **params,
                },
            },
            "connectionSpec": {"id": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5", "version": "1.0"},
        }
        answer = client.post(f"{FLOWSERVICE}/connections", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return make
