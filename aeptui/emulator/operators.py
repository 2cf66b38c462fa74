"""Operators of the expression language: arithmetic, comparison, and what counts as true or equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aeptui.emulator.coercion import MapperError, shown, to_boolean, to_number, to_text

# Numbers that only grow would stop the emulator; no field takes one of this size.
LARGEST = 2**200


def same(one: Any, other: Any) -> bool:
    """Equality of values; a boolean is no number, a number in a string is that number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, str):
        return to_text(one) == other
    if isinstance(one, str) and isinstance(other, int | float):
        return one == to_text(other)
    return bool(one == other)


def truth(value: Any) -> bool:
    """The truth of a value; null is false."""
    return value is not None and to_boolean(value)


def _checked(number: int | float) -> int | float:
    if isinstance(number, int) and abs(number) >= LARGEST:
        raise MapperError("the number becomes too large")
    return number


def _plus(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return None
    if isinstance(one, str) or isinstance(other, str):
        try:
            return _checked(to_number(one) + to_number(other))
        except MapperError:
            return to_text(one) + to_text(other)
    return _checked(to_number(one) + to_number(other))


def _arithmetic(work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(one: Any, other: Any) -> Any:
        if one is None or other is None:
            return None
        return _checked(work(to_number(one), to_number(other)))

    return apply


def _divide(one: Any, other: Any) -> Any:
    exact = one / other
    return (
        int(exact)
        if isinstance(exact, float) and abs(exact) < 2**53 and exact.is_integer()
        else exact
    )


def negative(value: Any) -> Any:
    return None if value is None else -to_number(value)


def complement(value: Any) -> Any:
    if value is None:
        return None
    number = to_number(value)
    if not isinstance(number, int):
        raise MapperError(f"{shown(value)} is not a whole number")
    return ~number


def _compared(work: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def apply(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return False
        if isinstance(one, str) and isinstance(other, str):
            return work(one, other)
        if type(one) is type(other) and not isinstance(one, dict | list):
            return work(one, other)
        return work(to_number(one), to_number(other))

    return apply


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": _plus,
    "-": _arithmetic(lambda one, other: one - other),
    "*": _arithmetic(lambda one, other: one * other),
    "/": _arithmetic(_divide),
    "%": _arithmetic(lambda one, other: one % other),
    "==": same,
    "!=": lambda one, other: not same(one, other),
    "<": _compared(lambda one, other: one < other),
    "<=": _compared(lambda one, other: one <= other),
    ">": _compared(lambda one, other: one > other),
    ">=": _compared(lambda one, other: one >= other),
}
for _word, _sign in {
    "div": "/",
    "mod": "%",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}.items():
    BINARY[_word] = BINARY[_sign]


OPERATORS: list[dict[str, Any]] = [
    {
        "operatorSymbol": symbol,
        "methodName": method,
        "numberOfOperands": operands,
        "description": description,
        "example": example,
    }
    for symbol, method, operands, description, example in (
        ("+", "add", 2, "Adds numbers, joins strings.", "1 + 2"),
        ("-", "subtract", 2, "Subtracts.", "3 - 2"),
        ("*", "multiply", 2, "Multiplies.", "2 * 3"),
        ("/", "divide", 2, "Divides; also div.", "6 / 2"),
        ("%", "mod", 2, "The remainder; also mod.", "7 % 2"),
        ("-", "negate", 1, "The negative.", "-1"),
        ("~", "complement", 1, "Turns every bit.", "~1"),
        ("!", "not", 1, "The opposite; also not.", "!true"),
        ("==", "equals", 2, "Whether two values are the same; also eq.", "a == 1"),
        ("!=", "notEquals", 2, "Whether two values differ; also ne.", "a != 1"),
        ("<", "lessThan", 2, "Less; also lt.", "a < 1"),
        ("<=", "lessThanOrEqual", 2, "Less or the same; also le.", "a <= 1"),
        (">", "greaterThan", 2, "More; also gt.", "a > 1"),
        (">=", "greaterThanOrEqual", 2, "More or the same; also ge.", "a >= 1"),
        ("&&", "and", 2, "Both; also and.", "a && b"),
        ("||", "or", 2, "One of them; also or.", "a || b"),
        ("?:", "ternary", 3, "One of two values.", "a ? 1 : 2"),
    )
]
