"""An emulator in an empty world, services on it, and the lookups that forms read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from aeptui.api.services import Services, ServiceView
from aeptui.forms.lookups import Lookups
from aeptui.pipelines.journal import Journal
from tests.emulated import Rehearsal

BASE = {
    "name": "Salesforce prod",
    "auth": {
        "specName": "Basic Authentication",
        "params": {
            "environmentUrl": "https://example.my.salesforce.com",
            "username": "integration@example.com",
            "password": "correct horse",
            "securityToken": "battery staple",
        },
    },
    "connectionSpec": {"id": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5", "version": "1.0"},
}


@pytest.fixture
def platform(emulator: Rehearsal) -> Rehearsal:
    """The platform as the tests of the module before this one left it."""
    return emulator


@pytest.fixture
def fresh(platform: Rehearsal) -> Rehearsal:
    """The platform with nothing in its world, at its first moment."""
    platform.begin_again()
    return platform


@pytest.fixture
async def services(platform: Rehearsal) -> AsyncIterator[Services]:
    async with Services(platform.settings()) as services:
        await services.flows.list_flow_specs().__anext__()  # the clock learns the platform's time
        yield services


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path)
    yield journal
    journal.close()


def lookups_on(services: Services) -> Lookups:
    async def connected() -> ServiceView:
        return services

    return Lookups(connected, services.clock.now)


@pytest.fixture
def lookups(services: Services) -> Lookups:
    return lookups_on(services)


def make_base(api: httpx.Client) -> str:
    answer = api.post("/data/foundation/flowservice/connections", json=BASE)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def tenant_group(api: httpx.Client) -> str:
    """The field group of the organisation's own, which requires `_rehearsal.crmId`."""
    found = api.get(
        "/data/foundation/schemaregistry/tenant/fieldgroups",
        headers={"Accept": "application/vnd.adobe.xed-id+json"},
    ).json()["results"]
    return next(str(each["$id"]) for each in found if each["title"] == "CRM record details")
