"""The Schema Registry over HTTP: containers, Accept, pages, the tenant's writing and its rules."""

from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NUMBERS = count(1)  # titles are unique in a sandbox, and a module's tests share theirs

BASE = "/data/foundation/schemaregistry"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
PERSON = "https://ns.adobe.com/xdm/context/profile-person-details"
PERSONAL = "https://ns.adobe.com/xdm/context/profile-personal-details"
XED = "application/vnd.adobe.xed+json"
XED_ID = "application/vnd.adobe.xed-id+json"
RAW = f"{XED}; version=1"
FULL = "application/vnd.adobe.xed-full+json;version=1"


def as_(accept: str) -> dict[str, str]:
    return {"Accept": accept}


def schema_of(title: str, *field_groups: str) -> dict[str, Any]:
    return {
        "type": "object",
        "title": f"{title} {next(NUMBERS)}",
        "description": "What the CRM knows of a contact",
        "allOf": [{"$ref": ref} for ref in (PROFILE, *field_groups)],
    }


def field_group_of(title: str, fields: dict[str, Any], top: str = "_rehearsal") -> dict[str, Any]:
    below = {"type": "object", "properties": fields}
    return {
        "type": "object",
        "title": f"{title} {next(NUMBERS)}",
        "meta:intendedToExtend": [PROFILE],
        "definitions": {"own": {"properties": {top: below}}},
        "allOf": [{"$ref": "#/definitions/own"}],
    }


