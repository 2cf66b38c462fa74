"""A mapping in the making: what it is made from, the pairs so far, and what is wrong with them.

Whoever draws it changes pairs here and nowhere else. Whatever follows from the
pairs is worked out once for each change, so that a cursor may move for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aeptui.api.exploring import SourceColumn
from aeptui.api.mappingtrials import Function
from aeptui.forms import suggest
from aeptui.forms.choices import Choice, Suggestion
from aeptui.forms.pairs import RESERVED, Pair, Targets, attribute, pairs_in, revised, set_body
from aeptui.forms.xdm_fields import XdmField
from aeptui.nearest import nearest

SAMPLED = 5
"""So many rows are sampled and mapped."""

_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPED = re.compile(r'\\(["\\])')
_NAME = re.compile(r"\$\{([^}]*)\}|([A-Za-z_$][\w$]*)")
_BEGUN = re.compile(r"(\$\{[^}]*|[A-Za-z_$][\w$]*)$")
_BARE = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What a mapping is made from.

    `schema` is its id once it exists, and only then can the platform try a
    mapping. `columns` is None where nobody knows them. `held` are the identities
    that the schema has already: path with slashes, namespace, primary.
    """

    schema: str = ""
    schema_version: str = "1.0"
    columns: tuple[SourceColumn, ...] | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    fields: tuple[XdmField, ...] = ()
    namespaces: tuple[Choice, ...] = ()
    held: tuple[tuple[str, str, bool], ...] = ()
    no_rows: str = ""
    """Why there are no sample rows."""
    read: Mapping[str, Any] | None = None
    """The mapping set that is changed, as the platform answered it; None for a new one."""

    @property
    def codes(self) -> dict[str, tuple[str, bool]]:
        """The namespaces of the identities by dotted path, and whether each is primary."""
        return {
            path.strip("/").replace("/", "."): (code, primary) for path, code, primary in self.held
        }

    def body(self, pairs: Iterable[Pair]) -> dict[str, Any]:
        """The mapping set as the platform is asked about it, and sent."""
        if self.read is not None:
            return revised(self.read, pairs, self.codes)
        return set_body(pairs, self.schema, self.schema_version)


