"""Datasets: how one is made, changed and removed, and what Catalog demands of it."""

import re
from typing import Any

from aeptui.emulator.documents import Document
from aeptui.emulator.errors import Refusal, catalog_error
from aeptui.emulator.services import jsonpatch, resources
from aeptui.emulator.world import CLIENT_ID, TECHNICAL_ACCOUNT, World

KIND = "dataSets"
PROFILE_TAGS = ("unifiedProfile", "unifiedIdentity")

_CONTENT_TYPE = re.compile(
    r"application/vnd\.adobe\.(xed|xdm)[a-z-]*\+json;\s*version=\d+(\.\d+)?", re.IGNORECASE
)
_DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
# What Catalog itself keeps; a caller may send it back unchanged, and a change is not kept.
_OURS = frozenset(
    {
        *("id", "version", "imsOrg", "sandboxId", "created", "updated", "createdClient"),
        *("createdUser", "updatedUser", "viewId", "basePath", "files", "persistence"),
        *("lastBatchId", "lastBatchStatus", "lastSuccessfulBatch", "lastFailedBatch"),
    }
)


def create_dataset(
    world: World, sandbox: str, body: dict[str, Any], client: str = CLIENT_ID
) -> str:
    """Make an empty dataset of a schema and answer its id."""
    schema = _check(world, sandbox, body)
    id, view_id, now = world.ids.hex(24), world.ids.hex(24), world.clock.now_ms()
    of = world.sandbox(sandbox)
    table = re.sub(r"\W+", "_", body["name"].strip().lower(), flags=re.ASCII).strip("_")
    base_path = f"adl://rehearsal.azuredatalakestore.net/platform/{id}"
    series = resources.TIME_SERIES in schema.get("meta:extends", [])
    whole: dict[str, Any] = {
        "description": "",
        "enableErrorDiagnostics": False,
        "observableSchema": {},
        "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
        **{name: value for name, value in body.items() if name not in _OURS},
        "imsOrg": world.org,
        "sandboxId": "" if of is None else of["id"],
        "version": "1.0.0",
        "created": now,
        "updated": now,
        "createdClient": client,
        "createdUser": TECHNICAL_ACCOUNT,
        "updatedUser": TECHNICAL_ACCOUNT,
        "viewId": view_id,
        "basePath": base_path,
        "files": f"@/dataSetFiles?dataSetId={id}",
        "persistence": {
            "adls": {
                "location": base_path,
                "adlsType": "GEN2",
                "credentials": f"@/dataSets/{id}/credentials",
            }
        },
        "classification": {
            "dataBehavior": "time-series" if series else "record",
            "managedBy": "CUSTOMER",
        },
    }
    whole["tags"] = {
        "adobe/pqs/table": [table or f"dataset_{id}"],
        "adobe/siphon/table/format": ["parquet"],
        **(body.get("tags") or {}),
    }
    whole["extensions"] = jsonpatch.merge(
        {"adobe_lakeHouse": {"metrics": {"rowCount": 0, "storageSize": 0}}},
        body.get("extensions") or {},
    )
    world.put(sandbox, KIND, id, whole)
    return id


def replace(world: World, document: Document, body: dict[str, Any]) -> None:
    """Rewrite what the caller may write; Catalog's own facts stay."""
    filled_in = ("fileDescription", "observableSchema", "classification")
    _store(world, document, {**{name: document.body[name] for name in filled_in}, **body})


def patch(world: World, document: Document, changes: object) -> None:
    """JSON Patch when `changes` is an array, a merge when it is an object."""
    if isinstance(changes, dict):
        patched = jsonpatch.merge(document.body, changes)
    else:
        try:
            patched = jsonpatch.apply(document.body, changes)
        except jsonpatch.PatchRefused as reason:
            raise catalog_error(400, str(reason), title="BadRequestError") from None
    _store(world, document, patched)


def _store(world: World, document: Document, body: dict[str, Any]) -> None:
    _check(world, document.sandbox, body)
    if body["schemaRef"]["id"] != document.body["schemaRef"]["id"]:
        raise _bad("The schema of a dataset cannot be changed; make a new dataset for it.")
    held = document.body["extensions"]["adobe_lakeHouse"]["metrics"]
    ours = {name: value for name, value in document.body.items() if name in _OURS}
    body = {name: value for name, value in body.items() if name not in _OURS} | ours
    body["extensions"] = jsonpatch.merge(
        body.get("extensions") or {}, {"adobe_lakeHouse": {"metrics": held}}
    )
    major, minor, fix = str(document.body["version"]).split(".")
    body["version"] = f"{major}.{minor}.{int(fix) + 1}"
    body |= {"updated": world.clock.now_ms(), "updatedUser": TECHNICAL_ACCOUNT}
    world.put(document.sandbox, KIND, document.id, body)


def _check(world: World, sandbox: str, body: dict[str, Any]) -> dict[str, Any]:
    """The schema of the dataset, once everything about the body holds."""
    name, ref, tags = body.get("name"), body.get("schemaRef"), body.get("tags", {})
    if not isinstance(name, str) or not name.strip():
        raise _bad("A dataset needs a name.")
    if not isinstance(ref, dict) or not isinstance(ref.get("id"), str):
        raise _bad("A dataset needs a schemaRef with the id of its schema.")
    if not _CONTENT_TYPE.fullmatch(str(ref.get("contentType", ""))):
        sentence = (
            "The contentType of schemaRef must be that of a schema with its version, such as"
            " application/vnd.adobe.xed-full+json;version=1."
        )
        raise _bad(sentence)
    schema = resources.find(world, sandbox, "tenant", "schemas", ref["id"])
    if schema is None:
        raise _bad(f"The schema {ref['id']} does not exist in the sandbox {sandbox}.")
    if not isinstance(tags, dict) or not all(isinstance(v, list) for v in tags.values()):
        raise _bad("tags must be an object of arrays.")
    if _enabled_for_profile(tags) and "union" not in schema.get("meta:immutableTags", []):
        raise _bad("To enable profile datasets the schema should be valid")
    _check_expiration(body)
    return schema


def _enabled_for_profile(tags: dict[str, list[Any]]) -> bool:
    # Published samples write the value with and without a space after its colon.
    values = [str(value) for tag in PROFILE_TAGS for value in tags.get(tag, [])]
    return any(value.replace(" ", "") == "enabled:true" for value in values)


def _check_expiration(body: dict[str, Any]) -> None:
    lake = (body.get("extensions") or {}).get("adobe_lakeHouse") or {}
    expiration = lake.get("rowExpiration")
    if expiration is None:
        return
    value = expiration.get("ttlValue") if isinstance(expiration, dict) else None
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise _bad("ttlValue must be an ISO-8601 duration, such as P90D.")


def _bad(sentence: str) -> Refusal:
    return catalog_error(400, sentence, title="BadRequestError")
