"""Data Prep's expression language."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeptui.emulator.coercion import to_wire
from aeptui.emulator.expressions import (
    FUNCTIONS,
    LONGEST,
    OPERATORS,
    Expression,
    MapperError,
    Moment,
    parse,
)

ROW: dict[str, Any] = {
    "FirstName": "Ada",
    "LastName": "Byrne",
    "Score": 41,
    "Ratio": 0.5,
    "Open": True,
    "Nothing": None,
    "First Name": "Ada",
    "Day": "2026-01-02",
    "person": {"emails": [{"address": "a@example.com"}, {"address": "b@example.com"}]},
}
MOMENT = Moment(1_767_323_045_678, lambda: "an-id")


def value(text: str) -> Any:
    return parse(text).evaluate(ROW, MOMENT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('concat(FirstName, " ", LastName)', "Ada Byrne"),
        ("FirstName.lower().concat('!')", "ada!"),
        ('iif(Score > 40 and Open, "hot", "cold")', "hot"),
        ("iif(Open, 1, 1 / 0)", 1),
        ('Nothing == null ? "none" : "some"', "none"),
        ("coalesce(Nothing, Missing, Score)", 41),
        ('decode(LastName, "Byrne", 1, "Chen", 2, 0)', 1),
        ('decode("x", "y", 1)', None),
        ("1 + 2 * 3 - 8 / 4", 5),
        ("7 mod 4 eq 3 && !(Score lt 1)", True),
        ("-Score + ~0", -42),
        ("${First Name}", "Ada"),
        ("person.emails[1].address", "b@example.com"),
        ('join(";", person.emails[*].address)', "a@example.com;b@example.com"),
        ('format(date(Day), "dd.MM.yyyy")', "02.01.2026"),
        ('dformat(timestamp(), "yyyy-MM-dd HH:mm:ss.SSS")', "2026-01-02 03:04:05.678"),
        ('date_part("quarter", Day)', 1),
        ('format(date("", "yyyy", "2026-01-02"), "yyyy")', "2026"),
        ("uuid()", "an-id"),
        ('sha256("a")', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ('substr("This is a test", 7, 3)', " a "),
        ('split("a-b c", "- ")', ["a", "b", "c"]),
        ('instr("adobe.com", "com")', 6),
        ('lpad("7", 3, "0")', "007"),
        ('rpad("7", 3)', "7  "),
        ('replacestr("a-b-c", "-", "+")', "a+b+c"),
        ('extract_regex("E259,X", "([^,]+),[^,]*")', ["E259,X", "E259"]),
        ('matches_regex("abc", "[a-c]+")', True),
        ('contains_key("person.emails") and !contains_key("person.phone")', True),
        ('to_object("a", to_integer("12"), "b", to_decimal("1.5"))', {"a": 12, "b": 1.5}),
        ("add_to_array(to_array(false, 1, null), 2)", [1, 2]),
        ("min(3, 1, 2) + max([4, 5])", 6),
        ('is_empty("") and is_empty(Missing) and size_of("abc") == 3', True),
        ("nullify()", None),
        ('get_url_host("https://platform.adobe.io/a") ', "platform.adobe.io"),
        ('get_url_host("no address")', None),
        ('"a\\"b\\n"', 'a"b\n'),
        ("android", None),
    ],
)
def test_what_an_expression_gives(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('1 + conct(FirstName, "x")', 5, "no function conct"),
        ("lower()", 1, "lower takes 1 argument"),
        ("concat('a' 'b')", 12, "nothing fits"),
        ("1 +", 3, "ends too early"),
        ("new", 1, "reserved"),
        ("1 # 2", 3, "nothing fits"),
        ("(" * 50, 50, "ends too early"),
        ("-" * 300 + "1", 1, "deep"),
        ("", 1, "empty"),
    ],
)
def test_a_text_that_is_no_expression_says_where(text: str, place: int, said: str) -> None:
    with pytest.raises(MapperError, match=re.escape(said)) as refused:
        parse(text)
    assert refused.value.place == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1 / 0", 3),
        ('1 + to_integer("many")', 5),
        ('to_integer("99999999999")', 1),
        ('date("2026-01-02 03:04:05")', 1),
        ('date("x", "qq")', 1),
        ('matches_regex("a", "(")', 1),
        ('lpad("a", 100000000)', 1),
        ("Score ? 1 : 2", 1),
        ("person - 1", 8),
    ],
)
def test_a_value_that_cannot_be_made_says_where(text: str, place: int) -> None:
    with pytest.raises(MapperError) as refused:
        value(text)
    assert refused.value.place == place


def test_an_expression_has_a_longest() -> None:
    assert value('"' + "a" * (LONGEST - 2) + '"')
    with pytest.raises(MapperError, match="4096"):
        parse('"' + "a" * (LONGEST - 1) + '"')


def test_an_expression_knows_its_columns() -> None:
    expression = parse('iif(is_empty(Email), concat(First, "@", ${Mail Host}), person.mail.home)')
    assert expression.sources == {"Email", "First", "Mail Host", "person"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
NAMES = [function["function"] for function in FUNCTIONS]
BINARY = [each["operatorSymbol"] for each in OPERATORS if each["numberOfOperands"] == 2]
ATOMS = st.sampled_from(
    ["a", "b", "c.d", "c[0]", "c[*].x", "null", "true", "1", "2.5", '"x"', "'2026-01-02'", "[1, a]"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(BINARY), inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("-{}".format, inner),
        st.builds("!{}".format, inner),
        st.builds(
            lambda name, arguments: f"{name}({', '.join(arguments)})",
            st.sampled_from(NAMES),
            st.lists(inner, max_size=4),
        ),
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(EXPRESSIONS, st.dictionaries(st.sampled_from("abc"), VALUES))
def test_any_expression_evaluates_on_any_row_or_says_where_it_cannot(
    text: str, row: dict[str, Any]
) -> None:
    try:
        parse(text).evaluate(row, MOMENT)
    except MapperError as refused:
        assert refused.place is not None
        assert 1 <= refused.place <= len(text)
        assert refused.sentence


@given(st.text(max_size=30) | st.text(alphabet="ab.([{}])+-*/?:\"'!~&|= <>,1${", max_size=30))
def test_any_text_is_an_expression_or_says_where_it_is_not(text: str) -> None:
    try:
        assert isinstance(parse(text), Expression)
    except MapperError as refused:
        assert refused.place is not None
        assert 1 <= refused.place <= max(1, len(text))


MOVING = {"now", "timestamp", "uuid", "guid", "zone_date_to_utc", "zone_date_to_zone", "sha512"}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function["function"])
def test_a_function_does_what_its_example_says(function: dict[str, Any]) -> None:
    made = to_wire(value(function["example"]))
    if function["function"] not in MOVING:
        assert made == json.loads(function["result"])
