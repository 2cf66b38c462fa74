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
