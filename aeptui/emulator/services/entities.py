"""What Flow Service's collections have in common: lists, look-ups, etags, patches."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from aeptui.emulator import filters, listings
from aeptui.emulator.calls import Call
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import Refusal, flow_error, source_error
from aeptui.emulator.published import BASES
from aeptui.emulator.services import jsonpatch
from aeptui.emulator.world import World, touch

BASE = BASES["flowservice"]
DRAFT = "draft"

AUDITED = frozenset(
    {
        *("id", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient"),
        *("updatedClient", "sandboxId", "sandboxName", "imsOrgId", "version", "etag"),
    }
)
_NAMED = AUDITED | {"name", "description", "state", "labels", "inheritedAttributes"}


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection: its wire name, the first names of the paths that lists may filter on."""

    kind: str
    known: frozenset[str]
    aliases: dict[str, str] = field(default_factory=dict)


CONNECTIONS = Collection("connections", _NAMED | {"auth", "connectionSpec"})
SOURCES = Collection(
    "sourceConnections",
    _NAMED | {"baseConnectionId", "connectionSpec", "data", "params", "providerRefId"},
)
TARGETS = Collection(
    "targetConnections",
    _NAMED | {"baseConnectionId", "connectionSpec", "data", "params", "providerRefId"},
)
FLOWS = Collection(
    "flows",
    _NAMED
    | {
        *("flowSpec", "sourceConnectionIds", "targetConnectionIds", "scheduleParams", "options"),
        *("transformations", "runs", "lastOperation", "lastRunDetails", "providerRefId"),
    },
)
RUNS = Collection(
    "runs",
    AUDITED
    | {
        *("flowId", "flowSpec", "providerRefId", "metrics", "activities", "params"),
        *("parentFlowRunId", "recordTypes", "eTag", "activites"),
    },
    filters.RUN_ALIASES,
)

Dress = Callable[[dict[str, Any]], dict[str, Any]]


def as_stored(body: dict[str, Any]) -> dict[str, Any]:
    return body


def listing(call: Call, collection: Collection, dress: Dress = as_stored) -> Response:
    """A page of a collection; `dress` has the last word on each item."""
    return page(call, collection, call.query, collection.kind, filters.MOST, dress)


def page(
    call: Call,
    collection: Collection,
    query: QueryParams,
    where: str,
    most: int,
    dress: Dress,
) -> Response:
    """A page of a collection under a query; `where` is the path that leads to the next one."""
    key = (call.world.recall("nonce") or "").encode()
    bound = f"{call.sandbox}/{where}"
    asked = filters.read(query, collection.known, key, bound, collection.aliases, most=most)
    if asked.count:
        counted = listings.count(call.world, call.sandbox, collection.kind, asked)
        return JSONResponse({"count": counted})
    found, more = listings.page(call.world, call.sandbox, collection.kind, asked)
    answer: dict[str, Any] = {"items": [dress(each.body) for each in found]}
    token = filters.make_token(asked, found[-1], key, bound) if more else None
    return JSONResponse(answer | _links(call, where, token))


def _links(call: Call, where: str, token: str | None) -> dict[str, Any]:
    """The `_links` of a page; the quirks are other forms of the same that have been seen."""
    on = call.emulator.quirks
    if token is None:
        if "links-missing" in on:
            return {}
        return {"_links": {"next": None} if "links-null" in on else {}}
    href = f"/{where}?continuationToken={token}"
    if "next-root-relative" in on:
        href = BASE + href
    if "next-absolute" in on:
        href = f"https://platform-int.adobe.io:443{BASE}{href}"
    return {"_links": {"next": {"href": href}}}


def one(call: Call, collection: Collection, dress: Dress = as_stored) -> Response:
    """A look-up: a list of one."""
    return JSONResponse({"items": [dress(find(call, collection).body)]})


def find(call: Call, collection: Collection) -> Document:
    """The document that the path names, or 404."""
    return need(call.world, call.sandbox, collection.kind, call.path["id"])


