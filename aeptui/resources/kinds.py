"""What sentences call each kind of resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Name(NamedTuple):
    """`base connection`, `base connections`."""

    one: str
    many: str


NAMES: Mapping[str, Name] = {
    "flows": Name("flow", "flows"),
    "runs": Name("flow run", "flow runs"),
    "base-connections": Name("base connection", "base connections"),
    "source-connections": Name("source connection", "source connections"),
    "target-connections": Name("target connection", "target connections"),
    "schemas": Name("schema", "schemas"),
    "datasets": Name("dataset", "datasets"),
    "mapping-sets": Name("mapping set", "mapping sets"),
    "batches": Name("batch", "batches"),
    "sandboxes": Name("sandbox", "sandboxes"),
    "connection-specs": Name("connection spec", "connection specs"),
    "flow-specs": Name("flow spec", "flow specs"),
}


def name_of(kind: str) -> str:
    """What one resource of a kind is called; a kind without a name keeps its own word."""
    known = NAMES.get(kind)
    return known.one if known is not None else kind
