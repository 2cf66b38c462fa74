"""One token for all, renewed in time, sent to the platform only and shown to nobody."""

from __future__ import annotations

import asyncio
import dataclasses
import pickle
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from aeptui.api.clock import PlatformClock
from aeptui.api.errors import AuthError, SettingsError
from aeptui.api.services import ApiSettings, Secret, Services
from tests.api.canned import TOKEN, Canned, Reply

SANDBOXES = "/data/foundation/sandbox-management/"
RUN = "/data/foundation/flowservice/runs/r1"
FINE = Reply({"items": [{"id": "r1"}]})


async def test_many_questions_share_one_token_request(canned: Canned, services: Services) -> None:
    canned.says("GET", RUN, FINE)
    await asyncio.gather(*(services.flows.get_run("r1") for _ in range(12)))
    assert len(canned.asked(TOKEN)) == 1
    form = parse_qs(canned.asked(TOKEN)[0].body.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_secret"] == ["the-client-secret"]
    assert " " not in form["scope"][0]


async def test_a_token_is_renewed_before_the_platforms_clock_ends_it(
    canned: Canned, settings: ApiSettings
) -> None:
    clock = PlatformClock(datetime(2026, 1, 1, tzinfo=UTC), 0)
    stands = {"x-emulator-speed": "0"}

    def at(moment: datetime) -> dict[str, str]:
        return {"date": moment.strftime("%a, %d %b %Y %H:%M:%S GMT"), **stands}

    start = datetime(2026, 1, 1, tzinfo=UTC)
    canned.says(
        "POST",
        TOKEN,
        Reply({"access_token": "one", "expires_in": 3600}),
        Reply({"access_token": "two", "expires_in": "3600"}),
    )
    canned.says(
        "GET",
        RUN,
        dataclasses.replace(FINE, headers=at(start + timedelta(minutes=53))),
        dataclasses.replace(FINE, headers=at(start + timedelta(minutes=55))),
        FINE,
    )
    async with Services(settings, clock=clock) as services:
        for _ in range(3):
            await services.flows.get_run("r1")
        assert services.meter.token_expires_at == start + timedelta(minutes=55 + 60)
    sent = [seen.headers["authorization"] for seen in canned.asked(RUN)]
    assert sent == ["Bearer one", "Bearer one", "Bearer two"]


async def test_the_first_token_is_reckoned_with_the_time_of_ims(
    canned: Canned, services: Services
) -> None:
    then = {"date": "Tue, 01 Jan 2030 00:00:00 GMT", "x-emulator-speed": "0"}
    canned.says("POST", TOKEN, Reply({"access_token": "one", "expires_in": 3600}, headers=then))
    canned.says("GET", RUN, dataclasses.replace(FINE, headers=then))
    for _ in range(2):
        await services.flows.get_run("r1")
    assert services.meter.token_expires_at is not None
    assert services.meter.token_expires_at.replace(second=0, microsecond=0) == datetime(
        2030, 1, 1, 1, tzinfo=UTC
    )
    assert len(canned.asked(TOKEN)) == 1


async def test_a_401_renews_the_token_once_for_everybody(
    canned: Canned, services: Services
) -> None:
    over = Reply({"error_code": "401013", "message": "Oauth token is not valid"}, 401)
    canned.says("POST", TOKEN, Reply({"access_token": "one"}), Reply({"access_token": "two"}))
    canned.says("GET", RUN, over, FINE)
    assert (await services.flows.get_run("r1")).id == "r1"
    assert [seen.headers["authorization"] for seen in canned.asked(RUN)] == [
        "Bearer one",
        "Bearer two",
    ]
    assert len(canned.asked(TOKEN)) == 2


async def test_a_second_401_is_told_and_not_fought(canned: Canned, services: Services) -> None:
    canned.says("GET", RUN, Reply({"error_code": "401013", "message": "No"}, 401))
    with pytest.raises(AuthError, match="even when new"):
        await services.flows.get_run("r1")
    assert len(canned.asked(RUN)) == 2


async def test_a_wrong_secret_is_named_and_ims_is_left_alone_for_a_while(
    canned: Canned, services: Services
) -> None:
    body = {"error": "invalid_client", "error_description": "invalid client_secret parameter"}
    canned.says("POST", TOKEN, Reply(body, 400))
    for _ in range(3):
        with pytest.raises(AuthError) as told:
            await services.flows.get_run("r1")
    assert told.value.blames == "client_secret"
    assert "client_secret in the profile" in str(told.value)
    assert len(canned.asked(TOKEN)) == 1
    assert not canned.asked(RUN)


async def test_a_busy_ims_is_asked_again(canned: Canned, services: Services) -> None:
    canned.says("POST", TOKEN, Reply(b"", 503), Reply({"access_token": "one"}))
    canned.says("GET", RUN, FINE)
    assert (await services.flows.get_run("r1")).id == "r1"


@pytest.mark.parametrize("reply", [Reply(b"<html>"), Reply({}), Reply({"access_token": "a\nb"})])
async def test_an_ims_that_sends_no_token_is_told(
    canned: Canned, services: Services, reply: Reply
) -> None:
    canned.says("POST", TOKEN, reply)
    with pytest.raises(AuthError, match="IMS"):
        await services.flows.get_run("r1")


async def test_a_pasted_token_is_used_as_it_is_and_never_renewed(
    canned: Canned, settings: ApiSettings
) -> None:
    canned.says("GET", RUN, FINE, Reply({"error_code": "401013", "message": "No"}, 401))
    pasted = dataclasses.replace(settings, access_token=Secret("pasted"), client_secret=None)
    async with Services(pasted) as services:
        await services.flows.get_run("r1")
        with pytest.raises(AuthError, match="set a fresh access_token"):
            await services.flows.get_run("r1")
    assert not canned.asked(TOKEN)
    assert len(canned.asked(RUN)) == 2


async def test_a_secret_may_be_fetched_when_it_is_needed(
    canned: Canned, settings: ApiSettings
) -> None:
    canned.says("GET", RUN, FINE)
    fetched = dataclasses.replace(settings, client_secret=lambda: Secret("fetched"))
    async with Services(fetched) as services:
        await services.flows.get_run("r1")
    assert b"client_secret=fetched" in canned.asked(TOKEN)[0].body


async def test_no_secret_at_all_is_told(settings: ApiSettings) -> None:
    async with Services(dataclasses.replace(settings, client_secret=None)) as services:
        with pytest.raises(SettingsError, match="client_secret"):
            await services.flows.get_run("r1")


async def test_a_cancelled_question_leaves_the_token_to_the_others(
    canned: Canned, services: Services
) -> None:
    canned.says("GET", RUN, FINE)
    given_up = asyncio.ensure_future(services.flows.get_run("r1"))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await services.flows.get_run("r1")).id == "r1"


