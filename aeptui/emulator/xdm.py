"""Standard and tenant XDM: resources of the global container, schemas resolved, their leaf fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

TENANT = "_rehearsal"


class Stored(Protocol):
    """What `resolve` reads of a document of the world."""

    body: dict[str, Any]


class Library(Protocol):
    """What `resolve` asks of the world: the tenant's own resources of a sandbox."""

    def scan(self, sandbox: str, kind: str) -> Iterator[Any]: ...


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
    """`classes`, `fieldgroups`, `datatypes` or `behaviors` of the global container, wire form."""
    raise NotImplementedError


def resolve(world: Library, sandbox: str, body: dict[str, Any]) -> dict[str, Any]:
    """A schema, class or field group in its xed-full form; raises `Unresolved`."""
    raise NotImplementedError


def leaves(full: dict[str, Any]) -> dict[str, Field]:
    """Dotted path (`a.b`, `a[*].b`, `a[*]`) -> `Field`, each path once."""
    raise NotImplementedError
