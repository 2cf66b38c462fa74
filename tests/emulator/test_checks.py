"""Records against schemas, held against jsonschema."""

import math
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.checks import MISSING, UNFIT, check, compile_checks
from aeptui.emulator.xdm import Field, leaves


@st.composite
def leaf_schemas(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["string", "integer", "number", "boolean"]))
    node: dict[str, Any] = {"type": kind}
    if kind == "string":
        if draw(st.booleans()):
            node["maxLength"] = draw(st.integers(0, 6))
        if draw(st.booleans()):
            node["minLength"] = draw(st.integers(0, 3))
        if draw(st.booleans()):
            node["enum"] = draw(st.lists(st.text(max_size=3), min_size=1, max_size=3, unique=True))
        if draw(st.booleans()):
            node["pattern"] = draw(st.sampled_from(["^[A-Z]{2}$", "a", "^[0-9]{1,3}$"]))
    elif kind != "boolean":
        low = draw(st.integers(-100, 100))
        if draw(st.booleans()):
            node["minimum"] = low
        if draw(st.booleans()):
            node["maximum"] = low + draw(st.integers(0, 50))
    return node


VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-200, 200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["AB", "a", "12", 1.0, -0.0])
    | st.lists(st.integers(0, 3), max_size=2)
)
NAMES = st.sampled_from(["a", "b", "c"])


@st.composite
def schemas_with_records(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    def an_object(depth: int) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
            nested = depth < 2 and draw(st.booleans())
            properties[name] = an_object(depth + 1) if nested else draw(leaf_schemas())
        required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
        # An object is demanded through the fields that it demands: JSON schema takes an empty
        # one for present, AEP does not.
        required = [name for name in required if "properties" not in properties[name]]
        return {"type": "object", "properties": properties, "required": required}

    def a_record(node: dict[str, Any]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for name, child in node["properties"].items():
            if draw(st.integers(0, 4)) == 0:
                continue
            if "properties" in child and draw(st.integers(0, 5)) > 0:
                record[name] = a_record(child)
            else:
                value = draw(VALUES)
                if value is not None:  # the mapper drops nulls
                    record[name] = value
        return record

    schema = an_object(0)
    return schema, a_record(schema)


@given(schemas_with_records())
def test_any_record_is_refused_exactly_when_json_schema_refuses_it(
    case: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    schema, record = case
    valid = jsonschema.Draft7Validator(schema).is_valid(record)
    wide = {name: _without_range(field) for name, field in leaves(schema).items()}
    assert (check(record, wide) == []) == valid


def _without_range(field: Field) -> Field:
    """The field without the range of XDM's integers, which JSON schema does not know."""
    return Field(
        field.type,
        field.format,
        "none",
        field.minimum,
        field.maximum,
        field.max_length,
        field.min_length,
        field.pattern,
        field.enum,
        field.required,
        field.unless_absent,
    )


@given(st.dictionaries(st.sampled_from("abc"), VALUES | st.dictionaries(st.text(), VALUES)))
def test_any_record_at_all_gets_an_answer(record: dict[str, Any]) -> None:
    fields = {
        "a": Field("string", format="date-time"),
        "b.c": Field("integer", minimum=1, required=True, unless_absent="b"),
        "c[*].d": Field("string", enum=("x",)),
    }
    for fault in check(record, fields):
        assert fault.code in (MISSING, UNFIT)
        assert fault.sentence


def test_a_missing_required_field_has_its_own_code() -> None:
    fields = {"_rehearsal.crmId": Field("string", required=True)}
    records: list[dict[str, Any]] = [{}, {"_rehearsal": {}}, {"_rehearsal": {"crmId": None}}]
    for record in records:
        (fault,) = check(record, fields)
        assert (fault.code, fault.path) == (MISSING, "_rehearsal.crmId")


def test_a_demand_inside_an_array_is_made_of_each_item() -> None:
    fields = {"a[*].b": Field("string", required=True, unless_absent="a[*]")}
    (fault,) = check({"a": [{"b": "x"}, {}]}, fields)
    assert (fault.code, fault.path) == (MISSING, "a[1].b")
    assert check({}, fields) == []


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (Field("string", format="email"), "a@example.com", "a at example.com"),
        (Field("string", format="date"), "2028-02-29", "2026-02-30"),
        (Field("string", format="date-time"), "2026-01-02T03:04:05.000Z", "2026-01-02"),
        (Field("string", format="uri"), "https://example.com", "no uri"),
        (Field("string", pattern="^[A-Z]{2}$"), "NL", "Netherlands"),
        (Field("string", enum=("x", "y")), "x", "z"),
        (Field("string", max_length=2), "ab", "abc"),
        (Field("integer", xdm_type="int"), 2**31 - 1, 2**31),
        (Field("integer", xdm_type="long"), 2**63 - 1, 2**63),
        (Field("number", minimum=-90, maximum=90), 90, 90.5),
        (Field("number"), 1.5, math.nan),
        (Field("boolean"), True, 1),
        (Field("object", xdm_type="map"), {"Email": []}, "Email"),
    ],
)
def test_what_a_field_takes_and_refuses(field: Field, good: Any, bad: Any) -> None:
    checker = compile_checks({"a.b": field})
    assert checker({"a": {"b": good}}) == []
    (fault,) = checker({"a": {"b": bad}})
    assert (fault.code, fault.path) == (UNFIT, "a.b")