def need(world: World, sandbox: str, kind: str, id: object) -> Document:
    """A document by its id, or 404 in Flow Service's words."""
    document = world.get(sandbox, kind, id) if isinstance(id, str) else None
    if document is None:
        shown = str(id)[:200]
        raise flow_error(
            "1439-404",
            f"The requested {kind} resource {shown} is not found. Check the id and the sandbox.",
            id=shown,
            type=kind,
        )
    return document


def made(call: Call, document: Document) -> Response:
    """201 with the id and the etag, and where to find it."""
    where = f"{call.base_url}{BASE}/{document.kind}/{document.id}"
    return JSONResponse(brief(document), status_code=201, headers={"Location": where})


def brief(document: Document) -> dict[str, str]:
    return {"id": document.id, "etag": document.body["etag"]}


def same_version(call: Call, document: Document, *, required: bool) -> None:
    """Compare `If-Match` with the etag, without the quotes and the W/ that clients add."""
    sent = call.headers.get("if-match")
    if sent is None or not sent.strip():
        if required:
            raise flow_error("1403-400", "The If-Match header is missing.")
        return
    current = document.body["etag"]
    if sent.strip() != "*" and _bare(sent) != _bare(current):
        raise flow_error(
            "1404-412",
            f"Supplied version=[{sent[:100]}] does not match the current version on entity="
            f"[{current}].",
            id=document.id,
            type=document.kind,
        )


def patched(call: Call, document: Document, allowed: frozenset[str]) -> dict[str, Any]:
    """The body after the call's JSON Patch, which may only touch the `allowed` first names."""
    same_version(call, document, required=True)
    operations = call.json()
    if isinstance(operations, dict):
        operations = [operations]
    if not isinstance(operations, list) or not operations:
        raise flow_error("1405-400", "The body must be an array of JSON Patch operations.")
    for operation in operations:
        _permitted(operation, allowed)
    try:
        return jsonpatch.apply(document.body, operations)
    except jsonpatch.PatchRefused as reason:
        raise flow_error("1455-400", str(reason)) from None


def _permitted(operation: Any, allowed: frozenset[str]) -> None:
    if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
        raise flow_error("1455-400", "Each operation needs an op and a path.")
    op = str(operation.get("op", "")).lower()
    if op not in ("add", "replace", "remove"):
        raise flow_error("1434-400", f"The operation {op[:20]} is not supported.")
    first = operation["path"].removeprefix("/").split("/")[0]
    if first == "connectionSpec":
        raise flow_error("1414-400", "The connection spec cannot be changed.")
    if first == "state":
        raise flow_error("1456-400", "The state is changed by an action, not by a patch.")
    if first not in allowed:
        raise source_error("1365-400", f"The path {operation['path'][:200]} cannot be patched.")


def text(body: dict[str, Any], name: str, *, required: bool = True) -> str:
    """A text of a body, or the refusal for one that is missing or no text."""
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise source_error("1304-400", f"The field {name} is mandatory and must be text.")
    return value


def part(body: dict[str, Any], name: str, *, required: bool = True) -> dict[str, Any]:
    """An object of a body, or the refusal for one that is missing or no object."""
    value = body.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise source_error("1304-400", f"The field {name} is mandatory and must be an object.")
    return value


def only(body: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What is kept of a request's body."""
    return {name: body[name] for name in names if body.get(name) is not None}


def is_draft(call: Call) -> bool:
    """Whether a create asks for a draft; the mode belongs into the query."""
    mode = call.query.get("mode", "").lower()
    if mode not in ("", DRAFT):
        raise source_error("1368-400", f"The mode {mode[:50]} is not known.")
    return mode == DRAFT


def published(call: Call, document: Document) -> Response:
    """A draft of a connection, which has been found complete, put to use."""
    same_version(call, document, required=False)
    if document.body["state"] != DRAFT:
        raise flow_error("1416-400", "The connection is not a draft.")
    document.body["state"] = "enabled"
    return JSONResponse(brief(touch(call.world, document, call.client_id)))


def action_of(call: Call) -> str:
    """The `op` of an action, in lower case and with dashes."""
    return call.query.get("op", "").lower().replace("_", "-")


def unknown_action(op: str) -> Refusal:
    return source_error("1398-400", f"The operation {op[:50] or '(none)'} is not supported.")


def _bare(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip().strip('"').strip("\\").strip('"')
