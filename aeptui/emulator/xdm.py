"""Standard and tenant XDM: resources of the global container, schemas resolved, their leaf fields.

The standard resources lie in `data/xdm.json` in a short form: an object is an object, a list is
a leaf (kind, title, constraints), `*` stands for the items of an array, `#name` for a shape that
many resources share.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

NAMESPACE = "https://ns.adobe.com/xdm/"
TENANT = "_rehearsal"

# A recursive data type would never end; the deepest standard path has eight names.
_DEEPEST = 12

_STRING_FORMATS = ("date", "date-time", "email", "uri", "uri-reference")
_INTEGER_BOUNDS = {
    "byte": (-128, 127),
    "short": (-32768, 32767),
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**53), 2**53),
}
_BEHAVIORS = {
    "data/record": "Record Schema",
    "data/time-series": "Time-series Schema",
    "data/adhoc": "Ad Hoc Schema",
}
_TENANT_KINDS = ("fieldgroups", "classes", "datatypes", "schemas")
# What a resource says about itself, besides its fields, and a resolved one goes on saying.
_KEPT = ("$id", "version", "title", "description", "imsOrg", "refs")


class Stored(Protocol):
    """What `resolve` reads of a document of the world."""

    @property
    def body(self) -> dict[str, Any]: ...


class Library(Protocol):
    """What `resolve` asks of the world: the tenant's own resources of a sandbox."""

    def scan(self, sandbox: str, kind: str) -> Iterable[Stored]: ...


class Unresolved(Exception):
    """A schema names a resource that neither container holds; `ref` is that name."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"{ref} is in neither the global nor the tenant container")
        self.ref = ref


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of a schema: what a value there must be.

    `type` is the JSON type (string, number, integer, boolean, object for a map). A `required`
    field may be absent only together with the object at `unless_absent` ("" = never).
    """

    type: str
    format: str | None = None
    xdm_type: str = "string"
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    min_length: int | None = None
    pattern: str | None = None
    enum: tuple[Any, ...] | None = None
    required: bool = False
    unless_absent: str = ""
    title: str = ""


def global_resources(kind: str) -> list[dict[str, Any]]:
    """`classes`, `fieldgroups`, `datatypes` or `behaviors` of the global container, wire form.

    Each call answers with copies: callers may change them.
    """
    found: list[dict[str, Any]] = json.loads(_global_text(kind))
    return found


def resolve(world: Library, sandbox: str, body: dict[str, Any]) -> dict[str, Any]:
    """A schema, class or field group in its xed-full form; raises `Unresolved`."""
    full = {key: value for key, value in body.items() if key in _KEPT or key.startswith("meta:")}
    full |= {"type": "object", "properties": {}, "meta:xdmType": "object"}
    _Resolver(world, sandbox).merge(body, body, full, 0)
    return full


def leaves(full: dict[str, Any]) -> dict[str, Field]:
    """Dotted path (`a.b`, `a[*].b`, `a[*]`) -> `Field`, each path once."""
    found: dict[str, Field] = {}
    _walk(full, "", "", found)
    return found


def xdm_type(node: dict[str, Any]) -> str:
    """AEP's own type word for a JSON schema node, which it derives from type, format, bounds."""
    kind = str(node.get("type", "string"))
    if kind == "integer":
        low, high = node.get("minimum"), node.get("maximum")
        if low is not None and high is not None:
            for word, bounds in _INTEGER_BOUNDS.items():
                if low >= bounds[0] and high <= bounds[1]:
                    return word
            return "long"
        return "int"
    if kind == "string" and node.get("format") in ("date", "date-time"):
        return str(node["format"])
    if kind == "object" and "additionalProperties" in node and "properties" not in node:
        return "map"
    return kind


# -- the global container


@cache
def _short_forms() -> dict[str, Any]:
    text = files("aeptui.emulator").joinpath("data/xdm.json").read_text(encoding="utf-8")
    forms: dict[str, Any] = json.loads(text)
    return forms


