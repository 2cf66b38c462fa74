"""The emulator as tests of the client meet it: a process of its own, told by its control calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from aeptui.api.services import ApiSettings, Secret
from tests.emulated import STILL, emulated


@dataclass
class Rehearsed:
    """A running emulator."""

    url: str
    env: dict[str, str]
    control: httpx.Client

    def settings(self, **changes: Any) -> ApiSettings:
        wanted: dict[str, Any] = {
            "platform_url": self.env["AEPTUI_PLATFORM_URL"],
            "ims_url": self.env["AEPTUI_IMS_URL"],
            "org_id": self.env["AEPTUI_ORG_ID"],
            "client_id": self.env["AEPTUI_CLIENT_ID"],
            "client_secret": Secret(self.env["AEPTUI_CLIENT_SECRET"]),
            "scopes": self.env["AEPTUI_SCOPES"],
            "sandbox": self.env["AEPTUI_SANDBOX"],
            "calls_per_minute": 60_000,
        }
        return ApiSettings(**(wanted | changes))

    def state(self) -> dict[str, Any]:
        told: dict[str, Any] = self.control.get("/_emulator/state").json()
        return told

    def counts(self) -> dict[str, int]:
        """How many of each kind there are in the first sandbox."""
        counts: dict[str, int] = self.state()["counts"][self.env["AEPTUI_SANDBOX"]]
        return counts

    def fault(self, **fault: Any) -> None:
        self.control.post("/_emulator/faults", json=fault).raise_for_status()

    def quirk(self, name: str) -> None:
        self.control.post("/_emulator/quirks", json={name: "on"}).raise_for_status()
        self._quirks.append(name)

    def advance(self, seconds: float) -> None:
        self.control.post("/_emulator/clock", json={"advance_s": seconds}).raise_for_status()

    def asked(self, since: int) -> list[dict[str, Any]]:
        """The requests after number `since`."""
        told: list[dict[str, Any]] = self.control.get(
            "/_emulator/requests", params={"since": since}
        ).json()
        return told

    def calm(self) -> None:
        self.control.delete("/_emulator/faults").raise_for_status()
        while self._quirks:
            self.control.post("/_emulator/quirks", json={self._quirks.pop(): "off"})

    def __post_init__(self) -> None:
        self._quirks: list[str] = []


@contextmanager
def rehearsing(data: Path) -> Iterator[Rehearsed]:
    """An emulator whose time stands still, once the world in the folder `data` is made."""
    env_file = data / "env"
    with emulated(data, *STILL, "--env-file", str(env_file)) as served:
        env = dict(row.split("=", 1) for row in env_file.read_text().splitlines())
        with httpx.Client(base_url=served.url, timeout=30, trust_env=False) as control:
            yield Rehearsed(served.url, env, control)
