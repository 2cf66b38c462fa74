"""Mapping sets applied to rows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.checks import UNFIT, compile_checks
from aeptui.emulator.expressions import Moment
from aeptui.emulator.mapping import Mapping, MappingRefused, validate
from aeptui.emulator.xdm import Field

FIELDS = {
    "_rehearsal.crmId": Field("string", required=True),
    "_rehearsal.leadScore": Field("integer"),
    "_rehearsal.newsletter": Field("boolean"),
    "_rehearsal.ratio": Field("number"),
    "person.name.firstName": Field("string"),
    "person.name.fullName": Field("string"),
    "person.birthDate": Field("string", format="date", xdm_type="date"),
    "modifyDate": Field("string", format="date-time", xdm_type="date-time"),
    "identityMap": Field("object", xdm_type="map"),
    "addresses[*].city": Field("string"),
    "addresses[*].floor": Field("integer"),
    "departments[*]": Field("string"),
}


def set_of(*lines: tuple[str, str], **more: Any) -> dict[str, Any]:
    mappings = [
        {
            "sourceType": "EXPRESSION" if "(" in source else "ATTRIBUTE",
            "source": source,
            "destination": destination,
        }
        for source, destination in lines
    ]
    return {"mappings": mappings, **more}


def record_of(body: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return Mapping.compile(body, FIELDS).apply(row).record


def test_columns_go_to_their_places() -> None:
    body = set_of(
        ("Id", "_rehearsal.crmId"),
        ("Score", "_rehearsal.leadScore"),
        ('concat(First, " ", Last)', "person.name.fullName"),
        ("Birthdate", "person.birthDate"),
        ("LastModifiedDate", "modifyDate"),
    )
    row = {
        "Id": "003",
        "Score": 7,
        "First": "Ada",
        "Last": "Byrne",
        "Birthdate": "12/31/1990",
        "LastModifiedDate": "2026-01-02T03:04:05Z",
    }
    mapping = Mapping.compile(body, FIELDS)
    assert mapping.apply(row).record == {
        "_rehearsal": {"crmId": "003", "leadScore": 7},
        "person": {"name": {"fullName": "Ada Byrne"}, "birthDate": "1990-12-31"},
        "modifyDate": "2026-01-02T03:04:05.000Z",
    }
    assert mapping.sources == {"Id", "Score", "First", "Last", "Birthdate", "LastModifiedDate"}


def test_a_value_that_cannot_be_made_is_left_out_and_warned_about() -> None:
    body = set_of(("Id", "_rehearsal.crmId"), ("Birthdate", "person.birthDate"))
    mapped = Mapping.compile(body, FIELDS).apply({"Id": "003", "Birthdate": "1987-02-30"})
    assert mapped.record == {"_rehearsal": {"crmId": "003"}}
    ((destination, sentence),) = mapped.warnings
    assert destination == "person.birthDate"
    assert "Birthdate" in sentence
    assert "1987-02-30" in sentence


@pytest.mark.parametrize(
    ("destination", "given_value", "expected"),
    [
        ("_rehearsal.newsletter", "YES", True),
        ("_rehearsal.newsletter", "off", False),
        ("_rehearsal.newsletter", "maybe", None),
        ("_rehearsal.newsletter", 1, None),
        ("_rehearsal.leadScore", "12", 12),
        ("_rehearsal.leadScore", 12.0, 12),
        ("_rehearsal.leadScore", 12.5, None),
        ("_rehearsal.leadScore", True, None),
        ("_rehearsal.ratio", "1e3", 1000.0),
        ("_rehearsal.ratio", "nan", None),
        ("_rehearsal.crmId", 12, "12"),
        ("_rehearsal.crmId", False, "false"),
        ("_rehearsal.crmId", ["a"], None),
        ("modifyDate", 0, "1970-01-01T00:00:00.000Z"),
        ("modifyDate", "2026-02-30T00:00:00.000Z", None),
        ("modifyDate", "2026-01-02 03:04:05", None),
        ("identityMap", {"Email": [{"id": "a"}]}, {"Email": [{"id": "a"}]}),
        ("identityMap", "Email", None),
    ],
)
def test_values_are_turned_into_the_type_of_the_field(
    destination: str, given_value: Any, expected: Any
) -> None:
    mapped = Mapping.compile(set_of(("x", destination)), FIELDS).apply({"x": given_value})
    found: Any = mapped.record
    for name in destination.split("."):
        found = found.get(name) if found else None
    assert found == expected
    assert bool(mapped.warnings) == (expected is None)


def test_nulls_are_dropped_unless_they_are_asked_for() -> None:
    row = {"x": None}
    assert record_of(set_of(("x", "_rehearsal.crmId")), row) == {}
    kept = set_of(("x", "_rehearsal.crmId"), allowNullValues=True)
    assert record_of(kept, row) == {"_rehearsal": {"crmId": None}}


def test_arrays_are_filled_by_place_and_by_spreading() -> None:
    row = {"all": [{"c": "Oslo"}, {"c": "Wien"}], "one": "Leeds", "tags": "a,b", "n": "3"}
    body = set_of(
        ("all[*].c", "addresses[*].city"),
        ("n", "addresses[1].floor"),
        ('explode(tags, ",")', "departments"),
    )
    assert record_of(body, row) == {
        "addresses": [{"city": "Oslo"}, {"city": "Wien", "floor": 3}],
        "departments": ["a", "b"],
    }
    assert record_of(set_of(("one", "addresses[*].city")), row) == {
        "addresses": [{"city": "Leeds"}]
    }


def test_an_object_takes_its_namesakes_along() -> None:
    row = {"who": {"name": {"firstName": "Ada", "nick": "A"}, "birthDate": "2001-02-03"}}
    assert record_of(set_of(("who", "person")), row) == {
        "person": {"name": {"firstName": "Ada"}, "birthDate": "2001-02-03"}
    }


def test_odd_column_names_are_reached() -> None:
    row = {"First.Name": "Ada", "First Name": "Grace", "a": {"b": "Ida"}}
    for source, expected in (
        ("First\\.Name", "Ada"),
        ("${First.Name}", "Ada"),
        ("First.Name", "Ada"),
        ("First Name", "Grace"),
        ("a.b", "Ida"),
    ):
        body = set_of((source, "person.name.firstName"))
        assert record_of(body, row) == {"person": {"name": {"firstName": expected}}}, source


def test_both_styles_of_mapping_are_read() -> None:
    old = {"mappings": [{"sourceAttribute": "Id", "destinationXdmPath": "_rehearsal.crmId"}]}
    static = {
        "mappings": [
            {"sourceType": "STATIC", "source": "Id", "destination": "_rehearsal.crmId"},
        ]
    }
    assert record_of(old, {"Id": "003"}) == {"_rehearsal": {"crmId": "003"}}
    assert record_of(static, {"Id": "003"}) == {"_rehearsal": {"crmId": "Id"}}


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"source": "a", "destination": "person.shoeSize"}, "no field person.shoeSize"),
        ({"source": "a", "destination": "person..name"}, "not a path"),
        ({"source": "a", "destination": "addresses[5000].city"}, "not a path"),
        ({"source": "a"}, "no destination"),
        ({"destination": "_rehearsal.crmId"}, "no source"),
        ({"sourceType": "MAGIC", "source": "a", "destination": "modifyDate"}, "source type"),
        (
            {"sourceType": "EXPRESSION", "source": "nofn(a)", "destination": "modifyDate"},
            "at character 1: there is no function nofn",
        ),
        ("no object", "object"),
    ],
)
def test_a_mapping_that_cannot_work_says_why(mapping: Any, said: str) -> None:
    fine = {"source": "Id", "destination": "_rehearsal.crmId"}
    first, second = validate({"mappings": [fine, mapping]}, FIELDS)
    assert first is None
    assert second is not None
    assert said in second
    with pytest.raises(MappingRefused) as refused:
        Mapping.compile({"mappings": [fine, mapping]}, FIELDS)
    assert (refused.value.index, refused.value.sentence) == (1, second)


def test_a_set_without_mappings_is_refused() -> None:
    with pytest.raises(MappingRefused):
        Mapping.compile({"mappings": []}, FIELDS)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
WHOLE = Mapping.compile(
    set_of(
        *((f"c{place}", destination) for place, destination in enumerate(FIELDS)),
        ("c0", "person"),
        ("c1[*].x", "addresses[*].city"),
        ("upper(concat(c2, c3))", "person.name.fullName"),
        ("c4 + c5 * (c6)", "_rehearsal.ratio"),
    ),
    FIELDS,
)
CHECK = compile_checks(FIELDS)


@given(
    st.dictionaries(
        st.sampled_from([f"c{place}" for place in range(len(FIELDS))]),
        ANYTHING | st.integers(-(10**5000), 10**5000),
        max_size=8,
    )
)
def test_any_row_makes_a_record_of_the_schemas_types(row: dict[str, Any]) -> None:
    mapped = WHOLE.apply(row, Moment(0))
    assert [fault for fault in CHECK(mapped.record) if fault.code == UNFIT] == []
