"""Pairs of a mapping set: what goes where, and what is wrong with it before anyone is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aeptui.api.exploring import SourceColumn
from aeptui.forms.choices import Suggestion
from aeptui.forms.identities import Identity
from aeptui.forms.words import listed
from aeptui.forms.xdm_fields import XdmField
from aeptui.nearest import nearest

Way: TypeAlias = Literal["attribute", "expression", "static"]
LONGEST = 4096  # AEP.md 6.2
_INDEX = re.compile(r"\[\d+\]")
_PLAIN = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
RESERVED = frozenset(
    ("new", "mod", "or", "break", "var", "lt", "for", "false", "while", "eq", "gt", "div", "not",
     "null", "continue", "else", "and", "ne", "true", "le", "if", "ge", "return")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """One mapping: a column, an expression or a fixed text, and the field that it fills.

    `namespace` is set when the field is an identity.
    """

    source: str
    destination: str
    way: Way = "attribute"
    namespace: str = ""
    primary: bool = False

    def as_answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"source": self.source, "destination": self.destination}
        if self.way != "attribute":
            answer["way"] = self.way
        if self.namespace:
            answer |= {"namespace": self.namespace, "primary": self.primary}
        return answer

    @property
    def identity(self) -> Identity | None:
        if not self.namespace:
            return None
        return Identity(self.destination, self.namespace, self.primary)

    def wire(self) -> dict[str, Any]:
        """As the tutorial's mapping sets have it; what is no column says so (AEP.md 6.2)."""
        what: dict[str, Any] = {
            "destinationXdmPath": self.destination,
            "sourceAttribute": attribute(self.source),
        }
        if self.way != "attribute":
            what = {
                "sourceType": self.way.upper(),
                "source": self.source,
                "destination": self.destination,
            }
        return what | {
            "identity": bool(self.namespace),
            "identityGroup": None,
            "namespaceCode": self.namespace or None,
            "version": 0,
        }


def pairs_in(answer: Any) -> list[Pair]:
    """The pairs of an answer; what is no pair is left out."""
    found = []
    for each in answer if isinstance(answer, list | tuple) else ():
        if not isinstance(each, dict):
            continue
        way = each.get("way")
        found.append(
            Pair(
                source=str(each.get("source") or "").strip(),
                destination=str(each.get("destination") or "").strip(),
                way=way if way in ("expression", "static") else "attribute",
                namespace=str(each.get("namespace") or ""),
                primary=each.get("primary") is True,
            )
        )
    return found


def from_suggestions(suggestions: Iterable[Suggestion], least: int) -> list[Pair]:
    """The suggestions that are likely enough, as pairs."""
    return [Pair(each.source, each.destination) for each in suggestions if each.score >= least]


def attribute(column: str) -> str:
    """A column's name as a mapping writes it: a dot in it is no step into an object."""
    if _PLAIN.fullmatch(column) and column not in RESERVED:
        return column
    return f"${{{column}}}"


def column_of(attribute: str) -> str:
    """A column's name from what a mapping writes; the opposite of `attribute`."""
    if attribute.startswith("${") and attribute.endswith("}"):
        return attribute[2:-1]
    return attribute.replace("\\.", ".")


def pair_of(told: Mapping[str, Any], codes: Mapping[str, tuple[str, bool]] | None = None) -> Pair:
    """A mapping as the platform answers it, in either style (AEP.md 6.1).

    `codes` are the namespaces of the schema's identities by dotted path, for
    answers that say of an identity only that it is one.
    """
    source = str(told.get("source") or told.get("sourceAttribute") or "")
    destination = str(told.get("destination") or told.get("destinationXdmPath") or "")
    way = _WAYS.get(str(told.get("sourceType") or "").lower(), "attribute")
    namespace, primary = "", False
    if told.get("identity"):
        known = (codes or {}).get(destination, ("", False))
        namespace = str(told.get("namespaceCode") or known[0])
        primary = told.get("primaryIdentity") is True or known[1]
    return Pair(
        column_of(source) if way == "attribute" else source, destination, way, namespace, primary
    )


_WAYS: Mapping[str, Way] = {
    "expression": "expression",
    "text/x.aep-xl": "expression",
    "static": "static",
}


def set_body(pairs: Iterable[Pair], schema: Any, version: str) -> dict[str, Any]:
    """A mapping set as the tutorial makes one."""
    return {
        "version": 0,
        "xdmSchema": schema,
        "xdmVersion": version,
        "id": None,
        "mappings": [pair.wire() for pair in pairs],
    }


