"""Names that attack a terminal, on every screen: not one of their control bytes reaches it."""

from __future__ import annotations

import os
import random
import re
import sys
import urllib.request
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import msgspec
import pytest

from tests.headless.stage import Platform, serving_demo
from tests.terminal import Terminal

SEED = 20261123
ATTACKS = (
    "\x1b]52;c;RVZJTA==\x07",  # the clipboard
    "\x1b]0;EVIL\x1b\\",  # the title
    "\x1b[13;37r",  # a scroll region
    "\x1bP+q544e\x1b\\",  # a question that the terminal answers on the keyboard's line
    "\x9b13;37r",  # the same as one C1 character
    "\x9d0;EVIL\x9c",
    "\u202eLIVE\u2066",  # from right to left
    "\u200bEV\u2060IL\ufeff",
    "\r\n\x08\x0b\x0c\x7f\x00",
    "[bold red]EVIL[/]",
)
NEVER = re.compile(
    "\x1b\\](?!8;)|\x1b\\[13;37r|\x1bP|[\x07\x0b\x0c\x7f\x00\x80-\x9f]"
    "|[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]"
)
PAGES = (
    *(":base-connections", ":source-connections", ":target-connections", ":schemas", ":datasets"),
    *(":mapping-sets", ":runs", ":batches", ":sandboxes"),
)


class Caller:
    """A client that changes what it likes, as any other program of the organisation may."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        env = platform.env
        form = f"grant_type=client_credentials&client_id={env['AEPTUI_CLIENT_ID']}"
        form += f"&client_secret={env['AEPTUI_CLIENT_SECRET']}&scope={env['AEPTUI_SCOPES']}"
        told = self.call("POST", "/ims/token/v3", form.encode(), {})
        self._headers = {
            "Authorization": f"Bearer {told['access_token']}",
            "x-api-key": env["AEPTUI_CLIENT_ID"],
            "x-gw-ims-org-id": env["AEPTUI_ORG_ID"],
            "x-sandbox-name": env["AEPTUI_SANDBOX"],
            "Content-Type": "application/json",
        }

    def call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self._platform.url}{path}", data=body, method=method, headers=headers
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return msgspec.json.decode(answer.read())

    def rename_all(self, kind: str, names: Iterator[str]) -> int:
        """Give every resource of a kind of the Flow Service another name; how many there were."""
        path = f"/data/foundation/flowservice/{kind}"
        found = self.call("GET", f"{path}?limit=100", None, self._headers)["items"]
        for each in found:
            change = [
                {"op": "replace", "path": "/name", "value": next(names)},
                {"op": "add", "path": "/description", "value": next(names)},
            ]
            headers = self._headers | {"If-Match": each["etag"]}
            self.call("PATCH", f"{path}/{each['id']}", msgspec.json.encode(change), headers)
        return len(found)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with serving_demo(tmp_path_factory) as served:
        yield served


def hostile_names() -> Iterator[str]:
    """Names in which something hides; the same ones each time."""
    dice = random.Random(SEED)
    for number, attack in enumerate(cycle(ATTACKS)):
        others = "".join(dice.sample(ATTACKS, 2))
        yield f"EVIL {number} {attack}x{others if number % 3 else ''}"


def test_no_control_byte_of_a_name_reaches_the_terminal(platform: Platform) -> None:
    names, caller = hostile_names(), Caller(platform)
    kinds = ("connections", "sourceConnections", "targetConnections", "flows")
    assert sum(caller.rename_all(kind, names) for kind in kinds) >= 40
    kept = {**os.environ, **platform.env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with Terminal([sys.executable, "-m", "aeptui"], env=kept, columns=160, lines=48) as terminal:
        terminal.wait_for(r"(?m)^▸(FAILED|PARTIAL) +EVIL")
        opened(terminal)
        for page in PAGES:
            terminal.press(page, "enter")
            terminal.wait_for(rf"(?m)^ (flow )?{page[1:].replace('-', ' ')}  ")
            opened(terminal)
        terminal.press(":new flows", "enter")
        terminal.wait_for("New CRM flow")
        terminal.press("ctrl+q")
        assert terminal.ended() == 0
        sent = terminal.output.decode()
    assert "EVIL" in sent
    assert NEVER.findall(sent) == []


def opened(terminal: Terminal) -> None:
    """Look at the row under the cursor from all sides, and come back."""
    for key in ("enter", "v", "esc", "u", "esc", "w", "esc", "esc"):
        terminal.press(key)
        terminal.read(0.05)
