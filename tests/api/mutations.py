"""Answers of every documented shape, spoilt in every way, over real HTTP.

`python -m tests.api.mutations [COUNT] [SEED]` spoils that many (20,000 unless told)
and prints how often each shape was read all the same, and how often it was refused.
"""

from __future__ import annotations

import asyncio
import copy
import json
import random
import sys
import unicodedata
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import msgspec

from aeptui.api.errors import ApiTrouble
from aeptui.api.services import ApiSettings, Secret, Services
from aeptui.api.writing import WriteRequest
from tests.api.canned import Canned, Reply, serving
from tests.api.test_decode import FLOW, RUN

FOUNDATION = "/data/foundation"
FLOWS = f"{FOUNDATION}/flowservice"
START = 1767268800000


@dataclass(frozen=True, slots=True)
class Shape:
    """One documented answer, and the question that it answers."""

    path: str
    body: Any
    ask: Callable[[Services], Awaitable[Any]]
    method: str = "GET"
    lines: bool = False


def _listed(*items: Any) -> dict[str, Any]:
    next_page = {"href": "/flows?continuationToken=dG9rZW4%3D"}
    return {"items": [*items], "_links": {"next": next_page}}


async def _all(pages: AsyncIterator[list[Any]]) -> list[Any]:
    return [each async for page in pages for each in page]


def _writing(method: str, path: str) -> Callable[[Services], Awaitable[Any]]:
    async def write(services: Services) -> Any:
        body = b'[{"op": "replace", "path": "/name", "value": "B"}]'
        return await services.writing.send(WriteRequest(method, path, {"If-Match": "e"}, body))

    return write


_AUDIT = {"createdAt": START, "updatedAt": str(START), "createdBy": "ann", "etag": '"e1"'}
_BASE = {
    "id": "b1",
    "name": "Salesforce",
    "auth": {"specName": "Basic Authentication", "params": {"username": "u", "password": "***"}},
    "connectionSpec": {"id": "sf", "version": "1.0"},
    **_AUDIT,
}
_SOURCE = {
    "id": "s1",
    "name": "Contacts",
    "baseConnectionId": "b1",
    "connectionSpec": {"id": "sf"},
    "data": {"format": "tabular"},
    "params": {"tableName": "Contact", "columns": [{"name": "Id", "type": "string"}]},
    **_AUDIT,
}
_TARGET = {
    "id": "t1",
    "data": {"schema": {"id": "https://ns.adobe.com/s", "version": "application/vnd.adobe"}},
    "params": {"dataSetId": "d1"},
    **_AUDIT,
}
_CONNECTION_SPEC = {
    "id": "sf",
    "name": "salesforce",
    "attributes": {"uiAttributes": {"category": {"key": "crm"}}, "isSource": True},
    "authSpec": [{"name": "Basic Authentication", "type": "Basic", "spec": {"properties": {}}}],
}
_DATASET = {
    "name": "Contacts",
    "created": START,
    "lastBatchStatus": "success",
    "schemaRef": {"id": "https://ns.adobe.com/s", "contentType": "application/vnd.adobe"},
    "tags": {"unifiedProfile": ["enabled:true"]},
    "extensions": {
        "adobe_lakeHouse": {
            "rowExpiration": {"ttlValue": "P30D"},
            "metrics": {"rowCount": 5, "storageSize": "1337"},
        }
    },
}
_BATCH = {
    "status": "failed",
    "created": START,
    "tags": {"flowId": ["f1"], "acp_enableErrorDiagnostics": True},
    "relatedObjects": [{"type": "dataSet", "id": "d1"}],
    "metrics": {"outputRecordCount": 4, "failedRecordCount": "2"},
    "errors": [{"code": "106", "description": "empty file", "rows": []}],
}
_SCHEMA = {
    "$id": "https://ns.adobe.com/s",
    "title": "Contact",
    "meta:altId": "_t.schemas.s",
    "meta:extends": ["https://ns.adobe.com/xdm/context/profile"],
    "meta:immutableTags": ["union"],
    "meta:registryMetadata": {"repo:createdDate": START, "eTag": "e"},
    "properties": {"person": {"type": "object", "properties": {}}},
}
_MAPPINGS = {
    "id": "m1",
    "version": 2,
    "createdDate": START,
    "outputSchema": {"schemaRef": {"id": "https://ns.adobe.com/s"}},
    "mappings": [{"sourceType": "ATTRIBUTE", "source": "Id", "destination": "_t.id"}],
}
_SANDBOX = {"name": "dev", "title": "Dev", "state": "active", "etag": 3, "isDefault": "true"}
_TABLE = {
    "format": "flat",
    "schema": {
        "columns": [
            {"name": "Id", "type": "string", "meta:xdmType": "string", "xdm": {"type": "string"}}
        ]
    },
    "data": [{"Id": "1"}],
}
_ROW = {"_errors": [{"code": "1401", "message": "a.b is bad: 'x'"}], "Id": 1, "Email": "x"}

