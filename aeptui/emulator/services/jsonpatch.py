"""JSON Patch (RFC 6902) on plain JSON, as Schema Registry and Catalog take it.

Two liberties of the platform are kept: a path without its leading slash, and
operations in capitals, are both found in published samples and both accepted.
"""

import copy
from typing import Any


class PatchRefused(Exception):
    """An operation that cannot be carried out; the text says which and why."""


def apply(document: dict[str, Any], operations: object) -> dict[str, Any]:
    """A patched copy of `document`; the original is never touched."""
    if not isinstance(operations, list) or not operations:
        raise PatchRefused("The body must be an array of JSON Patch operations.")
    patched: Any = copy.deepcopy(document)
    for operation in operations:
        if not isinstance(operation, dict) or "op" not in operation or "path" not in operation:
            raise PatchRefused("Each operation needs an op and a path.")
        patched = _apply_one(patched, operation)
    if not isinstance(patched, dict):
        raise PatchRefused("The patch would leave no object.")
    return patched


def _apply_one(document: Any, operation: dict[str, Any]) -> Any:
    op = str(operation["op"]).lower()
    path = _parts(operation["path"])
    match op:
        case "add" | "replace" | "test":
            if "value" not in operation:
                raise PatchRefused(f"The operation {op} on {operation['path']} needs a value.")
            value = operation["value"]
        case "move" | "copy":
            value = _read(document, _parts(operation.get("from", "")))
        case "remove":
            value = None
        case _:
            raise PatchRefused(f"The operation {op} is not one of JSON Patch.")
    if op == "test":
        if _read(document, path) != value:
            raise PatchRefused(f"The test of {operation['path']} failed.")
        return document
    if op == "move":
        document = _remove(document, _parts(operation.get("from", "")))
    if op == "remove":
        return _remove(document, path)
    if op == "replace":
        _read(document, path)
    return _write(document, path, copy.deepcopy(value), insert=op != "replace")


def _parts(path: object) -> list[str]:
    if not isinstance(path, str):
        raise PatchRefused("A path must be text.")
    if path == "":
        return []
    return [p.replace("~1", "/").replace("~0", "~") for p in path.removeprefix("/").split("/")]


def _index(items: list[Any], part: str, size: int) -> int:
    if not part.isdecimal() or int(part) >= size:
        raise PatchRefused(f"There is no element {part} in an array of {len(items)}.")
    return int(part)


def _read(node: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(node, list):
            node = node[_index(node, part, len(node))]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            raise PatchRefused(f"There is nothing at /{'/'.join(parts)}.")
    return node


def _write(document: Any, parts: list[str], value: Any, *, insert: bool) -> Any:
    if not parts:
        return value
    parent, last = _read(document, parts[:-1]), parts[-1]
    if isinstance(parent, list):
        if not insert:
            parent[_index(parent, last, len(parent))] = value
        elif last == "-":
            parent.append(value)
        else:
            parent.insert(_index(parent, last, len(parent) + 1), value)
    elif isinstance(parent, dict):
        parent[last] = value
    else:
        raise PatchRefused(f"Nothing can be put at /{'/'.join(parts)}.")
    return document


def _remove(document: Any, parts: list[str]) -> Any:
    _read(document, parts)
    if not parts:
        return None
    parent, last = _read(document, parts[:-1]), parts[-1]
    if isinstance(parent, list):
        del parent[int(last)]
    else:
        del parent[last]
    return document


def merge(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """JSON Merge Patch (RFC 7396): objects merge, null removes, anything else replaces."""
    merged = copy.deepcopy(document)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            held = merged.get(key)
            merged[key] = merge(held if isinstance(held, dict) else {}, value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged
