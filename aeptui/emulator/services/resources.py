"""The Schema Registry's library: look-up over both containers, and the tenant's own writing.

`create`, `replace`, `patch` and `delete` hold the platform's rules for schemas, classes,
field groups and data types of the tenant. They need no HTTP, so that a world can be seeded
by the same rules by which a client would have to make it.
"""

import copy
import hashlib
import json
from functools import cache
from typing import Any, NamedTuple

from aeptui.emulator import xdm
from aeptui.emulator.errors import Refusal, registry_error
from aeptui.emulator.services import differences, jsonpatch, shapes
from aeptui.emulator.services.listing import malformed
from aeptui.emulator.world import CLIENT_ID, TECHNICAL_ACCOUNT, TENANT, World

# Field groups were called mixins; the collection was renamed, ids and resource types were not.
SEGMENTS = {
    "schemas": "schemas",
    "classes": "classes",
    "fieldgroups": "mixins",
    "datatypes": "datatypes",
}
KINDS = tuple(SEGMENTS)
NAMESPACE = f"_{TENANT}"
IDENTITY_MAP = "https://ns.adobe.com/xdm/context/identitymap"
RECORD = "https://ns.adobe.com/xdm/data/record"
TIME_SERIES = "https://ns.adobe.com/xdm/data/time-series"
ADHOC = "https://ns.adobe.com/xdm/data/adhoc"


class Found(NamedTuple):
    """A resource and the collection that it is in."""

    kind: str
    body: dict[str, Any]


@cache
def global_of(kind: str) -> tuple[dict[str, Any], ...]:
    """Adobe's own resources of a kind, to be read only; the emulator knows no schema of Adobe's."""
    return () if kind == "schemas" else tuple(xdm.global_resources(kind))


def tenant_of(world: World, sandbox: str, kind: str) -> list[dict[str, Any]]:
    return [document.body for document in world.scan(sandbox, kind)]


def find(world: World, sandbox: str, container: str, kind: str, id: str) -> dict[str, Any] | None:
    """One resource by its `$id` or its `meta:altId`."""
    wanted = id
    if container == "tenant":
        if wanted.startswith(f"{NAMESPACE}."):
            wanted = "https://ns.adobe.com/" + wanted[1:].replace(".", "/")
        document = world.get(sandbox, kind, wanted)
        return None if document is None else document.body
    for body in global_of(kind):
        if wanted in (body["$id"], body["meta:altId"]):
            return body
    return None


def lookup(world: World, sandbox: str, id: str) -> Found | None:
    """One resource of any kind, in either container."""
    for container in ("tenant", "global"):
        for kind in KINDS:
            body = find(world, sandbox, container, kind, id)
            if body is not None:
                return Found(kind, body)
    return None


def not_found(id: str, version: str = "1") -> Refusal:
    return registry_error(
        "1012-404",
        f"Requested resource {id} with version {version} is not found",
        title="Resource Not Found",
    )


def create(
    world: World,
    sandbox: str,
    kind: str,
    body: dict[str, Any],
    client: str = CLIENT_ID,
    *,
    hex_id: str | None = None,
) -> dict[str, Any]:
    """Make a resource of the tenant and answer it whole; `hex_id` is for one that is brought in."""
    _check(world, sandbox, kind, body, own_id=None)
    segment = SEGMENTS[kind]
    hex_id = hex_id or world.ids.hex(48)
    id = f"https://ns.adobe.com/{TENANT}/{segment}/{hex_id}"
    of = world.sandbox(sandbox)
    now = world.clock.now_ms()
    whole: dict[str, Any] = {
        "$id": id,
        "meta:altId": f"{NAMESPACE}.{segment}.{hex_id}",
        "meta:resourceType": segment,
        "version": "1.0",
        **_content(world, sandbox, kind, body),
        "imsOrg": world.org,
        "meta:containerId": "tenant",
        "meta:sandboxId": "" if of is None else of["id"],
        "meta:sandboxType": "" if of is None else of["type"],
        "meta:tenantNamespace": NAMESPACE,
        "meta:registryMetadata": {
            "repo:createdDate": now,
            "repo:lastModifiedDate": now,
            "xdm:createdClientId": client,
            "xdm:lastModifiedClientId": client,
            "xdm:createdUserId": TECHNICAL_ACCOUNT,
            "xdm:lastModifiedUserId": TECHNICAL_ACCOUNT,
        },
    }
    _seal(whole)
    _check_union(world, sandbox, whole)
    world.put(sandbox, kind, id, whole)
    return whole


