"""The tutorial's chain as a plan: base connection to flow, each step referring to those before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from aeptui.api.services import Services
from aeptui.pipelines.events import Event
from aeptui.pipelines.plan import Plan, Ref, SecretRef, Secrets, Step, Undo

PLATFORM = "/data/foundation"
FLOWS = f"{PLATFORM}/flowservice"
XED = "application/vnd.adobe.xed-full+json;version=1"
SALESFORCE = {"id": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5", "version": "1.0"}
PASSWORD = 'pl@nted "pass\\word" ß'
TOKEN = "planted-security-token"
SECRETS = Secrets({"CRM_PASSWORD": PASSWORD, "CRM_TOKEN": TOKEN})
PAIRS = {"Id": "_rehearsal.crmId", "FirstName": "person.name.firstName"}


def base() -> Step:
    return Step(
        "base",
        "Create the base connection Salesforce",
        "base-connections",
        "POST",
        f"{FLOWS}/connections",
        body={
            "name": "Salesforce",
            "auth": {
                "specName": "Basic Authentication",
                "params": {
                    "environmentUrl": "https://example.my.salesforce.com",
                    "username": "integration@example.com",
                    "password": SecretRef("CRM_PASSWORD"),
                    "securityToken": SecretRef("CRM_TOKEN"),
                },
            },
            "connectionSpec": SALESFORCE,
        },
        undo=Undo("DELETE", f"{FLOWS}/connections/{{base}}"),
    )


def source() -> Step:
    columns: list[dict[str, Any]] = [
        {"name": name, "type": "string", "xdm": {"type": "string"}} for name in ("Id", "FirstName")
    ]
    columns.append(
        {
            "name": "LastModifiedDate",
            "type": "string",
            "meta:xdmType": "date-time",
            "xdm": {"type": "string", "format": "date-time"},
        }
    )
    return Step(
        "source",
        "Create the source connection Contacts",
        "source-connections",
        "POST",
        f"{FLOWS}/sourceConnections",
        body={
            "name": "Contacts",
            "baseConnectionId": Ref("base"),
            "data": {"format": "tabular"},
            "params": {"tableName": "Contact", "columns": columns},
            "connectionSpec": SALESFORCE,
        },
        undo=Undo("DELETE", f"{FLOWS}/sourceConnections/{{source}}"),
    )


def schema(group: str) -> Step:
    refs = ("https://ns.adobe.com/xdm/context/profile", _PERSON, group)
    return Step(
        "schema",
        "Create the schema CRM contact",
        "schemas",
        "POST",
        f"{PLATFORM}/schemaregistry/tenant/schemas",
        body={
            "type": "object",
            "title": "CRM contact",
            "description": "Contacts",
            "allOf": [{"$ref": ref} for ref in refs],
        },
        undo=Undo("DELETE", f"{PLATFORM}/schemaregistry/tenant/schemas/{{schema}}"),
    )


_PERSON = "https://ns.adobe.com/xdm/context/profile-person-details"


def dataset() -> Step:
    return Step(
        "dataset",
        "Create the dataset CRM contacts",
        "datasets",
        "POST",
        f"{PLATFORM}/catalog/dataSets",
        body={"name": "CRM contacts", "schemaRef": {"id": Ref("schema"), "contentType": XED}},
        undo=Undo("DELETE", f"{PLATFORM}/catalog/dataSets/{{dataset}}"),
    )


def target() -> Step:
    return Step(
        "target",
        "Create the target connection CRM contacts",
        "target-connections",
        "POST",
        f"{FLOWS}/targetConnections",
        body={
            "name": "CRM contacts",
            "data": {"schema": {"id": Ref("schema"), "version": XED}},
            "params": {"dataSetId": Ref("dataset")},
            "connectionSpec": {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"},
        },
        undo=Undo("DELETE", f"{FLOWS}/targetConnections/{{target}}"),
    )


def mapping() -> Step:
    return Step(
        "mapping",
        "Create the mapping set",
        "mapping-sets",
        "POST",
        f"{PLATFORM}/conversion/mappingSets",
        body={
            "outputSchema": {"schemaRef": {"id": Ref("schema"), "contentType": XED}},
            "mappings": [
                {"sourceType": "ATTRIBUTE", "source": source, "destination": destination}
                for source, destination in PAIRS.items()
            ],
        },
    )


def flow(now_ms: int) -> Step:
    due_s = now_ms // 1000 + 120
    return Step(
        "flow",
        "Create the flow Salesforce contacts",
        "flows",
        "POST",
        f"{FLOWS}/flows",
        body={
            "name": "Salesforce contacts",
            "flowSpec": {"id": "14518937-270c-4525-bdec-c2ba7cce3860", "version": "1.0"},
            "sourceConnectionIds": [Ref("source")],
            "targetConnectionIds": [Ref("target")],
            "transformations": [
                {"name": "Copy", "params": {"deltaColumn": {"name": "LastModifiedDate"}}},
                {
                    "name": "Mapping",
                    "params": {
                        "mappingId": Ref("mapping"),
                        "mappingVersion": Ref("mapping", "version"),
                    },
                },
            ],
            "scheduleParams": {"startTime": due_s, "frequency": "minute", "interval": 30},
            "options": {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5},
        },
        undo=Undo("DELETE", f"{FLOWS}/flows/{{flow}}"),
    )


def whole(group: str, now_ms: int) -> list[Step]:
    return [base(), source(), schema(group), dataset(), target(), mapping(), flow(now_ms)]


def plan(services: Services, *steps: Step, title: str = "New CRM flow") -> Plan:
    settings = services.settings
    return Plan(
        title=title,
        steps=steps,
        profile="rehearsal",
        host=settings.platform_url,
        org=settings.org_id,
        sandbox=settings.sandbox,
        made_at=datetime.now(UTC),
    )


async def all_of(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


def words(events: list[Event]) -> list[str]:
    return [
        f"{event.what} {event.step.name}" if event.step is not None else event.what
        for event in events
    ]
