"""The fields of a schema as a tree that folds, or as the list of those that match a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aeptui.forms.choices import Suggestion
from aeptui.forms.xdm_fields import XdmField


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line: an object that folds (`field` is None) or a field; `note` is why it is likely."""

    path: str
    label: str
    depth: int = 0
    field: XdmField | None = None
    note: str = ""
    fields: int = 0
    """Under an object: how many there are."""


class FieldTree:
    """Which lines are in sight. Objects are folded until they are opened; a search ignores folds."""

    def __init__(self, fields: Iterable[XdmField]) -> None:
        self.fields = tuple(fields)
        self.open: set[str] = set()
        self.find = ""
        self.likely: Sequence[Suggestion] = ()
        self._by_path = {field.path: field for field in self.fields}
        self._told = [
            (f"{field.path} {field.title} {field.type}".lower(), field) for field in self.fields
        ]
        self._counts: dict[str, int] = {}
        for field in self.fields:
            for at, letter in enumerate(field.path):
                if letter == ".":
                    above = field.path[:at]
                    self._counts[above] = self._counts.get(above, 0) + 1

    def rows(self) -> list[TreeRow]:
        """The lines, likely ones first."""
        first = [
            TreeRow(each.destination, each.destination, field=self._by_path[each.destination],
                    note=f"{each.score} {each.reason}")
            for each in self.likely
            if each.destination in self._by_path and self._matches(each.destination)
        ]  # fmt: skip
        if self.find:
            return first + [
                TreeRow(field.path, field.path, field=field)
                for told, field in self._told
                if all(word in told for word in self.find.lower().split())
            ]
        return [*first, *self._under(self.fields, "", 0)]

    def toggle(self, path: str) -> None:
        """Open an object, or fold it."""
        self.open ^= {path}

    def reveal(self, path: str) -> None:
        """Open what a field is in."""
        self.open |= {path[:at] for at, letter in enumerate(path) if letter == "."}

    def _matches(self, path: str) -> bool:
        return all(word in path.lower() for word in self.find.lower().split())

    def _under(self, fields: Sequence[XdmField], above: str, depth: int) -> Iterator[TreeRow]:
        """The lines of `fields`, which all lie under `above`."""
        start = len(above) + 1 if above else 0
        groups: dict[str, list[XdmField]] = {}
        for field in fields:
            groups.setdefault(field.path[start:].partition(".")[0], []).append(field)
        for name, those in groups.items():
            path = f"{above}.{name}" if above else name
            if path in self._by_path:
                yield TreeRow(path, name, depth, self._by_path[path])
            if path in self._counts:
                yield TreeRow(path, name, depth, fields=self._counts[path])
                if path in self.open:
                    inner = [field for field in those if field.path != path]
                    yield from self._under(inner, path, depth + 1)
