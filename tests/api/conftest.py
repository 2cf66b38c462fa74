"""Two platforms: one of canned answers, and the emulator in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from aeptui.api.services import ApiSettings, Secret, Services
from tests.api.canned import Canned, serving
from tests.api.rehearsal import Rehearsed, rehearsing
from tests.emulated import demo_world


@pytest.fixture(scope="session")
def canned_server() -> Iterator[Canned]:
    with serving() as canned:
        yield canned


@pytest.fixture
def canned(canned_server: Canned) -> Canned:
    canned_server.forget()
    return canned_server


@pytest.fixture
def settings(canned: Canned) -> ApiSettings:
    return ApiSettings(
        platform_url=canned.url,
        ims_url=canned.url,
        org_id="TEST@AdobeOrg",
        client_id="the-client",
        client_secret=Secret("the-client-secret"),
        sandbox="dev",
        calls_per_minute=6000,
    )


@pytest.fixture
def naps() -> list[float]:
    """The waits between tries that were asked for, in seconds."""
    return []


@pytest.fixture
async def services(settings: ApiSettings, naps: list[float]) -> AsyncIterator[Services]:
    async def nap(seconds: float) -> None:
        naps.append(seconds)

    async with Services(settings, sleep=nap, chance=lambda: 1.0) as services:
        yield services


@pytest.fixture(scope="session")
def rehearsal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    with rehearsing(demo_world(tmp_path_factory)) as rehearsal:
        yield rehearsal


@pytest.fixture
def rehearsal(rehearsal_server: Rehearsed) -> Iterator[Rehearsed]:
    """The demo's world, standing still; without faults and quirks before and after."""
    yield rehearsal_server
    rehearsal_server.calm()


@pytest.fixture
async def rehearsed(rehearsal: Rehearsed, naps: list[float]) -> AsyncIterator[Services]:
    """Services on the rehearsal's first sandbox."""

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    async with Services(rehearsal.settings(), sleep=nap, chance=lambda: 1.0) as services:
        yield services
