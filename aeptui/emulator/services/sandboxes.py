"""Sandbox Management: the sandboxes of the organisation, to look at."""

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator.calls import Call, endpoint
from aeptui.emulator.errors import not_emulated, plain_error
from aeptui.emulator.published import BASES
from aeptui.emulator.services import quirks
from aeptui.emulator.world import World

BASE = BASES["sandboxes"]
TYPES = ("production", "development")


def routes(world: World) -> list[Route]:
    def at(path: str, **handlers: Any) -> Route:
        return endpoint(BASE + path, handlers, family="plain", sandbox=False)

    return [
        at("", GET=listing),
        at("/sandboxes", GET=listing, POST=refused),
        at("/sandboxes/{name}", GET=one, PATCH=refused, PUT=refused, DELETE=refused),
        at("/sandboxTypes", GET=types),
    ]


def listing(call: Call) -> Response:
    sandboxes = call.world.sandboxes()
    for text in call.query.getlist("property"):
        name, _, value = text.partition("==")
        if name not in ("name", "type", "state", "title") or not value:
            raise plain_error(400, "Bad request", f"The filter {text[:200]} is not supported.")
        sandboxes = [one for one in sandboxes if one[name] == value.strip('"')]
    start = _whole(call, "start", 0, 0)
    limit = _whole(call, "limit", 20, 1)
    page = [quirks.sandbox(call, each) for each in sandboxes[start : start + limit]]
    links: dict[str, Any] = {
        "page": {
            "href": f"{call.base_url}{BASE}/?limit={{limit}}&start={{start}}",
            "templated": True,
        }
    }
    if start + limit < len(sandboxes):
        links["next"] = {
            "href": f"{call.base_url}{call.url_path}?limit={limit}&start={start + limit}",
            "templated": False,
        }
    return JSONResponse(
        {"sandboxes": page, "_page": {"limit": limit, "count": len(page)}, "_links": links}
    )


def one(call: Call) -> Response:
    found = call.world.sandbox(call.path["name"])
    if found is None:
        sentence = f"The sandbox {call.path['name']} is not found."
        raise plain_error(404, "Resource not found", sentence)
    return JSONResponse(quirks.sandbox(call, found))


def types(call: Call) -> Response:
    if "type-objects" in call.emulator.quirks:
        return JSONResponse({"sandboxTypes": [{"id": t, "title": t.title()} for t in TYPES]})
    return JSONResponse({"sandboxTypes": list(TYPES)})


def refused(call: Call) -> Response:
    raise not_emulated("Making, changing and resetting sandboxes")


def _whole(call: Call, name: str, default: int, least: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= 10**9):
        raise plain_error(400, "Bad request", f"{name} must be a whole number, at least {least}.")
    return int(text)
