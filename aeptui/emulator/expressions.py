"""Data Prep's expression language: text to something that can be evaluated on a row.

The grammar is LALR. It is compiled straight to closures, which are called once a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from aeptui.emulator.coercion import MapperError, to_number
from aeptui.emulator.functions import CATALOGUE, Function, Moment
from aeptui.emulator.operators import BINARY, LARGEST, OPERATORS, complement, negative, truth

__all__ = ["FUNCTIONS", "OPERATORS", "Expression", "MapperError", "Moment", "parse"]

LONGEST = 4096
# Closures call each other, and Python's stack is not endless.
_DEEPEST = 100
# The words that are operators or literals are in the grammar.
_RESERVED = frozenset({"new", "break", "var", "for", "while", "continue", "else", "if", "return"})

GRAMMAR = r"""
start: ternary
?ternary: or_ | or_ "?" ternary ":" ternary -> choose
?or_: and_ (("||" | "or") and_)*
?and_: equality (("&&" | "and") equality)*
?equality: relation | equality EQUAL relation -> binary
?relation: sum | relation LESS sum -> binary
?sum: product | product ((PLUS | MINUS) product)+ -> chain
?product: unary | unary (TIMES unary)+ -> chain
?unary: postfix | MINUS unary -> negate | "~" unary -> complement | ("!" | "not") unary -> negated
?postfix: atom
        | postfix "." NAME -> member
        | postfix "." NAME "(" arguments ")" -> method
        | postfix "[" ternary "]" -> item
        | postfix "[" "*" "]" -> each
?atom: NUMBER -> number | STRING -> string | "true" -> yes | "false" -> no | "null" -> nothing
     | NAME -> name | WRAPPED -> wrapped | NAME "(" arguments ")" -> call
     | "[" arguments "]" -> array | "(" ternary ")"
arguments: [ternary ("," ternary)*]

