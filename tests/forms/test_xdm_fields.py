"""The fields of a schema as mapping targets."""

from __future__ import annotations

from typing import Any

import pytest

from aeptui.emulator import xdm
from aeptui.forms.pairs import Pair, fault
from aeptui.forms.xdm_fields import XdmField, leaves, slashes, together
from tests.forms.test_suggest import Nothing

BLOCKS = [*xdm.global_resources("classes"), *xdm.global_resources("fieldgroups")]


@pytest.mark.parametrize("body", BLOCKS, ids=[body["title"] for body in BLOCKS])
def test_the_leaves_are_those_that_rows_are_checked_against(body: dict[str, Any]) -> None:
    full = xdm.resolve(Nothing(), "dev", body)
    wanted = xdm.leaves(full)
    found = {leaf.path: leaf for leaf in leaves(full)}
    assert list(found) == list(wanted)
    for path, leaf in found.items():
        assert leaf.required == wanted[path].required
        assert leaf.type == wanted[path].xdm_type
        assert leaf.choices == tuple(map(str, wanted[path].enum or ()))


def test_what_a_field_needs_is_told_with_the_object_that_it_is_in() -> None:
    full = {
        "required": ["_id", "nested"],
        "properties": {
            "_id": {"type": "string"},
            "nested": {"required": ["a"], "properties": {"a": {"type": "integer"}}},
            "free": {"required": ["b"], "properties": {"b": {"type": "string"}}},
            "_tenant": {"required": ["c"], "properties": {"c": {"type": "string"}}},
            "many": {"type": "array", "items": {"required": ["d"], "properties": {"d": {}}}},
            "old": {"type": "string", "meta:status": "deprecated"},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "odd": 3,
        },
    }
    found = {leaf.path: leaf for leaf in leaves(full)}
    assert [path for path, leaf in found.items() if leaf.always_required] == [
        "_id",
        "nested.a",
        "_tenant.c",
    ]
    assert (found["free.b"].within, found["many[*].d"].within) == ("free", "many[*]")
    assert found["map"].type == "map"
    assert "old" not in found


def test_a_type_that_holds_itself_comes_to_an_end() -> None:
    node: dict[str, Any] = {"properties": {"x": {"type": "string"}}}
    node["properties"]["again"] = node
    assert 10 < len(leaves(node)) < 20


def test_what_one_block_requires_the_whole_requires() -> None:
    both = together([(XdmField("a"), XdmField("b")), (XdmField("a", required=True),)])
    assert [(leaf.path, leaf.required) for leaf in both] == [("a", True), ("b", False)]


def test_descriptors_write_paths_with_slashes() -> None:
    assert slashes("person.name.firstName") == "/person/name/firstName"
    assert slashes("emails[*].address") == "/emails/address"


FIELDS = (
    XdmField("_id", required=True),
    XdmField("person.name.firstName"),
    XdmField("addresses[*].city"),
    XdmField("identityMap", "map"),
)


@pytest.mark.parametrize(
    ("destination", "is_known"),
    [
        ("person.name.firstName", True),
        ("person.name", True),
        ("addresses[0].city", True),
        ("addresses[*].city", True),
        ("addresses", True),
        ("identityMap.Email", True),
        ("person.nam", False),
        ("addresses[0].town", False),
        ("person.name.firstName.x", False),
    ],
)
def test_a_pair_fills_a_leaf_an_object_or_a_key_of_a_map(destination: str, is_known: bool) -> None:
    said = fault([Pair("Id", "_id"), Pair("a", destination)], FIELDS, None)
    assert (said == "") is is_known, said
    assert is_known or said.startswith(f"The schema has no field {destination}")


def test_an_object_that_is_mapped_whole_fills_what_it_requires() -> None:
    needed = (XdmField("_tenant.crm.id", required=True),)
    assert fault([Pair("crm", "_tenant.crm")], needed, None) == ""
    assert "_tenant.crm.id is required" in fault(
        [Pair("x", "_tenant.crm.id2")],
        (
            *needed,
            XdmField("_tenant.crm.id2"),
        ),
        None,
    )
