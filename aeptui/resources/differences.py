"""How two versions of a definition differ, in words: pure functions of two whole answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from aeptui.resources.common import records_at

_FRAME = frozenset(
    [
        "id",
        "@id",
        "@type",
        "version",
        "etag",
        "imsOrgId",
        "sandboxId",
        "sandboxName",
        "inheritedAttributes",
        "lastRunDetails",
        "lastOperation",
        "createdAt",
        "createdBy",
        "createdClient",
        "createdDate",
        "updatedAt",
        "updatedBy",
        "updatedClient",
        "updatedDate",
        "modifiedDate",
        "modifiedBy",
        "meta:registryMetadata",
        "xdm:repositoryLastModifiedBy",
    ]
)
"""What an answer says of itself, and not of what it defines."""

_WORDS = {
    "scheduleParams.frequency": "schedule frequency",
    "scheduleParams.interval": "schedule interval",
    "scheduleParams.startTime": "schedule start",
    "scheduleParams.backfill": "backfill",
    "transformations.Mapping.params.mappingId": "mapping set",
    "transformations.Mapping.params.mappingVersion": "mapping version",
    "transformations.Copy.params.deltaColumn.name": "delta column",
    "options.errorDiagnosticsEnabled": "error diagnostics",
    "options.partialIngestionPercent": "errors allowed (%)",
    "sourceConnectionIds": "source connection",
    "targetConnectionIds": "target connection",
    "baseConnectionId": "base connection",
    "auth.specName": "authentication",
    "params.tableName": "table",
    "params.dataSetId": "dataset",
    "title": "name",
}
"""What a person calls a part of an answer."""


class Difference(NamedTuple):
    """One thing that was one way and is another; an empty text where it was or is not there."""

    what: str
    before: str
    after: str


def differences(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What differs of a definition, in the order in which the answer tells it."""
    if kind == "mapping-sets":
        old, new = pairs(before), pairs(after)
    else:
        old, new = _settled(kind, before), _settled(kind, after)
    return [
        Difference(what, old.get(what, ""), new.get(what, ""))
        for what in dict.fromkeys((*old, *new))
        if old.get(what, "") != new.get(what, "")
    ]


def pairs(body: Mapping[str, Any]) -> dict[str, str]:
    """Field to the column or expression that it is made of (AEP.md 6.1)."""
    return {
        str(pair.get("destinationXdmPath") or pair.get("destination") or ""): str(
            pair.get("sourceAttribute") or pair.get("source") or ""
        )
        for pair in records_at(body, "mappings")
    }


def _settled(kind: str, body: Mapping[str, Any]) -> dict[str, str]:
    kept = {name: value for name, value in body.items() if name not in _FRAME}
    if kind == "schemas" and "version" in body:
        kept["version"] = body["version"]  # of the schema, where a flow has only its etag there
    found: dict[str, str] = {}
    for path, text in _leaves("", kept):
        name = path.removesuffix(".name") if path.startswith("params.columns.") else path
        found[_WORDS.get(name, name)] = text if "startTime" not in path else _time(text)
    return found


def _leaves(path: str, value: Any) -> list[tuple[str, str]]:
    """Every value under `value`, named by its way there; items of a list by their names."""
    if isinstance(value, dict):
        return [
            leaf
            for name, part in value.items()
            for leaf in _leaves(f"{path}.{name}" if path else name, part)
        ]
    if isinstance(value, list) and value and all(_named(item) for item in value):
        if path.endswith("columns"):  # of a column its name and type say enough
            return [(f"{path}.{item['name']}", str(item.get("type", "there"))) for item in value]
        return [
            leaf
            for item in value
            for leaf in _leaves(f"{path}.{item['name']}", {**item, "name": None})
        ]
    if isinstance(value, list):
        return [(path, ", ".join(x if isinstance(x, str) else json.dumps(x) for x in value))]
    if isinstance(value, bool):
        return [(path, "yes" if value else "no")]
    return [(path, str(value))] if value not in (None, "") else []


def _named(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str)


def _time(text: str) -> str:
    """AEP.md 3.4: a start is epoch seconds, as a text."""
    if not text.isascii() or not text.isdigit() or len(text) > 11:
        return text
    return f"{datetime.fromtimestamp(int(text), UTC):%Y-%m-%d %H:%M:%S} UTC"