EQUAL: "==" | "!=" | "eq" | "ne"
LESS: "<=" | ">=" | "<" | ">" | "lt" | "le" | "gt" | "ge"
PLUS: "+"
MINUS: "-"
TIMES: "*" | "/" | "%" | "div" | "mod"
NUMBER: /[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/
STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
WRAPPED: /\$\{[^}]+\}/
NAME: /(?!\$\{)[A-Za-z_$][A-Za-z0-9_$]*/
%ignore /\s+/
"""

Row = dict[str, Any]
Closure = Callable[[Row, Moment], Any]


@dataclass(frozen=True, slots=True)
class _Node:
    run: Closure
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `sources` are the columns that it reads."""

    text: str
    sources: frozenset[str]
    run: Closure

    def evaluate(self, row: Row, moment: Moment | None = None) -> Any:
        """The value on this row; raises `MapperError`, nothing else."""
        return self.run(row, moment or Moment())


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Raises `MapperError` naming the place, or the function that does not exist."""
    from lark.exceptions import UnexpectedInput

    if len(text) > LONGEST:
        raise MapperError(f"an expression has at most {LONGEST} characters, not {len(text)}")
    if not text.strip():
        raise MapperError("the expression is empty", 1)
    parser, builder = _parser()
    builder.sources = set()
    try:
        node = parser.parse(text)
    except UnexpectedInput as trouble:
        place = trouble.pos_in_stream
        ended = getattr(getattr(trouble, "token", None), "type", "") == "$END"
        if ended or place is None or not 0 <= place < len(text):
            raise MapperError("the expression ends too early", len(text)) from None
        found = text[place : place + 12]
        raise MapperError(f"nothing fits at {found!r}", place + 1) from None
    return Expression(text, frozenset(builder.sources), node.run)


def _guarded(work: Callable[..., Any], place: int, name: str) -> Callable[..., Any]:
    """`work`, whose troubles are `MapperError`s that name the place."""

    def guarded(*args: Any) -> Any:
        try:
            return work(*args)
        except MapperError as trouble:
            if trouble.place is None:
                raise MapperError(f"{name}: {trouble.sentence}", place) from None
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as trouble:
            raise MapperError(f"{name}: {trouble}", place) from None

    return guarded


class _Builder:
    """Turns what the grammar recognises into closures, the innermost first."""

    def __init__(self) -> None:
        self.sources: set[str] = set()

    def _node(self, run: Closure, *inner: _Node) -> _Node:
        depth = 1 + max((each.depth for each in inner), default=0)
        if depth > _DEEPEST:
            raise MapperError(f"the expression nests more than {_DEEPEST} deep", 1)
        return _Node(run, depth)

    def start(self, children: list[_Node]) -> _Node:
        return children[0]

    # -- literals and attributes

    def number(self, children: list[Any]) -> _Node:
        text = str(children[0])
        value = to_number(text) if len(text) <= 60 else 0
        if len(text) > 60 or abs(value) >= LARGEST:
            raise MapperError("the number is too large", children[0].start_pos + 1)
        return _Node(lambda row, moment: value)

    def string(self, children: list[Any]) -> _Node:
        value = re.sub(r"\\(.)", _unescape, str(children[0])[1:-1], flags=re.DOTALL)
        return _Node(lambda row, moment: value)

    def yes(self, children: list[Any]) -> _Node:
        return _Node(lambda row, moment: True)

    def no(self, children: list[Any]) -> _Node:
        return _Node(lambda row, moment: False)

    def nothing(self, children: list[Any]) -> _Node:
        return _Node(lambda row, moment: None)

    def name(self, children: list[Any]) -> _Node:
        return self._attribute(_usable(children[0]))

    def wrapped(self, children: list[Any]) -> _Node:
        return self._attribute(str(children[0])[2:-1])

    def _attribute(self, name: str) -> _Node:
        self.sources.add(name)
        return _Node(lambda row, moment: row.get(name))

    def member(self, children: list[Any]) -> _Node:
        inner, name = children[0], str(children[1])
        run = inner.run
        return self._node(lambda row, moment: _member(run(row, moment), name), inner)

    def each(self, children: list[Any]) -> _Node:
        run = children[0].run

        def every(row: Row, moment: Moment) -> Any:
            value = run(row, moment)
            return value if value is None or isinstance(value, list) else [value]

        return self._node(every, children[0])

    def item(self, children: list[Any]) -> _Node:
        holder, key = children[0].run, children[1].run
        return self._node(
            lambda row, moment: _item(holder(row, moment), key(row, moment)), *children
        )

    def array(self, children: list[Any]) -> _Node:
        nodes: list[_Node] = children[0]
        runs = [node.run for node in nodes]
        return self._node(lambda row, moment: [run(row, moment) for run in runs], *nodes)

    # -- functions

    def arguments(self, children: list[Any]) -> list[_Node]:
        return [child for child in children if child is not None]

    def call(self, children: list[Any]) -> _Node:
        token, arguments = children
        return self._apply(token, arguments)

    def method(self, children: list[Any]) -> _Node:
        holder, token, arguments = children
        return self._apply(token, [holder, *arguments])

    def _apply(self, token: Any, arguments: list[_Node]) -> _Node:
        name, place = _usable(token), token.start_pos + 1
        function = CATALOGUE.get(name)
        if function is None:
            raise MapperError(f"there is no function {name}", place)
        count = len(arguments)
        if count < function.least or (function.most is not None and count > function.most):
            raise MapperError(f"{name} takes {_arity(function)}, not {count}", place)
        runs = [node.run for node in arguments]
        return self._node(_calling(function, runs, place), *arguments)

    # -- operators

    def choose(self, children: list[_Node]) -> _Node:
        test, then, otherwise = [child.run for child in children]
        work = _guarded(truth, 1, "?")
        return self._node(
            lambda row, moment: (then if work(test(row, moment)) else otherwise)(row, moment),
            *children,
        )

    def or_(self, children: list[_Node]) -> _Node:
        runs, work = [child.run for child in children], _guarded(truth, 1, "or")
        return self._node(
            lambda row, moment: any(work(run(row, moment)) for run in runs), *children
        )

    def and_(self, children: list[_Node]) -> _Node:
        runs, work = [child.run for child in children], _guarded(truth, 1, "and")
        return self._node(
            lambda row, moment: all(work(run(row, moment)) for run in runs), *children
        )

    def chain(self, children: list[Any]) -> _Node:
        first = children[0]
        steps = []
        for token, node in zip(children[1::2], children[2::2], strict=True):
            work = _guarded(BINARY[str(token)], token.start_pos + 1, str(token))
            steps.append((work, node.run))

        def run(row: Row, moment: Moment) -> Any:
            value = first.run(row, moment)
            for work, right in steps:
                value = work(value, right(row, moment))
            return value

        return self._node(run, *children[::2])

    def binary(self, children: list[Any]) -> _Node:
        left, token, right = children
        one, other = left.run, right.run
        work = _guarded(BINARY[str(token)], token.start_pos + 1, str(token))
        return self._node(
            lambda row, moment: work(one(row, moment), other(row, moment)), left, right
        )

    def negate(self, children: list[Any]) -> _Node:
        token, inner = children
        work = _guarded(negative, token.start_pos + 1, "-")
        return self._node(lambda row, moment: work(inner.run(row, moment)), inner)

    def complement(self, children: list[_Node]) -> _Node:
        work = _guarded(complement, 1, "~")
        return self._node(lambda row, moment: work(children[0].run(row, moment)), *children)

    def negated(self, children: list[_Node]) -> _Node:
        work = _guarded(truth, 1, "not")
        return self._node(lambda row, moment: not work(children[0].run(row, moment)), *children)


@cache
def _parser() -> tuple[Any, _Builder]:
    from lark import Lark, Transformer

    class Built(_Builder, Transformer):  # type: ignore[type-arg]
        def __init__(self) -> None:
            Transformer.__init__(self)
            _Builder.__init__(self)

    builder = Built()
    return Lark(GRAMMAR, parser="lalr", transformer=builder, maybe_placeholders=False), builder


def _unescape(found: re.Match[str]) -> str:
    letter = found.group(1)
    return {"n": "\n", "t": "\t", "r": "\r"}.get(letter, letter)


def _usable(token: Any) -> str:
    name = str(token)
    if name in _RESERVED:
        raise MapperError(
            f"{name} is a reserved word; as a column: ${{{name}}}", token.start_pos + 1
        )
    return name


def _arity(function: Function) -> str:
    least, most = function.least, function.most
    if most is None:
        return f"at least {least} argument{'' if least == 1 else 's'}"
    if least == most:
        return f"{least} argument{'' if least == 1 else 's'}"
    return f"{least} to {most} arguments"


def _calling(function: Function, runs: list[Closure], place: int) -> Closure:
    work = _guarded(function.call, place, function.name)
    match function.takes:
        case "moment":
            return lambda row, moment: work(moment, *[run(row, moment) for run in runs])
        case "row":
            return lambda row, moment: work(row, *[run(row, moment) for run in runs])
        case "thunks":

            def lazily(row: Row, moment: Moment) -> Any:
                return work(*[lambda run=run: run(row, moment) for run in runs])

            return lazily
        case _:
            return lambda row, moment: work(*[run(row, moment) for run in runs])


def _member(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list):
        return [_member(each, name) for each in value]
    return None


def _item(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key) if isinstance(key, str) else None
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if 0 <= key < len(value) else None
    return None


FUNCTIONS: list[dict[str, Any]] = [function.wire() for function in CATALOGUE.values()]