@cache
def _global_text(kind: str) -> str:
    match kind:
        case "behaviors":
            return json.dumps([_behavior(*each) for each in _BEHAVIORS.items()])
        case "classes" | "fieldgroups":
            return json.dumps([_resource(kind, form) for form in _short_forms()[kind]])
        case _:
            return "[]"


@cache
def _global_by_name() -> dict[str, str]:
    found = {}
    for kind in ("behaviors", "classes", "fieldgroups"):
        for body in json.loads(_global_text(kind)):
            found[body["$id"]] = found[body["meta:altId"]] = json.dumps(body)
    return found


def _common(name: str, title: str, kind: str) -> dict[str, Any]:
    return {
        "$id": NAMESPACE + name,
        "meta:altId": "_xdm." + name.replace("/", "."),
        "meta:resourceType": kind,
        "version": "1.0",
        "title": title,
        "type": "object",
        "description": "",
        "meta:extensible": kind != "fieldgroups",
        "meta:abstract": kind != "fieldgroups",
        "meta:xdmType": "object",
        "meta:containerId": "global",
    }


def _behavior(name: str, title: str) -> dict[str, Any]:
    return {**_common(name, title, "behaviors"), "properties": {}, "meta:extends": []}


def _resource(kind: str, form: dict[str, Any]) -> dict[str, Any]:
    name = form["id"]
    short = name.rsplit("/", 1)[-1]
    body = _common(name, form["title"], kind)
    node: dict[str, Any] = {"properties": {}}
    required = _fill(node["properties"], form["fields"])
    if required:
        node["required"] = required
    body["definitions"] = {short: node}
    body["allOf"] = [{"$ref": f"#/definitions/{short}", "type": "object"}]
    if kind == "classes":
        behavior = NAMESPACE + form["behavior"]
        body["allOf"].insert(0, {"$ref": behavior, "type": "object"})
        body["meta:extends"] = [behavior]
    else:
        body["meta:intendedToExtend"] = [NAMESPACE + each for each in form.get("extends", ())]
    return body


def _fill(properties: dict[str, Any], fields: dict[str, Any]) -> list[str]:
    """Puts the short form's fields into `properties`; returns the names of the required ones."""
    required = []
    for name, form in fields.items():
        raw = "@id" if name == "_id" else f"xdm:{name}"
        properties[raw] = _node(form)
        if isinstance(form, list) and len(form) > 2 and form[2].get("required"):
            required.append(raw)
    return required


def _node(form: Any) -> dict[str, Any]:
    if isinstance(form, str):
        return _node(_short_forms()["shapes"][form[1:]])
    if isinstance(form, list):
        return _leaf(*form)
    if "*" in form:
        return {"type": "array", "items": _node(form["*"])}
    node: dict[str, Any] = {"type": "object", "properties": {}}
    required = _fill(node["properties"], form)
    if required:
        node["required"] = required
    return node


def _leaf(kind: str, title: str, limits: dict[str, Any] | None = None) -> dict[str, Any]:
    node: dict[str, Any]
    if kind in _STRING_FORMATS:
        node = {"type": "string", "format": kind}
    elif kind == "map":
        node = {"type": "object", "additionalProperties": {"type": "object"}}
    else:
        node = {"type": kind}
    if title:
        node["title"] = title
    node |= {key: value for key, value in (limits or {}).items() if key != "required"}
    return node


# -- resolving


