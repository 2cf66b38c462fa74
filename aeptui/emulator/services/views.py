"""The forms in which the Schema Registry shows one resource, and a sample record of a schema."""

from typing import Any

from aeptui.emulator import xdm
from aeptui.emulator.services.accept import Accept
from aeptui.emulator.world import World

_TEXTS = frozenset({"title", "description"})
_SAMPLES = {
    "date": "2018-11-12",
    "date-time": "2018-11-12T20:20:39+00:00",
    "uri": "https://example.com/",
    "uri-reference": "/uri-reference",
    "email": "name@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def short(body: dict[str, Any]) -> dict[str, Any]:
    """The line of a list that asks for ids only."""
    return {name: body[name] for name in ("$id", "meta:altId", "version", "title")}


def shown(world: World, sandbox: str, body: dict[str, Any], wanted: Accept) -> dict[str, Any]:
    """A resource as the Accept header wants it: raw or resolved, flat, with or without texts."""
    form = body
    if wanted.options & {"full", "flat"}:
        form = xdm.resolve(world, sandbox, body)
    if "flat" in wanted.options:
        form = {**form, "properties": dict(_flat(form.get("properties", {})))}
    if "notext" in wanted.options:
        form = _without_texts(form)
    return form


def _flat(properties: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Every field under its slash path, objects too but without their own fields."""
    found: list[tuple[str, Any]] = []
    for name, node in properties.items():
        path = f"{above}/{name}" if above else name
        inner = node.get("items", node) if isinstance(node, dict) else {}
        below = inner.get("properties", {}) if isinstance(inner, dict) else {}
        found.append((path, {k: v for k, v in node.items() if k not in ("properties", "items")}))
        found.extend(_flat(below, path))
    return found


def _without_texts(node: Any, named: bool = False) -> Any:
    """Titles and descriptions gone; a field that is itself called `title` stays."""
    if isinstance(node, list):
        return [_without_texts(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_texts(value, named=key in ("properties", "definitions"))
        for key, value in node.items()
        if named or key not in _TEXTS or isinstance(value, dict)
    }


def sample(node: dict[str, Any]) -> Any:
    """A value that the node of a resolved schema accepts."""
    if node.get("enum"):
        return node["enum"][0]
    if "default" in node:
        return node["default"]
    match node.get("type"):
        case "object":
            if "properties" in node:
                return {name: sample(below) for name, below in node["properties"].items()}
            beyond = node.get("additionalProperties")
            return {"key": sample(beyond)} if isinstance(beyond, dict) else {}
        case "array":
            return [sample(node.get("items", {}))]
        case "boolean":
            return False
        case "integer" | "number":
            low = node.get("minimum")
            high = node.get("maximum")
            return low if low is not None else min(7204, high) if high is not None else 7204
        case _:
            text = _SAMPLES.get(node.get("format", ""), "Sample value")
            return text[: node.get("maxLength", len(text))]