def made(api: httpx.Client, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"{BASE}/tenant/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[1]


def identity_of(schema: dict[str, Any], path: str, primary: bool = True) -> dict[str, Any]:
    return {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema["$id"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": path,
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": primary,
    }


TAKEN = "Taken"
UNION = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]


def test_a_schema_is_answered_whole_and_found_by_both_of_its_ids(api: httpx.Client) -> None:
    schema = made(api, "schemas", schema_of("CRM contact", PERSON))
    assert schema["$id"].startswith("https://ns.adobe.com/rehearsal/schemas/")
    assert schema["meta:altId"] == "_rehearsal.schemas." + schema["$id"].rsplit("/", 1)[1]
    assert schema["version"] == "1.0"
    assert schema["meta:class"] == PROFILE
    assert PERSON in schema["meta:extends"]
    for id in (schema["meta:altId"], quote(schema["$id"], safe="")):
        for path in (f"{BASE}/tenant/schemas/{id}", f"{BASE}/tenant/schemas/{id}/"):
            assert api.get(path, headers=as_(RAW)).json() == schema


def test_what_a_create_may_say_about_itself_is_taken(api: httpx.Client) -> None:
    said = {
        "meta:containerId": "tenant",
        "meta:resourceType": "schemas",
        "meta:xdmType": "object",
        "meta:class": PROFILE,
    }
    schema = made(api, "schemas", {**schema_of("CRM contact", PERSON, PERSONAL), **said})
    assert said.items() <= schema.items()
    assert schema["refs"] == sorted([PROFILE, PERSON, PERSONAL])


def test_a_resource_is_not_nested_without_end(api: httpx.Client) -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(200):
        deep = {"type": "object", "properties": {"a": deep}}
    answer = api.post(f"{BASE}/tenant/fieldgroups", json=field_group_of("Deep", {"a": deep}))
    assert answer.status_code == 400
    assert "deep" in answer.json()["detail"]


def test_the_full_form_resolves_what_the_raw_form_refers_to(api: httpx.Client) -> None:
    own = made(api, "fieldgroups", field_group_of("Own", {"score": {"type": "integer"}}))
    schema = made(api, "schemas", schema_of("CRM contact", PERSON, own["$id"]))
    path = f"{BASE}/tenant/schemas/{schema['meta:altId']}"
    raw, full = (api.get(path, headers=as_(form)).json() for form in (RAW, FULL))
    assert "properties" not in raw
    assert full["properties"]["_rehearsal"]["properties"]["score"]["type"] == "integer"
    name = full["properties"]["person"]["properties"]["name"]["properties"]
    assert name["firstName"]["type"] == "string"
    assert name["firstName"]["title"]


def test_a_form_without_texts_keeps_a_field_that_is_called_title(api: httpx.Client) -> None:
    own = made(api, "fieldgroups", field_group_of("Own", {"title": {"type": "string"}}))
    schema = made(api, "schemas", schema_of("CRM contact", own["$id"]))
    form = "application/vnd.adobe.xed-full-notext+json; version=1"
    shown = api.get(f"{BASE}/tenant/schemas/{schema['meta:altId']}", headers=as_(form)).json()
    assert "title" not in shown
    assert shown["properties"]["_rehearsal"]["properties"]["title"]["type"] == "string"


@pytest.mark.parametrize(
    ("path", "accept", "code"),
    [
        ("tenant/schemas", RAW, "XDM-1006-400"),
        ("tenant/schemas", "application/json", "XDM-1006-400"),
        ("tenant/schemas", "application/vnd.adobe.xed-odd+json", "XDM-1006-406"),
        ("global/classes/_xdm.context.profile", XED, "XDM-1007-400"),
        ("tenant/descriptors", XED, "XDM-1008-400"),
        ("tenant/descriptors/0123", RAW, "XDM-1009-400"),
        ("tenant/schemas/_rehearsal.schemas.0123", RAW, "XDM-1012-404"),
        ("global/classes/_xdm.context.profile", f"{XED}; version=9", "XDM-1012-404"),
    ],
)
def test_each_wrong_question_has_its_own_code(
    api: httpx.Client, path: str, accept: str, code: str
) -> None:
    answer = api.get(f"{BASE}/{path}", headers=as_(accept))
    assert answer.status_code == int(code[-3:])
    assert code_of(answer) == code
    body = answer.json()
    assert body["report"]["registryRequestId"] == answer.headers["x-request-id"]
    assert body["detail"] == body["report"]["detailed-message"]


def test_the_older_name_of_field_groups_answers_the_same(api: httpx.Client) -> None:
    made(api, "mixins", field_group_of("Own", {"a": {"type": "string"}}))
    for container in ("tenant", "global"):
        lists = [
            api.get(f"{BASE}/{container}/{kind}", headers=as_(XED_ID)).json()["results"]
            for kind in ("mixins", "fieldgroups", "fieldgroups/")
        ]
        assert lists[0] and lists[0] == lists[1] == lists[2]
        assert {tuple(line) for line in lists[0]} == {("$id", "meta:altId", "version", "title")}


def test_a_property_filter_looks_into_lists(api: httpx.Client) -> None:
    for_profile = api.get(
        f"{BASE}/global/fieldgroups",
        headers=as_(XED),
        params={"property": f"meta:intendedToExtend=={PROFILE}"},
    ).json()["results"]
    assert {PERSON, PERSONAL} <= {group["$id"] for group in for_profile}
    assert all(PROFILE in group["meta:intendedToExtend"] for group in for_profile)
    others = api.get(
        f"{BASE}/global/fieldgroups",
        headers=as_(XED),
        params=[("property", f"meta:intendedToExtend!={PROFILE}"), ("property", "title~.")],
    ).json()["results"]
    everything = api.get(f"{BASE}/global/fieldgroups", headers=as_(XED)).json()["results"]
    assert len(for_profile) + len(others) == len(everything)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(1, 30), order=st.sampled_from(["title", "-title", "version", "$id"]))
def test_any_page_size_gives_the_same_list(api: httpx.Client, limit: int, order: str) -> None:
    path = f"{BASE}/global/fieldgroups"
    everything = api.get(path, headers=as_(XED_ID), params={"orderby": order}).json()
    assert everything["_page"]["next"] is None
    found: list[Any] = []
    params: dict[str, Any] = {"orderby": order, "limit": limit}
    while True:
        page = api.get(path, headers=as_(XED_ID), params=params).json()
        found += page["results"]
        assert page["_page"]["count"] == len(page["results"])
        if page["_page"]["next"] is None:
            break
        params["start"] = page["_page"]["next"]
        following = api.get(f"{BASE}{page['_links']['next']['href']}", headers=as_(XED_ID))
        assert following.json() == api.get(path, headers=as_(XED_ID), params=params).json()
    assert found == everything["results"]


def test_a_start_needs_an_order(api: httpx.Client) -> None:
    path = f"{BASE}/tenant/schemas"
    answer = api.get(path, headers=as_(XED), params={"start": "a"})
    assert answer.status_code == 400
    assert "orderby" in answer.json()["detail"]
    whole = api.get(path, headers=as_(XED)).json()["results"]
    assert api.get(path, headers=as_(XED), params={"limit": 1}).json()["results"] == whole


