"""What a Data Prep function is, and the list into which each is entered."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aeptui.emulator.coercion import MapperError, shown, to_text, to_whole
from aeptui.emulator.regexes import Regex, RegexTrouble, regex

LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What an expression may ask beside its row: the time and fresh ids."""

    now_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())


Takes = Literal["values", "moment", "row", "thunks"]


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how it is called, and what the platform's list says about it.

    `takes` is what `call` wants before its arguments: nothing, the moment or the row; with
    `thunks` the arguments are evaluated only when it asks for them.
    """

    name: str
    category: str
    params: tuple[str, ...]  # "?" ends an optional one, "..." one that repeats
    description: str
    returns: str
    example: str
    result: str
    takes: Takes
    call: Callable[..., Any]

    @property
    def least(self) -> int:
        return sum(not param.endswith("?") for param in self.params)

    @property
    def most(self) -> int | None:
        return None if any(each.endswith("...") for each in self.params) else len(self.params)

    def wire(self) -> dict[str, Any]:
        """The function as `/languages/el/functions` lists it."""
        java = {"string": "java.lang.String", "date": "java.time.ZonedDateTime"}
        described = []
        for place, param in enumerate(self.params):
            name = param.rstrip("?.")
            repeated = param.endswith("...")
            described.append(
                {
                    "name": name,
                    "description": f"The {name}s." if repeated else f"The {name}.",
                    "type": "optional" if param.endswith("?") else "required",
                    "dataType": "[Ljava.lang.Object;" if repeated else "java.lang.Object",
                    "position": place,
                }
            )
        return {
            "category": self.category,
            "function": self.name,
            "description": self.description,
            "syntax": f"{self.name}({', '.join(self.params)})",
            "returns": self.returns,
            "returnType": java.get(self.returns, "java.lang.Object"),
            "example": self.example,
            "result": self.result,
            "params": described,
            "since": "1.0",
        }


CATALOGUE: dict[str, Function] = {}


def function(
    category: str,
    syntax: str,
    description: str,
    example: str,
    result: str,
    returns: str = "string",
    takes: Takes = "values",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enters a function into the catalogue under the name that stands in its syntax."""

    def enter(call: Callable[..., Any]) -> Callable[..., Any]:
        name, _, rest = syntax.rstrip(")").partition("(")
        params = tuple(each.strip() for each in rest.split(",") if each.strip())
        CATALOGUE[name] = Function(
            name, category, params, description, returns, example, result, takes, call
        )
        return call

    return enter


def bounded(value: Any, what: str) -> int:
    number = to_whole(value)
    if not 0 <= number <= LONGEST_TEXT:
        raise MapperError(f"{what} {number} is not between 0 and {LONGEST_TEXT}")
    return number


def as_array(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise MapperError(f"{shown(value)} is not an array")


def as_object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise MapperError(f"{shown(value)} is not an object")


def as_regex(text: Any) -> Regex:
    try:
        return regex(to_text(text))
    except RegexTrouble as trouble:
        raise MapperError(f"{shown(text)}: {trouble}") from None
