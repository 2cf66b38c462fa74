"""Every resource type in the order in which they are offered.

Navigation, the palette, the command line and help are read from here.
"""

from __future__ import annotations

from aeptui.resources.batches import BATCHES
from aeptui.resources.connections import (
    BASE_CONNECTIONS,
    SOURCE_CONNECTIONS,
    TARGET_CONNECTIONS,
)
from aeptui.resources.datasets import DATASETS
from aeptui.resources.definition import Resource
from aeptui.resources.flows import FLOWS
from aeptui.resources.mappings import MAPPING_SETS
from aeptui.resources.platform import CONNECTION_SPECS, FLOW_SPECS, SANDBOXES
from aeptui.resources.runs import RUNS
from aeptui.resources.schemas import SCHEMAS

RESOURCES: tuple[Resource, ...] = (
    FLOWS,
    RUNS,
    BASE_CONNECTIONS,
    SOURCE_CONNECTIONS,
    TARGET_CONNECTIONS,
    SCHEMAS,
    DATASETS,
    MAPPING_SETS,
    BATCHES,
    SANDBOXES,
    CONNECTION_SPECS,
    FLOW_SPECS,
)

BY_KIND: dict[str, Resource] = {resource.kind: resource for resource in RESOURCES}


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