def replace(
    world: World, sandbox: str, kind: str, id: str, body: dict[str, Any], client: str = CLIENT_ID
) -> dict[str, Any]:
    """Rewrite a resource; what the body leaves out is gone, its identity stays."""
    held = find(world, sandbox, "tenant", kind, id)
    if held is None:
        raise not_found(id)
    _check(world, sandbox, kind, body, own_id=held["$id"])
    _check_evolution(world, sandbox, kind, held, body)
    kept = ("$id", "meta:altId", "meta:resourceType", "version")
    after = ("imsOrg", "meta:containerId", "meta:sandboxId", "meta:sandboxType")
    whole = {name: held[name] for name in kept}
    whole |= _content(world, sandbox, kind, body)
    whole |= {name: held[name] for name in (*after, "meta:tenantNamespace")}
    whole["meta:registryMetadata"] = {
        **held["meta:registryMetadata"],
        "repo:lastModifiedDate": world.clock.now_ms(),
        "xdm:lastModifiedClientId": client,
        "xdm:lastModifiedUserId": TECHNICAL_ACCOUNT,
    }
    major, _, minor = str(held["version"]).partition(".")
    whole["version"] = f"{major}.{int(minor or 0) + 1}"
    _seal(whole)
    _check_union(world, sandbox, whole)
    log = changes_of(world, sandbox, held["$id"])
    updates = differences.between(held, whole)
    if updates:
        now, user = world.clock.now_ms(), TECHNICAL_ACCOUNT
        log = [
            *log,
            {"ms": now, "user": user, "client": client, "kind": kind, "updates": updates},
        ]
    world.put(sandbox, kind, held["$id"], whole, {"changes": log})
    return whole


def changes_of(world: World, sandbox: str, id: str) -> list[dict[str, Any]]:
    """What each write changed of a resource of the tenant, oldest first."""
    for kind in KINDS:
        document = world.get(sandbox, kind, id)
        if document is not None:
            found: list[dict[str, Any]] = document.private.get("changes", [])
            return found
    return []


def patch(
    world: World, sandbox: str, kind: str, id: str, operations: object, client: str = CLIENT_ID
) -> dict[str, Any]:
    """Change a resource by JSON Patch; no etag is asked for."""
    held = find(world, sandbox, "tenant", kind, id)
    if held is None:
        raise not_found(id)
    try:
        patched = jsonpatch.apply(held, operations)
    except jsonpatch.PatchRefused as reason:
        raise malformed(str(reason)) from None
    # Derived anew from the patched allOf, or the old derivation would survive its reasons.
    for derived in ("refs", "meta:extends", "meta:class"):
        patched.pop(derived, None)
    return replace(world, sandbox, kind, id, patched, client)


def delete(world: World, sandbox: str, kind: str, id: str) -> None:
    """Remove a resource that nothing is built on."""
    held = find(world, sandbox, "tenant", kind, id)
    if held is None:
        raise not_found(id)
    user = _used_by(world, sandbox, kind, held)
    if user:
        raise malformed(f"{held['title']} is still used by {user}.")
    world.delete(sandbox, kind, held["$id"])
    for descriptor in list(world.scan(sandbox, "descriptors")):
        if descriptor.body.get("xdm:sourceSchema") == held["$id"]:
            world.delete(sandbox, "descriptors", descriptor.id)


