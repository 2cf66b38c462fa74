"""Row filters as people write them, and as the platform wants them (AEP.md 3.8).

`City = 'Basel' and (Score >= 20 or Email is null)` becomes a tree of function
applications. The words are those of SQL: `and or not in like is null`, and the
comparisons `= != < <= > >=`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from aeptui.nearest import nearest

Node: TypeAlias = dict[str, Any]

_DEEPEST = 40
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<name>[A-Za-z_$][\w$.]*|"[^"]+"|\[[^\]]+\])
      | (?P<sign><=|>=|!=|<>|==|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">"}
_COMPARISONS[">="] = ">="


class NoFilter(ValueError):
    """The text is no row filter; the sentence says where and why."""


def parse(text: str, columns: Collection[str] = ()) -> Node:
    """The filter as a source connection has it; with `columns`, only those may be named."""
    parser = _Parser(_tokens(text), columns)
    tree = parser.either(0)
    parser.end()
    return {"type": "PQL", "format": "pql/json", "value": tree}


def said(filter: Any) -> str | None:
    """A filter as people write it; None for one that `parse` could not have made."""
    tree = filter.get("value") if isinstance(filter, Mapping) else None
    text = _said(tree, 0)
    try:
        return text if text is not None and parse(text) == filter else None
    except NoFilter:
        return None


def _said(node: Any, depth: int) -> str | None:
    if not isinstance(node, Mapping) or depth > 3 * _DEEPEST:
        return None
    name, params = node.get("fnName"), node.get("params")
    if not isinstance(params, list) or not params:
        return None
    if name in ("and", "or"):
        inner = [_part_said(each, depth) for each in params]
        told = [each for each in inner if each is not None]
        return f" {name} ".join(told) if len(told) == len(inner) else None
    negated = name == "NOT" and isinstance(params[0], Mapping)
    if negated and params[0].get("fnName") not in _NEGATED:
        part = _part_said(params[0], depth)
        return None if part is None else f"not {part}"
    if negated:
        name, params = params[0].get("fnName"), params[0].get("params") or []
    return _condition_said(name, params, "not " if negated else "")


_NEGATED = ("isNull", "in", "like")


def _part_said(node: Any, depth: int) -> str | None:
    told = _said(node, depth + 1)
    joined = isinstance(node, Mapping) and node.get("fnName") in ("and", "or")
    return f"({told})" if told is not None and joined else told


def _condition_said(name: Any, params: list[Any], negated: str) -> str:
    column, *rest = [each if isinstance(each, Mapping) else {} for each in params]
    field = _column_said(column.get("fieldName"))
    if name == "isNull":
        return f"{field} is {negated}null"
    value = rest[0].get("value") if rest else None
    if name == "in":
        values = value if isinstance(value, list) else []
        return f"{field} {negated}in ({', '.join(map(_literal_said, values))})"
    return f"{field} {negated}{name} {_literal_said(value)}"


def _column_said(name: Any) -> str:
    plain = re.fullmatch(r"[A-Za-z_$][\w$.]*", str(name))
    return str(name) if plain and str(name).lower() not in _WORDS else f'"{name}"'


_WORDS = frozenset(("and", "or", "not", "in", "like", "is", "null", "true", "false"))


def _literal_said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].strip()
            if rest.startswith("'"):
                raise NoFilter("A text in the row filter has no closing quotation mark")
            raise NoFilter(f"The row filter cannot be read from {rest[:20]!r} on")
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    return found


class _Parser:
    """`or` of `and` of conditions, by recursive descent."""

    def __init__(self, tokens: list[tuple[str, str]], columns: Collection[str]) -> None:
        self._tokens = tokens
        self._columns = columns
        self._at = 0

    def either(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise NoFilter(f"The row filter nests more than {_DEEPEST} deep")
        parts = [self._both(depth)]
        while self._word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else _apply("or", *parts)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise NoFilter(f"Before {self._tokens[self._at][1]!r} the row filter lacks and or or")

    def _both(self, depth: int) -> Node:
        parts = [self._one(depth)]
        while self._word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else _apply("and", *parts)

    def _one(self, depth: int) -> Node:
        if self._word("not"):
            if depth > _DEEPEST:
                raise NoFilter(f"The row filter nests more than {_DEEPEST} deep")
            return _apply("NOT", self._one(depth + 1))
        if self._sign("("):
            inner = self.either(depth + 1)
            self._need(")")
            return inner
        return self._condition()

    def _condition(self) -> Node:
        column = {"nodeType": "fieldLookup", "fieldName": self._column()}
        if self._word("is"):
            negated = self._word("not")
            if not self._word("null"):
                raise NoFilter("After is, the row filter takes null or not null")
            null = _apply("isNull", column)
            return _apply("NOT", null) if negated else null
        negated = self._word("not")
        if self._word("in"):
            self._need("(")
            values = [self._literal()]
            while self._sign(","):
                values.append(self._literal())
            self._need(")")
            found = _apply("in", column, {"nodeType": "literal", "value": values})
        elif self._word("like"):
            found = _apply("like", column, {"nodeType": "literal", "value": self._literal()})
        elif negated:
            raise NoFilter("After a column and not, the row filter takes in or like")
        else:
            sign = self._peek()[1]
            if sign not in _COMPARISONS:
                raise NoFilter(
                    f"After {column['fieldName']} the row filter needs a comparison, such as ="
                )
            self._at += 1
            literal = {"nodeType": "literal", "value": self._literal()}
            return _apply(_COMPARISONS[sign], column, literal)
        return _apply("NOT", found) if negated else found

    def _column(self) -> str:
        kind, text = self._peek()
        if kind != "name":
            raise NoFilter(f"The row filter needs a column where it has {text or 'nothing'!r}")
        self._at += 1
        name = text[1:-1] if text[0] in '"[' else text
        if self._columns and name not in self._columns:
            near = nearest(name, self._columns)
            hint = f"; did you mean {near}?" if near else ""
            raise NoFilter(f"The table has no column {name}{hint}")
        return name

    def _literal(self) -> Any:
        kind, text = self._peek()
        self._at += 1
        match kind:
            case "text":
                return text[1:-1].replace("''", "'")
            case "number" if len(text.lstrip("+-")) > 18:
                raise NoFilter(f"The number {text[:18]}… in the row filter is too long")
            case "number":
                return float(text) if "." in text else int(text)
            case "name" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case _:
                raise NoFilter(
                    f"The row filter needs a value where it has {text or 'nothing'!r};"
                    " texts stand in 'single quotes'"
                )

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _word(self, word: str) -> bool:
        kind, text = self._peek()
        found = kind == "name" and text.lower() == word
        self._at += found
        return found

    def _sign(self, sign: str) -> bool:
        found = self._peek() == ("sign", sign)
        self._at += found
        return found

    def _need(self, sign: str) -> None:
        if not self._sign(sign):
            raise NoFilter(f"The row filter lacks {sign!r}")


def _apply(name: str, *params: Node) -> Node:
    return {"nodeType": "fnApply", "fnName": name, "params": list(params)}