_KEPT_BY_PLATFORM = frozenset(
    ("id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy", "_links")
)
_SOURCES = frozenset(("source", "sourceAttribute", "sourceType"))


def revised(
    read: Mapping[str, Any], pairs: Iterable[Pair], codes: Mapping[str, tuple[str, bool]]
) -> dict[str, Any]:
    """A mapping set as it was read, with other pairs.

    A pair that stayed goes back as it came, and one whose source alone is another
    keeps what else was said of its field: what we do not know is not lost.
    """
    before: dict[str, tuple[Pair, dict[str, Any]]] = {}
    for told in read.get("mappings") or ():
        if isinstance(told, dict):
            pair = pair_of(told, codes)
            kept = {key: value for key, value in told.items() if key not in _KEPT_BY_PLATFORM}
            before[pair.destination] = (pair, kept)
    mappings = []
    for pair in pairs:
        was, kept = before.get(pair.destination, (None, {}))
        if was is not None and (was.source, was.way) == (pair.source, pair.way):
            told = dict(kept)
            if was != pair:
                marks = pair.wire()
                told |= {key: marks[key] for key in ("identity", "namespaceCode")}
            if "sourceType" in told:
                told["sourceType"] = pair.way.upper()
        else:
            told = {key: value for key, value in kept.items() if key not in _SOURCES} | pair.wire()
        mappings.append(told)
    whole = {key: value for key, value in read.items() if key not in _KEPT_BY_PLATFORM}
    return whole | {"mappings": mappings}


class Targets:
    """The fields of one schema, looked up by path as often as it takes."""

    def __init__(self, fields: Iterable[XdmField]) -> None:
        self.by_path = {field.path: field for field in fields}
        self.required = [field for field in self.by_path.values() if field.always_required]
        self._objects: set[str] = set()
        for path in self.by_path:
            self._objects.add(path.removesuffix("[*]"))
            for at in _dots(path):
                self._objects |= {path[:at], path[:at].removesuffix("[*]")}

    def has(self, path: str) -> bool:
        """Whether a path is a leaf, an object with leaves, or a key of a map."""
        path = _INDEX.sub("[*]", path)
        if path in self.by_path or path in self._objects:
            return True
        return any(
            (found := self.by_path.get(path[:at])) is not None and found.type == "map"
            for at in _dots(path)
        )

    def lacking(self, pairs: Iterable[Pair]) -> list[XdmField]:
        """The fields that every row needs and that no pair fills."""
        filled = {pair.destination for pair in pairs}
        return [
            field
            for field in self.required
            if field.path not in filled
            # What is mapped as a whole brings the fields of the same names along.
            and not any(field.path[:at] in filled for at in _dots(field.path))
        ]

    def faults(
        self, pairs: Sequence[Pair], columns: Iterable[SourceColumn] | None
    ) -> dict[int, str]:
        """A sentence for each pair that cannot be right, by its place. None: columns not known."""
        names = None if columns is None else {column.name for column in columns}
        found: dict[int, str] = {}
        filled: set[str] = set()
        for at, pair in enumerate(pairs):
            sentence = self._fault(pair, names)
            if not sentence and pair.destination in filled:
                sentence = f"{pair.destination} is filled twice"
            if sentence:
                found[at] = sentence
            filled.add(pair.destination)
        return found

    def _fault(self, pair: Pair, names: set[str] | None) -> str:
        if not pair.source or not pair.destination:
            return f"{pair.destination or pair.source or 'A pair'} lacks its other half"
        if not self.has(pair.destination):
            near = nearest(pair.destination, self.by_path)
            hint = f"; did you mean {near}?" if near else ""
            return f"The schema has no field {pair.destination}{hint}"
        if pair.way == "attribute":
            if names is not None and pair.source not in names:
                near = nearest(pair.source, names)
                hint = f"; did you mean {near}?" if near else ""
                return f"The source has no column {pair.source}{hint}"
        elif pair.way == "expression" and len(pair.source) > LONGEST:
            return f"The expression for {pair.destination} is longer than {LONGEST:,} characters"
        return ""


def _dots(path: str) -> list[int]:
    return [at for at, letter in enumerate(path) if letter == "."]


def fault(
    pairs: Sequence[Pair],
    targets: Iterable[XdmField],
    columns: Iterable[SourceColumn] | None,
) -> str:
    """What is wrong with the pairs first; empty when nothing is."""
    known = Targets(targets)
    for sentence in known.faults(pairs, columns).values():
        return sentence
    if lacking := [field.path for field in known.lacking(pairs)]:
        are = "is" if len(lacking) == 1 else "are"
        return f"{listed(lacking)} {are} required: without it every row is refused"
    return ""