def refs_of(body: dict[str, Any]) -> list[str]:
    """What a resource is composed of, in its own order; its own definitions left out."""
    parts = body.get("allOf")
    found = [part.get("$ref") for part in parts if isinstance(part, dict)] if parts else []
    return [ref for ref in found if isinstance(ref, str) and not ref.startswith("#")]


def class_of(world: World, sandbox: str, body: dict[str, Any]) -> str | None:
    """The class of a schema: the first of its parts that is one."""
    for ref in refs_of(body):
        found = lookup(world, sandbox, ref)
        if found is not None and found.kind == "classes":
            return ref
    return None


def primary_identity(world: World, sandbox: str, schema_id: str) -> dict[str, Any] | None:
    for document in world.scan(sandbox, "descriptors"):
        body = document.body
        if (
            body["@type"] == "xdm:descriptorIdentity"
            and body["xdm:sourceSchema"] == schema_id
            and body.get("xdm:isPrimary") is True
        ):
            return body
    return None


def _content(world: World, sandbox: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The part of a resource that its author wrote, completed with what follows from it."""
    content: dict[str, Any] = {
        "title": body["title"],
        "type": body.get("type", "object"),
        "description": body.get("description", ""),
    }
    for name in ("definitions", "properties", "items", "required"):
        if name in body:
            content[name] = copy.deepcopy(body[name])
    if kind == "fieldgroups" and "allOf" not in body and "definitions" in body:
        body = {**body, "allOf": [{"$ref": f"#/definitions/{n}"} for n in body["definitions"]]}
    if "allOf" in body:
        content["allOf"] = [
            {**part, "type": "object", "meta:xdmType": "object"} for part in body["allOf"]
        ]
    refs = refs_of(body)
    if kind == "schemas":
        content["refs"] = sorted(set(refs))
        content["meta:class"] = class_of(world, sandbox, body)
    content["meta:extensible"] = bool(body.get("meta:extensible", kind != "schemas"))
    content["meta:abstract"] = bool(body.get("meta:abstract", kind != "schemas"))
    content["meta:extends"] = _extends(world, sandbox, refs)
    content["meta:xdmType"] = body.get("meta:xdmType", "object")
    if kind == "fieldgroups":
        content["meta:intendedToExtend"] = list(body.get("meta:intendedToExtend", []))
    if body.get("meta:immutableTags"):
        content["meta:immutableTags"] = list(body["meta:immutableTags"])
    return content


def _extends(world: World, sandbox: str, refs: list[str]) -> list[str]:
    """Everything a resource builds on, what its parts build on first."""
    names: list[str] = []
    for ref in refs:
        found = lookup(world, sandbox, ref)
        for name in (found.body.get("meta:extends", []) if found else []), [ref]:
            names.extend(n for n in name if n not in names)
    return names


def _seal(whole: dict[str, Any]) -> None:
    """An eTag over the content: informational, as the registry asks for no If-Match."""
    text = json.dumps({k: v for k, v in whole.items() if k != "meta:registryMetadata"})
    whole["meta:registryMetadata"]["eTag"] = hashlib.sha256(text.encode()).hexdigest()


# -- the rules


def _check(world: World, sandbox: str, kind: str, body: dict[str, Any], own_id: str | None) -> None:
    title = body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise malformed("A resource needs a title.")
    shapes.check(body)
    if not all("$ref" in part for part in body.get("allOf", [])):
        raise malformed("allOf must be an array of objects with a $ref.")
    _check_title(world, sandbox, title, own_id)
    try:
        xdm.resolve(world, sandbox, body)
    except xdm.Unresolved as reason:
        raise not_found(reason.ref) from None
    if kind == "schemas":
        _check_schema(world, sandbox, body)
    elif kind == "classes" and not {RECORD, TIME_SERIES, ADHOC} & set(refs_of(body)):
        sentence = f"A class must extend a behavior, such as {RECORD}, in its allOf."
        raise malformed(sentence)
    if kind in ("fieldgroups", "classes"):
        _check_namespace(body)


def _check_title(world: World, sandbox: str, title: str, own_id: str | None) -> None:
    for kind in KINDS:
        for body in tenant_of(world, sandbox, kind):
            if body["title"] == title and body["$id"] != own_id:
                raise registry_error(
                    "1521-400",
                    f"Object titles must be unique. An object {body['$id']}"
                    " already exists with the same title",
                    title="Title not unique",
                )


def _check_schema(world: World, sandbox: str, body: dict[str, Any]) -> None:
    refs = refs_of(body)
    # The specification requires a type; Adobe's own client never sends one.
    if body.get("type", "object") != "object" or not refs:
        raise malformed("A schema must be of type object and have an allOf.")
    classes = [r for r in refs if (f := lookup(world, sandbox, r)) and f.kind == "classes"]
    if len(classes) != 1:
        sentence = f"The allOf of a schema must name one class; this one names {len(classes)}."
        raise malformed(sentence)
    if body.get("meta:class") not in (None, classes[0]):
        raise malformed("meta:class is not the class that allOf names.")
    for ref in refs:
        found = lookup(world, sandbox, ref)
        meant = found.body.get("meta:intendedToExtend") if found else None
        if meant and not {classes[0], *_extends(world, sandbox, classes)} & set(meant):
            sentence = f"The field group {ref} is not meant for the class {classes[0]}."
            raise malformed(sentence)


def _check_namespace(body: dict[str, Any]) -> None:
    tops: set[str] = set(body.get("properties", {}))
    for definition in body.get("definitions", {}).values():
        tops |= set(definition.get("properties", {})) if isinstance(definition, dict) else set()
    if tops - {NAMESPACE}:
        raise registry_error(
            "1021-400",
            "A custom field is defined under an invalid namespace. All custom fields"
            f" must be defined under a top-level field named {NAMESPACE}.",
            title="Namespace validation error",
        )


def _check_evolution(
    world: World, sandbox: str, kind: str, held: dict[str, Any], body: dict[str, Any]
) -> None:
    """Once a dataset or Profile builds on a schema, it may only grow."""
    if kind != "schemas":
        return
    enabled = "union" in held.get("meta:immutableTags", [])
    if enabled and "union" not in body.get("meta:immutableTags", []):
        raise malformed("A schema that is enabled for Profile stays enabled.")
    lost = set(refs_of(held)) - set(refs_of(body))
    if lost and (enabled or _used_by(world, sandbox, kind, held)):
        sentence = f"The schema is in use, so {', '.join(sorted(lost))} cannot be taken out of it."
        raise malformed(sentence)


def _check_union(world: World, sandbox: str, schema: dict[str, Any]) -> None:
    if "union" not in schema.get("meta:immutableTags", []):
        return
    if IDENTITY_MAP in refs_of(schema) or primary_identity(world, sandbox, schema["$id"]):
        return
    raise registry_error(
        "1528-400",
        "To participate in a union, a schema must include an identityMap fieldgroup"
        " or a primary identity descriptor.",
        title="Union descriptor validation error",
    )


def _used_by(world: World, sandbox: str, kind: str, held: dict[str, Any]) -> str:
    """What stands on a resource, in words; empty when nothing does."""
    if kind == "schemas":
        for dataset in world.scan(sandbox, "dataSets"):
            if (dataset.body.get("schemaRef") or {}).get("id") == held["$id"]:
                return f"the dataset {dataset.body['name']}"
        return ""
    reference = json.dumps({"$ref": held["$id"]})[1:-1]
    for other in KINDS:
        for user in tenant_of(world, sandbox, other):
            # Anywhere in it: a data type is referred to from deep inside a field group.
            if user["$id"] != held["$id"] and reference in json.dumps(user):
                return f"{user['title']} ({user['$id']})"
    return ""
