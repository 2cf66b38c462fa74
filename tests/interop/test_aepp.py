"""What Adobe's own client can do with the platform, it can do with the emulator.

Where aepp itself is wrong, the test says so and holds the emulator to the platform.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from aeptui.api.services import Services
from aeptui.pipelines.exporting import export
from aeptui.pipelines.file_text import written
from tests.interop.conftest import Adobe
from tests.pipelines.files import held_against, lookups_on, read

SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
PERSON = "https://ns.adobe.com/xdm/context/profile-person-details"
PERSONAL = "https://ns.adobe.com/xdm/context/profile-personal-details"
AUTH = {
    "specName": "Basic Authentication",
    "params": {
        "environmentUrl": "https://example.my.salesforce.com",
        "username": "integration@example.com",
        "password": "correct horse",
        "securityToken": "battery staple",
    },
}
SPEC = {"id": SALESFORCE, "version": "1.0"}
NUMBERS = count(1)  # titles are unique in a sandbox, and these tests share one

pytestmark = pytest.mark.filterwarnings("ignore")  # aepp's own: no TLS, old calls of pandas


def code_of(refused: dict[str, Any]) -> str:
    return str(refused["type"]).rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def schema(adobe: Adobe) -> dict[str, Any]:
    return new_schema(adobe)


def new_schema(adobe: Adobe) -> dict[str, Any]:
    group = next(each for each in adobe.schema.getFieldGroups() if "CRM record" in each["title"])
    made: dict[str, Any] = adobe.schema.createProfileSchema(
        name=f"Contacts {next(NUMBERS)}", fieldGroupIds=[PERSON, PERSONAL, group["$id"]]
    )
    assert made["meta:altId"].startswith("_rehearsal.schemas.")
    return made


def new_dataset(adobe: Adobe, schema: dict[str, Any]) -> str:
    (reference,) = adobe.catalog.createDataSet(name="Contacts", schemaId=schema["$id"])
    return str(reference).rsplit("/", 1)[1]


# -- sandboxes


def test_sandboxes_are_listed_and_looked_up(adobe: Adobe) -> None:
    names = {each["name"] for each in adobe.sandboxes.getSandboxes()}
    assert {"dev", "prod", "empty"} <= names
    assert adobe.sandboxes.getSandbox("dev")["type"] == "development"
    assert adobe.sandboxes.getSandboxId("dev") == adobe.sandboxes.getSandbox("dev")["id"]
    assert "production" in adobe.sandboxes.getSandboxTypes()


# -- Schema Registry


def test_schemas_are_made_listed_and_looked_up_in_every_form(
    adobe: Adobe, schema: dict[str, Any]
) -> None:
    listed = adobe.schema.getSchemas()
    assert schema["$id"] in [each["$id"] for each in listed]
    filtered = adobe.schema.getSchemas(classFilter=PROFILE)
    assert schema["$id"] in [each["$id"] for each in filtered]
    for id in (schema["$id"], schema["meta:altId"]):
        full = adobe.schema.getSchema(id)
        assert full["properties"]["person"]["properties"]["name"]["properties"]["firstName"]
        assert adobe.schema.getSchema(id, full=False)["allOf"][0]["$ref"] == PROFILE
    flat = adobe.schema.getSchema(schema["$id"], flat=True)
    assert "person/name/firstName" in flat["properties"]
    assert "person" in adobe.schema.getSchemaSample(schema["$id"])
    assert adobe.schema.getTenantId() == "rehearsal"


def test_the_library_is_listed_in_both_containers(adobe: Adobe) -> None:
    assert PROFILE in [each["$id"] for each in adobe.schema.getClassesGlobal()]
    assert PERSON in [each["$id"] for each in adobe.schema.getFieldGroupsGlobal()]
    assert adobe.schema.getBehaviors()
    group = adobe.schema.getFieldGroups()[0]
    assert adobe.schema.getFieldGroup(group["$id"])["title"] == group["title"]


def test_field_groups_are_made_changed_added_to_a_schema_and_removed(adobe: Adobe) -> None:
    fields = {"points": {"type": "integer", "title": "Points"}}
    group = adobe.schema.createFieldGroup(
        {
            "title": f"Loyalty {next(NUMBERS)}",
            "type": "object",
            "meta:intendedToExtend": [PROFILE],
            "definitions": {
                "own": {"properties": {"_rehearsal": {"type": "object", "properties": fields}}}
            },
            "allOf": [{"$ref": "#/definitions/own"}],
        }
    )
    schema = new_schema(adobe)
    grown = adobe.schema.addFieldGroupToSchema(schema["$id"], [group["$id"]])
    assert group["$id"] in [part["$ref"] for part in grown["allOf"]]
    renamed = [{"op": "replace", "path": "/description", "value": "Members"}]
    assert adobe.schema.patchSchema(schema["$id"], renamed)["description"] == "Members"
    assert code_of(adobe.schema.deleteFieldGroup(group["$id"])) == "XDM-1000-400"  # in use
    assert adobe.schema.deleteSchema(schema["$id"]) == 204
    assert adobe.schema.deleteFieldGroup(group["$id"]) == 204


def test_descriptors_are_made_listed_and_removed(adobe: Adobe) -> None:
    schema = new_schema(adobe)
    whole = adobe.schema.createDescriptorOperation(
        sourceSchema=schema["$id"],
        descType="xdm:descriptorIdentity",
        completePath="personalEmail.address",
        identityNSCode="Email",
        identityPrimary=True,
    )
    made = adobe.schema.createDescriptor(whole)
    found = adobe.schema.getDescriptors(prop=f"xdm:sourceSchema=={schema['$id']}")
    assert [each["@id"] for each in found] == [made["@id"]]
    assert adobe.schema.getDescriptor(made["@id"])["xdm:isPrimary"] is True
    assert adobe.schema.deleteDescriptor(made["@id"]) == 204


@pytest.mark.parametrize(
    "kind", ["xdm:descriptorVersion", "xdm:descriptorTimestamp", "xdm:descriptorPrimaryKey"]
)
def test_descriptors_are_taken_as_aepp_builds_them(adobe: Adobe, kind: str) -> None:
    schema = new_schema(adobe)
    whole = adobe.schema.createDescriptorOperation(
        sourceSchema=schema["$id"], descType=kind, completePath="_rehearsal.crmId"
    )
    assert adobe.schema.createDescriptor(whole)["@id"]


def test_a_schema_that_is_enabled_for_profile_is_part_of_a_union(adobe: Adobe) -> None:
    schema = new_schema(adobe)
    refused = adobe.schema.enableSchemaForRealTime(schema["$id"])
    assert code_of(refused) == "XDM-1528-400"
    adobe.schema.createDescriptor(
        sourceSchema=schema["$id"],
        sourceProperty="/personalEmail/address",
        namespace="Email",
        primary=True,
        **{"xdm:property": "xdm:code"},
    )
    enabled = adobe.schema.enableSchemaForRealTime(schema["$id"])
    assert enabled["meta:immutableTags"] == ["union"]
    (union,) = [each for each in adobe.schema.getUnions() if each["meta:class"] == PROFILE]
    assert "person" in adobe.schema.getUnion(union["$id"])["properties"]
    (change,) = adobe.schema.getAuditLogs(schema["$id"])
    assert change["updates"][0]["path"] == "/meta:immutableTags"


def test_an_export_is_read_and_aepp_cannot_send_it(adobe: Adobe, schema: dict[str, Any]) -> None:
    payload = adobe.schema.exportResource(schema["$id"])
    assert payload[-1]["title"] == schema["title"]
    # aepp posts to /rpc/export/ what the platform takes at /rpc/import.
    adobe.schema.importResource(payload)
    last = adobe.asked()[-1]
    assert (last["method"], last["status"]) == ("POST", 404)


# -- Catalog and Data Access


def test_datasets_are_made_listed_changed_and_removed(adobe: Adobe, schema: dict[str, Any]) -> None:
    id = new_dataset(adobe, schema)
    held = adobe.catalog.getDataSets()[id]
    assert held["schemaRef"]["id"] == schema["$id"]
    adobe.catalog.setDatasetTTL(id, "P90D")
    lake = adobe.catalog.getDataSet(id)[id]["extensions"]["adobe_lakeHouse"]
    assert lake["rowExpiration"]["ttlValue"] == "P90D"
    assert adobe.catalog.getDataSetObservableSchema(id) == {"observableSchema": {}}
    # The tags that aepp writes for an upsert have a space after each colon.
    refused = adobe.catalog.createDataSet(name="Upsert", schemaId=schema["$id"], upsert=True)
    assert refused["status"] == 400
    assert "profile" in refused["detail"]
    adobe.catalog.deleteDataSet(id)
    assert adobe.catalog.getDataSet(id)["status"] == 404


def test_aepp_passes_over_a_dataset_after_each_page(adobe: Adobe) -> None:
    schema = new_schema(adobe)
    made = {new_dataset(adobe, schema) for _ in range(7)}
    whole = list(adobe.catalog.getDataSets(limit=100))
    assert made <= set(whole)
    # Its second page begins at limit + 1 where the platform's begins at limit.
    paged = adobe.catalog.getDataSets(limit=2)
    assert set(whole) - set(paged) == {whole[2]}


# -- Data Prep


def test_mapping_sets_are_made_listed_tried_and_changed(
    adobe: Adobe, schema: dict[str, Any]
) -> None:
    rules = [
        {"sourceType": "ATTRIBUTE", "source": "Id", "destination": "_rehearsal.crmId"},
        {
            "sourceType": "EXPRESSION",
            "source": "upper(FirstName)",
            "destination": "person.name.firstName",
        },
    ]
    made = adobe.dataprep.createMappingSet(schema["$id"], rules, validate=True)
    assert made["id"] in [each["id"] for each in adobe.dataprep.getMappingSets()]
    held = adobe.dataprep.getMappingSet(made["id"])
    assert [each["destination"] for each in held["mappings"]] == [r["destination"] for r in rules]
    mappings = adobe.dataprep.getMappingSetMappings(made["id"])
    one = adobe.dataprep.getMappingSetMapping(made["id"], mappings[0]["id"])
    assert one["source"] == "Id"
    body = {"outputSchema": held["outputSchema"], "mappings": rules}
    preview = adobe.dataprep.previewDataOutput({"Id": "1", "FirstName": "ann"}, body)
    assert preview["data"]["person"]["name"]["firstName"] == "ANN"
    assert adobe.dataprep.updateMappingSet(made["id"], rules[:1])["version"] == 1
    # aepp names no version, and so goes on seeing the first one.
    assert len(adobe.dataprep.getMappingSet(made["id"])["mappings"]) == 2
    assert adobe.dataprep.deleteMappingSet(made["id"]) == 204


def test_the_expression_language_is_listed_and_asked(adobe: Adobe) -> None:
    assert "concat" in {each["function"] for each in adobe.dataprep.getMappingSetFunctions()}
    assert adobe.dataprep.getMappingSetOperators()
    assert adobe.dataprep.validateExpression("upper(FirstName)") is True
    assert adobe.dataprep.validateExpression("upper(") is False


# -- Flow Service


def new_base(adobe: Adobe, name: str = "Salesforce") -> str:
    return str(adobe.flow.createConnection(name=name, auth=AUTH, connectionSpec=SPEC)["id"])


def test_specs_are_found_by_their_names(adobe: Adobe) -> None:
    specs = adobe.flow.getConnectionSpecsMap()
    assert SALESFORCE in specs.values()
    assert adobe.flow.getConnectionSpecIdFromName("datalake")
    found = adobe.flow.getFlowSpecIdFromNames("CRMToAEP", target_spec_name="datalake")
    assert adobe.flow.getFlowSpec(found)["name"] == "CRMToAEP"


def test_base_connections_are_made_tried_explored_changed_and_removed(adobe: Adobe) -> None:
    id = new_base(adobe)
    assert adobe.flow.getConnection(id)["auth"]["specName"] == "Basic Authentication"
    assert adobe.flow.connectionTest(id) == {"result": True}
    tables = adobe.flow.getResource(
        f"{adobe.flow.endpoint}/connections/{id}/explore", params={"objectType": "root"}
    )
    assert "Contact" in [each["name"] for each in tables]
    renamed = [{"op": "replace", "path": "/name", "value": "Renamed"}]
    adobe.flow.patchConnection(id, renamed)
    assert adobe.flow.getConnection(id)["name"] == "Renamed"
    assert adobe.flow.deleteConnection(id) == 204
    # A look-up of what is not there: aepp unwraps the problem as if it were an empty item.
    assert adobe.flow.getConnection(id) == {}


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_lists_are_followed_to_their_end_over_more_than_three_pages(
    adobe: Adobe, limit: int
) -> None:
    for _ in range(12):
        new_base(adobe, f"Base {next(NUMBERS)}")
    whole = [each["id"] for each in adobe.flow.getConnections(limit=100, n_results="inf")]
    before = len(adobe.asked())
    paged = [each["id"] for each in adobe.flow.getConnections(limit=limit, n_results="inf")]
    assert paged == whole
    assert len(adobe.asked()) - before > 3


def test_a_refusal_is_answered_as_the_service_shapes_it(adobe: Adobe) -> None:
    wrong = AUTH | {"specName": "By heart"}
    refused = adobe.flow.createConnection(name="x", auth=wrong, connectionSpec=SPEC)
    assert code_of(refused) == "FLOW-1415-400"
    assert refused["errorMessage"] == refused["report"]["detailed-message"]
    with pytest.raises(KeyError):  # aepp takes every answer for a list
        adobe.flow.getSourceConnections(nothing="x")
    missing = adobe.schema.getSchema("_rehearsal.schemas.none")
    assert code_of(missing) == "XDM-1012-404"
    assert adobe.catalog.getDataSet("none")["status"] == 404


@pytest.fixture(scope="module")
def flow_id(adobe: Adobe, schema: dict[str, Any]) -> str:
    """A flow made by aepp alone, which has run for some hours."""
    columns = ("Id", "FirstName", "LastName", "LastModifiedDate")
    source = adobe.flow.createSourceConnection(
        {
            "name": "Contacts",
            "baseConnectionId": new_base(adobe),
            "data": {"format": "tabular"},
            "params": {
                "tableName": "Contact",
                "columns": [{"name": n, "type": "string"} for n in columns],
            },
            "connectionSpec": SPEC,
        }
    )
    target = adobe.flow.createTargetConnectionDataLake(
        name="Contacts", datasetId=new_dataset(adobe, schema), schemaId=schema["$id"]
    )
    pairs = {"Id": "_rehearsal.crmId", "FirstName": "person.name.firstName"}
    rules = [
        {"sourceType": "ATTRIBUTE", "source": source, "destination": destination}
        for source, destination in pairs.items()
    ]
    mapping = adobe.dataprep.createMappingSet(schema["$id"], rules)
    spec_id = adobe.flow.getFlowSpecIdFromNames("CRMToAEP")
    flow = adobe.flow.createFlow(
        spec_id,
        obj={
            "name": "Contacts",
            "flowSpec": {"id": spec_id, "version": "1.0"},
            "sourceConnectionIds": [source["id"]],
            "targetConnectionIds": [target["id"]],
            "transformations": [
                {"name": "Copy", "params": {"deltaColumn": {"name": "LastModifiedDate"}}},
                {"name": "Mapping", "params": {"mappingId": mapping["id"], "mappingVersion": 0}},
            ],
            "scheduleParams": {
                "startTime": str(adobe.rehearsal.now_ms // 1000 + 60),
                "frequency": "minute",
                "interval": "15",
                "backfill": "false",
            },
            "options": {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 50},
        },
    )
    adobe.rehearsal.advance(hours=3, minutes=10)
    return str(flow["id"])


def test_a_flow_is_made_found_changed_and_switched(adobe: Adobe, flow_id: str) -> None:
    flow = adobe.flow.getFlow(flow_id)
    assert flow["state"] == "enabled"
    assert flow_id in [each["id"] for each in adobe.flow.getFlows(onlySources=True)]
    mapping_id = flow["transformations"][1]["params"]["mappingId"]
    found = adobe.flow.getFlows(filterMappingSetIds=[mapping_id])
    assert [each["id"] for each in found] == [flow_id]
    renamed = [{"op": "Replace", "path": "/name", "value": "All contacts"}]
    assert adobe.flow.updateFlow(flow_id, flow["etag"], renamed)["id"] == flow_id
    stale = adobe.flow.updateFlow(flow_id, flow["etag"], renamed)
    assert code_of(stale) == "FLOW-1404-412"
    for action in ("disable", "enable"):
        assert adobe.flow.postFlowAction(flow_id, action)["id"] == flow_id
        adobe.rehearsal.advance(minutes=1)
    assert adobe.flow.getFlow(flow_id)["state"] == "enabled"
    source_ids = [each["id"] for each in adobe.flow.getSourceConnections()]
    target_ids = [each["id"] for each in adobe.flow.getTargetConnections()]
    assert flow["sourceConnectionIds"][0] in source_ids
    assert flow["targetConnectionIds"][0] in target_ids


def test_a_flow_manager_finds_everything_that_a_flow_stands_on(adobe: Adobe, flow_id: str) -> None:
    manager = adobe.flow_manager(flow_id)
    assert manager.flowType == "source"
    assert manager.flowSpec["name"] == "CRMToAEP"
    assert manager.flowTargetConnection["params"]["datasetName"] == "Contacts"
    assert manager.frequency == "batch"
    assert manager.getRuns()[0]["flowId"] == flow_id


async def test_a_plan_on_the_export_of_its_flow_is_empty(adobe: Adobe, flow_id: str) -> None:
    async with Services(adobe.rehearsal.settings()) as services:
        file, remarks = await export(services, lookups_on(services), flow_id)
        planned = await held_against(services, read(written(file, remarks)))
    assert planned.done, planned.faults


def test_runs_are_followed_over_more_than_three_pages(adobe: Adobe, flow_id: str) -> None:
    mine = f"flowId=={flow_id}"
    whole = [each["id"] for each in adobe.flow.getRuns(limit=100, prop=mine)]
    assert len(whole) >= 12
    # The text after the first "=" of a link, which is how aepp reads it, lacks the padding.
    for limit in (2, 3):
        paged = adobe.flow.getRuns(limit=limit, n_results="inf", prop=mine)
        assert [each["id"] for each in paged] == whole
    failed = adobe.flow.getRuns(prop=[mine, "metrics.statusSummary.status==failed"])
    assert failed == []


def test_what_a_run_left_is_read_from_its_batch(adobe: Adobe, flow_id: str) -> None:
    runs = adobe.flow.getRuns(limit=100, prop=f"flowId=={flow_id}")
    run = next(each for each in runs if len(each["activities"]) > 1)
    batch_id = run["activities"][1]["targetInfo"][0]["reference"]["ids"][0]
    batch = adobe.catalog.getBatch(batch_id)[batch_id]
    assert batch["status"] == "success"
    file = adobe.dataaccess.getBatchFiles(batch_id)[0]
    listed = adobe.dataaccess.getFiles(file["dataSetFileId"])["data"][0]
    content = adobe.dataaccess.getFiles(file["dataSetFileId"], path=listed["name"])
    assert len(content) == int(listed["length"]) == int(file["size"])
    dataset_id = batch["relatedObjects"][0]["id"]
    assert adobe.dataaccess.getPreview(dataset_id)
    assert batch_id in adobe.catalog.getBatches(limit=100, dataSet=dataset_id)
    assert dataset_id in adobe.catalog.getLastBatches(dataset_id)


def test_a_mapping_is_suggested_from_what_a_batch_came_from(adobe: Adobe, flow_id: str) -> None:
    runs = adobe.flow.getRuns(limit=100, prop=f"flowId=={flow_id}")
    run = next(each for each in runs if len(each["activities"]) > 1)
    batch_id = run["activities"][1]["targetInfo"][0]["reference"]["ids"][0]
    dataset_id = adobe.catalog.getBatch(batch_id)[batch_id]["relatedObjects"][0]["id"]
    told = adobe.dataprep.getMappingSuggestions(dataset_id, batch_id, excludeUnmapped=True)
    assert told["mappings"] and all(one["matchScore"] > 0 for one in told["mappings"])


def test_a_flow_that_recurs_takes_no_run_on_demand(adobe: Adobe, flow_id: str) -> None:
    now_s = adobe.rehearsal.now_ms // 1000
    params = {"startTime": now_s, "windowStartTime": now_s - 60, "windowEndTime": now_s}
    # aepp adds a status of its own to the body, which nothing comes of.
    refused = adobe.flow.createRun(flow_id, params=params)
    assert code_of(refused) == "CONNECTORS-1386-400"


def test_no_call_of_aepp_ended_in_an_error_of_the_emulators_own(adobe: Adobe) -> None:
    adobe.sandboxes.getSandboxes()
    seen = adobe.asked()
    assert seen
    assert [each for each in seen if each["status"] >= 500] == []
