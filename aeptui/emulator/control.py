"""`/_emulator/*`: the emulator's own state, clock, faults, incidents and memory.

Only for callers on the same machine. The errors are plain, since no service speaks here.
"""

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator.calls import Call, Handler, endpoint
from aeptui.emulator.errors import plain_error
from aeptui.emulator.faults import KINDS as FAULT_KINDS
from aeptui.emulator.incidents import as_kind
from aeptui.emulator.requestlog import CONTROL
from aeptui.emulator.services.quirks import QUIRKS
from aeptui.emulator.world import World

if TYPE_CHECKING:
    from aeptui.emulator.runner import Runner

FASTEST = 10_000.0
PATIENCE_S = 0.05  # how long others wait at most while the clock is moved far
LONGEST_S = 366 * 86_400.0
LONGEST_LATENCY_S = 600.0
COUNTED = (
    *("connections", "sourceConnections", "targetConnections", "flows", "runs"),
    *("schemas", "dataSets", "batches", "mappingSets"),
)
_HIT = {"base_connection": "connections", "flow": "flows"}
"""What an incident may be about, and under which kind the world holds it."""
_FORGOTTEN = {
    "baseconnection": "connections",
    "connection": "connections",
    "sourceconnection": "sourceConnections",
    "targetconnection": "targetConnections",
    "flow": "flows",
    "run": "runs",
    "flowrun": "runs",
    "schema": "schemas",
    "dataset": "dataSets",
    "batch": "batches",
    "batche": "batches",
    "mappingset": "mappingSets",
}


def routes(world: World) -> list[Route]:
    def at(path: str, atomic: bool = True, **handlers: Handler) -> Route:
        guarded = {method: _local(handler) for method, handler in handlers.items()}
        return endpoint(
            CONTROL + path,
            guarded,
            family="plain",
            sandbox=False,
            authorised=False,
            settle=False,
            atomic=atomic,
        )

    return [
        at("/state", GET=state),
        at("/clock", atomic=False, POST=clock),
        at("/faults", GET=list_faults, POST=add_fault, DELETE=remove_faults),
        at("/faults/{id}", DELETE=remove_faults),
        at("/incidents", GET=list_incidents, POST=add_incident, DELETE=remove_incidents),
        at("/incidents/{id}", DELETE=remove_incidents),
        at("/quirks", GET=list_quirks, POST=set_quirks),
        at("/forget", POST=forget),
        at("/reset", POST=reset),
        at("/requests", GET=requests),
    ]


def _local(handler: Handler) -> Handler:
    def answer(call: Call) -> Response:
        if not is_loopback(call.peer):
            raise plain_error(403, "Forbidden", "Control calls come from the same machine only.")
        return handler(call)

    return answer


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def state(call: Call) -> Response:
    world, making = call.world, call.emulator.making
    names = [sandbox["name"] for sandbox in world.sandboxes()]
    counts = {name: {kind: world.count(name, kind) for kind in COUNTED} for name in names}
    return JSONResponse(
        {
            "now_ms": world.clock.now_ms(),
            "speed": world.clock.speed,
            "seed": world.seed,
            "world": world.id,
            "sandboxes": names,
            "counts": counts,
            "making": None if making is None else {"done": making[0], "of": making[1]},
        }
    )


def clock(call: Call) -> Response:
    """Move time, and answer when all that was due by then is done; others are served meanwhile.

    Another speed alone is answered at once: what a fast clock has piled up is let go, unless
    somebody waits for the end of a move.
    """
    body = _known(call, "advance_s", "speed")
    emulator, time = call.emulator, call.world.clock
    speed = _number(body, "speed", 0.0, FASTEST) if "speed" in body else None
    advance_s = _number(body, "advance_s", 0.0, LONGEST_S) if "advance_s" in body else 0.0
    with emulator.my_turn():
        runner = _runner(call)
        runner.settle(within_s=0)  # sees what was made just now before time moves on
        before = runner.ended
        if speed is not None and emulator.moves:
            time.speed = speed
        elif speed is not None:
            time.go_on(speed)
        if "advance_s" not in body:
            return JSONResponse({"now_ms": time.now_ms(), "runs_settled": 0})
        time.advance(advance_s)
        until_ms = time.wanted_ms()
        emulator.moves += 1
    try:
        return _moved(call, until_ms, before)
    finally:
        with call.world.lock:
            emulator.moves -= 1