EXPORT = f"{FOUNDATION}/export/batches/b1"
REGISTRY = f"{FOUNDATION}/schemaregistry/tenant"
PREP = f"{FOUNDATION}/conversion"
SHAPES: dict[str, Shape] = {
    "base connections": Shape(
        f"{FLOWS}/connections", _listed(_BASE), lambda s: _all(s.flows.list_base_connections())
    ),
    "base connection": Shape(
        f"{FLOWS}/connections/b1",
        {"items": [_BASE]},
        lambda s: s.flows.get_base_connection("b1"),
    ),
    "source connections": Shape(
        f"{FLOWS}/sourceConnections",
        _listed(_SOURCE),
        lambda s: _all(s.flows.list_source_connections()),
    ),
    "target connections": Shape(
        f"{FLOWS}/targetConnections",
        _listed(_TARGET),
        lambda s: _all(s.flows.list_target_connections()),
    ),
    "connection specs": Shape(
        f"{FLOWS}/connectionSpecs",
        _listed(_CONNECTION_SPEC),
        lambda s: _all(s.flows.list_connection_specs()),
    ),
    "flow specs": Shape(
        f"{FLOWS}/flowSpecs",
        _listed({"id": "x", "name": "CRMToAEP", "sourceConnectionSpecIds": ["sf"]}),
        lambda s: _all(s.flows.list_flow_specs()),
    ),
    "flows": Shape(f"{FLOWS}/flows", _listed(FLOW, FLOW), lambda s: _all(s.flows.list_flows())),
    "flow": Shape(f"{FLOWS}/flows/f1", {"items": [FLOW]}, lambda s: s.flows.get_flow("f1")),
    "runs": Shape(f"{FLOWS}/runs", _listed(RUN), lambda s: _all(s.flows.list_runs())),
    "run": Shape(f"{FLOWS}/runs/r1", {"items": [RUN]}, lambda s: s.flows.get_run("r1")),
    "connection test": Shape(
        f"{FLOWS}/connections/b1/test",
        {"result": False, "message": "no"},
        lambda s: s.flows.test_connection("b1"),
    ),
    "tables": Shape(
        f"{FLOWS}/connections/b1/explore",
        [{"type": "table", "name": "Contact", "path": "Contact", "canPreview": True}],
        lambda s: s.exploring.tables("b1"),
    ),
    "columns": Shape(
        f"{FLOWS}/connections/b1/explore", _TABLE, lambda s: s.exploring.columns("b1", "Contact")
    ),
    "rows": Shape(
        f"{FLOWS}/connections/b1/explore", _TABLE, lambda s: s.exploring.preview("b1", "Contact")
    ),
    "schemas": Shape(
        f"{REGISTRY}/schemas",
        {"results": [_SCHEMA], "_page": {"next": "Contact", "count": 1}, "_links": {}},
        lambda s: _all(s.schemas.list_schemas()),
    ),
    "schema": Shape(f"{REGISTRY}/schemas/x", _SCHEMA, lambda s: s.schemas.get_schema("x")),
    "field group": Shape(
        f"{REGISTRY}/fieldgroups/x", _SCHEMA, lambda s: s.library.full("fieldgroups", "tenant", "x")
    ),
    "datasets": Shape(
        f"{FOUNDATION}/catalog/dataSets",
        {"d1": _DATASET, "d2": {}},
        lambda s: _all(s.catalog.list_datasets()),
    ),
    "dataset": Shape(
        f"{FOUNDATION}/catalog/dataSets/d1",
        {"d1": _DATASET},
        lambda s: s.catalog.get_dataset("d1"),
    ),
    "batches": Shape(
        f"{FOUNDATION}/catalog/batches",
        {"b1": _BATCH, "b2": _BATCH},
        lambda s: _all(s.catalog.list_batches()),
    ),
    "mapping sets": Shape(
        f"{PREP}/mappingSets",
        {"data": [_MAPPINGS], "_page": {"count": 1, "limit": 100}, "_links": {}},
        lambda s: _all(s.data_prep.list_mapping_sets()),
    ),
    "mapping set": Shape(
        f"{PREP}/mappingSets/m1", _MAPPINGS, lambda s: s.data_prep.get_mapping_set("m1")
    ),
    "validation": Shape(
        f"{PREP}/mappingSets/validate",
        {"validationResponse": [{"status": "FAILED", "errors": [{"exception": "no"}]}]},
        lambda s: s.trials.validate({}),
        "POST",
    ),
    "preview": Shape(
        f"{PREP}/mappingSets/preview",
        {"data": {"a": 1}, "errors": [{"destination": "a", "exception": "no"}]},
        lambda s: s.trials.preview({}, {}),
        "POST",
    ),
    "functions": Shape(
        f"{PREP}/languages/el/functions",
        [{"category": "Text", "function": "concat", "syntax": "concat(a)", "description": "b"}],
        lambda s: s.trials.functions(),
    ),
    "expression": Shape(
        f"{PREP}/languages/el/validate", True, lambda s: s.trials.accepts("a"), "POST"
    ),
    "failed files": Shape(
        f"{EXPORT}/failed",
        {"data": [{"name": "a", "length": "1337"}], "_page": {"count": 1}, "_links": {}},
        lambda s: s.data_access.failed_files("b1"),
    ),
    "refused rows": Shape(
        f"{EXPORT}/meta",
        [_ROW, _ROW],
        lambda s: s.data_access._rows("b1", "row_errors/x", 9),
        lines=True,
    ),
    "sandboxes": Shape(
        f"{FOUNDATION}/sandbox-management/",
        {"sandboxes": [_SANDBOX], "_page": {"count": 1}, "_links": {"next": {"href": "?start=1"}}},
        lambda s: _all(s.sandboxes.list_sandboxes()),
    ),
    "namespaces": Shape(
        "/data/core/idnamespace/identities",
        [{"id": 6, "code": "Email", "name": "Email", "idType": "Email", "status": "ACTIVE"}],
        lambda s: s.identities.namespaces(),
    ),
    "creation": Shape(
        f"{FLOWS}/flows", {"id": "f1", "etag": '"e"'}, _writing("POST", f"{FLOWS}/flows"), "POST"
    ),
    "dataset creation": Shape(
        f"{FOUNDATION}/catalog/dataSets",
        ["@/dataSets/d1"],
        _writing("POST", f"{FOUNDATION}/catalog/dataSets"),
        "POST",
    ),
    "change": Shape(
        f"{FLOWS}/flows/f1",
        {"id": "f1", "etag": '"e"'},
        _writing("PATCH", f"{FLOWS}/flows/f1"),
        "PATCH",
    ),
    "deletion": Shape(
        f"{FLOWS}/flows/f1", ["@/dataSets/d1"], _writing("DELETE", f"{FLOWS}/flows/f1"), "DELETE"
    ),
}
REFUSALS: list[Any] = [
    {"error_code": "401013", "message": "Oauth token is not valid"},
    {
        "type": "https://ns.adobe.com/aep/errors/FLOW-1439-404",
        "title": "Resource not found",
        "status": 404,
        "report": {"detailed-message": "It is not found", "request-id": "r"},
        "errorMessage": "It is not found",
    },
    {"type": "http://x/XDM-1012-404", "report": {"registryRequestId": "r", "sub-errors": []}},
    {"title": "Bad", "error-chain": [{"errorCode": "INSGHT-1", "serviceId": "x"}]},
    {"error": "invalid_client", "error_description": "invalid client_secret parameter"},
]
STATUSES = (400, 401, 403, 404, 409, 412, 429, 500, 503)

