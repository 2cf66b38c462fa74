"""The fields of a schema, as mapping targets: dotted paths with what a value there must be.

A path is `person.name.firstName`; fields of the objects of an array are
`addresses[*].city`, and an array of plain values is `tags[*]` (AEP.md 4.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

_DEEPEST = 12
_MOST = 20_000
"""More leaves than any schema that people map by hand."""


@dataclass(frozen=True, slots=True)
class XdmField:
    """One leaf of a schema.

    `type` is AEP's own word (`string`, `int`, `date-time`, `map`). `required`
    fields may be absent only together with the object at `within`; it is empty
    for those that every row needs.
    """

    path: str
    type: str = "string"
    title: str = ""
    description: str = ""
    required: bool = False
    within: str = ""
    format: str = ""
    choices: tuple[str, ...] = ()
    longest: int | None = None

    @property
    def always_required(self) -> bool:
        """Whether a row without it is refused."""
        return self.required and not self.within


def leaves(full: Mapping[str, Any]) -> tuple[XdmField, ...]:
    """The leaves of a schema, class or field group in full view, each path once, in order."""
    found: dict[str, XdmField] = {}
    for leaf in _walk(full, "", "", 0):
        if leaf.path not in found:
            found[leaf.path] = leaf
        elif leaf.required and not found[leaf.path].required:
            found[leaf.path] = replace(found[leaf.path], required=True, within=leaf.within)
        if len(found) == _MOST:
            break
    return tuple(found.values())


def together(parts: Iterable[tuple[XdmField, ...]]) -> tuple[XdmField, ...]:
    """The leaves of several blocks as one schema has them."""
    found: dict[str, XdmField] = {}
    for part in parts:
        for leaf in part:
            known = found.get(leaf.path)
            if known is None or (leaf.required and not known.required):
                found[leaf.path] = leaf
    return tuple(found.values())


def slashes(path: str) -> str:
    """A path as descriptors have it: `/person/name/firstName` (AEP.md 4.4)."""
    return "/" + path.replace("[*]", "").replace(".", "/")


def _walk(node: Mapping[str, Any], path: str, within: str, depth: int) -> Iterator[XdmField]:
    required = node.get("required")
    needed = required if isinstance(required, list) else []
    properties = node.get("properties")
    if not isinstance(properties, dict) or depth > _DEEPEST:
        return
    for name, child in properties.items():
        if not isinstance(child, dict) or child.get("meta:status") == "deprecated":
            continue
        here = f"{path}.{name}" if path else name
        if isinstance(child.get("properties"), dict):
            # The tenant's own object only keeps names apart, so what it requires is required.
            is_tenant = not path and name.startswith("_") and name not in ("_repo",)
            excused = within if name in needed or is_tenant else here
            yield from _walk(child, here, excused, depth + 1)
        elif child.get("type") == "array":
            items = child.get("items")
            if isinstance(items, dict) and isinstance(items.get("properties"), dict):
                yield from _walk(items, f"{here}[*]", f"{here}[*]", depth + 1)
            elif isinstance(items, dict):
                yield _leaf(items, f"{here}[*]", name in needed, within)
        else:
            yield _leaf(child, here, name in needed, within)


def _leaf(node: Mapping[str, Any], path: str, required: bool, within: str) -> XdmField:
    enum = node.get("enum")
    longest = node.get("maxLength")
    return XdmField(
        path=path,
        type=_type(node),
        title=str(node.get("title") or ""),
        description=str(node.get("description") or ""),
        required=required,
        within=within,
        format=str(node.get("format") or ""),
        choices=tuple(str(each) for each in enum) if isinstance(enum, list) else (),
        longest=longest if isinstance(longest, int) else None,
    )


def _type(node: Mapping[str, Any]) -> str:
    told = node.get("meta:xdmType")
    if isinstance(told, str) and told:
        return told
    kind = str(node.get("type") or "string")
    if kind == "string" and node.get("format") in ("date", "date-time"):
        return str(node["format"])
    return "map" if kind == "object" else kind