class Workbench:
    """The pairs on a bench. Each change makes another `revision`."""

    def __init__(self, bench: Bench, pairs: Iterable[Mapping[str, Any]] = ()) -> None:
        self.bench = bench
        self.pairs: list[Pair] = pairs_in(list(pairs))
        self.revision = 0
        self.columns: tuple[SourceColumn, ...] = bench.columns or ()
        self.rows = bench.rows[:SAMPLED]
        self.targets = Targets(bench.fields)
        self._column_names = {column.name for column in self.columns}
        self._follows: dict[str, tuple[int, Any]] = {}

    # What follows from the bench -----------------------------------------------------

    @cached_property
    def candidates(self) -> Mapping[str, tuple[Suggestion, ...]]:
        """What each column may mean, the likeliest first."""
        found = suggest.candidates(self.columns, self.bench.fields, self.rows)
        return {
            column.name: those for column, those in zip(self.columns, found, strict=True) if those
        }

    @cached_property
    def identified(self) -> Mapping[str, tuple[str, bool]]:
        """The identities that the schema has already, by field: the namespace, whether primary."""
        return self.bench.codes

    @cached_property
    def reasons(self) -> Mapping[tuple[str, str], Suggestion]:
        """The suggestion behind a column and a field, where there is one."""
        return {
            (each.source, each.destination): each
            for those in self.candidates.values()
            for each in those
        }

    # What follows from the pairs -----------------------------------------------------

    @property
    def lacking(self) -> Sequence[XdmField]:
        """Fields that every row needs and that nothing fills yet."""
        found: Sequence[XdmField] = self._once("lacking", lambda: self.targets.lacking(self.pairs))
        return found

    @property
    def faults(self) -> Mapping[int, str]:
        """A sentence for each pair that cannot be right, by its place."""
        found: Mapping[int, str] = self._once(
            "faults", lambda: self.targets.faults(self.pairs, self.bench.columns)
        )
        return found

    @property
    def by_field(self) -> Mapping[str, int]:
        """The place of the pair that fills a field."""
        found: Mapping[str, int] = self._once(
            "by_field", lambda: {pair.destination: at for at, pair in enumerate(self.pairs)}
        )
        return found

    @property
    def by_column(self) -> Mapping[str, Sequence[int]]:
        """The places of the pairs that read a column."""
        found: Mapping[str, Sequence[int]] = self._once("by_column", self._uses)
        return found

    @property
    def filled_in(self) -> Mapping[str, int]:
        """How many fields are filled under each object."""
        found: Mapping[str, int] = self._once("filled_in", self._filled)
        return found

    @property
    def proposed(self) -> Mapping[str, Suggestion]:
        """For each column that nothing reads, the likeliest field that is still free."""
        found: Mapping[str, Suggestion] = self._once("proposed", self._proposals)
        return found

    def read_by(self, pair: Pair) -> list[str]:
        """The columns that a pair reads, in the order of its text."""
        if pair.way == "static":
            return []
        if pair.way == "attribute":
            return [pair.source]
        bare = _TEXT.sub(" ", pair.source)
        names = [held or name for held, name in _NAME.findall(bare)]
        return list(dict.fromkeys(name for name in names if name in self._column_names))

    def unknown_name(self, pair: Pair) -> str:
        """A sentence about the first name in an expression that is no column; empty without one.

        The platform takes it all the same, and makes nothing of it.
        """
        if pair.way != "expression" or not self._column_names:
            return ""
        for found in _NAME.finditer(_TEXT.sub('""', pair.source)):
            name = found[1] or found[2]
            is_call = _is_called(found.string, found.end())
            if is_call or name in self._column_names or name.lower() in RESERVED:
                continue
            if found.start() and found.string[found.start() - 1] == ".":
                continue  # a step into what stands before it
            near = nearest(name, self._column_names)
            return f"{name} is no column and gives nothing" + (
                f"; did you mean {near}?" if near else ""
            )
        return ""

    def _once(self, name: str, make: Any) -> Any:
        revision, value = self._follows.get(name, (-1, None))
        if revision != self.revision:
            value = make()
            self._follows[name] = (self.revision, value)
        return value

    def _uses(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for at, pair in enumerate(self.pairs):
            for name in self.read_by(pair):
                found.setdefault(name, []).append(at)
        return found

    def _filled(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for path in self.by_field:
            for at, letter in enumerate(path):
                if letter == ".":
                    found[path[:at]] = found.get(path[:at], 0) + 1
        return found

    def _proposals(self) -> Mapping[str, Suggestion]:
        free = [
            (-each.score, at, each)
            for at, column in enumerate(self.columns)
            if column.name not in self.by_column
            for each in self.candidates.get(column.name, ())
            if each.destination not in self.by_field
        ]
        free.sort(key=lambda each: (*each[:2], each[2].destination))
        found: dict[str, Suggestion] = {}
        taken: set[str] = set()
        for _, _, each in free:
            if each.source not in found and each.destination not in taken:
                found[each.source] = each
                taken.add(each.destination)
        return found

    # Changing the pairs ----------------------------------------------------------------

    def answer(self) -> list[dict[str, Any]]:
        """The pairs as the answer of a form has them."""
        return [pair.as_answer() for pair in self.pairs]

    def put(self, pairs: Iterable[Pair]) -> None:
        """Other pairs in the place of these."""
        self.pairs = list(pairs)
        self.revision += 1

    def set(self, at: int, pair: Pair) -> int:
        """Another pair at a place, or one more at the end; its place."""
        if at < len(self.pairs):
            self.pairs[at] = pair
        else:
            at = len(self.pairs)
            self.pairs.append(pair)
        self.revision += 1
        return at

    def fill(self, path: str, source: str) -> int:
        """Let a column fill a field, instead of what filled it; the place of the pair."""
        at = self.by_field.get(path, len(self.pairs))
        before = self.pairs[at] if at < len(self.pairs) else Pair("", path)
        return self.set(at, replace(before, source=source, way="attribute"))

    def drop(self, at: int) -> None:
        """Take a pair out."""
        del self.pairs[at]
        self.revision += 1

    def take(self, least: int = suggest.CONFIDENT) -> int:
        """Make pairs of all proposals that are likely enough; how many there were."""
        found = [each for each in self.proposed.values() if each.score >= least]
        if found:
            self.put([*self.pairs, *(Pair(each.source, each.destination) for each in found)])
        return len(found)

    def identify(self, at: int, namespace: str) -> None:
        """Mark a pair as an identity of a namespace, or unmark it; the first one is primary."""
        others = any(pair.primary for pair in self.pairs) or any(
            is_one for *_, is_one in self.bench.held
        )
        pair = self.pairs[at]
        primary = bool(namespace) and (pair.primary or not others)
        self.set(at, replace(pair, namespace=namespace, primary=primary))

    def make_primary(self, at: int) -> bool:
        """Make an identity the primary one, or one of several; False when it is no identity."""
        if not self.pairs[at].namespace:
            return False
        primary = not self.pairs[at].primary
        self.put(
            replace(pair, primary=primary and i == at) if pair.namespace else pair
            for i, pair in enumerate(self.pairs)
        )
        return True

    def said(self, text: str, pair: Pair) -> Pair:
        """`pair` with what was typed as its source: a column, a text in quotes, or an expression."""
        text = text.strip()
        if text in self._column_names or _BARE.fullmatch(text):
            return replace(pair, source=text, way="attribute")
        if _TEXT.fullmatch(text):
            return replace(pair, source=_ESCAPED.sub(r"\1", text[1:-1]), way="static")
        return replace(pair, source=text, way="expression")


def _is_called(text: str, end: int) -> bool:
    """Whether what ends at `end` is followed by its arguments."""
    return text[end:].lstrip().startswith("(")


def typed(pair: Pair) -> str:
    """The source of a pair as it is typed; the opposite of `Workbench.said`."""
    if pair.way != "static":
        return pair.source
    return '"' + re.sub(r'(["\\])', r"\\\1", pair.source) + '"'


def unknown_function(expression: str, functions: Sequence[Function]) -> str:
    """A sentence about the first function that the platform does not have; empty without one."""
    if not functions:
        return ""
    known = {each.name for each in functions}
    for name in _CALL.findall(_TEXT.sub('""', expression)):
        if name not in known:
            near = nearest(name, known)
            return f"There is no function {name}" + (f"; did you mean {near}?" if near else "")
    return ""


def completions(
    text: str, columns: Sequence[SourceColumn], functions: Sequence[Function]
) -> list[str]:
    """The columns and functions that the end of `text` may be the beginning of, columns first."""
    begun = _BEGUN.search(_outside_text(text))
    word = begun[1].removeprefix("${").lower() if begun else ""
    if not word:
        return []
    names = [each.name for each in columns if each.name.lower().startswith(word)]
    return names + [f"{each.name}(" for each in functions if each.name.lower().startswith(word)]


def complete(text: str, columns: Sequence[SourceColumn], functions: Sequence[Function]) -> str:
    """`text` with its last word completed; empty where nothing is known that begins so."""
    found = completions(text, columns, functions)
    if not found:
        return ""
    word = _BEGUN.search(text)
    head = text[: word.start()] if word else text
    name = found[0]
    whole = name if name.endswith("(") or not head.strip() else attribute(name)
    return head + whole


def _outside_text(text: str) -> str:
    """`text`, empty where its end is inside a quoted text."""
    bare = _TEXT.sub(lambda found: " " * len(found[0]), text)
    return "" if '"' in bare else bare


def called(text: str, functions: Sequence[Function]) -> Function | None:
    """The function whose arguments are being typed at the end of `text`."""
    depth = 0
    bare = _TEXT.sub(lambda found: " " * len(found[0]), text)
    for at in range(len(bare) - 1, -1, -1):
        if bare[at] == ")":
            depth += 1
        elif bare[at] == "(":
            if depth == 0:
                name = re.search(r"([A-Za-z_]\w*)\s*$", bare[:at])
                return next((e for e in functions if name and e.name == name[1]), None)
            depth -= 1
    return None
