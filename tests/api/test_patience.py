"""Calls can be given up at once, closing waits for nobody, and a CRM may take its time."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from aeptui.api.errors import ApiUnreachable
from aeptui.api.services import ApiSettings, Secret, Services, Timeouts
from aeptui.api.writing import MayHaveLanded, WriteRequest
from tests.api.canned import Canned
from tests.api.rehearsal import Rehearsed
from tests.api.test_transport import silent_platform

FLOWS = "/data/foundation/flowservice"


async def first(pages: AsyncIterator[list[Any]]) -> list[Any]:
    return await anext(pages)


CALLS: dict[str, Callable[[Services], Awaitable[Any]]] = {
    "list": lambda services: first(services.flows.list_flows()),
    "read": lambda services: services.flows.get_flow("f1"),
    "test": lambda services: services.flows.test_connection("b1"),
    "explore": lambda services: services.exploring.tables("b1"),
    "preview": lambda services: services.trials.preview({}, {}),
    "write": lambda services: services.writing.send(
        WriteRequest("POST", f"{FLOWS}/flows", body=b"{}")
    ),
}


def hung(settings: ApiSettings, url: str, **changes: Any) -> ApiSettings:
    return dataclasses.replace(
        settings, platform_url=url, access_token=Secret("pasted-token"), **changes
    )


@pytest.mark.parametrize("call", CALLS)
async def test_any_call_can_be_given_up_at_once(settings: ApiSettings, call: str) -> None:
    async with silent_platform() as (url, asked), Services(hung(settings, url)) as services:
        asking = asyncio.ensure_future(CALLS[call](services))
        await asyncio.wait_for(asked.wait(), 10)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asking, 10)
        assert services._line.under_way == set()


async def test_a_call_given_up_while_it_waits_for_its_token_leaves_nothing_behind(
    settings: ApiSettings,
) -> None:
    async with silent_platform() as (url, asked):
        unanswered = dataclasses.replace(settings, ims_url=url, platform_url=url)
        async with Services(unanswered) as services:
            asking = [asyncio.ensure_future(services.flows.get_flow("f1")) for _ in range(3)]
            await asyncio.wait_for(asked.wait(), 10)
            for each in asking:
                each.cancel()
            gone = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 10)
            assert [type(each) for each in gone] == [asyncio.CancelledError] * 3


@pytest.mark.parametrize("call", CALLS)
async def test_closing_ends_any_call_although_the_platform_hangs(
    settings: ApiSettings, call: str
) -> None:
    async with silent_platform() as (url, asked):
        services = await Services(hung(settings, url)).__aenter__()
        asking = asyncio.ensure_future(CALLS[call](services))
        await asyncio.wait_for(asked.wait(), 10)
        await asyncio.wait_for(services.aclose(), 10)
        ending = MayHaveLanded if call == "write" else ApiUnreachable
        with pytest.raises(ending, match="session ended"):
            await asyncio.wait_for(asking, 10)
        await services.aclose()  # twice does no harm


async def test_closing_leaves_no_socket_open(settings: ApiSettings) -> None:
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asking.set()
        assert await reader.read() == b""
        left.set()
        writer.close()

    asking = asyncio.Event()
    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        services = await Services(hung(settings, url)).__aenter__()
        call = asyncio.ensure_future(services.flows.get_flow("f1"))
        await asyncio.wait_for(asking.wait(), 10)
        await asyncio.wait_for(services.aclose(), 10)
        await asyncio.wait_for(left.wait(), 10)
        with pytest.raises(ApiUnreachable):
            await call


async def test_no_host_is_asked_more_than_eight_things_at_once(settings: ApiSettings) -> None:
    now = most = 0
    full = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                now += 1
                most = max(now, most)
                if now == 8:
                    for _ in range(200):  # time enough for a ninth
                        await asyncio.sleep(0)
                    full.set()
                await full.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n" + FOUND)
                now -= 1
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Services(hung(settings, url)) as services:
            asking = (services.flows.get_flow("f1") for _ in range(30))
            found = await asyncio.wait_for(asyncio.gather(*asking), 20)
    assert [flow.id for flow in found] == ["f1"] * 30
    assert most == 8


FOUND = b'{"items": [{"id":"f1"}]}'


async def test_closing_while_a_call_waits_for_the_budget_ends_it(
    canned: Canned, settings: ApiSettings
) -> None:
    services = await Services(dataclasses.replace(settings, calls_per_minute=1)).__aenter__()
    services.budget._left = 0.0
    asking = asyncio.ensure_future(services.flows.get_flow("f1"))
    for _ in range(1000):
        if services.budget.waiting:
            break
        await asyncio.sleep(0.001)
    assert services.budget.waiting
    await asyncio.wait_for(services.aclose(), 10)
    with pytest.raises(ApiUnreachable):
        await asyncio.wait_for(asking, 10)


async def test_questions_that_reach_the_crm_may_take_longer(rehearsal: Rehearsed) -> None:
    limits = Timeouts(read_s=0.1, slow_read_s=30.0)

    async def nap(seconds: float) -> None:
        """Waiting between tries takes no time here."""

    async with Services(rehearsal.settings(timeouts=limits), sleep=nap) as services:
        (base, *_), *_ = [page async for page in services.flows.list_base_connections()]
        rehearsal.fault(service="flowservice", path="/connections/*", kind="latency", latency_s=0.5)
        with pytest.raises(ApiUnreachable, match="did not answer in time"):
            await services.flows.get_base_connection(base.id)
        assert (await services.flows.test_connection(base.id)).sentence
        tables = await services.exploring.tables(base.id)
        assert await services.exploring.columns(base.id, tables[0].path)


def test_the_longer_time_out_is_longer() -> None:
    limits = Timeouts()
    assert limits.slow_read_s >= 2 * limits.read_s
