"""The published CRM tutorial as seven calls of plain httpx, and what a run of it has to count.

The calls keep the tutorial's form and order; where its samples cannot work, the correction
is named beside the line. The counts are SQL of our own on the CRM.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import httpx

from tests.emulated import Rehearsal

PLATFORM = "/data/foundation"
FLOWSERVICE = f"{PLATFORM}/flowservice"
XED = "application/vnd.adobe.xed-full+json;version=1"
NOTEXT = "application/vnd.adobe.xed-full-notext+json; version=1"
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
CLOUD_STORAGE_TO_AEP = "9753525b-82c7-4dce-8a9b-5ccfce2b9876"
MOST_NOTE = 200
BASE_CONNECTION: dict[str, Any] = {
    "name": "Salesforce",
    "auth": {
        "specName": "Basic Authentication",
        "params": {
            "environmentUrl": "https://example.my.salesforce.com",
            "username": "integration@example.com",
            "password": "correct horse",
            "securityToken": "battery staple",
        },
    },
    "connectionSpec": {"id": SALESFORCE, "version": "1.0"},
}


@dataclass
class Pipeline:
    """What the seven calls made, and the bodies of the last."""

    flow_id: str
    dataset_id: str
    due_ms: int
    flow_body: dict[str, Any]


def created(answer: httpx.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def follow_the_tutorial(rehearsal: Rehearsal, api: httpx.Client, base_id: str) -> Pipeline:
    """The seven calls, in the tutorial's order."""
    # 1. The source connection. Corrected: no comma after the format, which made it no JSON; a
    # spec id without the leading c too many; tableName, not path; "string", never "String".
    source = created(
        api.post(
            f"{FLOWSERVICE}/sourceConnections",
            json={
                "name": "Salesforce source connection",
                "baseConnectionId": base_id,
                "description": "Salesforce contacts",
                "data": {"format": "tabular"},
                "params": {
                    "tableName": "Contact",
                    "columns": [
                        {"name": name, "type": "string", "xdm": {"type": "string"}}
                        for name in ("Id", "FirstName", "LastName", "Description")
                    ]
                    + [
                        {
                            "name": "LastModifiedDate",
                            "type": "string",
                            "meta:xdmType": "date-time",
                            "xdm": {"type": "string", "format": "date-time"},
                        }
                    ],
                },
                "connectionSpec": {"id": SALESFORCE, "version": "1.0"},
            },
        )
    )

    # 2. The schema: the tutorial's class and field groups, and the tenant's own.
    groups = api.get(
        f"{PLATFORM}/schemaregistry/tenant/fieldgroups",
        headers={"Accept": "application/vnd.adobe.xed-id+json"},
    ).json()["results"]
    tenant_group = next(each["$id"] for each in groups if each["title"] == "CRM record details")
    schema = created(
        api.post(
            f"{PLATFORM}/schemaregistry/tenant/schemas",
            json={
                "type": "object",
                "title": "Salesforce contact",
                "description": "Contacts as Salesforce has them",
                "allOf": [
                    {"$ref": "https://ns.adobe.com/xdm/context/profile"},
                    {"$ref": "https://ns.adobe.com/xdm/context/profile-person-details"},
                    {"$ref": tenant_group},
                ],
            },
        )
    )
    # Corrected: meta:altId begins with an underscore, and ids need not be hexadecimal.
    assert schema["meta:altId"].startswith("_")

    # 3. The dataset. Corrected: the id is read from @/dataSets/, whatever the prose spells.
    (reference,) = created(
        api.post(
            f"{PLATFORM}/catalog/dataSets",
            json={
                "name": "Salesforce contacts",
                "schemaRef": {"id": schema["$id"], "contentType": NOTEXT},
            },
        )
    )
    dataset_id = str(reference).rsplit("/", 1)[1]

    # 4. The target connection: the version of its schema is a media type.
    target = created(
        api.post(
            f"{FLOWSERVICE}/targetConnections",
            json={
                "name": "Salesforce target connection",
                "description": "Salesforce contacts",
                "data": {"schema": {"id": schema["$id"], "version": XED}},
                "params": {"dataSetId": dataset_id},
                "connectionSpec": {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"},
            },
        )
    )

    # 5. The mapping set, in the tutorial's old style.
    pairs = {
        "Id": "_rehearsal.crmId",
        "FirstName": "person.name.firstName",
        "LastName": "person.name.lastName",
        "Description": "_rehearsal.note",
    }
    mapping = created(
        api.post(
            f"{PLATFORM}/conversion/mappingSets",
            json={
                "version": 0,
                "xdmSchema": schema["$id"],
                "xdmVersion": "1.0",
                "id": None,
                "mappings": [
                    {
                        "destinationXdmPath": destination,
                        "sourceAttribute": attribute,
                        "identity": False,
                        "identityGroup": None,
                        "namespaceCode": None,
                        "version": 0,
                    }
                    for attribute, destination in pairs.items()
                ],
            },
        )
    )

    # 6. The flow spec, by its name. Corrected: the request carries Authorization, which the
    # tutorial's sample lacks; the quotation marks around the name are the tutorial's own.
    found = api.get(f"{FLOWSERVICE}/flowSpecs", params={"property": 'name=="CRMToAEP"'}).json()
    (spec,) = found["items"]

    # 7. The flow. Corrected: the flow spec that call 6 found, not CloudStorageToAEP; a date
    # format in Java's letters; deltaColumn with its n; a start that has not passed, as the
    # samples' have; mappingVersion, which later pages pin. Added: options, so that bad rows
    # are kept with their reasons instead of failing the run.
    due_ms = rehearsal.now_ms // 1000 * 1000 + 120_000
    flow_body = {
        "name": "Salesforce contacts to the platform",
        "description": "Salesforce contacts",
        "flowSpec": {"id": spec["id"], "version": "1.0"},
        "sourceConnectionIds": [source["id"]],
        "targetConnectionIds": [target["id"]],
        "transformations": [
            {
                "name": "Copy",
                "params": {
                    "deltaColumn": {
                        "name": "LastModifiedDate",
                        "dateFormat": "yyyy-MM-dd HH:mm:ss",
                        "timezone": "UTC",
                    }
                },
            },
            {"name": "Mapping", "params": {"mappingId": mapping["id"], "mappingVersion": 0}},
        ],
        "scheduleParams": {
            "startTime": str(due_ms // 1000),
            "frequency": "minute",
            "interval": "30",
            "backfill": "true",
        },
        "options": {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5},
    }
    flow = created(api.post(f"{FLOWSERVICE}/flows", json=flow_body))
    return Pipeline(flow["id"], dataset_id, due_ms, flow_body)


def runs_of(api: httpx.Client, flow_id: str) -> list[dict[str, Any]]:
    """The runs of a flow, oldest first."""
    answer = api.get(f"{FLOWSERVICE}/runs", params={"property": f"flowId=={flow_id}"})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def counted(rehearsal: Rehearsal, after_ms: int | None, until_ms: int) -> dict[str, int]:
    """What a run over (after, until] has to count, by SQL on the CRM's own table."""
    with sqlite3.connect(rehearsal.folder / "crm.sqlite") as crm:
        rows = crm.execute(
            "SELECT Id, Description, IsDeleted,"
            " CAST(round((julianday(LastModifiedDate) - 2440587.5) * 86400000) AS INTEGER)"
            " FROM salesforce_Contact"
        ).fetchall()
    inside = [row for row in rows if row[3] <= until_ms and (after_ms is None or row[3] > after_ms)]
    kept = [row for row in inside if not row[2]]
    bad = [row for row in kept if not row[0] or len(row[1] or "") > MOST_NOTE]
    return {
        "inputRecordCount": len(inside),
        "skippedRecordCount": len(inside) - len(kept),
        "failedRecordCount": len(bad),
        "outputRecordCount": len(kept) - len(bad),
    }


def summary(run: dict[str, Any]) -> dict[str, int]:
    found = run["metrics"]["recordSummary"]
    names = ("inputRecordCount", "skippedRecordCount", "failedRecordCount", "outputRecordCount")
    return {name: found[name] for name in names}
