"""Regular expressions of callers: what Python's own answer, and none that never ends."""

from __future__ import annotations

import re

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.emulator.coercion import MapperError
from aeptui.emulator.expressions import parse
from aeptui.emulator.regexes import Regex, RegexTrouble, regex
from tests.emulator.test_schemaregistry import BASE, XED, as_, field_group_of

ENDLESS = "(a+)+$"
VICTIM = "a" * 60 + "b"

SOURCES = st.recursive(
    st.sampled_from(["a", "b", ".", r"\d", "[ab]", "(a|b)", "^", "$"]),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({})".format, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{1,2}", "*?"])),
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(SOURCES, st.text(alphabet="ab1\n☃", max_size=8))
def test_any_pattern_finds_what_pythons_own_finds(source: str, text: str) -> None:
    own = re.compile(source)
    for ours, found in (
        (regex(source).search(text), own.search(text)),
        (regex(source).fullmatch(text), own.fullmatch(text)),
    ):
        assert ours == (None if found is None else [found.group(0), *found.groups()])
    assert regex(source).split(text) == own.split(text)


def test_what_is_no_pattern_says_so() -> None:
    with pytest.raises(RegexTrouble, match="not a regular expression"):
        regex("(")


def test_a_pattern_that_never_ends_is_stopped_and_not_tried_again() -> None:
    slow = Regex(ENDLESS)
    for _ in range(50):  # each would be a second, were it tried again
        with pytest.raises(RegexTrouble, match="too long"):
            slow.fullmatch(VICTIM)
    assert regex("(b+)+$").fullmatch("bbb") == ["bbb", "bbb"]


def test_an_expression_with_it_is_an_error_of_that_expression() -> None:
    with pytest.raises(MapperError, match="too long"):
        parse(f'matches_regex(Name, "{ENDLESS}")').evaluate({"Name": VICTIM})


def test_a_filter_with_it_is_refused(api: httpx.Client) -> None:
    titled = api.post(f"{BASE}/tenant/fieldgroups", json=field_group_of(VICTIM, {}))
    assert titled.status_code == 201, titled.text
    for url, name, accept in (
        (f"{BASE}/tenant/fieldgroups", "title", as_(XED)),
        ("/data/foundation/catalog/dataSets", "name", {}),
    ):
        if name == "name":
            content = "application/vnd.adobe.xed-full+json;version=1"
            schema = api.post(
                f"{BASE}/tenant/schemas",
                json={
                    "title": "Named",
                    "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}],
                },
            ).json()
            body = {"name": VICTIM, "schemaRef": {"id": schema["$id"], "contentType": content}}
            assert api.post(url, json=body).status_code == 201
        answer = api.get(url, headers=accept, params={"property": f"{name}~^(a+)+$"})
        assert answer.status_code == 400
        assert "too long" in answer.json()["detail"]


def test_a_field_with_a_pattern_that_is_none_is_not_made(api: httpx.Client) -> None:
    field = {"code": {"type": "string", "pattern": "("}}
    answer = api.post(f"{BASE}/tenant/fieldgroups", json=field_group_of("Odd pattern", field))
    assert answer.status_code == 400
    assert "pattern" in answer.json()["detail"]