async def test_a_token_goes_to_no_other_host(services: Services) -> None:
    assert services._line.client is not None
    for url in ("http://127.0.0.1:9/elsewhere", "https://platform.example/"):
        with pytest.raises(RuntimeError, match="platform's host only"):
            await services._line.client._send(httpx.Request("GET", url))


@pytest.mark.parametrize("host", ["LOCALHOST", "127.0.0.1"])
async def test_the_platforms_host_may_be_written_in_any_way(
    canned: Canned, settings: ApiSettings, host: str
) -> None:
    canned.says("GET", RUN, FINE)
    url = canned.url.replace("127.0.0.1", host) + "/"
    async with Services(dataclasses.replace(settings, platform_url=url)) as services:
        assert (await services.flows.get_run("r1")).id == "r1"


async def test_the_sandbox_list_needs_no_sandbox(canned: Canned, services: Services) -> None:
    canned.says("GET", SANDBOXES, Reply({"sandboxes": [{"name": "dev", "title": "Dev"}]}))
    found = [sandbox async for page in services.sandboxes.list_sandboxes() for sandbox in page]
    assert [sandbox.id for sandbox in found] == ["dev"]
    assert "x-sandbox-name" not in canned.asked(SANDBOXES)[0].headers


async def test_an_answer_that_repeats_a_secret_is_not_shown_with_it(
    canned: Canned, services: Services
) -> None:
    words = "token-1 and the-client-secret are wrong"
    canned.says("GET", RUN, Reply({"message": words}, 400))
    with pytest.raises(Exception) as told:
        await services.flows.get_run("r1")
    whole = "".join(traceback.format_exception(told.value)) + repr(told.value)
    assert "token-1" not in whole
    assert "the-client-secret" not in whole


def test_secrets_do_not_show_themselves(settings: ApiSettings) -> None:
    secret = Secret("hidden")
    assert "hidden" not in f"{secret!r} {secret} {settings!r} {dataclasses.replace(settings)!s}"
    assert "the-client-secret" not in repr(settings)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    "url", ["http://platform.adobe.io", "ftp://x", "https://", "https://a:b@host", "https://h/p"]
)
def test_a_url_that_would_leak_or_mislead_is_refused(settings: ApiSettings, url: str) -> None:
    for key in ("platform_url", "ims_url"):
        changed: dict[str, Any] = {key: url}
        with pytest.raises(SettingsError, match=key) as told:
            dataclasses.replace(settings, **changed)
        assert "a:b" not in str(told.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_this_machine_may_be_spoken_to_in_clear(settings: ApiSettings, url: str) -> None:
    dataclasses.replace(settings, platform_url=url)


async def test_no_proxy_of_the_environment_comes_between_us_and_this_machine(
    canned: Canned, settings: ApiSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    canned.says("GET", RUN, FINE)
    async with Services(settings) as services:
        assert (await services.flows.get_run("r1")).id == "r1"