def test_every_change_counts_the_minor_version_up(api: httpx.Client) -> None:
    schema = made(api, "schemas", schema_of("CRM contact"))
    path = f"{BASE}/tenant/schemas/{schema['meta:altId']}"
    patch = [{"op": "add", "path": "/allOf/-", "value": {"$ref": PERSON}}]
    patched = api.patch(path, json=patch).json()
    assert (patched["version"], PERSON in patched["meta:extends"]) == ("1.1", True)
    replaced = api.put(path, json=schema_of("CRM contact renamed")).json()
    assert (replaced["version"], replaced["$id"]) == ("1.2", schema["$id"])
    assert PERSON not in replaced["meta:extends"]
    eTags = {s["meta:registryMetadata"]["eTag"] for s in (schema, patched, replaced)}
    assert len(eTags) == 3
    assert api.delete(path).status_code == 204
    assert api.get(path, headers=as_(RAW)).status_code == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": ""}, "XDM-1000-400"),
        ({"type": "string"}, "XDM-1000-400"),
        ({"allOf": [{"$ref": PERSON}]}, "XDM-1000-400"),
        ({"allOf": "all"}, "XDM-1000-400"),
        ({"allOf": [{"$ref": PROFILE}, {"$ref": "https://ns.adobe.com/none"}]}, "XDM-1012-404"),
        ({"title": TAKEN}, "XDM-1521-400"),
    ],
)
def test_a_schema_that_breaks_a_rule_is_not_made(
    api: httpx.Client, change: dict[str, Any], code: str
) -> None:
    if change.get("title") == TAKEN:
        group = field_group_of("", {"a": {"type": "string"}})
        made(api, "fieldgroups", {**group, "title": TAKEN})
    free = schema_of("Free")
    answer = api.post(f"{BASE}/tenant/schemas", json={**free, **change})
    assert code_of(answer) == code
    held = api.get(f"{BASE}/tenant/schemas", headers=as_(XED_ID)).json()["results"]
    assert free["title"] not in {line["title"] for line in held}


def test_own_fields_live_under_the_tenant(api: httpx.Client) -> None:
    body = field_group_of("Astray", {"a": {"type": "string"}}, top="person")
    answer = api.post(f"{BASE}/tenant/fieldgroups", json=body)
    assert code_of(answer) == "XDM-1021-400"


def test_the_global_container_is_read_only(api: httpx.Client) -> None:
    path = f"{BASE}/global/classes/_xdm.context.profile"
    assert api.delete(path).status_code == 403
    assert api.post(f"{BASE}/global/schemas", json=schema_of("Mine")).status_code == 403


def test_profile_needs_an_identity_and_then_is_for_good(api: httpx.Client) -> None:
    schema = made(api, "schemas", schema_of("CRM contact", PERSONAL))
    path = f"{BASE}/tenant/schemas/{schema['meta:altId']}"
    assert code_of(api.patch(path, json=UNION)) == "XDM-1528-400"
    identity = api.post(
        f"{BASE}/tenant/descriptors", json=identity_of(schema, "/personalEmail/address")
    )
    assert identity.status_code == 201
    assert api.patch(path, json=UNION).json()["meta:immutableTags"] == ["union"]
    undo = api.patch(path, json=[{"op": "remove", "path": "/meta:immutableTags"}])
    assert undo.status_code == 400
    gone = api.delete(f"{BASE}/tenant/descriptors/{identity.json()['@id']}")
    assert gone.status_code == 403
    stats = api.get(f"{BASE}/stats").json()
    assert stats["counts"]["unions"] == 1


def test_a_schema_has_one_primary_identity(api: httpx.Client) -> None:
    schema = made(api, "schemas", schema_of("CRM contact", PERSONAL))
    path = f"{BASE}/tenant/descriptors"
    first = api.post(path, json=identity_of(schema, "/personalEmail/address"))
    assert first.status_code == 201
    second = identity_of(schema, "/mobilePhone/number")
    assert api.post(path, json=second).status_code == 400
    second["xdm:isPrimary"] = False
    assert api.post(path, json=second).status_code == 201
    astray = identity_of(schema, "/personalEmail/street", primary=False)
    assert "no field" in api.post(path, json=astray).json()["detail"]


