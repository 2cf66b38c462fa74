"""Mapping sets: made in either of the two published styles, kept in both, never overwritten.

The body of a stored set is its newest version; every version is kept beside it, because
a flow goes on using the one that it names.
"""

from typing import Any

from aeptui.emulator import mapping, xdm
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import Refusal, plain_error
from aeptui.emulator.services import resources
from aeptui.emulator.world import CLIENT_ID, TECHNICAL_ACCOUNT, World

KIND = "mappingSets"
LONGEST = 4096  # characters of an expression

# What answers of the platform call them, and what it wants to be told.
_SOURCE_TYPES = {
    "ATTRIBUTE": "ATTRIBUTE",
    "EXPRESSION": "EXPRESSION",
    "STATIC": "STATIC",
    "text/x.schema-path": "ATTRIBUTE",
    "text/x.aep-xl": "EXPRESSION",
}
_CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
_IDENTITY = ("id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy")


def create_mapping_set(
    world: World,
    sandbox: str,
    body: dict[str, Any],
    client: str = CLIENT_ID,
    *,
    validate: bool = False,
) -> dict[str, Any]:
    """Make a mapping set at version 0 and answer what identifies it."""
    whole = _whole(world, sandbox, body, world.ids.hex(32), 0)
    if validate:
        refuse_invalid(world, sandbox, whole)
    world.put(sandbox, KIND, whole["id"], whole, {"versions": {"0": whole}, "client": client})
    return identity_of(whole)


def replace(world: World, document: Document, body: dict[str, Any]) -> dict[str, Any]:
    """The next version of a set; the earlier ones stay as they were."""
    held = document.body
    whole = _whole(world, document.sandbox, body, document.id, int(held["version"]) + 1)
    whole |= {"createdDate": held["createdDate"], "createdBy": held["createdBy"]}
    versions = {**document.private["versions"], str(whole["version"]): whole}
    world.put(
        document.sandbox, KIND, document.id, whole, {**document.private, "versions": versions}
    )
    return identity_of(whole)


def identity_of(whole: dict[str, Any]) -> dict[str, Any]:
    return {name: whole[name] for name in _IDENTITY}


