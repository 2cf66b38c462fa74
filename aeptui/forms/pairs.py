"""Pairs of a mapping set: what goes where, and what is wrong with it before anyone is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aeptui.api.exploring import SourceColumn
from aeptui.forms.fields import Suggestion
from aeptui.forms.identities import Identity
from aeptui.forms.words import listed
from aeptui.forms.xdm_fields import XdmField
from aeptui.nearest import nearest

Way: TypeAlias = Literal["attribute", "expression", "static"]
LONGEST = 4096  # AEP.md 6.2
_INDEX = re.compile(r"\[\d+\]")
_PLAIN = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_RESERVED = frozenset(
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
    if _PLAIN.fullmatch(column) and column not in _RESERVED:
        return column
    return f"${{{column}}}"


def fault(
    pairs: Sequence[Pair],
    targets: Iterable[XdmField],
    columns: Iterable[SourceColumn] | None,
) -> str:
    """What is wrong with the pairs; empty when nothing is. None for `columns`: not known."""
    by_path = {target.path: target for target in targets}
    names = None if columns is None else {column.name for column in columns}
    filled: set[str] = set()
    for pair in pairs:
        if sentence := _pair_fault(pair, by_path, names):
            return sentence
        if pair.destination in filled:
            return f"{pair.destination} is filled twice"
        filled.add(pair.destination)
    lacking = required_without(pairs, by_path.values())
    if lacking:
        are = "is" if len(lacking) == 1 else "are"
        return f"{listed(lacking)} {are} required: without it every row is refused"
    return ""


def required_without(pairs: Iterable[Pair], targets: Iterable[XdmField]) -> list[str]:
    """The fields that every row needs and that no pair fills."""
    filled = {pair.destination for pair in pairs}
    return [
        target.path
        for target in targets
        if target.always_required
        and target.path not in filled
        # What is mapped as a whole brings the fields of the same names along.
        and not any(target.path.startswith(f"{path}.") for path in filled)
    ]


def _pair_fault(pair: Pair, by_path: dict[str, XdmField], names: set[str] | None) -> str:
    if not pair.source or not pair.destination:
        return f"{pair.destination or pair.source or 'A pair'} lacks its other half"
    if not _is_field(pair.destination, by_path):
        near = nearest(pair.destination, by_path)
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


def _is_field(path: str, by_path: dict[str, XdmField]) -> bool:
    """Whether a path is a leaf, an object with leaves, or a key of a map."""
    path = _INDEX.sub("[*]", path)
    if path in by_path:
        return True
    inside = (f"{path}.", f"{path}[*]")
    if any(each.startswith(inside) for each in by_path):
        return True
    steps = path.split(".")
    return any(
        (found := by_path.get(".".join(steps[:depth]))) is not None and found.type == "map"
        for depth in range(1, len(steps))
    )