def test_descriptors_are_grouped_or_paged_as_accepted(api: httpx.Client) -> None:
    schema = made(api, "schemas", schema_of("CRM contact", PERSONAL))
    path = f"{BASE}/tenant/descriptors"
    one = api.post(path, json=identity_of(schema, "/personalEmail/address")).json()
    kind = "xdm:descriptorIdentity"

    def asked(form: str) -> Any:
        accept = as_(f"application/vnd.adobe.{form}+json")
        params = {"property": f"xdm:sourceSchema=={schema['$id']}"}
        return api.get(path, headers=accept, params=params).json()

    assert asked("xdm-id") == {kind: [one["@id"]]}
    assert asked("xdm-link") == {kind: [f"/tenant/descriptors/{one['@id']}"]}
    assert asked("xdm") == {kind: [one]}
    assert asked("xdm-v2")["results"] == [one]
    assert asked("xdm-v2-id")["_page"]["count"] == 1
    accept = as_("application/vnd.adobe.xdm+json")
    assert api.get(f"{path}/{one['@id']}", headers=accept).json() == one
    assert api.delete(f"{path}/{one['@id']}").status_code == 204
    assert api.get(f"{path}/{one['@id']}", headers=accept).status_code == 404


def test_what_is_in_use_is_not_deleted(api: httpx.Client) -> None:
    own = made(api, "fieldgroups", field_group_of("Own", {"a": {"type": "string"}}))
    schema = made(api, "schemas", schema_of("CRM contact", own["$id"]))
    refused = api.delete(f"{BASE}/tenant/fieldgroups/{own['meta:altId']}")
    assert refused.status_code == 400
    assert schema["title"] in refused.json()["detail"]
    assert api.delete(f"{BASE}/tenant/schemas/{schema['meta:altId']}").status_code == 204
    assert api.delete(f"{BASE}/tenant/fieldgroups/{own['meta:altId']}").status_code == 204


def test_a_sample_record_has_every_field_of_its_type(api: httpx.Client) -> None:
    own = {"score": {"type": "integer", "maximum": 100}, "stage": {"enum": ["new", "old"]}}
    group = made(api, "fieldgroups", field_group_of("Own", own))
    schema = made(api, "schemas", schema_of("CRM contact", PERSON, group["$id"]))
    path = f"{BASE}/rpc/sampledata/{quote(schema['$id'], safe='')}"
    sample = api.get(path, headers=as_(RAW)).json()
    assert sample["_rehearsal"] == {"score": 100, "stage": "new"}
    assert isinstance(sample["person"]["name"]["firstName"], str)


def test_the_tenant_is_named_without_its_underscore(api: httpx.Client) -> None:
    before = api.get(f"{BASE}/stats").json()
    schema = made(api, "schemas", schema_of("CRM contact"))
    after = api.get(f"{BASE}/stats").json()
    assert after["tenantId"] == "rehearsal"
    assert after["counts"]["schemas"] == before["counts"]["schemas"] + 1
    assert after["recentlyCreatedResources"][0]["title"] == schema["title"]
    assert PROFILE in {usage["$id"] for usage in after["classUsage"]}


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
NAMES = ["type", "title", "description", "allOf", "definitions", "properties", "meta:class"]


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=st.sampled_from(["schemas", "fieldgroups", "classes", "datatypes"]),
    name=st.sampled_from([*NAMES, "meta:immutableTags", "meta:intendedToExtend", "required"]),
    value=JSON | st.fixed_dictionaries({"a": st.fixed_dictionaries({"properties": JSON})}),
)
def test_any_malformed_resource_is_refused_and_never_breaks_the_service(
    api: httpx.Client, kind: str, name: str, value: Any
) -> None:
    answer = api.post(f"{BASE}/tenant/{kind}", json={**schema_of("Odd"), name: value})
    assert answer.status_code in (201, 400, 404)
    if answer.status_code == 201:
        path = f"{BASE}/tenant/{kind}/{answer.json()['meta:altId']}"
        assert api.get(path, headers=as_(FULL)).status_code == 200
        assert api.delete(path).status_code == 204
