"""A platform of its own for each module: an empty emulated world whose clock stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aeptui.api.services import ApiSettings, Secret, Services, Timeouts
from aeptui.pipelines.journal import Journal
from tests.api.canned import Canned, serving
from tests.emulated import Rehearsal


async def no_nap(seconds: float) -> None:
    """Waiting between tries and looks takes no time in tests."""


@pytest.fixture
async def services(platform: Rehearsal) -> AsyncIterator[Services]:
    async with Services(platform.settings(), sleep=no_nap) as services:
        yield services


@pytest.fixture
async def hasty(platform: Rehearsal) -> AsyncIterator[Services]:
    """Services that wait a quarter of a second for an answer to a write."""
    limits = Timeouts(read_s=10.0, slow_read_s=0.25)
    async with Services(platform.settings(timeouts=limits), sleep=no_nap) as services:
        yield services


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "state")
    yield journal
    journal.close()


@pytest.fixture(scope="session")
def canned_server() -> Iterator[Canned]:
    with serving() as canned:
        yield canned


@pytest.fixture
def canned(canned_server: Canned) -> Canned:
    canned_server.forget()
    return canned_server


@pytest.fixture
async def told(canned: Canned) -> AsyncIterator[Services]:
    """Services on a platform that says what it is told to say."""
    settings = ApiSettings(
        platform_url=canned.url,
        ims_url=canned.url,
        org_id="TEST@AdobeOrg",
        client_id="the-client",
        client_secret=Secret("the-client-secret"),
        sandbox="dev",
        calls_per_minute=60_000,
    )
    async with Services(settings, sleep=no_nap) as services:
        yield services