_DEEP = 3_000
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63, -(10**40), 1e308, 0.5, "", " ", "true", "1337", "-1"),
    *("\x1b[2J", "\x9b31m", "\u202egpj", "\u200b", "a\nb", "\x00", "\ud800", "\u2028"),
    *(
        "x" * 70_000,
        "999999999999999999",
        "2026-13-45T99:99:99Z",
        "P999999999Y",
        "@/",
        "//x?start=9",
    ),
    *([], {}, [[]], [None], {"": None}, [{}], {"id": {}}, {"items": None}, {"href": 7}),
)
NOISE = (
    b"\x00",
    b"\x1b]52;c;eA==\x07",
    b"\xc2\x9b",
    b"\xff",
    b"\xe2\x80\xae",
    b'"',
    b"}",
    b"\\u001b",
)


def spoilt(body: Any, chance: random.Random) -> Any:
    """`body` with some of its parts replaced, removed, renamed, wrapped or doubled."""
    whole = [copy.deepcopy(body)]
    for _ in range(chance.choice((1, 1, 2, 5))):
        holder, key = chance.choice(list(_places(whole)))
        match chance.randrange(7):
            case 0:
                del holder[key]
                if not whole:
                    return None
            case 1:
                holder[key] = [holder[key]]
            case 2:
                holder[key] = json.dumps(holder[key])
            case 3 if isinstance(holder, dict):
                holder[key + chance.choice(("\x1b", "s", "\u202e"))] = holder.pop(key)
            case 4 if isinstance(holder[key], list):
                holder[key] = holder[key] * 2
            case _:
                holder[key] = copy.deepcopy(chance.choice(ODD))
    return whole[0]


