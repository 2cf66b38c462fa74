"""Mapping sets at work: a row of the source in, a nested XDM record out."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from typing import Any, Self

from aeptui.emulator import expressions
from aeptui.emulator.coercion import MapperError, shown, to_field
from aeptui.emulator.expressions import Moment
from aeptui.emulator.xdm import Field

WARNING = "MAPPER-3700-400"

_ATTRIBUTE = ("ATTRIBUTE", "text/x.schema-path")
_EXPRESSION = ("EXPRESSION", "text/x.aep-xl")
_STATIC = ("STATIC",)
_LONGEST_ARRAY = 1000
_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+|\*)\])?(?:\.|$)")
_ESCAPED = re.compile(r"\\\.")
_WRAPPED = re.compile(r"\$\{([^}]+)\}")
_COLUMN = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*")
# What odd values raise on their way through Python; all of them mean that the value cannot be made.
_TROUBLES = (MapperError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)

Read = Callable[[dict[str, Any], Moment], Any]
Make = Callable[[Any], Any]
Steps = tuple[tuple[str, int | str | None], ...]  # name and, of an array, the index or "*"


class MappingRefused(Exception):
    """A mapping set that cannot be used: the place of the mapping in the set and why."""

    def __init__(self, index: int, sentence: str) -> None:
        super().__init__(sentence)
        self.index = index
        self.sentence = sentence


@dataclass(slots=True)
class Mapped:
    """A record, and (destination, sentence) for each value that could not be made."""

    record: dict[str, Any]
    warnings: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Line:
    """One mapping, compiled: `column` is the plain column that it reads, else `read` reads."""

    source: str
    destination: str
    column: str | None
    read: Read
    make: Make
    as_is: bool  # a string may go in untouched
    parents: tuple[str, ...]
    leaf: str
    steps: Steps | None  # only for destinations inside of arrays
    sources: frozenset[str]


class Mapping:
    """A version of a mapping set, compiled once and applied to any number of rows."""

    def __init__(self, lines: list[_Line], keeps_nulls: bool) -> None:
        self._lines = lines
        self._keeps_nulls = keeps_nulls
        self.sources: frozenset[str] = frozenset().union(*(line.sources for line in lines))

    @classmethod
    def compile(cls, body: dict[str, Any], fields: ReadOnly[str, Field]) -> Self:
        """Raises `MappingRefused` at the first mapping that `validate` has a sentence for."""
        lines = []
        for index, mapping in enumerate(_mappings(body)):
            line = _compile(mapping, fields)
            if isinstance(line, str):
                raise MappingRefused(index, line)
            lines.append(line)
        if not lines:
            raise MappingRefused(0, "The mapping set has no mappings.")
        return cls(lines, body.get("allowNullValues") is True)

    def apply(self, row: dict[str, Any], moment: Moment | None = None) -> Mapped:
        """Never raises: a value that cannot be made is left out and warned about."""
        record: dict[str, Any] = {}
        warnings: list[tuple[str, str]] = []
        moment = moment or Moment()
        for line in self._lines:
            try:
                value = row.get(line.column) if line.column else line.read(row, moment)
                if value is not None:
                    if not (line.as_is and type(value) is str):
                        value = line.make(value)
                elif not self._keeps_nulls:
                    continue
            except _TROUBLES as trouble:
                warnings.append((line.destination, f"{line.source}: {trouble}"))
                continue
            if line.steps:
                _place(record, line.steps, value)
                continue
            node = record
            for name in line.parents:
                inner = node.get(name)
                if inner is None:
                    inner = node[name] = {}
                node = inner
            node[line.leaf] = value
        return Mapped(record, warnings)


def validate(body: dict[str, Any], fields: ReadOnly[str, Field]) -> list[str | None]:
    """A sentence for each mapping that cannot work, None for each that can, in order."""
    compiled = [_compile(mapping, fields) for mapping in _mappings(body)]
    return [line if isinstance(line, str) else None for line in compiled]


def _mappings(body: dict[str, Any]) -> list[Any]:
    mappings = body.get("mappings")
    return mappings if isinstance(mappings, list) else []


def _compile(mapping: Any, fields: ReadOnly[str, Field]) -> _Line | str:
    """The mapping ready for use, or why it cannot be."""
    if not isinstance(mapping, dict):
        return "A mapping is an object."
    source = mapping.get("source", mapping.get("sourceAttribute"))
    destination = mapping.get("destination") or mapping.get("destinationXdmPath")
    if not isinstance(destination, str):
        return "The mapping has no destination."
    if not isinstance(source, str) or not source:
        return f"The mapping to {destination} has no source."
    steps = _steps(destination)
    if steps is None:
        return f"{destination} is not a path."
    make = _make_for(steps, fields)
    if make is None:
        return f"The schema has no field {destination}."
    try:
        column, read, sources = _source(mapping.get("sourceType"), source)
    except MapperError as trouble:
        at = "" if trouble.place is None else f" at character {trouble.place}"
        return f"{shown(source)} cannot be used{at}: {trouble.sentence}."
    names = tuple(name for name, _ in steps)
    inside = any(index is not None for _, index in steps)
    field = fields.get(destination)
    return _Line(
        source=source if len(source) <= 60 else source[:57] + "...",
        destination=destination,
        column=column,
        read=read,
        make=make,
        as_is=field is not None and field.type == "string" and field.format is None,
        parents=names[:-1],
        leaf=names[-1],
        steps=steps if inside else None,
        sources=sources,
    )


# -- sources


def _source(kind: Any, text: str) -> tuple[str | None, Read, frozenset[str]]:
    """The plain column if it is one, else what reads the value; and the columns read."""
    if kind is None:  # the old style does not say; most of its sources are columns
        kind = "ATTRIBUTE" if _COLUMN.fullmatch(text) or _WRAPPED.fullmatch(text) else "EXPRESSION"
    if kind in _STATIC:
        return None, lambda row, moment: text, frozenset()
    if kind in _EXPRESSION:
        expression = expressions.parse(text)
        return None, expression.run, expression.sources
    if kind not in _ATTRIBUTE:
        raise MapperError(f"{shown(kind)} is not a source type")
    wrapped = _WRAPPED.fullmatch(text)
    column = wrapped.group(1) if wrapped else _ESCAPED.sub(".", text)
    if wrapped or "\\." in text or not re.search(r"[.\[]", text):
        return column, _nothing, frozenset((column,))
    path = expressions.parse(text)

    def read(row: dict[str, Any], moment: Moment) -> Any:
        return row[text] if text in row else path.run(row, moment)

    return None, read, path.sources | {text}


def _nothing(row: dict[str, Any], moment: Moment) -> None:
    return None


# -- destinations


def _steps(destination: str) -> Steps | None:
    found: list[tuple[str, int | str | None]] = []
    end = 0
    for step in _STEP.finditer(destination):
        if step.start() != end:
            return None
        end = step.end()
        name, index = step.groups()
        if index and index != "*":
            if len(index) > 4 or int(index) >= _LONGEST_ARRAY:
                return None
            found.append((name, int(index)))
        else:
            found.append((name, index))
    if end != len(destination) or not found or destination.endswith("."):
        return None
    return tuple(found)


def _make_for(steps: Steps, fields: ReadOnly[str, Field]) -> Make | None:
    """What makes a value for that place of the schema; None if there is no such place."""
    path = ".".join(name if index is None else f"{name}[*]" for name, index in steps)
    spreads = sum(index == "*" for _, index in steps)
    if path in fields:
        make = to_field(fields[path])
    elif f"{path}[*]" in fields:
        make = _listed(to_field(fields[f"{path}[*]"]))
    else:
        tree = _tree(path, fields)
        if not tree:
            return None
        # An array of objects may be named without its brackets.
        whole = any(each.startswith(f"{path}[*].") for each in fields)
        make = _listed(tree.make) if whole else tree.make
    for _ in range(spreads):
        make = _each(make)
    return make


def _each(make: Make) -> Make:
    def made(value: Any) -> Any:
        if isinstance(value, list):
            return [None if item is None else make(item) for item in value]
        return make(value)

    return made


def _listed(make: Make) -> Make:
    def made(value: Any) -> Any:
        items = value if isinstance(value, list) else [value]
        return [make(item) for item in items if item is not None]

    return made


class _Tree(dict[str, Make]):
    """The fields of an object of the schema: children of the same name are copied into it."""

    def make(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise MapperError(f"{shown(value)} is not an object")
        return {
            name: make(value[name]) for name, make in self.items() if value.get(name) is not None
        }


def _tree(path: str, fields: ReadOnly[str, Field]) -> _Tree:
    tree = _Tree()
    begins = (f"{path}.", f"{path}[*].")
    for each, field in fields.items():
        begin = next((start for start in begins if each.startswith(start)), None)
        if begin is None:
            continue
        name, dot, _ = each[len(begin) :].partition(".")
        plain = name.removesuffix("[*]")
        if plain in tree:
            continue
        make = _tree(begin + name, fields).make if dot else to_field(field)
        tree[plain] = _listed(make) if name.endswith("[*]") else make
    return tree


def _place(node: dict[str, Any], steps: Steps, value: Any) -> None:
    """Puts a value where the steps lead; a list spreads over the items of a `*`."""
    (name, index), rest = steps[0], steps[1:]
    if index is None:
        if rest:
            _place(node.setdefault(name, {}), rest, value)
        else:
            node[name] = value
        return
    items = node.setdefault(name, [])
    if index == "*":
        placed = list(enumerate(value if isinstance(value, list) else [value]))
    else:
        placed = [(int(index), value)]
    for at, each in placed:
        if each is None and rest:
            continue
        while len(items) <= at:
            items.append({} if rest else None)
        if rest:
            _place(items[at], rest, each)
        else:
            items[at] = each
    if not rest:
        node[name] = [each for each in items if each is not None]
