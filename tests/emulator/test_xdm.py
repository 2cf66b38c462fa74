"""The global container and resolved schemas."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from aeptui.emulator import xdm

CONTEXT = "https://ns.adobe.com/xdm/context/"


@dataclass
class Stored:
    body: dict[str, Any]


class Tenant:
    """The tenant's resources of a sandbox, without a world round them."""

    def __init__(self, **kinds: list[dict[str, Any]]) -> None:
        self.kinds = kinds

    def scan(self, sandbox: str, kind: str) -> Iterator[Stored]:
        return iter([Stored(body) for body in self.kinds.get(kind, [])])


def group(required: list[str]) -> dict[str, Any]:
    return {
        "$id": "https://ns.adobe.com/rehearsal/mixins/one",
        "definitions": {
            "own": {
                "properties": {
                    "_rehearsal": {
                        "type": "object",
                        "properties": {
                            "crmId": {"type": "string"},
                            "note": {"type": "string", "maxLength": 200},
                        },
                        "required": required,
                    }
                }
            }
        },
        "allOf": [{"$ref": "#/definitions/own"}],
    }


def schema(*refs: str) -> dict[str, Any]:
    return {"title": "Contact", "allOf": [{"$ref": ref} for ref in refs]}


def leaves_of(body: dict[str, Any], tenant: Tenant | None = None) -> dict[str, xdm.Field]:
    return xdm.leaves(xdm.resolve(tenant or Tenant(), "dev", body))


def test_every_standard_resource_resolves_to_leaves() -> None:
    for kind in ("classes", "fieldgroups"):
        for body in xdm.global_resources(kind):
            assert leaves_of(body), body["$id"]


def test_a_schema_has_the_fields_of_its_class_and_groups() -> None:
    fields = leaves_of(schema(f"{CONTEXT}profile", f"{CONTEXT}profile-person-details"))
    assert fields["_id"].format == "uri-reference"
    assert fields["person.birthDate"].xdm_type == "date"
    assert fields["person.birthYear"].xdm_type == "short"
    assert (fields["person.birthYear"].minimum, fields["person.birthYear"].maximum) == (1, 32767)
    assert "homeAddress.city" not in fields


def test_groups_that_share_an_object_are_merged() -> None:
    fields = leaves_of(
        schema(f"{CONTEXT}profile-work-details", f"{CONTEXT}profile-other-work-details")
    )
    assert "extendedWorkDetails.departments[*]" in fields
    assert fields["workAddress.countryCode"].pattern == "^[A-Z]{2}$"


def test_full_view_has_plain_names_and_keeps_the_registry_names() -> None:
    full = xdm.resolve(Tenant(), "dev", schema(f"{CONTEXT}profile-person-details"))
    name = full["properties"]["person"]["properties"]["name"]
    assert name["meta:xdmField"] == "xdm:name"
    assert name["properties"]["firstName"]["meta:xdmType"] == "string"
    assert "allOf" not in full


def test_a_required_tenant_field_is_demanded_of_every_row() -> None:
    own = group(["crmId"])
    fields = leaves_of(schema(own["$id"]), Tenant(fieldgroups=[own]))
    assert fields["_rehearsal.crmId"].required
    assert fields["_rehearsal.crmId"].unless_absent == ""
    assert fields["_rehearsal.note"].max_length == 200


def test_a_field_required_in_an_optional_object_is_excused_with_it() -> None:
    fields = leaves_of(schema(f"{CONTEXT}profile-segmentation"))
    code = fields["segments[*].segmentID.namespace.code"]
    assert code.required
    assert code.unless_absent == "segments[*].segmentID.namespace"


def test_a_map_is_one_leaf() -> None:
    field = leaves_of(schema(f"{CONTEXT}identitymap"))["identityMap"]
    assert (field.type, field.xdm_type) == ("object", "map")


def test_an_unknown_reference_is_named() -> None:
    with pytest.raises(xdm.Unresolved) as refused:
        xdm.resolve(Tenant(), "dev", schema("https://ns.adobe.com/rehearsal/mixins/gone"))
    assert refused.value.ref.endswith("/gone")


def test_a_data_type_that_holds_itself_ends() -> None:
    node: dict[str, Any] = {
        "$id": "https://ns.adobe.com/rehearsal/datatypes/node",
        "properties": {
            "name": {"type": "string"},
            "next": {"$ref": "https://ns.adobe.com/rehearsal/datatypes/node"},
        },
    }
    fields = leaves_of(schema(node["$id"]), Tenant(datatypes=[node]))
    assert "next.name" in fields
    assert len(fields) < 40


def test_callers_may_change_what_they_are_given() -> None:
    xdm.global_resources("classes")[0]["title"] = "changed"
    assert xdm.global_resources("classes")[0]["title"] != "changed"
