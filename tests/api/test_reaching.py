"""Hosts that cannot be reached, each told with its name and what to look at."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aeptui.api.errors import ApiUnreachable, SettingsError
from aeptui.api.services import ApiSettings, Secret, Services
from tests.api.canned import Canned, Reply, serving

BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")
FLOW = "/data/foundation/flowservice/flows/f1"


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", *BUNDLES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


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


# Over TLS and through a proxy ------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's and platform.example's own making, and its key, in one."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and is not installed")
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=DNS:platform.example,IP:127.0.0.1"
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "crt.pem")]
    making = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=platform.example", "-addext", names]
    subprocess.run([*making, *subject, *made], check=True, capture_output=True)
    whole = folder / "both.pem"
    whole.write_text((folder / "key.pem").read_text() + (folder / "crt.pem").read_text())
    return whole


@pytest.fixture(scope="module")
def secured_server(certificate: Path) -> Iterator[Canned]:
    with serving(certificate) as secured:
        yield secured


@pytest.fixture
def secured(secured_server: Canned) -> Canned:
    secured_server.forget()
    secured_server.says("GET", FLOW, Reply({"items": [{"id": "f1"}]}))
    return secured_server


def to(url: str, settings: ApiSettings, **changes: Any) -> ApiSettings:
    return dataclasses.replace(settings, platform_url=url, ims_url=url, **changes)


async def reaches(settings: ApiSettings) -> bool:
    async with Services(settings) as services:
        return (await services.flows.get_flow("f1")).id == "f1"


async def test_a_ca_bundle_of_the_profile_is_trusted(
    secured: Canned, settings: ApiSettings, certificate: Path
) -> None:
    assert await reaches(to(secured.url, settings, ca_bundle=certificate))


@pytest.mark.parametrize("name", BUNDLES[:3])
async def test_a_ca_bundle_of_the_environment_is_trusted(
    secured: Canned,
    settings: ApiSettings,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, str(certificate))
    assert await reaches(to(secured.url, settings))


async def test_a_certificate_that_nobody_vouches_for_is_refused_before_a_secret_is_sent(
    secured: Canned, settings: ApiSettings, naps: list[float]
) -> None:
    told = await trouble_with(to(secured.url, settings), naps)
    assert "is not trusted; set ca_bundle in the profile" in str(told)
    assert not secured.seen


async def test_a_bundle_of_the_environment_that_is_not_there_is_named(
    settings: ApiSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE /nowhere"):
        await reaches(to("https://platform.example", settings))


@pytest.fixture
def folder(certificate: Path, tmp_path: Path) -> Path:
    """A folder of authorities, in which each is found by the hash of its name."""
    telling = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(certificate)]
    told = subprocess.run(telling, check=True, capture_output=True, text=True).stdout
    (tmp_path / f"{told.strip()}.0").write_bytes(certificate.read_bytes())
    return tmp_path


async def test_a_folder_of_authorities_in_the_environment_is_trusted(
    secured: Canned, settings: ApiSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    assert await reaches(to(secured.url, settings))


async def test_closing_waits_for_no_good_bye_of_a_line_that_went_dead(
    secured: Canned, settings: ApiSettings, certificate: Path
) -> None:
    async with a_line(secured) as (url, dead, left):
        services = await Services(to(url, settings, ca_bundle=certificate)).__aenter__()
        assert (await services.flows.get_flow("f1")).id == "f1"
        dead.set()
        await asyncio.wait_for(services.aclose(), 10)
        for _ in range(2):  # to the platform, and to IMS
            await asyncio.wait_for(left.get(), 10)


@pytest.mark.parametrize("named_by", ["profile", "HTTPS_PROXY", "ALL_PROXY"])
async def test_a_proxy_of_profile_or_environment_is_gone_through(
    secured: Canned,
    settings: ApiSettings,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    named_by: str,
) -> None:
    async with a_proxy(secured) as (url, asked):
        behind = to("https://platform.example", settings, ca_bundle=certificate)
        if named_by == "profile":
            behind = dataclasses.replace(behind, proxy=url)
        else:
            monkeypatch.setenv(named_by, url)
        assert await reaches(behind)
    assert set(asked) == {"CONNECT platform.example:443 HTTP/1.1"}


async def test_no_proxy_of_the_environment_is_obeyed(
    settings: ApiSettings, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "platform.invalid")
    told = await trouble_with(to("https://platform.invalid", settings), naps)
    assert "The name platform.invalid cannot be found" in str(told)


@pytest.mark.parametrize("proxy", ["socks5://u:SECRET@h:1", "h:3128", "http://", "http://h:x"])
async def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    settings: ApiSettings, proxy: str
) -> None:
    with pytest.raises(SettingsError, match="write it like") as told:
        await reaches(to("https://platform.example", settings, proxy=proxy))
    assert "SECRET" not in str(told.value)


@asynccontextmanager
async def a_line(
    target: Canned,
) -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Queue[None]]]:
    """A line to `target` that can go dead; the queue has one for each time that we hung up."""
    dead = asyncio.Event()
    left: asyncio.Queue[None] = asyncio.Queue()
    port = int(target.url.rpartition(":")[2])

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not dead.is_set():
                writer.write(data)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        returning = asyncio.create_task(carry(there, writer))
        with contextlib.suppress(ConnectionError):
            await carry(reader, back)
        left.put_nowait(None)
        back.close()
        await returning
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", dead, left


@asynccontextmanager
async def a_proxy(target: Canned) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that leads to `target`, whatever it is asked for, and keeps what it was asked."""
    asked: list[str] = []
    under_way: list[asyncio.Task[Any] | None] = []
    port = int(target.url.rpartition(":")[2])

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.append(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode().splitlines()[0])
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pipe(reader, back), pipe(there, writer), return_exceptions=True)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
        ending = asyncio.gather(*filter(None, under_way), return_exceptions=True)
        await asyncio.wait_for(ending, 10)  # the client has closed, so they end by themselves