def _moved(call: Call, until_ms: int, before: int) -> Response:
    """The answer to a move of the clock, when all is done that was due by then."""
    while True:
        with call.world.lock:
            runner = _runner(call)
            runner.settle(until_ms, within_s=PATIENCE_S)
            if not runner.is_behind(until_ms):
                now_ms = call.world.clock.now_ms()
                return JSONResponse({"now_ms": now_ms, "runs_settled": runner.ended - before})
        call.emulator.give_way()


def _runner(call: Call) -> "Runner":
    if call.emulator.making is not None:
        raise plain_error(409, "Conflict", "The world is being made; its clock is not free yet.")
    return call.emulator.runner


def list_faults(call: Call) -> Response:
    return JSONResponse([asdict(fault) for fault in call.emulator.faults.standing()])


def add_fault(call: Call) -> Response:
    body = _known(
        call,
        *("service", "method", "path", "kind", "status", "body", "latency_s"),
        *("retry_after", "after", "times", "from_ms", "to_ms"),
    )
    if body.get("kind") not in FAULT_KINDS:
        raise _wrong("kind", f"one of {', '.join(sorted(FAULT_KINDS))}")
    fields: dict[str, Any] = {"kind": body["kind"], "body": body.get("body")}
    for name in ("service", "method", "path"):
        if body.get(name) is not None:
            fields[name] = _text(body, name)
    if body.get("status") is not None:
        fields["status"] = int(_number(body, "status", 200, 599))
    if body.get("latency_s") is not None:
        fields["latency_s"] = _number(body, "latency_s", 0.0, LONGEST_LATENCY_S)
    if body.get("retry_after") is not None:
        fields["retry_after"] = str(body["retry_after"])
        if not fields["retry_after"].isprintable() or not fields["retry_after"].isascii():
            raise _wrong("retry_after", "seconds or an HTTP date")
    if body.get("after") is not None:
        fields["after"] = int(_number(body, "after", 0, 10**9))
    if body.get("times") is not None:
        fields["times"] = int(_number(body, "times", 1, 10**9))
    fields |= _times(body)
    return JSONResponse({"id": call.emulator.faults.add(**fields).id})


def remove_faults(call: Call) -> Response:
    return _removed(call.emulator.faults.remove(call.path.get("id")), call.path)


def list_incidents(call: Call) -> Response:
    return JSONResponse([asdict(incident) for incident in call.emulator.incidents])


def add_incident(call: Call) -> Response:
    body = _known(
        call,
        *("kind", "sandbox", "base_connection", "flow", "share", "column", "factor", "status"),
        *("from_ms", "to_ms"),
    )
    kind = as_kind(body.get("kind"))
    if kind is None:
        raise _wrong("kind", "a known kind of incident")
    sandbox = _text(body, "sandbox")
    if call.world.sandbox(sandbox) is None:
        raise _wrong("sandbox", "the name of a sandbox")
    texts = {
        name: _text(body, name)
        for name in ("base_connection", "flow", "column", "status")
        if body.get(name) is not None
    }
    for name, held in _HIT.items():
        if name in texts and call.world.get(sandbox, held, texts[name]) is None:
            detail = f"There is no {name.replace('_', ' ')} {texts[name][:100]} in {sandbox}."
            raise plain_error(404, "Resource not found", detail)
    times = _times(body)
    share = None if body.get("share") is None else _number(body, "share", 0.0, 1.0)
    factor = None if body.get("factor") is None else _number(body, "factor", 1.0, 10_000.0)
    incident = call.emulator.incidents.add(
        kind,
        sandbox,
        base_connection=texts.get("base_connection"),
        flow=texts.get("flow"),
        column=texts.get("column"),
        status=texts.get("status"),
        share=share,
        factor=factor,
        from_ms=times.get("from_ms"),
        to_ms=times.get("to_ms"),
    )
    return JSONResponse({"id": incident.id})


