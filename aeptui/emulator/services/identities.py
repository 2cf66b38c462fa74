"""Identity namespaces: the standard ones, and one of the tenant's own."""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator.calls import Call, endpoint
from aeptui.emulator.errors import plain_error
from aeptui.emulator.published import BASES
from aeptui.emulator.world import World

# id, code, name, kind, whether the tenant made it
NAMESPACES = (
    (0, "CORE", "CORE", "COOKIE", False),
    (4, "ECID", "ECID", "COOKIE", False),
    (6, "Email", "Email", "Email", False),
    (7, "Phone", "Phone", "Phone", False),
    (8, "WAID", "Windows AID", "Device", False),
    (9, "GAID", "Google Ad ID", "Device", False),
    (10, "IDFA", "Apple IDFA", "Device", False),
    (11, "Email_LC_SHA256", "Emails (SHA256, lowercased)", "Email", False),
    (15, "Phone_E.164", "Phone (E.164)", "Phone", False),
    (10068, "CRMID", "CRM id", "CROSS_DEVICE", True),
)
MADE_MS = 1_551_688_425_455


def routes(world: World) -> list[Route]:
    base = BASES["identities"] + "/identities"
    return [
        endpoint(base, {"GET": listing}, family="plain"),
        endpoint(base + "/{id}", {"GET": one}, family="plain"),
    ]


def listing(call: Call) -> Response:
    return JSONResponse([_wire(*row) for row in NAMESPACES])


def one(call: Call) -> Response:
    for row in NAMESPACES:
        if call.path["id"] == str(row[0]):
            return JSONResponse(_wire(*row))
    raise plain_error(404, "Resource not found", "There is no identity namespace of that id.")


def _wire(id: int, code: str, name: str, kind: str, custom: bool) -> dict[str, object]:
    return {
        "id": id,
        "code": code,
        "name": name,
        "description": name,
        "idType": kind,
        "custom": custom,
        "status": "ACTIVE",
        "createTime": MADE_MS,
        "updateTime": MADE_MS,
    }
