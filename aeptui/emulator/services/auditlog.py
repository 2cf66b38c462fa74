"""The audit log of a resource of the registry: what each write of it changed."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.services import resources


def audit_log(call: Call) -> Response:
    """The changes of a resource and of what it is built on, newest first."""
    id = call.path["id"]
    found = resources.lookup(call.world, call.sandbox, id)
    if found is None:
        raise resources.not_found(id)
    of = call.world.sandbox(call.sandbox)
    entries: list[tuple[int, dict[str, Any]]] = []
    for part in (found.body["$id"], *found.body.get("refs", ())):
        for change in resources.changes_of(call.world, call.sandbox, part):
            moment = datetime.fromtimestamp(change["ms"] / 1000, UTC)
            entry = {
                "id": part,
                "updatedUser": change["user"],
                "imsOrg": call.world.org,
                "updatedTime": moment.strftime("%m-%d-%Y %H:%M:%S"),
                "requestId": call.request_id,
                "clientId": change["client"],
                "sandBoxId": "" if of is None else of["id"],
                "updates": [
                    {"id": part, "xdmType": change["kind"], **u} for u in change["updates"]
                ],
            }
            entries.append((change["ms"], entry))
    entries.sort(key=lambda each: each[0], reverse=True)
    return JSONResponse([entry for _, entry in entries])
