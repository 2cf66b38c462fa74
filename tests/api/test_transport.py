"""What is repeated, what never is, and how long is waited; over real HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from aeptui.api.calls import Call, Service
from aeptui.api.client import AepClient
from aeptui.api.errors import ApiError, ApiUnreachable, BadAnswer, NotFound, RateLimited
from aeptui.api.services import ApiSettings, Services
from aeptui.api.writing import WriteRequest
from tests.api.canned import TOKEN, Canned, Reply

FLOWS = "/data/foundation/flowservice"
CALL = Call(Service.FLOWS, "/flows")
PATH = f"{FLOWS}/flows"
FINE = Reply({"items": [], "_links": {}})
ONE = Reply({"items": [{"id": "f1"}]})


@pytest.fixture
def client(services: Services) -> AepClient:
    assert services._line.client is not None
    return services._line.client


def post(repeatable: bool = False) -> Call:
    return Call(Service.FLOWS, "/flows", method="POST", json={"a": 1}, repeatable=repeatable)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
async def test_a_get_is_repeated_until_it_is_answered(
    canned: Canned, client: AepClient, naps: list[float], status: int
) -> None:
    canned.says("GET", PATH, Reply(b"", status), Reply(b"", status), FINE)
    assert (await client.ask(CALL)).status == 200
    assert naps == [0.5, 1.0]  # with full chance; the jitter takes any part of it


async def test_waits_are_drawn_by_chance_so_that_clients_do_not_come_in_step(
    canned: Canned, settings: ApiSettings, naps: list[float]
) -> None:
    async def nap(seconds: float) -> None:
        naps.append(seconds)

    draws = iter([0.25, 0.75])
    canned.says("GET", f"{PATH}/f1", Reply(b"", 503), Reply(b"", 503), ONE)
    async with Services(settings, sleep=nap, chance=lambda: next(draws)) as services:
        await services.flows.get_flow("f1")
    assert naps == [0.125, 0.75]


async def test_a_get_gives_up_after_five_tries(canned: Canned, client: AepClient) -> None:
    canned.says("GET", PATH, Reply(b"", 503))
    with pytest.raises(ApiError, match="503"):
        await client.ask(CALL)
    assert len(canned.asked(PATH)) == 5


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_write_that_may_have_landed_is_not_repeated(
    canned: Canned, client: AepClient, method: str, status: int
) -> None:
    canned.says(method, PATH, Reply(b"", status))
    with pytest.raises(ApiError):
        await client.ask(Call(Service.FLOWS, "/flows", method=method, json={}))
    assert len(canned.asked(PATH)) == 1


async def test_a_write_that_was_told_429_goes_again_with_the_same_body(
    canned: Canned, client: AepClient
) -> None:
    canned.says("POST", PATH, Reply(b"", 429), Reply({"id": "f"}, 201))
    assert (await client.ask(post())).status == 201
    assert [seen.body for seen in canned.asked(PATH)] == [b'{"a":1}'] * 2


async def test_a_preview_is_repeated_like_a_get(canned: Canned, client: AepClient) -> None:
    canned.says("POST", PATH, Reply(b"", 503), Reply({}))
    assert (await client.ask(post(repeatable=True))).status == 200


async def test_a_delete_that_landed_before_its_answer_was_lost_is_done(
    canned: Canned, client: AepClient
) -> None:
    canned.says("DELETE", PATH, Reply(b"", 504), Reply(b"", 404))
    assert (await client.ask(Call(Service.FLOWS, "/flows", method="DELETE"))).status == 204


async def test_a_delete_of_what_never_was_is_told(canned: Canned, client: AepClient) -> None:
    canned.says("DELETE", PATH, Reply(b"", 404))
    with pytest.raises(NotFound):
        await client.ask(Call(Service.FLOWS, "/flows", method="DELETE"))


async def test_retry_after_in_seconds_is_obeyed(
    canned: Canned, client: AepClient, naps: list[float]
) -> None:
    canned.says("GET", PATH, Reply(b"", 429, {"retry-after": "7"}), FINE)
    await client.ask(CALL)
    assert 7.0 in naps


async def test_retry_after_as_a_date_is_read_against_the_answers_own_date(
    canned: Canned, client: AepClient, naps: list[float]
) -> None:
    then = datetime(2030, 1, 1, tzinfo=UTC)
    until = format_datetime(then + timedelta(seconds=40), usegmt=True)
    headers = {"retry-after": until, "date": format_datetime(then, usegmt=True)}
    # Two emulated seconds to each real one, so that forty are twenty.
    canned.says("GET", PATH, Reply(b"", 503, {**headers, "x-emulator-speed": "2"}), FINE)
    await client.ask(CALL)
    assert naps == [20.0]


async def test_a_wait_that_is_too_long_is_told_at_once(
    canned: Canned, client: AepClient, naps: list[float]
) -> None:
    canned.says("GET", PATH, Reply(b"", 429, {"retry-after": "3600"}))
    with pytest.raises(RateLimited) as told:
        await client.ask(CALL)
    assert told.value.retry_after_s == 3600
    assert naps == []
    assert len(canned.asked(PATH)) == 1


async def test_one_call_does_not_wait_for_ever_in_small_steps(
    canned: Canned, client: AepClient, naps: list[float]
) -> None:
    canned.says("GET", PATH, Reply(b"", 503, {"retry-after": "25"}))
    with pytest.raises(ApiError):
        await client.ask(CALL)
    assert naps == [25.0, 25.0]


async def test_closing_ends_what_is_under_way(settings: ApiSettings, canned: Canned) -> None:
    async with silent_platform() as (url, asked):
        services = Services(_at(settings, url))
        async with services:
            question = asyncio.create_task(services.flows.get_flow("f1"))
            await asyncio.wait_for(asked.wait(), 10)
            await asyncio.wait_for(services.aclose(), 10)
        with pytest.raises(ApiUnreachable):
            await asyncio.wait_for(question, 10)
        with pytest.raises(RuntimeError, match="entered"):
            await services.flows.get_flow("f1")


async def test_a_429_lowers_the_pace_and_is_noted(
    canned: Canned, client: AepClient, services: Services
) -> None:
    canned.says("GET", PATH, Reply(b"", 429), FINE)
    await client.ask(CALL)
    assert services.budget.pace == services.budget.calls_per_minute / 2
    assert services.meter.last_limited_at is not None


async def test_the_wait_that_a_429_asks_for_is_told_before_it_begins(
    canned: Canned, client: AepClient, services: Services, naps: list[float]
) -> None:
    told: list[int] = []
    services.meter.limited = lambda: told.append(len(naps))
    canned.says("GET", PATH, Reply(b"", 429, {"retry-after": "20"}), FINE)
    await client.ask(CALL)
    assert told == [0]
    meter = services.meter
    assert meter.limited_until is not None and meter.last_limited_at is not None
    assert meter.limited_until - meter.last_limited_at == timedelta(seconds=20)


async def test_every_try_is_counted(canned: Canned, client: AepClient, services: Services) -> None:
    canned.says("GET", PATH, Reply(b"", 503), FINE)
    await client.ask(CALL)
    assert services.meter.calls_last_minute() == 3  # with the token's
    assert services.meter.last_latency_s is not None


async def test_a_body_that_breaks_off_is_asked_for_again(
    settings: ApiSettings, canned: Canned
) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    async with raw_platform(half, TRUE) as url, Services(_at(settings, url)) as services:
        assert (await services._line.client.ask(CALL)).body == b"true"  # type: ignore[union-attr]


async def test_a_write_whose_connection_breaks_is_not_sent_again(
    settings: ApiSettings, canned: Canned
) -> None:
    async with raw_platform(b"", TRUE) as url, Services(_at(settings, url)) as services:
        with pytest.raises(ApiUnreachable) as told:
            await services._line.client.ask(post())  # type: ignore[union-attr]
    assert told.value.sent
    assert url.removeprefix("http://") in str(told.value)


async def test_nobody_at_home_is_told_with_the_host(
    settings: ApiSettings, canned: Canned, naps: list[float]
) -> None:
    async with raw_platform() as url:
        pass

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    async with Services(_at(settings, url), sleep=nap) as services:
        with pytest.raises(ApiUnreachable) as told:
            await services._line.client.ask(post())  # type: ignore[union-attr]
    assert not told.value.sent
    assert str(told.value).startswith(f"Nothing answers at {url.removeprefix('http://')}")
    assert len(naps) == 2  # a connection that was never made may be tried again, even for a POST


async def test_an_address_that_nobody_could_take_is_told(
    canned: Canned, services: Services
) -> None:
    with pytest.raises(ApiError, match="too long"):
        await services.flows.get_flow("x" * 70_000)
    with pytest.raises(ApiError, match="too long"):
        await services.writing.send(WriteRequest("DELETE", f"{PATH}/{'x' * 70_000}"))
    assert canned.seen == []


async def test_an_answer_without_end_is_refused(canned: Canned, client: AepClient) -> None:
    canned.says("GET", PATH, Reply(b"x" * 3_000_000))
    with pytest.raises(BadAnswer, match="more than 2 MB"):
        await client.ask(Call(Service.FLOWS, "/flows", max_bytes=2 * 1024 * 1024))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(b"<html>sign in</html>"), "web page"),
        (Reply(b"{oops"), "not JSON"),
        (Reply(b"", 302, {"location": "https://elsewhere.example/"}), "redirect"),
    ],
)
async def test_a_yes_that_cannot_be_read_is_told(
    canned: Canned, client: AepClient, reply: Reply, words: str
) -> None:
    canned.says("GET", PATH, reply)
    with pytest.raises(BadAnswer, match=words):
        await client.ask(CALL)
    assert len(canned.seen) == 2


async def test_headers_name_the_caller_the_organisation_and_the_sandbox(
    canned: Canned, client: AepClient
) -> None:
    canned.says("GET", PATH, FINE)
    answer = await client.ask(CALL)
    headers = canned.asked(PATH)[0].headers
    assert headers["x-api-key"] == "the-client"
    assert headers["x-gw-ims-org-id"] == "TEST@AdobeOrg"
    assert headers["x-sandbox-name"] == "dev"
    assert headers["authorization"] == "Bearer token-1"
    assert answer.request_id == headers["x-request-id"]
    assert "x-sandbox-id" not in headers


async def test_the_platforms_time_is_learned_from_its_answers(
    canned: Canned, services: Services, client: AepClient
) -> None:
    canned.says(
        "GET",
        PATH,
        Reply({}, headers={"date": "Tue, 01 Jan 2030 00:00:00 GMT", "x-emulator-speed": "0"}),
    )
    await client.ask(CALL)
    assert services.clock.now().replace(microsecond=0) == datetime(2030, 1, 1, 0, 0, tzinfo=UTC)
    assert services.clock.speed == 0


async def test_no_secret_is_ever_logged(
    canned: Canned, client: AepClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canned.says("GET", PATH, FINE)
    await client.ask(CALL)
    assert canned.asked(TOKEN)
    assert "aeptui.api" in {record.name for record in caplog.records}
    assert "the-client-secret" not in caplog.text
    assert "token-1" not in caplog.text


TRUE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue"


class raw_platform:
    """A server that sends these bytes, one connection after the other, and hangs up."""

    def __init__(self, *replies: bytes) -> None:
        self._replies = list(replies)

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._replies.pop(0) if len(self._replies) > 1 else self._replies[0])
        writer.close()


@asynccontextmanager
async def silent_platform() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server that takes a request and never answers; the event says that one came."""
    asked, over = asyncio.Event(), asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        over.set()
        server.close()


def _at(settings: ApiSettings, url: str) -> ApiSettings:
    """Settings for a platform at `url`, with the canned one's IMS."""
    return ApiSettings(
        platform_url=url,
        ims_url=settings.ims_url,
        org_id=settings.org_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        sandbox=settings.sandbox,
        calls_per_minute=6000,
    )
