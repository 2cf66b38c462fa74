"""Every fault of the rehearsal against every kind of call, over real HTTP.

`python -m tests.api.faultmatrix` makes a rehearsal, lets each fault meet each
call, and prints for each pair how it ended, which requests the platform saw,
how often it acted, and the sentence that the user gets. `--sentences` prints
those only, one under the other, as `faultmatrix.txt` keeps them.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from aeptui.api.errors import ApiTrouble
from aeptui.api.models import Flow, Run
from aeptui.api.services import Services, Timeouts
from aeptui.api.writing import MayHaveLanded, WriteRequest
from tests.api.rehearsal import Rehearsed, rehearsing

FLOWS = "/data/foundation/flowservice"
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
HASTY = Timeouts(read_s=0.25, slow_read_s=0.25)
SLOW_S = 0.6
_PATIENCE_S = 20.0

CALLS = ("list", "read", "create", "change", "delete", "retry")
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "status 503, once": {"kind": "status", "status": 503, "times": 1},
    "status 503": {"kind": "status", "status": 503},
    "status 500": {"kind": "status", "status": 500},
    "status 400": {"kind": "status", "status": 400},
    "status 403": {"kind": "status", "status": 403},
    "status 404": {"kind": "status", "status": 404},
    "latency, once": {"kind": "latency", "latency_s": SLOW_S, "times": 1},
    "latency": {"kind": "latency", "latency_s": SLOW_S},
    "reset, once": {"kind": "reset", "times": 1},
    "reset": {"kind": "reset"},
    "truncate, once": {"kind": "truncate", "times": 1},
    "truncate": {"kind": "truncate"},
    "html 502, once": {"kind": "html", "status": 502, "times": 1},
    "html 502": {"kind": "html", "status": 502},
    "html 200": {"kind": "html", "status": 200},
    "expired-token, once": {"kind": "expired-token", "times": 1},
    "expired-token": {"kind": "expired-token"},
    "rate-limit, once": {"kind": "rate-limit", "retry_after": "2", "times": 1},
    "rate-limit": {"kind": "rate-limit"},
    "rate-limit, an hour": {"kind": "rate-limit", "retry_after": "3600"},
    "etag-race, once": {"kind": "etag-race", "times": 1},
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How one call ended: `effects` is how often the platform did what was asked."""

    outcome: str
    requests: str
    tokens: int
    effects: int
    sentence: str

    @property
    def brief(self) -> str:
        return f"{self.outcome} · {self.requests}"

    def line(self, fault: str, call: str) -> str:
        cells = (fault, call, self.outcome, self.requests, self.sentence)
        return " | ".join(cells).rstrip(" |")


@dataclass(frozen=True, slots=True)
class _Trial:
    """One call against the rehearsal: where it goes, and how to see what it did."""

    method: str
    path: str
    ask: Callable[[Services], Awaitable[object]]
    effects: Callable[[], Awaitable[int]]


async def meet(rehearsal: Rehearsed, fault: str, call: str) -> Ending:
    """Let `call` meet `fault`."""
    async with AsyncExitStack() as stack:
        truth = await stack.enter_async_context(Services(rehearsal.settings()))
        trial = await stack.enter_async_context(_TRIALS[call](truth))

        async def nap(seconds: float) -> None:
            """Waiting between tries takes no time here."""

        settings = rehearsal.settings(timeouts=HASTY)
        asker = await stack.enter_async_context(Services(settings, sleep=nap))
        seen_before = _last(rehearsal)
        if fault != "none":
            rehearsal.fault(method=trial.method, path=trial.path, **FAULTS[fault])
        outcome, sentence = "done", ""
        try:
            await trial.ask(asker)
        except ApiTrouble as trouble:
            outcome = type(trouble).__name__
            sentence = str(trouble)
        rehearsal.calm()
        seen = await _settled(rehearsal, seen_before)
        calls = [each["method"] for each in seen if "/ims/" not in each["path"]]
        return Ending(
            outcome,
            _counted(calls),
            len(seen) - len(calls),
            await trial.effects(),
            _without_ids(sentence),
        )


def must_hold(call: str, ending: Ending) -> None:
    """What is never broken, whatever the fault: no write twice, no claim that is not so."""
    assert ending.effects <= 1, "it was done twice"
    if ending.outcome == "done":
        assert ending.effects == 1, "it was said to be done"
    elif ending.outcome != MayHaveLanded.__name__ and call != "delete":
        assert ending.effects == 0, "it was said not to be done"
    assert ending.sentence.isprintable()
    assert (ending.sentence == "") == (ending.outcome == "done")


# The calls ------------------------------------------------------------------


@asynccontextmanager
async def _list(truth: Services) -> AsyncIterator[_Trial]:
    expected = [flow.id for flow in await _flows(truth)]
    found: list[list[str]] = []

    async def ask(services: Services) -> None:
        found.append([flow.id for flow in await _flows(services)])

    async def effects() -> int:
        return found.count(expected)

    yield _Trial("GET", "/flows", ask, effects)


@asynccontextmanager
async def _read(truth: Services) -> AsyncIterator[_Trial]:
    flow = (await _flows(truth))[0]
    found: list[tuple[str, str]] = []

    async def ask(services: Services) -> None:
        told = await services.flows.get_flow(flow.id)
        found.append((told.id, told.name))

    async def effects() -> int:
        return found.count((flow.id, flow.name))

    yield _Trial("GET", f"/flows/{flow.id}", ask, effects)


