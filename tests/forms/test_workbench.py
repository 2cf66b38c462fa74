"""A mapping in the making: what was typed, what is proposed, and what any change leaves behind."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.api.exploring import SourceColumn
from aeptui.api.mappingtrials import Function
from aeptui.forms import pairs_csv
from aeptui.forms.choices import Choice
from aeptui.forms.field_tree import FieldTree
from aeptui.forms.pairs import Pair, Targets, attribute, column_of, pair_of
from aeptui.forms.workbench import (
    Bench,
    Workbench,
    called,
    complete,
    completions,
    typed,
    unknown_function,
)
from aeptui.forms.xdm_fields import XdmField

COLUMNS = tuple(SourceColumn(name) for name in ("Id", "Email", "FirstName", "Last.Name", "new"))
FIELDS = (
    XdmField("_t.crmId", required=True),
    XdmField("person.name.firstName"),
    XdmField("person.name.lastName"),
    XdmField("personalEmail.address"),
    XdmField("tags[*]"),
    XdmField("addresses[*].city"),
    XdmField("extra", type="map"),
)
FUNCTIONS = tuple(Function(name, syntax=f"{name}(STRING)") for name in ("concat", "lower", "iif"))
NAMESPACES = (Choice("Email", "Email"), Choice("CRMID", "CRM id"))


def bench(*pairs: dict[str, Any]) -> Workbench:
    return Workbench(Bench(columns=COLUMNS, fields=FIELDS, namespaces=NAMESPACES), pairs)


@pytest.mark.parametrize(
    ("text", "way", "source"),
    [
        ("Email", "attribute", "Email"),
        (" Last.Name ", "attribute", "Last.Name"),
        ("Emial", "attribute", "Emial"),
        ('"CRM"', "static", "CRM"),
        (r'"a \"b\" \d"', "static", r'a "b" \d'),
        ("lower(Email)", "expression", "lower(Email)"),
        ('"a" + "b"', "expression", '"a" + "b"'),
        ("1", "expression", "1"),
    ],
)
def test_what_is_typed_is_a_column_a_text_or_an_expression(
    text: str, way: str, source: str
) -> None:
    pair = bench().said(text, Pair("", "tags[*]", namespace="Email"))
    assert (pair.way, pair.source, pair.namespace) == (way, source, "Email")


@given(st.text(max_size=40).filter(lambda text: text == text.strip() and text))
def test_any_fixed_text_is_typed_as_it_is_shown(text: str) -> None:
    pair = Pair(text, "tags[*]", "static")
    assert bench().said(typed(pair), pair) == pair


@given(st.text(min_size=1, max_size=30))
def test_any_column_is_found_again_in_what_a_mapping_writes(name: str) -> None:
    assert column_of(attribute(name)) == name


def test_a_pair_is_read_in_either_style() -> None:
    old = {"sourceAttribute": "${Last.Name}", "destinationXdmPath": "a.b", "identity": True}
    assert pair_of(old, {"a.b": ("CRMID", True)}) == Pair(
        "Last.Name", "a.b", "attribute", "CRMID", True
    )
    new = {"sourceType": "text/x.aep-xl", "source": "lower(Email)", "destination": "a.b"}
    assert pair_of(new) == Pair("lower(Email)", "a.b", "expression")


def test_the_columns_of_an_expression_are_those_outside_its_texts() -> None:
    pair = Pair('concat(FirstName, "Email", ${Last.Name}, nothing)', "tags[*]", "expression")
    assert bench().read_by(pair) == ["FirstName", "Last.Name"]


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("upper(email)", "email is no column and gives nothing; did you mean Email?"),
        ('concat(Email, "email", ${Last.Name}, new, true)', ""),
        ("Email.size == null or zzz", "zzz is no column and gives nothing"),
        ("${Lost.Name}", "Lost.Name is no column and gives nothing; did you mean Last.Name?"),
    ],
)
def test_a_name_in_an_expression_that_is_no_column_is_doubted(expression: str, says: str) -> None:
    assert bench().unknown_name(Pair(expression, "tags[*]", "expression")) == says


def test_a_function_that_is_not_there_is_named_with_the_nearest() -> None:
    assert unknown_function('concta("lower(x) odd(")', FUNCTIONS) == (
        "There is no function concta; did you mean concat?"
    )
    assert unknown_function('concat("odd(")', FUNCTIONS) == ""
    assert unknown_function("anything(1)", ()) == ""


def test_the_last_word_is_completed_by_columns_then_functions() -> None:
    assert completions("concat(ema", COLUMNS, FUNCTIONS) == ["Email"]
    assert complete("conc", COLUMNS, FUNCTIONS) == "concat("
    assert complete("lower(Last", COLUMNS, FUNCTIONS) == "lower(${Last.Name}"
    assert complete("ne", COLUMNS, FUNCTIONS) == "new"
    assert complete("lower(ne", COLUMNS, FUNCTIONS) == "lower(${new}"
    assert complete('concat("ema', COLUMNS, FUNCTIONS) == ""
    assert complete("", COLUMNS, FUNCTIONS) == ""


def test_the_function_that_is_being_called_is_the_innermost_open_one() -> None:
    inner = called('concat("(", lower(Em', FUNCTIONS)
    assert inner is not None and inner.name == "lower"
    outer = called("concat(lower(Email), ", FUNCTIONS)
    assert outer is not None and outer.name == "concat"
    assert called("concat(a)", FUNCTIONS) is None


def test_a_required_field_is_open_until_something_fills_it_or_what_it_lies_in() -> None:
    work = bench()
    assert [field.path for field in work.lacking] == ["_t.crmId"]
    work.fill("_t.crmId", "Id")
    assert work.lacking == []
    work.put([Pair("Id", "_t")])
    assert work.lacking == []


ACTS = st.one_of(
    st.tuples(st.just("fill"), st.sampled_from(FIELDS), st.sampled_from(COLUMNS)),
    st.tuples(st.just("drop"), st.integers(0, 9)),
    st.tuples(st.just("take"), st.integers(0, 100)),
    st.tuples(st.just("identify"), st.integers(0, 9), st.sampled_from(["", "Email", "CRMID"])),
    st.tuples(st.just("primary"), st.integers(0, 9)),
)


@given(st.lists(ACTS, max_size=12))
@settings(deadline=None)
def test_after_any_changes_no_field_is_filled_twice_and_one_identity_at_most_is_primary(
    acts: list[tuple[Any, ...]],
) -> None:
    work = bench()
    for what, *rest in acts:
        before = work.revision
        at = rest[0] if rest and isinstance(rest[0], int) else 0
        if what == "fill":
            work.fill(rest[0].path, rest[1].name)
        elif what == "take":
            work.take(at)
        elif at >= len(work.pairs):
            continue
        elif what == "drop":
            work.drop(at)
        elif what == "identify":
            work.identify(at, rest[1])
        else:
            work.make_primary(at)
        assert work.pairs == bench(*work.answer()).pairs
        changed = work.revision != before
        assert changed or what in ("take", "primary")
    filled = [pair.destination for pair in work.pairs]
    assert len(set(filled)) == len(filled)
    assert sum(pair.primary for pair in work.pairs) <= 1
    assert all(pair.namespace for pair in work.pairs if pair.primary)
    assert not set(work.proposed) & set(work.by_column)
    assert not {each.destination for each in work.proposed.values()} & set(filled)


# CSV ------------------------------------------------------------------------

PAIRS = st.builds(
    Pair,
    st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text and "\r" not in text),
    st.sampled_from([field.path for field in FIELDS] + ["extra.key", "person"]),
    st.sampled_from(["expression", "static"]),
    st.sampled_from(["", "Email", "CRMID"]),
)


@given(st.lists(PAIRS, max_size=8, unique_by=lambda pair: pair.destination))
def test_any_pairs_come_back_from_csv_as_they_went(pairs: list[Pair]) -> None:
    text = pairs_csv.written(pairs)
    assert pairs_csv.read(text, Targets(FIELDS), None, NAMESPACES) == (pairs, [])


@given(st.text("=+-@'a1(", min_size=1, max_size=6))
def test_any_source_is_no_formula_to_a_spreadsheet_and_comes_back_as_it_went(source: str) -> None:
    pair = Pair(source, FIELDS[0].path, "static")
    text = pairs_csv.written([pair])
    cells = next(csv.reader(io.StringIO(text.splitlines()[1])))
    assert not cells[0].startswith(("=", "+", "-", "@"))
    assert pairs_csv.read(text, Targets(FIELDS), None)[0] == [pair]


def test_lines_that_do_not_fit_are_named_and_left_out() -> None:
    text = (
        "source;destination;type;namespace;primary\n"
        "Email;personalEmail.address;;Email;yes\n"
        "\n"
        "Nmae;person.name.firstName\n"
        "FirstName;person.name.fristName\n"
        '"lower(\nId)";_t.crmId;expression\n'
        "Id;_t.crmId\n"
        "Id;tags[*];colum\n"
        "Id;extra.a;;Emial\n"
        "only one\n"
    )
    pairs, misfits = pairs_csv.read(text, Targets(FIELDS), COLUMNS, NAMESPACES)
    assert [pair.destination for pair in pairs] == ["personalEmail.address", "_t.crmId"]
    assert pairs[0].primary and pairs[1].way == "expression"
    assert [(each.line, each.sentence.partition(";")[0]) for each in misfits] == [
        (4, "The source has no column Nmae"),
        (5, "The schema has no field person.name.fristName"),
        (8, "_t.crmId is filled twice"),
        (9, "There is no type colum"),
        (10, "There is no namespace Emial"),
        (11, "A line has a source and a destination at least"),
    ]


@given(st.text(max_size=200))
def test_any_text_is_read_as_csv_without_a_crash(text: str) -> None:
    pairs, misfits = pairs_csv.read(text, Targets(FIELDS), COLUMNS, NAMESPACES)
    assert all(each.line >= 1 and each.sentence for each in misfits)
    assert all(pair.destination for pair in pairs)


# The tree -------------------------------------------------------------------


def test_the_tree_folds_and_a_search_ignores_folds() -> None:
    tree = FieldTree(FIELDS)
    assert [row.label for row in tree.rows()] == ["_t", "person", "personalEmail", "tags[*]", "addresses[*]", "extra"]  # fmt: skip
    tree.reveal("person.name.firstName")
    paths = [row.path for row in tree.rows()]
    assert paths[paths.index("person.name") :][:3] == [
        "person.name",
        "person.name.firstName",
        "person.name.lastName",
    ]
    tree.find = "name last"
    assert [row.path for row in tree.rows()] == ["person.name.lastName"]


@given(st.sets(st.sampled_from([f"{a}.{b}.{c}" for a in "abc" for b in "de" for c in "fg"])))
def test_with_everything_open_the_tree_has_each_field_once(paths: set[str]) -> None:
    tree = FieldTree(XdmField(path) for path in sorted(paths))
    for path in paths:
        tree.reveal(path)
    shown = [row.path for row in tree.rows() if row.field is not None]
    assert sorted(shown) == sorted(paths)
