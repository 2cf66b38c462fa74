"""What importing costs: nothing of httpx before the first question."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.api.canned import Canned, Reply

SMALL = {"http.client", "stringprep", "encodings.idna"}
"""Modules of the standard library that may be loaded late."""


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["models", "errors", "clock", "settings", "services", "flowservice", "decode", "scrub"],
)
def test_importing_costs_no_httpx(module: str) -> None:
    loaded = loaded_after(f"import aeptui.api.{module}")
    assert not loaded & {"httpx", "sqlite3", "textual"}


def test_making_services_costs_no_httpx_either() -> None:
    made = (
        "from aeptui.api.services import ApiSettings, Services\n"
        "Services(ApiSettings(org_id='o', client_id='c', sandbox='dev'))"
    )
    assert "httpx" not in loaded_after(made)


def test_httpx_is_loaded_without_its_command_line() -> None:
    loaded = loaded_after("import aeptui.api.client")
    assert "httpx" in loaded
    assert not loaded & {"httpx._main", "click", "rich", "pygments"}


def test_nothing_is_left_to_load_at_the_first_request(canned: Canned) -> None:
    """A request on the loop that also draws would make the screen wait for it."""
    canned.says("GET", "/data/foundation/flowservice/flows/f1", Reply({"items": [{"id": "f1"}]}))
    ask = f"""
import asyncio
from aeptui.api.services import ApiSettings, Secret, Services
before = set()
async def ask():
    url = {canned.url!r}
    settings = ApiSettings(org_id='o', client_id='c', sandbox='dev', platform_url=url,
                           ims_url=url, client_secret=Secret('secret'))
    async with Services(settings) as services:
        before.update(sys.modules)
        await services.flows.get_flow('f1')
    print(*(set(sys.modules) - before))
    sys.exit()
asyncio.run(ask())"""
    assert loaded_after(ask) <= SMALL


def test_the_client_knows_nothing_of_the_emulator() -> None:
    loaded = loaded_after("import aeptui.api.client")
    assert not {name for name in loaded if name.startswith("aeptui.emulator")}