@asynccontextmanager
async def _create(truth: Services) -> AsyncIterator[_Trial]:
    name = f"Matrix {uuid.uuid4()}"

    async def ask(services: Services) -> None:
        await services.writing.send(_base_connection(name))

    async def effects() -> int:
        return len(await _connections(truth, name))

    yield _Trial("POST", "/connections", ask, effects)
    for id in await _connections(truth, name):
        await truth.writing.send(WriteRequest("DELETE", f"{FLOWS}/connections/{id}"))


@asynccontextmanager
async def _change(truth: Services) -> AsyncIterator[_Trial]:
    flow = (await _flows(truth))[0]
    text = f"Matrix {uuid.uuid4()}"
    operation = {"op": "replace", "path": "/description", "value": text}
    headers = {"If-Match": flow.etag, "Content-Type": "application/json"}
    path = f"/flows/{flow.id}"

    async def ask(services: Services) -> None:
        body = json.dumps([operation]).encode()
        await services.writing.send(WriteRequest("PATCH", FLOWS + path, headers, body))

    async def effects() -> int:
        return int((await truth.flows.get_flow(flow.id)).description == text)

    yield _Trial("PATCH", path, ask, effects)


@asynccontextmanager
async def _delete(truth: Services) -> AsyncIterator[_Trial]:
    name = f"Matrix {uuid.uuid4()}"
    id = (await truth.writing.send(_base_connection(name))).id
    path = f"/connections/{id}"

    async def ask(services: Services) -> None:
        await services.writing.send(WriteRequest("DELETE", FLOWS + path))

    async def effects() -> int:
        return 1 - len(await _connections(truth, name))

    yield _Trial("DELETE", path, ask, effects)
    if await _connections(truth, name):
        await truth.writing.send(WriteRequest("DELETE", FLOWS + path))


@asynccontextmanager
async def _retry(truth: Services) -> AsyncIterator[_Trial]:
    run = await _failed_run(truth)
    before = len(await _runs(truth, run.flow_id))
    path = f"/runs/{run.id}/action"

    async def ask(services: Services) -> None:
        await services.writing.send(WriteRequest("POST", f"{FLOWS}{path}?op=re-trigger"))

    async def effects() -> int:
        return len(await _runs(truth, run.flow_id)) - before

    yield _Trial("POST", path, ask, effects)


_Making: TypeAlias = Callable[[Services], Any]
_TRIALS: dict[str, _Making] = dict(
    zip(CALLS, (_list, _read, _create, _change, _delete, _retry), strict=True)
)


def _base_connection(name: str) -> WriteRequest:
    params = {
        "environmentUrl": "https://example.my.salesforce.com",
        "username": "integration@example.com",
        "password": "planted-password",
        "securityToken": "planted-token",
    }
    body = {
        "name": name,
        "auth": {"specName": "Basic Authentication", "params": params},
        "connectionSpec": {"id": SALESFORCE, "version": "1.0"},
    }
    headers = {"Content-Type": "application/json"}
    return WriteRequest("POST", f"{FLOWS}/connections", headers, json.dumps(body).encode())


async def _flows(services: Services) -> list[Flow]:
    return [flow async for page in services.flows.list_flows() for flow in page]


async def _runs(services: Services, flow_id: str) -> list[Run]:
    return [run async for page in services.flows.list_runs(flow_id=flow_id) for run in page]


async def _failed_run(services: Services) -> Run:
    enabled = {flow.id for flow in await _flows(services) if flow.state == "enabled"}
    async for page in services.flows.list_runs():
        for run in page:
            if run.state == "failed" and run.flow_id in enabled:
                return run
    raise AssertionError("the rehearsal has no failed run of a flow that is on")


async def _connections(services: Services, name: str) -> list[str]:
    pages = services.flows.list_base_connections()
    return [each.id async for page in pages for each in page if each.name == name]


# What the platform saw ------------------------------------------------------


def _last(rehearsal: Rehearsed) -> int:
    return max((each["n"] for each in rehearsal.asked(0)), default=0)


async def _settled(rehearsal: Rehearsed, since: int) -> list[dict[str, Any]]:
    """The requests since then, once the platform, another process, is done with all of them."""
    async with asyncio.timeout(_PATIENCE_S):
        seen = rehearsal.asked(since)
        while any(each["status"] is None for each in seen):
            await asyncio.sleep(0.02)
            seen = rehearsal.asked(since)
    return seen


def _counted(methods: list[str]) -> str:
    """`POST, 3 GET`, in the order in which they came."""
    names = dict.fromkeys(methods)
    told = ((methods.count(name), name) for name in names)
    return ", ".join(name if count == 1 else f"{count} {name}" for count, name in told)


def _without_ids(sentence: str) -> str:
    sentence = re.sub(r"127\.0\.0\.1:\d+", "HOST", sentence)
    sentence = re.sub(r"request [\w-]+\)", "request ID)", sentence)
    sentence = re.sub(r"Matrix [\w-]{36}", "NAME", sentence)
    return re.sub(r"[0-9a-f]{8}-[\w-]{27}", "ID", sentence)


# The table ------------------------------------------------------------------


async def _all(rehearsal: Rehearsed) -> dict[tuple[str, str], Ending]:
    return {(fault, call): await meet(rehearsal, fault, call) for fault in FAULTS for call in CALLS}


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, rehearsing(Path(folder)) as rehearsal:
        endings = asyncio.run(_all(rehearsal))
    if "--sentences" in arguments:
        for (fault, call), ending in endings.items():
            print(ending.line(fault, call))
        return
    print(f"| fault | {' | '.join(CALLS)} |\n|---|{'---|' * len(CALLS)}")
    for fault in FAULTS:
        cells = [endings[fault, call] for call in CALLS]
        shown = [
            f"{each.brief}{'' if each.effects == (each.outcome == 'done') else ' · acted'}"
            for each in cells
        ]
        print(f"| {fault} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