def remove_incidents(call: Call) -> Response:
    return _removed(call.emulator.incidents.remove(call.path.get("id")), call.path)


def list_quirks(call: Call) -> Response:
    on = call.emulator.quirks
    return JSONResponse({name: "on" if name in on else "off" for name in QUIRKS})


def set_quirks(call: Call) -> Response:
    body = _known(call, *QUIRKS)
    for name, value in body.items():
        if value not in ("on", "off"):
            raise _wrong(name, "on or off")
    for name, value in body.items():
        (call.emulator.quirks.add if value == "on" else call.emulator.quirks.discard)(name)
    return list_quirks(call)


def forget(call: Call) -> Response:
    """Take a resource away as if it had never been, in whichever sandbox it is."""
    body = _known(call, "kind", "id")
    word = _text(body, "kind").lower().replace("-", "").replace("_", "").replace(" ", "")
    kind = _FORGOTTEN.get(word) or _FORGOTTEN.get(word.removesuffix("s"))
    if kind is None:
        raise _wrong("kind", "a kind of resource")
    id = _text(body, "id")
    gone = [
        sandbox["name"]
        for sandbox in call.world.sandboxes()
        if call.world.delete(sandbox["name"], kind, id)
    ]
    if not gone:
        raise plain_error(404, "Resource not found", f"There is no {kind} resource {id[:100]}.")
    return JSONResponse({"forgotten": id, "sandbox": gone[0]})


def reset(call: Call) -> Response:
    """Make another world in the place of this one, of the same seed or a given one.

    What disturbed the old one, faults and quirks, is gone with it.
    """
    body = _known(call, "seed") if call.body.strip() else {}
    seed = call.world.seed
    if body.get("seed") is not None:
        seed = int(_number(body, "seed", 0, 2**63 - 1))
    if call.emulator.making is not None:
        raise plain_error(409, "Conflict", "A world is being made; ask again when it is there.")
    call.emulator.begin_again(seed)
    call.emulator.faults.remove()
    call.emulator.quirks.clear()
    return JSONResponse({"world": call.world.id, "seed": seed})


def requests(call: Call) -> Response:
    text = call.query.get("since", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise _wrong("since", "the number of a request")
    return JSONResponse(call.emulator.log.since(int(text)))


def _known(call: Call, *names: str) -> dict[str, Any]:
    body = call.json_object()
    for name in body:
        if name not in names:
            raise plain_error(400, "Bad request", f"The field {name[:100]} is not known here.")
    return body


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(name, "text")
    return value


def _number(body: Mapping[str, Any], name: str, least: float, most: float) -> float:
    value = body[name]
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not math.isfinite(value) or not least <= value <= most:
        raise _wrong(name, f"a number from {least:g} to {most:g}")
    return value  # type: ignore[no-any-return]


def _times(body: Mapping[str, Any]) -> dict[str, int]:
    """The emulated moments from which and until which something is so."""
    return {
        name: int(_number(body, name, 0, 10**14))
        for name in ("from_ms", "to_ms")
        if body.get(name) is not None
    }


def _wrong(name: str, wanted: str) -> Exception:
    return plain_error(400, "Bad request", f"The field {name} must be {wanted}.")


def _removed(count: int, path: Mapping[str, str]) -> Response:
    if "id" in path and not count:
        raise plain_error(404, "Resource not found", "There is nothing of that id.")
    return JSONResponse({"removed": count})
