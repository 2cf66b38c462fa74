"""Resources of the registry carried to another sandbox or organisation: export and import."""

import json
import re
from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.errors import Refusal, registry_error
from aeptui.emulator.services import resources
from aeptui.emulator.world import TENANT

PLACEHOLDER = "<XDM_TENANTID_PLACEHOLDER>"

_KINDS = {segment: kind for kind, segment in resources.SEGMENTS.items()}
# What belongs to where a resource is kept, and not to the resource.
_LEFT = frozenset(
    {"imsOrg", "meta:registryMetadata", "meta:containerId", "meta:tenantNamespace", "refs"}
)
_OURS = re.compile(rf'(?<=https://ns\.adobe\.com/){TENANT}(?=/)|(?<="_){TENANT}(?=[".])')


def export(call: Call) -> Response:
    """A resource and what it is built on, each after the things that it needs."""
    id = call.path["id"]
    found = resources.lookup(call.world, call.sandbox, id)
    if found is None or found.body.get("meta:containerId") != "tenant":
        raise resources.not_found(id)
    whole: dict[str, dict[str, Any]] = {}
    _gather(call, found.body, whole)
    kept = [{k: v for k, v in body.items() if k not in _LEFT} for body in whole.values()]
    return JSONResponse(json.loads(_OURS.sub(PLACEHOLDER, json.dumps(kept))))


def _gather(call: Call, body: dict[str, Any], whole: dict[str, dict[str, Any]]) -> None:
    """Put the tenant's own parts of a resource into `whole`, and then the resource."""
    if body["$id"] in whole:
        return
    for ref in dict.fromkeys(re.findall(r'"\$ref": "(https:[^"]+)"', json.dumps(body))):
        part = resources.lookup(call.world, call.sandbox, ref)
        if part is not None and part.body.get("meta:containerId") == "tenant":
            _gather(call, part.body, whole)
    whole[body["$id"]] = body


def bring_in(call: Call) -> Response:
    """Make every resource of an export under its own id; all of them or none."""
    sent = call.json()
    if not isinstance(sent, list) or not sent:
        raise _failed("The body must be the array that an export answers.")
    bodies = json.loads(json.dumps(sent).replace(PLACEHOLDER, TENANT))
    made = []
    for body in bodies:
        kind = _KINDS.get(body.get("meta:resourceType", "")) if isinstance(body, dict) else None
        match = re.fullmatch(
            rf"https://ns\.adobe\.com/{TENANT}/(\w+)/([0-9A-Za-z]{{1,64}})",
            str(body.get("$id", "")) if isinstance(body, dict) else "",
        )
        if kind is None or match is None or match[1] != resources.SEGMENTS[kind]:
            raise _failed("Each resource needs its $id and its meta:resourceType.")
        if resources.lookup(call.world, call.sandbox, body["$id"]) is not None:
            raise _failed(f"$id must be unique. An object {body['$id']} already exists")
        content = {k: v for k, v in body.items() if k not in _LEFT and k != "meta:immutableTags"}
        try:
            made.append(
                resources.create(
                    call.world, call.sandbox, kind, content, call.client_id, hex_id=match[2]
                )
            )
        except Refusal as refusal:
            raise _failed(refusal.sentence) from None
    return JSONResponse(made)


def _failed(sentence: str) -> Refusal:
    whole = f"Failed to import resources. Error: {sentence}"
    return registry_error("3005-400", whole, title="Import Resource Failed")
