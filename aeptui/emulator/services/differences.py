"""Where two states of a resource of the registry differ."""

from collections.abc import Iterator
from typing import Any

# Counted or derived at every write, so that naming them says nothing.
_DERIVED = frozenset({"version", "meta:registryMetadata", "refs", "meta:extends"})


def between(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Each place where two states of a resource differ, as JSON Pointer, action and value."""
    kept, changed = (
        {name: value for name, value in state.items() if name not in _DERIVED}
        for state in (before, after)
    )
    return list(_differences(kept, changed, ""))


def _differences(before: Any, after: Any, path: str) -> Iterator[dict[str, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            place = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in after:
                yield {"action": "remove", "path": place, "value": before[name]}
            elif name not in before:
                yield {"action": "add", "path": place, "value": after[name]}
            else:
                yield from _differences(before[name], after[name], place)
    elif before != after:
        yield {"action": "replace", "path": path, "value": after}
