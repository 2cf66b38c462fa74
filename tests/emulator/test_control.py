"""Control calls: the clock, faults, incidents, quirks, forgetting, and the memory of requests."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tests.emulated import (
    FLOWSERVICE,
    START,
    START_MS,
    Rehearsal,
    emulated,
)

FLOWS = f"{FLOWSERVICE}/flows"
CONNECTIONS = f"{FLOWSERVICE}/connections"


@pytest.fixture(autouse=True)
def no_faults(emulator: Rehearsal) -> None:
    emulator.control.delete("/faults")


def test_the_clock_stands_until_it_is_moved(fresh: Rehearsal) -> None:
    assert fresh.now_ms == fresh.now_ms == START_MS
    moved = fresh.ask("clock", advance_s=90.5)
    assert moved == {"now_ms": START_MS + 90_500, "runs_settled": 0}
    fresh.ask("clock", speed=1000)
    assert fresh.state()["speed"] == 1000
    before = fresh.now_ms
    while fresh.now_ms == before:
        pass
    fresh.ask("clock", speed=0)
    assert fresh.now_ms == fresh.now_ms > before


def test_a_fast_clock_that_is_stopped_stands_where_it_was_seen_last(tmp_path: Path) -> None:
    """A hundred flows at full speed are more than can be lived: what is piled up is let go."""
    flags = ("--scale", "flows=100,runs=100", "--speed", "0", "--start", START)
    with emulated(tmp_path, *flags) as emulator:
        emulator.ask("clock", speed=10_000)
        while emulator.now_ms < START_MS + 3_600_000:
            pass
        stopped = emulator.ask("clock", speed=0)
        assert stopped["runs_settled"] == 0
        assert emulator.now_ms == emulator.now_ms == stopped["now_ms"]


def test_a_fault_is_for_its_requests_and_for_as_often_as_it_says(
    emulator: Rehearsal, api: httpx.Client
) -> None:
    emulator.ask(
        "faults", service="flowservice", method="GET", path="/flows*", kind="status", status=503,
        after=1, times=2,
    )  # fmt: skip
    assert [api.get(FLOWS).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    emulator.ask("faults", service="flowservice", path="/flows", kind="status", status=500)
    assert api.get(CONNECTIONS).status_code == 200
    answer = api.get(FLOWS)
    assert answer.status_code == 500
    assert answer.json()["type"].endswith("-500")
    assert answer.headers["x-request-id"]


def test_a_fault_ends_when_it_is_removed(emulator: Rehearsal, api: httpx.Client) -> None:
    id = emulator.ask("faults", kind="rate-limit", retry_after=2)["id"]
    limited = api.get(FLOWS)
    assert limited.status_code == 429
    assert limited.headers["retry-after"] == "2"
    assert limited.json()["error_code"] == "429050"
    assert emulator.control.delete(f"/faults/{id}").json() == {"removed": 1}
    assert api.get(FLOWS).status_code == 200
    assert emulator.control.delete(f"/faults/{id}").status_code == 404


def test_a_fault_begins_and_ends_at_its_emulated_moments(emulator: Rehearsal) -> None:
    now_ms = emulator.now_ms
    emulator.ask(
        "faults", kind="status", status=503, from_ms=now_ms + 60_000, to_ms=now_ms + 120_000
    )
    seen = []
    with emulator.client() as api:
        for _ in range(4):
            seen.append(api.get(FLOWS).status_code)
            emulator.advance(seconds=50)
    assert seen == [200, 200, 503, 200]
    assert emulator.control.get("/faults").json() == []


def test_each_kind_of_fault_does_what_it_says(
    emulator: Rehearsal, api: httpx.Client, base_connection: Callable[..., str]
) -> None:
    url = f"{CONNECTIONS}/{base_connection()}"

    emulator.ask("faults", kind="expired-token", times=1)
    assert api.get(url).json()["error_code"] == "401013"

    emulator.ask("faults", kind="html", times=1, status=502)
    page = api.get(url)
    assert page.status_code == 502
    assert page.headers["content-type"].startswith("text/html")
    assert "<html>" in page.text

    emulator.ask("faults", kind="reset", times=1)
    with pytest.raises(httpx.TransportError):
        api.get(url)

    emulator.ask("faults", kind="truncate", times=1)
    with pytest.raises(httpx.TransportError):
        api.get(url)

    emulator.ask("faults", kind="latency", latency_s=0.01, times=1)
    assert api.get(url).status_code == 200

    emulator.ask("faults", kind="status", status=404, body={"any": "body"}, times=1)
    assert api.get(url).json() == {"any": "body"}

    emulator.ask("faults", kind="etag-race", method="PATCH", times=1)
    etag = api.get(url).json()["items"][0]["etag"]
    operations = [{"op": "replace", "path": "/name", "value": "x"}]
    lost = api.patch(url, json=operations, headers={"If-Match": etag})
    assert lost.status_code == 412
    etag = api.get(url).json()["items"][0]["etag"]
    assert api.patch(url, json=operations, headers={"If-Match": etag}).status_code == 200


def test_faults_never_meet_control_calls(emulator: Rehearsal) -> None:
    emulator.ask("faults", kind="status", status=500)
    assert emulator.state()["speed"] == 0


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"kind": "status", "status": 7}),
        ("faults", {"kind": "status", "colour": "red"}),
        ("incidents", {"kind": "earthquake", "sandbox": "dev"}),
        ("incidents", {"kind": "crm_down", "sandbox": "nowhere"}),
        ("clock", {"advance_s": "soon"}),
        ("clock", {"speed": -1}),
        ("clock", []),
        ("quirks", {"haunted": "on"}),
        ("quirks", {"eTag": "maybe"}),
        ("forget", {"kind": "star", "id": "x"}),
        ("reset", {"seed": "x"}),
    ],
)
def test_a_control_call_that_makes_no_sense_is_refused(
    emulator: Rehearsal, call: str, body: object
) -> None:
    answer = emulator.control.post(f"/{call}", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("about", ["flow", "base_connection"])
def test_an_incident_of_what_is_not_there_is_refused(emulator: Rehearsal, about: str) -> None:
    before = emulator.control.get("/incidents").json()
    body = {"kind": "crm_down", "sandbox": "dev", about: "nowhere"}
    answer = emulator.control.post("/incidents", json=body)
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"There is no {about.replace('_', ' ')} nowhere in dev."
    assert emulator.control.get("/incidents").json() == before


def test_what_is_forgotten_is_gone(
    emulator: Rehearsal, api: httpx.Client, base_connection: Callable[..., str]
) -> None:
    id = base_connection()
    emulator.ask("forget", kind="base connection", id=id)
    assert api.get(f"{CONNECTIONS}/{id}").status_code == 404
    again = emulator.control.post("/forget", json={"kind": "connection", "id": id})
    assert again.status_code == 404


def test_requests_are_remembered_in_order_and_control_calls_are_not(
    emulator: Rehearsal, api: httpx.Client
) -> None:
    last = emulator.requests()[-1]["n"]
    answer = api.get(FLOWS, params={"limit": "3"})
    api.get(f"{FLOWS}/nothing")
    first, second = emulator.requests(since=last)
    assert (first["method"], first["status"]) == ("GET", 200)
    assert first["path"] == f"{FLOWS}?limit=3"
    assert first["request_id"] == answer.headers["x-request-id"]
    assert (second["n"], second["status"]) == (first["n"] + 1, 404)


def test_a_reset_is_another_world_with_nothing_in_it(
    fresh: Rehearsal, base_connection: Callable[..., str]
) -> None:
    with fresh.client() as api:
        base_connection(client=api)
        before = fresh.state()
        assert before["counts"]["dev"]["connections"] == 1
        fresh.advance(hours=1)
        fresh.ask("reset", seed=5)
        after = fresh.state()
        assert (after["seed"], after["now_ms"]) == (5, START_MS)
        assert after["world"] != before["world"]
        assert after["counts"]["dev"]["connections"] == 0
        assert api.get(FLOWS).json()["error_code"] == "401013"
    fresh.ask("reset", seed=1)


def test_others_are_answered_while_the_clock_is_moved_far_and_see_no_time_half_lived(
    tmp_path: Path,
) -> None:
    flags = ("--scale", "flows=10,runs=10", "--speed", "0", "--token-ttl", "999999")
    with emulated(tmp_path, *flags, "--start", START) as emulator:
        with emulator.client() as api, ThreadPoolExecutor(1) as beside:
            api.get(FLOWS)
            moved = beside.submit(emulator.advance, days=1)
            seen: list[int] = []
            while not moved.done():
                answer = api.get(f"{FLOWSERVICE}/runs?limit=1&orderby=-updatedAt")
                (run,) = answer.json()["items"]
                now_s = parsedate_to_datetime(answer.headers["date"]).timestamp()
                assert run["updatedAt"] // 1000 <= now_s
                seen.append(run["updatedAt"])
            assert moved.result() >= 10 - 2
        assert seen == sorted(seen)
        assert len(set(seen)) > 2, "nothing was answered while the clock moved"
        assert emulator.now_ms == START_MS + 86_400_000
