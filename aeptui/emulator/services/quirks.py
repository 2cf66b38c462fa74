"""Oddities of the platform's answers, to be switched on one by one.

Each stands for something that the platform has been seen or documented to do, and that
breaks clients that believe the specification.
"""

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.services.entities import Dress, as_stored

QUIRKS: dict[str, str] = {
    "missing-metrics": "runs have no metrics",
    "minus-one": "sizes and file counts of runs are -1",
    "eTag": "runs spell their etag eTag",
    "activites": "runs spell their activities activites",
    "string-numbers": "counts, times and schedules are digits in strings",
    "unknown-status": "runs that ended have a status that nobody documents",
    "next-absolute": "next links are absolute, with a port and a host of the platform's own",
    "next-root-relative": "next links begin at the root of the host",
    "links-null": "the last page has a next link that is null",
    "links-missing": "the last page has no links at all",
    "items-empty": "look-ups of flows and runs answer no item instead of 404",
    "post-run-brief": "a run on demand answers {id, etag}",
    "post-run-whole": "a run on demand answers the whole run",
    "explore-items": "the root of an exploration is an object of items",
    "test-error": "the test of a connection that is refused is an error, not a no",
    "transformation-spec": "flow specs spell their transformations transformationSpec",
    "source-paths": "mappings have media types for source types",
    "data-object": "a list of one mapping set has an object for its data",
    "datasets-lower": "references to datasets are in lower case",
    "broken-row-errors": "the last line of a file of row errors is cut off",
    "modified-by": "sandboxes spell their last modifier modifiedBy",
    "type-objects": "types of sandboxes are objects",
    "legacy-errors": "errors of Flow Service are a sentence and nothing else",
    "bare-errors": "errors of services that declare none have no body",
}
UNKNOWN_STATUS = "awaitingReview"


def flows(call: Call) -> Dress:
    """How flows are dressed under the quirks that are on."""
    if "string-numbers" in call.emulator.quirks:
        return lambda body: body | {"scheduleParams": _texts(body.get("scheduleParams", {}))}
    return as_stored


def runs(call: Call) -> Dress:
    """How runs are dressed under the quirks that are on."""
    on = frozenset(call.emulator.quirks)
    return (lambda body: _run(body, on)) if on else as_stored


def looked_up(call: Call, response: Response) -> Response:
    if "items-empty" in call.emulator.quirks:
        return JSONResponse({"items": []})
    return response


def root(call: Call, tables: list[dict[str, Any]]) -> Any:
    """The tables behind a connection."""
    return {"items": tables} if "explore-items" in call.emulator.quirks else tables


def spec(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """A connection spec or a flow spec."""
    return _renamed(call, "transformation-spec", body, "transformationSpecs", "transformationSpec")


def sandbox(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _renamed(call, "modified-by", body, "lastModifiedBy", "modifiedBy")


def _renamed(call: Call, quirk: str, body: dict[str, Any], plain: str, odd: str) -> dict[str, Any]:
    if quirk not in call.emulator.quirks:
        return body
    return {odd if name == plain else name: value for name, value in body.items()}


_MEDIA = {"ATTRIBUTE": "text/x.schema-path", "EXPRESSION": "text/x.aep-xl"}


def mapping_set(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    if "source-paths" not in call.emulator.quirks:
        return body
    mappings = [
        one | {"sourceType": _MEDIA.get(one["sourceType"], one["sourceType"])}
        for one in body["mappings"]
    ]
    return body | {"mappings": mappings}


def page_of_sets(call: Call, sets: list[dict[str, Any]]) -> Any:
    return sets[0] if "data-object" in call.emulator.quirks and len(sets) == 1 else sets


def reference(call: Call, id: str) -> list[str]:
    """How Catalog names a dataset that was written."""
    kind = "datasets" if "datasets-lower" in call.emulator.quirks else "dataSets"
    return [f"@/{kind}/{id}"]


def row_errors(call: Call, path: str, data: bytes) -> bytes:
    """The content of a file of a batch's errors."""
    if "broken-row-errors" in call.emulator.quirks and path.startswith("row_errors/"):
        return data[: -max(1, len(data.splitlines()[-1]) // 2)] if data else data
    return data


def _run(body: dict[str, Any], on: frozenset[str]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(body))
    blocks = [copy.get("metrics", {}), *copy.get("activities", [])]
    if "unknown-status" in on:
        for block in blocks[:1]:
            summary = block.get("statusSummary", {})
            if summary.get("status") in ("success", "failed", "partialSuccess"):
                summary["status"] = UNKNOWN_STATUS
    if "minus-one" in on:
        for block in blocks:
            for name in ("sizeSummary", "fileSummary"):
                counts = block.get(name, {})
                counts |= {key: -1 for key, value in counts.items() if isinstance(value, int)}
    if "string-numbers" in on:
        for block in blocks:
            for name in ("recordSummary", "sizeSummary", "fileSummary", "durationSummary"):
                if name in block:
                    block[name] = _texts(block[name])
    if "missing-metrics" in on:
        copy.pop("metrics", None)
    for plain, odd in (("etag", "eTag"), ("activities", "activites")):
        if odd in on and plain in copy:
            copy[odd] = copy.pop(plain)
    return copy


def _texts(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(value).lower() if isinstance(value, int) else value
        for name, value in values.items()
    }
