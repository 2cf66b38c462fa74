"""Row filters: what people write, what the platform gets, and what the source makes of it."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aeptui.emulator.row_filters import compile_filter
from aeptui.forms.row_filter import NoFilter, parse, said

COLUMNS = ("City", "Score", "Email", "Opted")


def look(name: str) -> dict[str, str]:
    return {"nodeType": "fieldLookup", "fieldName": name}


def lit(value: Any) -> dict[str, Any]:
    return {"nodeType": "literal", "value": value}


def apply(name: str, *params: Any) -> dict[str, Any]:
    return {"nodeType": "fnApply", "fnName": name, "params": list(params)}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("City = 'Basel'", apply("=", look("City"), lit("Basel"))),
        ("Score>=20", apply(">=", look("Score"), lit(20))),
        ("Score <> -1.5", apply("!=", look("Score"), lit(-1.5))),
        ("Opted == TRUE", apply("=", look("Opted"), lit(True))),
        ("City in ('A','B')", apply("in", look("City"), lit(["A", "B"]))),
        ("City not in ('A')", apply("NOT", apply("in", look("City"), lit(["A"])))),
        ("Email like '%@x.ch'", apply("like", look("Email"), lit("%@x.ch"))),
        ("Email is not null", apply("NOT", apply("isNull", look("Email")))),
        ("City = 'O''Hare'", apply("=", look("City"), lit("O'Hare"))),
        (
            "City = 'A' and (Score < 3 or not Email is null)",
            apply(
                "and",
                apply("=", look("City"), lit("A")),
                apply(
                    "or",
                    apply("<", look("Score"), lit(3)),
                    apply("NOT", apply("isNull", look("Email"))),
                ),
            ),
        ),
    ],
)
def test_conditions_become_a_tree_that_the_source_takes(text: str, tree: dict[str, Any]) -> None:
    filters = parse(text, COLUMNS)
    assert filters == {"type": "PQL", "format": "pql/json", "value": tree}
    condition, parameters = compile_filter(filters, COLUMNS)
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE t (City, Score, Email, Opted)")
        db.execute(f"SELECT * FROM t WHERE {condition}", parameters)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Town = 'Basel'", "no column Town"),
        ("Citty = 'Basel'", "did you mean City?"),
        ("City = Basel", "'single quotes'"),
        ("City = 'Basel", "no closing quotation mark"),
        ("City", "needs a comparison"),
        ("City = 'A' Score = 1", "lacks and or or"),
        ("(City = 'A'", "lacks ')'"),
        ("City in ()", "needs a value"),
        ("City ~ 'A'", "cannot be read from"),
        ("= 3", "needs a column"),
        ("Score = 99999999999999999999", "too long"),
        ("City is 3", "null or not null"),
        ("(" * 60 + "City = 'A'" + ")" * 60, "nests more than"),
        ("not " * 60 + "City = 'A'", "nests more than"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, says: str) -> None:
    with pytest.raises(NoFilter) as refused:
        parse(text, COLUMNS)
    assert says in str(refused.value)


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "City",
                "=",
                "'A'",
                "and",
                "or",
                "not",
                "(",
                ")",
                "in",
                "like",
                "is",
                "null",
                "3",
                ",",
                "<",
            ]
        )
    ).map(" ".join)
)
def test_any_text_is_a_filter_or_a_sentence(text: str) -> None:
    try:
        parse(text, COLUMNS)
    except NoFilter as reason:
        assert len(str(reason)) < 300


NAMES = st.sampled_from(["City", "and", "Last Name", "null", "a.b"])
LITERALS = st.one_of(
    st.integers(-(10**17), 10**17), st.booleans(), st.text(st.characters(codec="utf-8"))
)


def applied(name: str, *params: Any) -> dict[str, Any]:
    return {"nodeType": "fnApply", "fnName": name, "params": list(params)}


def literal(value: Any) -> dict[str, Any]:
    return {"nodeType": "literal", "value": value}


CONDITIONS = st.one_of(
    st.builds(lambda name: applied("isNull", look(name)), NAMES),
    st.builds(
        lambda name, v: applied("in", look(name), literal(v)),
        NAMES,
        st.lists(LITERALS, min_size=1, max_size=3),
    ),
    st.builds(
        lambda sign, name, v: applied(sign, look(name), literal(v)),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "like"]),
        NAMES,
        LITERALS,
    ),
)
TREES = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds(lambda node: applied("NOT", node), inner),
        st.builds(
            lambda name, parts: applied(name, *parts),
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
    ),
    max_leaves=6,
)


@given(TREES)
@example(applied("=", look("City"), literal(-(10**17))))
def test_any_filter_is_said_in_words_that_mean_the_same(tree: dict[str, Any]) -> None:
    whole = {"type": "PQL", "format": "pql/json", "value": tree}
    words = said(whole)
    assert words is not None and parse(words) == whole


@pytest.mark.parametrize(
    "strange",
    [None, {}, {"value": 3}, {"value": applied("startsWith", look("City"), literal("B"))}],
)
def test_a_filter_that_nobody_can_write_is_not_said(strange: Any) -> None:
    assert said(strange) is None
