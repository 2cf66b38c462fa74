"""Row-level filters of a source (PQL as JSON) as a condition of the CRM's own query language."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_COMPARISONS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "like": "LIKE"}
_DEEPEST = 50

# Numbers of AEP's sources table; which trouble has which of them is documented only for `not`.
_MALFORMED = 1349
_FUNCTION = 1350
_PARAMETERS = 1351
_LITERAL = 1352
_COLUMN = 1353
_NOT = 1390


class FilterRefused(Exception):
    """A filter that cannot be used; `code` is the number of AEP's sources table."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def compile_filter(filters: dict[str, Any], columns: Collection[str]) -> tuple[str, list[Any]]:
    """A SQL condition with its parameters; raises `FilterRefused`."""
    if filters.get("type") != "PQL" or filters.get("format") != "pql/json":
        raise FilterRefused(_MALFORMED, 'A row filter has type "PQL" and format "pql/json".')
    parameters: list[Any] = []
    condition = _condition(filters.get("value"), columns, parameters, 0)
    return condition, parameters


def _condition(node: Any, columns: Collection[str], parameters: list[Any], depth: int) -> str:
    if not isinstance(node, dict) or node.get("nodeType") != "fnApply":
        raise FilterRefused(_MALFORMED, "A condition of a row filter is a node of type fnApply.")
    if depth > _DEEPEST:
        raise FilterRefused(_MALFORMED, f"A row filter nests at most {_DEEPEST} deep.")
    name, params = node.get("fnName"), node.get("params")
    if not isinstance(name, str) or not isinstance(params, list) or not params:
        raise FilterRefused(_PARAMETERS, "A function of a row filter has a fnName and params.")
    match name.lower():
        case "and" | "or":
            inner = [_condition(each, columns, parameters, depth + 1) for each in params]
            return "(" + f" {name.upper()} ".join(inner) + ")"
        case "not":
            if len(params) != 1:
                raise FilterRefused(_NOT, f"NOT takes one condition, not {len(params)}.")
            return f"NOT coalesce({_condition(params[0], columns, parameters, depth + 1)}, 0)"
        case "isnull":
            if len(params) != 1:
                raise FilterRefused(_PARAMETERS, f"isNull takes one column, not {len(params)}.")
            return f"{_column(params[0], columns)} IS NULL"
        case "in":
            column, value = _sides(name, params, columns)
            if not isinstance(value, list) or not value:
                raise FilterRefused(_LITERAL, "The literal of `in` is a list with a value.")
            parameters += [_scalar(each) for each in value]
            return f"{column} IN ({', '.join('?' * len(value))})"
        case lowered if lowered in _COMPARISONS:
            column, value = _sides(name, params, columns)
            parameters.append(_scalar(value))
            return f"{column} {_COMPARISONS[lowered]} ?"
        case _:
            raise FilterRefused(_FUNCTION, f"Row filters have no function {name[:40]!r}.")


def _sides(name: str, params: list[Any], columns: Collection[str]) -> tuple[str, Any]:
    if len(params) != 2:
        raise FilterRefused(_PARAMETERS, f"{name} takes a column and a literal.")
    literal = params[1]
    if not isinstance(literal, dict) or literal.get("nodeType") != "literal":
        raise FilterRefused(_LITERAL, f"The second parameter of {name} is a literal.")
    return _column(params[0], columns), literal.get("value")


def _column(node: Any, columns: Collection[str]) -> str:
    if not isinstance(node, dict) or node.get("nodeType") != "fieldLookup":
        raise FilterRefused(_PARAMETERS, "The first parameter of a comparison is a fieldLookup.")
    name = node.get("fieldName")
    if name not in columns:
        raise FilterRefused(_COLUMN, f"The table has no column {str(name)[:60]!r}.")
    return f'"{name}"'


def _scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, dict | list):
        raise FilterRefused(_LITERAL, "A literal is a string, a number or a boolean.")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise FilterRefused(_LITERAL, "A whole number in a row filter has at most 64 bits.")
    return value
