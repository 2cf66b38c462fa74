"""TOML files that people write: read whole, checked key by key, each complaint with its place.

The configuration and the pipeline file are both read with this. What is wrong
is said with the file, the dotted key, its line and the nearest key that exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aeptui.credentials import SecretSource
from aeptui.nearest import nearest

Key = tuple[str | int, ...]
Check = Callable[[Any], str]
"""What is wrong with a value, or an empty string."""


class FileError(Exception):
    """One thing that is wrong with a file that a person wrote, and where."""

    def __init__(
        self, sentence: str, *, file: Path | None = None, key: str = "", line: int | None = None
    ) -> None:
        self.file, self.key, self.line, self.sentence = file, key, line, sentence
        place = ", ".join(
            part for part in (str(file or ""), f"line {line}" if line else "", key) if part
        )
        super().__init__(f"{place}: {sentence}" if place else sentence)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as text, to find the line of a key in; `error` is how its faults are raised."""

    path: Path
    text: str = field(repr=False)
    error: type[FileError] = FileError

    def refuse(self, key: Key, sentence: str) -> FileError:
        place = line_of(self.text, key)
        return self.error(sentence, file=self.path, key=dotted(key), line=place)

    def check(self, table: Mapping[str, Any], known: Mapping[str, Check], at: Key) -> None:
        """Raise for the first key of `table` that is not known or has a wrong value."""
        for name, value in table.items():
            check = known.get(name)
            if check is None:
                raise self.refuse((*at, name), _unknown(name, known))
            wrong = check(value)
            if wrong:
                raise self.refuse((*at, name), f"{wrong}." if wrong[-1] != "." else wrong)

    def table(self, within: Mapping[str, Any], name: str, at: Key = ()) -> dict[str, Any]:
        """A table by its name; empty where there is none."""
        value = within.get(name, {})
        if not isinstance(value, dict):
            header = dotted((*at, name))
            raise self.refuse((*at, name), f"must be a table, begun by a line [{header}].")
        return value

    def tables(self, within: Mapping[str, Any], name: str, at: Key = ()) -> list[dict[str, Any]]:
        """A list of tables by its name; empty where there is none."""
        value = within.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            header = dotted((*at, name))
            raise self.refuse((*at, name), f"must be a list of tables, each begun by [[{header}]].")
        return value

    def secret(self, value: Any, at: Key, env: Mapping[str, str]) -> SecretSource:
        """A secret as one of the four tables; never the secret itself."""
        ways = {"command": texts, "env": text, "file": text, "keyring": text}
        if not isinstance(value, dict) or len(value) != 1:
            raise self.refuse(
                at,
                'must be one of { command = ["..."] }, { env = "..." }, '
                '{ file = "..." }, { keyring = "service/user" }.',
            )
        self.check(value, ways, at)
        ((way, place),) = value.items()
        if way == "command":
            if not place:
                raise self.refuse((*at, way), "must name a program.")
            return SecretSource("command", place[0], argv=tuple(place))
        if way == "env":
            return SecretSource("env", place, env={place: env[place]} if place in env else {})
        if way == "file":
            return SecretSource("file", place)
        if place.count("/") < 1:
            raise self.refuse((*at, way), 'must be "service/user".')
        return SecretSource("keyring", place)


def read_toml(path: Path, error: type[FileError]) -> tuple[Source, dict[str, Any]]:
    """A file and what stands in it; raises `error`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error("There is no such file.", file=path) from None
    except UnicodeDecodeError:
        raise error("This is not text in UTF-8.", file=path) from None
    except OSError as reason:
        raise error(f"It cannot be read: {reason.strerror}.", file=path) from None
    return parse_toml(path, text, error)


def parse_toml(path: Path, text: str, error: type[FileError]) -> tuple[Source, dict[str, Any]]:
    """`text`, which stands in the file at `path`, and what it says; raises `error`."""
    import tomllib

    try:
        return Source(path, text, error), tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise _malformed(path, text, str(reason), error) from None
    except RecursionError:
        raise error("This nests too deep.", file=path) from None


# What a value may be -----------------------------------------------------------


def text(value: Any) -> str:
    return "" if isinstance(value, str) else "must be text in quotes"


def flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def whole(least: int, most: int) -> Check:
    def check(value: Any) -> str:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return "" if good else f"must be a whole number from {least:,} to {most:,}"

    return check


def number(least: float, most: float) -> Check:
    def check(value: Any) -> str:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        inside = good and least <= value <= most
        return "" if inside else f"must be a number from {least:g} to {most:g}"

    return check


def one_of(*words: str) -> Check:
    quoted = ", ".join(f'"{word}"' for word in words)
    return lambda value: "" if value in words else f"must be one of {quoted}"


def texts(value: Any) -> str:
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return "" if good else "must be a list of texts in quotes"


# Places ------------------------------------------------------------------------


def dotted(key: Key) -> str:
    """A key as it is said: `alerts[1].on`, `profiles.prod.org_id`."""
    said = ""
    for part in key:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
    return said


HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
ASSIGNMENT = re.compile(r"""^\s*([A-Za-z0-9_\-."']+(?:\s*\.\s*[A-Za-z0-9_\-"']+)*)\s*=""")


_MARKS = ("'''", '"""')


def line_of(text: str, key: Key) -> int | None:
    """The line that sets `key`, or that opens the nearest table around it."""
    best: tuple[int, int] | None = None
    counts: dict[Key, int] = {}
    at: Key = ()
    inside = ""  # the quotation marks of a text over several lines that is still open
    for number, line in enumerate(text.split("\n"), start=1):
        if inside:
            inside = "" if inside in line else inside
            continue
        inside = next((marks for marks in _MARKS if line.count(marks) % 2), "")
        header = HEADER.match(line)
        if header:
            at = _parts(header.group(2))
            if header.group(1) == "[[":
                index = counts.get(at, -1) + 1
                counts[at] = index
                at = (*at, index)
            here = at
        else:
            assignment = ASSIGNMENT.match(line)
            if not assignment:
                continue
            here = (*at, *_parts(assignment.group(1)))
        if here == key:
            return number
        if here == key[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


def _parts(name: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _unknown(name: str, known: Mapping[str, Check]) -> str:
    guess = nearest(name, known)
    if guess:
        return f"There is no such key. Did you mean {guess}?"
    return f"There is no such key; there are {', '.join(known)}."


def _malformed(path: Path, text: str, reason: str, error: type[FileError]) -> FileError:
    place = re.search(r"\(at line (\d+), column (\d+)\)", reason)
    sentence = re.sub(r"\s*\(at [^)]*\)", "", reason).rstrip(".")
    line = int(place.group(1)) if place else text.count("\n") + 1
    return error(f"This is not TOML: {sentence}.", file=path, line=line)
