"""Rows against a schema: what AEP refuses on ingestion, and the code it says it with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from aeptui.emulator.regexes import RegexTrouble, regex
from aeptui.emulator.xdm import Field

MISSING = "INGEST-1555-400"
UNFIT = "INGEST-1401-400"

# XDM's integer words promise a range even where a field states no bounds.
_RANGES = {
    "byte": (-128, 127),
    "short": (-32768, 32767),
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+").fullmatch
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+").fullmatch
_REFERENCE = re.compile(r"\S*").fullmatch
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)").fullmatch
_DATE = re.compile(r"\d{4}-\d\d-\d\d").fullmatch


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is refused: AEP's code, the path in the record, a sentence."""

    code: str
    path: str
    sentence: str


Checker = Callable[[dict[str, Any]], list[Fault]]
_Judge = Callable[[Any], str | None]  # what is wrong with a value, as the end of a sentence


def compile_checks(fields: Mapping[str, Field]) -> Checker:
    """A checker for many records of one schema; it costs what the record holds, not the schema.

    A value that the schema does not name is let through, as AEP does with extensible objects.
    """
    root = _Node()
    for path, spec in fields.items():
        root.add(path, spec)

    def checker(record: dict[str, Any]) -> list[Fault]:
        faults: list[Fault] = []
        root.check(record, "", faults)
        return faults

    return checker


def check(record: dict[str, Any], fields: Mapping[str, Field]) -> list[Fault]:
    """The faults of one record; `compile_checks` is for more than one."""
    return compile_checks(fields)(record)


@dataclass(slots=True)
class _Node:
    """An object of the schema: its leaves, its arrays, its objects, and what it requires."""

    leaves: dict[str, _Judge] = field(default_factory=dict)
    arrays: dict[str, _Judge] = field(default_factory=dict)
    objects: dict[str, _Node] = field(default_factory=dict)
    lists: dict[str, _Node] = field(default_factory=dict)
    required: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, path: str, spec: Field) -> None:
        node = self
        *parents, last = path.split(".")
        for name in parents:
            branch = node.lists if name.endswith("[*]") else node.objects
            node = branch.setdefault(name.removesuffix("[*]"), _Node())
        if last.endswith("[*]"):
            node.arrays[last[:-3]] = judge(spec)
        else:
            node.leaves[last] = judge(spec)
        if spec.required:
            self._require(path, spec.unless_absent)

    def _require(self, path: str, excuse: str) -> None:
        """Notes the demand at the object whose absence excuses it."""
        holder = self
        for name in excuse.split(".") if excuse else ():
            branch = holder.lists if name.endswith("[*]") else holder.objects
            holder = branch[name.removesuffix("[*]")]
        rest = path[len(excuse) + 1 :] if excuse else path
        holder.required.append(tuple(rest.removesuffix("[*]").split(".")))

    def check(self, value: dict[str, Any], path: str, faults: list[Fault]) -> None:
        leaves = self.leaves
        for name, inner in value.items():
            if inner is None:
                continue
            judging = leaves.get(name)
            if judging is not None:
                wrong = judging(inner)
                if wrong is not None:
                    faults.append(_unfit(path + name, inner, wrong))
            elif name in self.objects:
                if isinstance(inner, dict):
                    self.objects[name].check(inner, f"{path}{name}.", faults)
                else:
                    faults.append(_unfit(path + name, inner, "is not an object"))
            elif name in self.arrays or name in self.lists:
                self._check_list(name, inner, path + name, faults)
        for steps in self.required:
            if _absent(value, steps):
                where = path + ".".join(steps)
                faults.append(Fault(MISSING, where, f"{where} is required and has no value."))

    def _check_list(self, name: str, inner: Any, path: str, faults: list[Fault]) -> None:
        if not isinstance(inner, list):
            faults.append(_unfit(path, inner, "is not an array"))
            return
        judging = self.arrays.get(name)
        for place, item in enumerate(inner):
            here = f"{path}[{place}]"
            if judging is not None:
                wrong = judging(item)
                if wrong is not None:
                    faults.append(_unfit(here, item, wrong))
            elif isinstance(item, dict):
                self.lists[name].check(item, here + ".", faults)
            else:
                faults.append(_unfit(here, item, "is not an object"))