def as_bytes(body: Any, chance: random.Random, *, lines: bool = False) -> bytes:
    """`body` as it might come over the wire, at times cut, noisy or nested too deep."""
    if lines and isinstance(body, list):
        raw = b"\n".join(_json(each, chance) for each in body)
    else:
        raw = _json(body, chance)
    at = chance.randrange(len(raw) + 1)
    match chance.randrange(12):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + chance.choice(NOISE) + raw[at:]
        case 2:
            return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        case 3:
            return chance.choice((b"", b"\xef\xbb\xbf" + raw, b"<html>\x1b[2J</html>", raw + raw))
        case 4 if chance.random() < 0.2:
            return raw[:at] + b"[" * _DEEP + b"]" * _DEEP + raw[at:]
        case _:
            return raw


def _json(body: Any, chance: random.Random) -> bytes:
    plain = chance.random() < 0.5
    return json.dumps(body, ensure_ascii=plain).encode("utf-8", "surrogatepass")


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(pairs):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


async def trial(shape: Shape, canned: Canned, services: Services, chance: random.Random) -> str:
    """Ask once; tells what came of it, and lets only ApiTrouble through as a refusal."""
    if chance.random() < 0.15:
        body = as_bytes(spoilt(chance.choice(REFUSALS), chance), chance)
        reply = Reply(body, chance.choice(STATUSES), {"x-request-id": "r"})
    else:
        reply = Reply(as_bytes(spoilt(shape.body, chance), chance, lines=shape.lines))
    if reply.status == 200 and shape.method == "DELETE" and not reply.body:
        reply = replace(reply, status=204)
    canned.forget()
    canned.says(shape.method, shape.path, reply)
    if shape.method == "PATCH":
        canned.says("GET", shape.path, Reply(as_bytes(spoilt({"items": [FLOW]}, chance), chance)))
    try:
        found = await shape.ask(services)
    except ApiTrouble as trouble:
        assert is_harmless(str(trouble)), str(trouble)
        assert is_harmless(vars(trouble)), vars(trouble)
        return type(trouble).__name__
    assert is_harmless(found), found
    return "read"


def is_harmless(value: Any) -> bool:
    """Whether nothing in `value` could steer a terminal or hide text."""
    match value:
        case str():
            kinds = {unicodedata.category(letter) for letter in value}
            return not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        case bytes():
            return is_harmless(msgspec.json.decode(value)) if value.strip() else True
        case dict():
            return all(is_harmless(key) and is_harmless(part) for key, part in value.items())
        case list() | tuple():
            return all(is_harmless(part) for part in value)
        case msgspec.Struct():
            return all(is_harmless(getattr(value, name)) for name in value.__struct_fields__)
    if is_dataclass(value):
        return all(is_harmless(getattr(value, field.name)) for field in fields(value))
    return True


def settings_at(url: str) -> ApiSettings:
    return ApiSettings(
        platform_url=url,
        ims_url=url,
        org_id="TEST@AdobeOrg",
        client_id="the-client",
        client_secret=Secret("the-client-secret"),
        sandbox="dev",
        calls_per_minute=10**12,
    )


async def no_nap(seconds: float) -> None:
    """Waiting between tries takes no time here."""


async def one_of_each(canned: Canned, seed: str) -> Counter[tuple[str, str]]:
    """Every shape once, spoilt as `seed` has it; counts what came of each.

    The services are new, since each 429 among the answers slows them down.
    """
    told: Counter[tuple[str, str]] = Counter()
    canned.forget()
    async with Services(settings_at(canned.url), sleep=no_nap) as services:
        for name, shape in SHAPES.items():
            try:
                outcome = await trial(shape, canned, services, random.Random(f"{seed} {name}"))
            except Exception as reason:
                raise AssertionError(f"{name}, seed {seed}: {reason!r}") from reason
            told[name, outcome] += 1
    return told


async def _run(count: int, seed: int) -> None:
    told: Counter[tuple[str, str]] = Counter()
    with serving() as canned:
        for number in range(0, count, len(SHAPES)):
            told += await one_of_each(canned, f"{seed} {number}")
    for name in SHAPES:
        outcomes = {outcome: n for (shape, outcome), n in told.items() if shape == name}
        shown = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
        print(f"{name}: {shown}")
    print(f"{told.total()} answers, seed {seed}: each was read or refused in a sentence")


def main(arguments: list[str]) -> None:
    count, seed = (*map(int, arguments[:2]), *(20_000, 0)[len(arguments[:2]) :])
    asyncio.run(_run(count, seed))


if __name__ == "__main__":
    main(sys.argv[1:])
