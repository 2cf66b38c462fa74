"""Hosts that cannot be reached, each told with its name and what to look at."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from aeptui.api.errors import ApiUnreachable, SettingsError
from aeptui.api.services import ApiSettings, Secret, Services
from tests.api.canned import Canned


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


async def trouble_with(settings: ApiSettings, naps: list[float]) -> ApiUnreachable:
    async def nap(seconds: float) -> None:
        naps.append(seconds)

    async with Services(settings, sleep=nap) as services:
        with pytest.raises(ApiUnreachable) as told:
            await services.flows.get_flow("f1")
    return told.value


def with_token(settings: ApiSettings, **changes: Any) -> ApiSettings:
    return dataclasses.replace(settings, access_token=Secret("pasted"), **changes)


async def test_a_host_that_speaks_no_tls_is_told_once(
    canned: Canned, settings: ApiSettings, naps: list[float]
) -> None:
    address = canned.url.removeprefix("http://")
    told = await trouble_with(with_token(settings, platform_url=f"https://{address}"), naps)
    assert f"{address} does not speak TLS" in str(told)
    assert naps == []
    assert not told.sent


async def test_a_proxy_that_refuses_is_told_without_its_password(
    canned: Canned, settings: ApiSettings, naps: list[float]
) -> None:
    proxy = canned.url.replace("http://", "http://user:proxy-password@")
    behind = with_token(settings, platform_url="https://platform.example", proxy=proxy)
    told = await trouble_with(behind, naps)
    assert str(told).startswith("The proxy did not let us through to platform.example")
    assert "proxy-password" not in str(told) + repr(told) + repr(behind)
    assert all("authorization" not in seen.headers for seen in canned.seen)


async def test_an_ims_that_is_not_there_is_named_rather_than_the_platform(
    canned: Canned, settings: ApiSettings, naps: list[float]
) -> None:
    told = await trouble_with(dataclasses.replace(settings, ims_url="http://127.0.0.1:1"), naps)
    assert str(told).startswith("Nothing answers at 127.0.0.1:1;")


@pytest.mark.parametrize("content", [None, "not a certificate"])
async def test_authorities_that_cannot_be_read_are_told_before_anything_is_sent(
    canned: Canned, settings: ApiSettings, tmp_path: Path, content: str | None
) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    secure = dataclasses.replace(settings, platform_url="https://h.example", ca_bundle=bundle)
    with pytest.raises(SettingsError, match="ca_bundle"):
        async with Services(secure):
            pass
    assert not canned.seen