def _absent(value: dict[str, Any], steps: tuple[str, ...]) -> bool:
    inner: Any = value
    for step in steps:
        if not isinstance(inner, dict):
            return False  # a value of the wrong kind has a fault of its own
        inner = inner.get(step)
        if inner is None:
            return True
    return False


def _unfit(path: str, value: Any, wrong: str) -> Fault:
    shown = repr(value)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return Fault(UNFIT, path, f"{path} {wrong}: {shown}")


def judge(spec: Field) -> _Judge:
    """What is wrong with a value of this field, or None; compiled, one test after the other."""
    tests = [_type_test(spec.type), *_bounds(spec), *_lengths(spec), *_formats(spec)]
    if spec.enum is not None:
        choices = spec.enum

        def one_of(value: Any) -> str | None:
            return None if value in choices else f"is not one of {', '.join(map(str, choices))}"

        tests.append(one_of)
    if len(tests) == 1:
        return tests[0]

    def judging(value: Any) -> str | None:
        for test in tests:
            wrong = test(value)
            if wrong is not None:
                return wrong
        return None

    return judging


def _type_test(kind: str) -> _Judge:
    match kind:
        case "string":
            return lambda value: None if isinstance(value, str) else "is not a string"
        case "boolean":
            return lambda value: None if isinstance(value, bool) else "is not a boolean"
        case "integer":
            return lambda value: None if _whole(value) else "is not an integer"
        case "number":
            return lambda value: None if _numeric(value) else "is not a number"
        case "object":
            return lambda value: None if isinstance(value, dict) else "is not an object"
        case _:
            return lambda value: None


def _whole(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _numeric(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _bounds(spec: Field) -> list[_Judge]:
    if spec.type not in ("integer", "number"):
        return []
    tests: list[_Judge] = []
    low, high = spec.minimum, spec.maximum
    if spec.type == "integer" and spec.xdm_type in _RANGES:
        least, most = _RANGES[spec.xdm_type]
        low = least if low is None else max(low, least)
        high = most if high is None else min(high, most)
    if low is not None:
        lowest = low
        tests.append(lambda value: None if value >= lowest else f"is below {lowest}")
    if high is not None:
        highest = high
        tests.append(lambda value: None if value <= highest else f"is above {highest}")
    return tests


def _lengths(spec: Field) -> list[_Judge]:
    if spec.type != "string":
        return []
    tests: list[_Judge] = []
    if spec.min_length is not None:
        shortest = spec.min_length
        tests.append(
            lambda value: None if len(value) >= shortest else f"is shorter than {shortest}"
        )
    if spec.max_length is not None:
        longest = spec.max_length

        def fits(value: str) -> str | None:
            if len(value) <= longest:
                return None
            return f"has {len(value)} characters where {longest} are allowed"

        tests.append(fits)
    if spec.pattern is not None:
        tests.append(_pattern(spec.pattern))
    return tests


def _pattern(source: str) -> _Judge:
    def fits(value: str) -> str | None:
        try:
            return None if regex(source).search(value) else f"does not match {source}"
        except RegexTrouble as trouble:
            return f"cannot be compared with {source}, as {trouble}"

    return fits


def _formats(spec: Field) -> list[_Judge]:
    if spec.type != "string":
        return []
    match spec.format:
        case "date-time":
            return [lambda value: None if _is_date_time(value) else "is not a date-time"]
        case "date":
            return [lambda value: None if _is_date(value) else "is not a date"]
        case "email":
            return [lambda value: None if _EMAIL(value) else "is not an e-mail address"]
        case "uri":
            return [lambda value: None if _URI(value) else "is not a URI"]
        case "uri-reference":
            return [lambda value: None if _REFERENCE(value) else "is not a URI reference"]
        case _:
            return []


def _is_date_time(value: str) -> bool:
    if not _DATE_TIME(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date(value: str) -> bool:
    if not _DATE(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