class _Resolver:
    def __init__(self, world: Library, sandbox: str) -> None:
        self._world = world
        self._sandbox = sandbox
        self._tenant: dict[str, dict[str, Any]] | None = None

    def merge(
        self, node: dict[str, Any], root: dict[str, Any], into: dict[str, Any], depth: int
    ) -> None:
        """Adds all that `node` says about an object to the resolved object `into`."""
        if depth > _DEEPEST:
            return
        for part in node.get("allOf", ()):
            if "$ref" in part:
                target, home = self._find(part["$ref"], root)
                self.merge(target, home, into, depth + 1)
            else:
                self.merge(part, root, into, depth + 1)
        properties = into.setdefault("properties", {})
        for raw, child in node.get("properties", {}).items():
            name = _plain(raw)
            resolved = self._property(child, root, depth + 1)
            resolved.setdefault("meta:xdmField", raw)
            known = properties.get(name)
            if known is not None and "properties" in known and "properties" in resolved:
                _join(known, resolved)
            else:
                properties[name] = resolved
        _require(into, [_plain(raw) for raw in node.get("required", ())])

    def _property(self, node: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
        if "$ref" in node and depth <= _DEEPEST:
            target, home = self._find(node["$ref"], root)
            said = {key: value for key, value in node.items() if key != "$ref"}
            resolved = self._property(target, home, depth + 1)
            resolved |= {key: said[key] for key in ("title", "description") if key in said}
            return resolved
        structure = ("allOf", "properties", "required", "items", "definitions", "$ref")
        resolved = {
            key: value
            for key, value in node.items()
            if key not in structure and not key.startswith("$")
        }
        if "properties" in node or "allOf" in node:
            resolved["type"] = "object"
            self.merge(node, root, resolved, depth + 1)
        elif "items" in node:
            resolved["type"] = "array"
            resolved["items"] = self._property(node["items"], root, depth + 1)
        resolved.setdefault("meta:xdmType", xdm_type(resolved))
        return resolved

    def _find(self, ref: str, root: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The node that `ref` names and the resource in which it stands."""
        if ref.startswith("#/"):
            node: Any = root
            for step in ref[2:].split("/"):
                node = node.get(step) if isinstance(node, dict) else None
            if not isinstance(node, dict):
                raise Unresolved(ref)
            return node, root
        text = _global_by_name().get(ref)
        if text is not None:
            body: dict[str, Any] = json.loads(text)
            return body, body
        if self._tenant is None:
            self._tenant = dict(self._names())
        if ref not in self._tenant:
            raise Unresolved(ref)
        return self._tenant[ref], self._tenant[ref]

    def _names(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for kind in _TENANT_KINDS:
            for document in self._world.scan(self._sandbox, kind):
                for name in ("$id", "meta:altId"):
                    if name in document.body:
                        yield document.body[name], document.body


def _plain(raw: str) -> str:
    """The name in full view of a field's name in the registry."""
    if raw.startswith("@"):
        return "_" + raw[1:]
    return raw.removeprefix("xdm:")


def _join(known: dict[str, Any], more: dict[str, Any]) -> None:
    for name, node in more["properties"].items():
        there = known["properties"].get(name)
        if there is not None and "properties" in there and "properties" in node:
            _join(there, node)
        else:
            known["properties"][name] = node
    _require(known, more.get("required", ()))


def _require(node: dict[str, Any], names: Iterable[str]) -> None:
    both = [*node.get("required", ()), *names]
    if both:
        node["required"] = list(dict.fromkeys(both))


# -- leaves


def _walk(node: dict[str, Any], path: str, excuse: str, found: dict[str, Field]) -> None:
    required = set(node.get("required", ()))
    for name, child in node.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        needed = name in required
        if "properties" in child:
            # The tenant's object is a namespace, not a value: that a row puts nothing into it
            # is no excuse for the fields that the tenant requires.
            excused = excuse if needed or here == TENANT else here
            _walk(child, here, excused, found)
        elif child.get("type") == "array":
            items = child.get("items", {})
            if "properties" in items:
                _walk(items, f"{here}[*]", f"{here}[*]", found)
            else:
                found[f"{here}[*]"] = _field(items, needed, excuse)
        else:
            found[here] = _field(child, needed, excuse)


def _field(node: dict[str, Any], required: bool, excuse: str) -> Field:
    enum = node.get("enum")
    return Field(
        type=str(node.get("type", "string")),
        format=node.get("format"),
        xdm_type=str(node.get("meta:xdmType") or xdm_type(node)),
        minimum=node.get("minimum"),
        maximum=node.get("maximum"),
        max_length=node.get("maxLength"),
        min_length=node.get("minLength"),
        pattern=node.get("pattern"),
        enum=None if enum is None else tuple(enum),
        required=required,
        unless_absent=excuse,
        title=str(node.get("title", "")),
    )
