"""Unions, audit logs, and resources carried from one sandbox to another."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from tests.emulated import Rehearsal
from tests.emulator.test_schemaregistry import (
    BASE,
    FULL,
    PERSONAL,
    PROFILE,
    RAW,
    UNION,
    XED,
    as_,
    code_of,
    field_group_of,
    identity_of,
    made,
    schema_of,
)

UNION_ID = "_xdm.context.profile__union"


def enabled(api: httpx.Client, *groups: str) -> dict[str, Any]:
    """A schema that takes part in its class's union."""
    schema = made(api, "schemas", schema_of("Member", PERSONAL, *groups))
    identity = api.post(
        f"{BASE}/tenant/descriptors", json=identity_of(schema, "/personalEmail/address")
    )
    assert identity.status_code == 201, identity.text
    answer = api.patch(f"{BASE}/tenant/schemas/{schema['meta:altId']}", json=UNION)
    assert answer.status_code == 200, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


def test_a_union_holds_the_fields_of_every_schema_that_is_enabled(
    fresh: Rehearsal, api: httpx.Client
) -> None:
    with fresh.client() as api:
        own = made(api, "fieldgroups", field_group_of("Own", {"points": {"type": "integer"}}))
        made(api, "schemas", schema_of("Not enabled", own["$id"]))
        assert api.get(f"{BASE}/tenant/unions", headers=as_(XED)).json()["results"] == []
        missing = api.get(f"{BASE}/tenant/unions/{UNION_ID}", headers=as_(RAW))
        assert code_of(missing) == "XDM-1012-404"
        one, other = enabled(api), enabled(api, own["$id"])
        (union,) = api.get(f"{BASE}/tenant/unions", headers=as_(XED)).json()["results"]
        assert union["meta:altId"] == UNION_ID
        assert union["meta:class"] == PROFILE
        assert {one["$id"], other["$id"]} <= set(union["meta:extends"])
        for id in (UNION_ID, quote(union["$id"], safe="")):
            full = api.get(f"{BASE}/tenant/unions/{id}", headers=as_(FULL)).json()
            assert "address" in full["properties"]["personalEmail"]["properties"]
            assert "points" in full["properties"]["_rehearsal"]["properties"]


def test_an_audit_log_names_each_change_and_where_it_was_made(api: httpx.Client) -> None:
    own = made(api, "fieldgroups", field_group_of("Own", {"points": {"type": "integer"}}))
    schema = made(api, "schemas", schema_of("Member", own["$id"]))
    log = f"{BASE}/rpc/auditlog/{schema['meta:altId']}"
    assert api.get(log).json() == []
    path = "/definitions/own/properties/_rehearsal/properties/tier"
    added = [{"op": "add", "path": path, "value": {"type": "string"}}]
    assert api.patch(f"{BASE}/tenant/fieldgroups/{own['meta:altId']}", json=added).is_success
    renamed = [{"op": "replace", "path": "/description", "value": "Members"}]
    assert api.patch(f"{BASE}/tenant/schemas/{schema['meta:altId']}", json=renamed).is_success
    found = {
        (update["id"], update["xdmType"], update["action"], update["path"])
        for change in api.get(log).json()
        for update in change["updates"]
    }
    assert found == {
        (own["$id"], "fieldgroups", "add", path),
        (schema["$id"], "schemas", "replace", "/description"),
    }


def test_an_export_is_taken_in_by_another_sandbox_whole_and_once(fresh: Rehearsal) -> None:
    with fresh.client() as here, fresh.client("empty") as there:
        own = made(here, "fieldgroups", field_group_of("Own", {"points": {"type": "integer"}}))
        schema = made(here, "schemas", schema_of("Member", own["$id"]))
        export = f"{BASE}/rpc/export/{quote(schema['$id'], safe='')}"
        payload = here.get(export, headers=as_(RAW)).json()
        assert [each["title"] for each in payload] == [own["title"], schema["title"]]
        assert "_rehearsal" not in str(payload)
        taken = there.post(f"{BASE}/rpc/import", json=payload)
        assert [each["$id"] for each in taken.json()] == [own["$id"], schema["$id"]]
        path = f"{BASE}/tenant/schemas/{schema['meta:altId']}"
        full = there.get(path, headers=as_(FULL)).json()
        assert "points" in full["properties"]["_rehearsal"]["properties"]
        again = there.post(f"{BASE}/rpc/import", json=payload)
        assert code_of(again) == "XDM-3005-400"
        # What fails is not half done: the first of these is new, the second is not.
        payload[0]["$id"] = payload[0]["$id"].replace("/mixins/", "/mixins/a")
        payload[0]["title"] = "Only half"
        assert code_of(there.post(f"{BASE}/rpc/import", json=payload)) == "XDM-3005-400"
        held = there.get(f"{BASE}/tenant/fieldgroups", headers=as_(XED)).json()["results"]
        assert "Only half" not in [each["title"] for each in held]


def test_only_what_is_the_tenants_own_is_exported(api: httpx.Client) -> None:
    for id in ("none", "_xdm.context.profile"):
        assert code_of(api.get(f"{BASE}/rpc/export/{id}", headers=as_(RAW))) == "XDM-1012-404"