def version_of(document: Document, version: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = document.private["versions"].get(version)
    return found


def read(world: World, sandbox: str, body: Any) -> dict[str, Any]:
    """A set that is only asked about, completed as if it were kept."""
    if not isinstance(body, dict):
        raise _bad("The mapping set must be an object.")
    return _whole(world, sandbox, body, "", 0)


def fields_of(world: World, sandbox: str, whole: dict[str, Any]) -> dict[str, xdm.Field]:
    """The fields that the set can map to."""
    schema = resources.find(world, sandbox, "tenant", "schemas", whole["xdmSchema"])
    if schema is None:
        raise _bad(f"The schema {whole['xdmSchema']} does not exist in the sandbox {sandbox}.")
    return xdm.leaves(xdm.resolve(world, sandbox, schema))


def faults_of(world: World, sandbox: str, whole: dict[str, Any]) -> list[str | None]:
    """A sentence for each mapping that cannot work, None for each that can."""
    return mapping.validate(whole, fields_of(world, sandbox, whole))


def refuse_invalid(world: World, sandbox: str, whole: dict[str, Any]) -> None:
    for one, sentence in zip(whole["mappings"], faults_of(world, sandbox, whole), strict=True):
        if sentence is not None:
            raise _bad(f"The mapping to {one['destination']} is not valid: {sentence}")


def preview(
    world: World, sandbox: str, whole: dict[str, Any], row: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The record that the set makes of a row, and an error for each value it cannot make."""
    fields = fields_of(world, sandbox, whole)
    faults = mapping.validate(whole, fields)
    errors = [
        transform_error(one, sentence)
        for one, sentence in zip(whole["mappings"], faults, strict=True)
        if sentence is not None
    ]
    sound = [one for one, s in zip(whole["mappings"], faults, strict=True) if s is None]
    mapped = mapping.Mapping.compile({**whole, "mappings": sound}, fields).apply(row)
    at = {one["destination"]: one for one in sound}
    errors += [
        transform_error(at.get(destination, {"destination": destination}), sentence)
        for destination, sentence in mapped.warnings
    ]
    return mapped.record, errors


def transform_error(one: dict[str, Any], sentence: str) -> dict[str, Any]:
    """What is wrong with one mapping; only an attribute is a column."""
    column = {"columnName": one["source"]} if one.get("sourceType") == "ATTRIBUTE" else {}
    return {
        "source": one.get("source"),
        "destination": one["destination"],
        "sourceType": one.get("sourceType"),
        "exception": sentence,
        **column,
    }


def _whole(
    world: World, sandbox: str, body: dict[str, Any], id: str, version: int
) -> dict[str, Any]:
    schema_id, content_type = _schema_of(body)
    if resources.find(world, sandbox, "tenant", "schemas", schema_id) is None:
        raise _bad(f"The schema {schema_id} does not exist in the sandbox {sandbox}.")
    mappings = body.get("mappings")
    if not isinstance(mappings, list):
        raise _bad("A mapping set needs an array of mappings.")
    status = body.get("status", "PUBLISHED")
    if status not in ("PUBLISHED", "DRAFT"):
        raise _bad("The status of a mapping set is PUBLISHED or DRAFT.")
    now = world.clock.now_ms()
    whole: dict[str, Any] = {
        "id": id,
        "version": version,
        "createdDate": now,
        "modifiedDate": now,
        "createdBy": TECHNICAL_ACCOUNT,
        "modifiedBy": TECHNICAL_ACCOUNT,
    }
    for name in ("name", "description", "inputSchema", "tags", "supportVersion", "strictMapping"):
        if body.get(name) is not None:
            whole[name] = body[name]
    whole |= {
        "status": status,
        "allowNullValues": bool(body.get("allowNullValues", False)),
        "xdmSchema": schema_id,
        "xdmVersion": str(body.get("xdmVersion") or "1.0"),
        "outputSchema": {"schemaRef": {"id": schema_id, "contentType": content_type}},
        "mappings": [_mapping(world, one, version) for one in mappings],
    }
    return whole


def _schema_of(body: dict[str, Any]) -> tuple[str, str]:
    output = body.get("outputSchema")
    ref = output.get("schemaRef") if isinstance(output, dict) else None
    if isinstance(ref, dict) and isinstance(ref.get("id"), str):
        return ref["id"], str(ref.get("contentType") or _CONTENT_TYPE)
    if isinstance(body.get("xdmSchema"), str):
        return body["xdmSchema"], _CONTENT_TYPE
    raise _bad("A mapping set names its schema in outputSchema.schemaRef, or in xdmSchema.")


def _mapping(world: World, one: Any, version: int) -> dict[str, Any]:
    """One mapping under both its older and its newer names."""
    if not isinstance(one, dict):
        raise _bad("A mapping must be an object.")
    source = one.get("source", one.get("sourceAttribute"))
    destination = one.get("destination", one.get("destinationXdmPath"))
    if not isinstance(destination, str) or not destination:
        raise _bad("A mapping needs a destination.")
    if not isinstance(source, str) or not source:
        raise _bad(f"The mapping to {destination} needs a source.")
    if len(source) > LONGEST:
        raise _bad(f"The source of {destination} is longer than {LONGEST} characters.")
    kind = _SOURCE_TYPES.get(one.get("sourceType") or "ATTRIBUTE")
    if kind is None:
        raise _bad(f"{one.get('sourceType')} is no sourceType; it is {', '.join(_ENUM)}.")
    now = world.clock.now_ms()
    return {
        "functionVersion": 0,
        "identity": False,
        "primaryIdentity": False,
        **one,
        "id": world.ids.hex(32),
        "version": version,
        "createdDate": now,
        "modifiedDate": now,
        "createdBy": TECHNICAL_ACCOUNT,
        "modifiedBy": TECHNICAL_ACCOUNT,
        "sourceType": kind,
        "source": source,
        "sourceAttribute": source,
        "destination": destination,
        "destinationXdmPath": destination,
    }


_ENUM = ("ATTRIBUTE", "EXPRESSION", "STATIC")


def _bad(sentence: str) -> Refusal:
    return plain_error(400, "Invalid mapping set", sentence)
