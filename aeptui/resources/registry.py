"""Every resource type in the order in which they are offered.

Navigation, the palette, the command line and help are read from here.
"""

from __future__ import annotations

from aeptui.resources.definition import Resource
from aeptui.resources.flows import FLOWS
from aeptui.resources.runs import RUNS

RESOURCES: tuple[Resource, ...] = (FLOWS, RUNS)

BY_KIND: dict[str, Resource] = {resource.kind: resource for resource in RESOURCES}

LATER: tuple[tuple[str, str, str], ...] = (
    ("n", "new", "forms are not part of this version yet"),
    ("R", "retry a run", "writing is not part of this version yet"),
    ("N", "run now", "writing is not part of this version yet"),
    ("O", "on / off", "writing is not part of this version yet"),
    ("E", "edit", "writing is not part of this version yet"),
    ("X", "delete", "writing is not part of this version yet"),
)
"""Keys that have a meaning but cannot be used yet: key, label, reason."""


def by_name(word: str) -> Resource | None:
    """The resource type called `word`: its kind, its name or one of its aliases."""
    wanted = word.strip().lower().replace(" ", "-").replace("_", "-")
    for resource in RESOURCES:
        names = {resource.kind, resource.name.replace(" ", "-"), *resource.aliases}
        if wanted in names:
            return resource
    return None


def names() -> list[str]:
    """Every word that `by_name` knows, kinds first."""
    kinds = [resource.kind for resource in RESOURCES]
    return kinds + [alias for resource in RESOURCES for alias in resource.aliases]
