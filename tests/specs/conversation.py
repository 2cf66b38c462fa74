"""A conversation that makes every call of the ingestion interfaces, and keeps what was answered."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from tests.emulated import Rehearsal
from tests.emulator.tutorial import (
    FLOWSERVICE,
    PLATFORM,
    SALESFORCE,
    created,
    follow_the_tutorial,
    runs_of,
)
from tests.specs.published import Exchange

REGISTRY = f"{PLATFORM}/schemaregistry"
CATALOG = f"{PLATFORM}/catalog"
DATA_PREP = f"{PLATFORM}/conversion"
EXPORT = f"{PLATFORM}/export"
SANDBOXES = f"{PLATFORM}/sandbox-management"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
PERSONAL = "https://ns.adobe.com/xdm/context/profile-personal-details"
XED = {"Accept": "application/vnd.adobe.xed+json"}
XED_ID = {"Accept": "application/vnd.adobe.xed-id+json"}
RAW = {"Accept": "application/vnd.adobe.xed+json; version=1"}
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
XDM = {"Accept": "application/vnd.adobe.xdm+json"}
UNION = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
PERIOD_MINUTES = 12  # until the tutorial's flow has run once

BASE_CONNECTION = {
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


class Conversation:
    """All that was said and answered, in order."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.exchanges: list[Exchange] = []
        self._rehearsal = rehearsal
        self._api = rehearsal.client()
        self._api.event_hooks = {"response": [self._keep]}

    def hold(self) -> list[Exchange]:
        """Make every call, the ones that build before the ones that take away."""
        with self._api:
            self._sandboxes()
            self._registry()
            self._flow_service()
            self._data_prep()
        return self.exchanges

    def _keep(self, answer: httpx.Response) -> None:
        answer.read()
        form = answer.headers.get("content-type", "")
        body = answer.json() if "json" in form and answer.content else answer.text
        path = answer.request.url.raw_path.decode().split("?")[0]
        self.exchanges.append(Exchange(answer.request.method, path, answer.status_code, body))

    def _sandboxes(self) -> None:
        for path in ("/", "/sandboxes", "/sandboxes/dev", "/sandboxTypes", "/sandboxes/none"):
            self._api.get(f"{SANDBOXES}{path}")

    # -- Schema Registry

    def _registry(self) -> None:
        api = self._api
        api.get(f"{REGISTRY}/stats")
        for kind in ("classes", "fieldgroups", "datatypes", "behaviors", "mixins", "schemas"):
            url = f"{REGISTRY}/global/{kind}"
            api.get(url, headers=XED_ID)
            found = created(api.get(url, headers=XED))["results"]
            for each in found[:1]:
                for form in (RAW, FULL):
                    api.get(f"{url}/{each['meta:altId']}", headers=form)
        group = self._own("fieldgroups", self._field_group("Loyalty"))
        self._own("datatypes", {"type": "object", "title": "Points", "properties": _SCORE})
        record = {"$ref": "https://ns.adobe.com/xdm/data/record"}
        self._own("classes", {"type": "object", "title": "Plan", "allOf": [record]})
        parts = [{"$ref": ref} for ref in (PROFILE, PERSONAL, group["$id"])]
        schema = self._own(
            "schemas",
            {"type": "object", "title": "Member", "description": "Members", "allOf": parts},
        )
        self._descriptors(schema)
        api.patch(f"{REGISTRY}/tenant/schemas/{schema['meta:altId']}", json=UNION)
        for form in (XED_ID, XED):
            api.get(f"{REGISTRY}/tenant/unions", headers=form)
        for form in (RAW, FULL):
            api.get(f"{REGISTRY}/tenant/unions/_xdm.context.profile__union", headers=form)
        for call in ("sampledata", "export", "auditlog"):
            id = quote(schema["$id"], safe="")
            created(api.get(f"{REGISTRY}/rpc/{call}/{id}", headers=RAW))
        exported = created(api.get(f"{REGISTRY}/rpc/export/{id}", headers=RAW))
        elsewhere = {"x-sandbox-name": "empty"}
        for _ in ("made", "there already"):
            api.post(f"{REGISTRY}/rpc/import", json=exported, headers=elsewhere)
        api.get(f"{REGISTRY}/rpc/export/none", headers=RAW)
        api.post(f"{REGISTRY}/tenant/schemas", json={"title": "Nothing of it"})

    def _own(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make one, see it every way, change it, and take a twin of it away."""
        api, url = self._api, f"{REGISTRY}/tenant/{kind}"
        whole: dict[str, Any] = created(api.post(url, json=body))
        one = f"{url}/{whole['meta:altId']}"
        for form in (XED_ID, XED):
            api.get(url, headers=form)
            api.get(url, headers=form, params={"orderby": "title", "limit": 1})
        for form in (RAW, FULL):
            api.get(one, headers=form)
        renamed = [{"op": "replace", "path": "/description", "value": "Changed"}]
        api.patch(one, json=renamed)
        api.put(one, json=body | {"description": "Changed again"})
        twin = created(api.post(url, json=body | {"title": f"{body['title']} (twin)"}))
        api.delete(f"{url}/{twin['meta:altId']}")
        api.delete(f"{url}/{twin['meta:altId']}")
        api.get(url, headers=RAW)  # a version, where none may be
        api.get(one, headers=XED)  # none, where one has to be
        api.get(f"{url}/none", headers=RAW)
        return whole

    @staticmethod
    def _field_group(title: str) -> dict[str, Any]:
        own = {"type": "object", "properties": _SCORE}
        return {
            "type": "object",
            "title": title,
            "meta:intendedToExtend": [PROFILE],
            "definitions": {"own": {"properties": {"_rehearsal": own}}},
            "allOf": [{"$ref": "#/definitions/own"}],
        }

    def _descriptors(self, schema: dict[str, Any]) -> None:
        api, url = self._api, f"{REGISTRY}/tenant/descriptors"
        body = {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": schema["$id"],
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": "/personalEmail/address",
            "xdm:namespace": "Email",
            "xdm:property": "xdm:code",
            "xdm:isPrimary": True,
        }
        kept = created(api.post(url, json=body))
        for form in ("xdm-id", "xdm-link", "xdm", "xdm-v2", "xdm-v2-id"):
            api.get(url, headers={"Accept": f"application/vnd.adobe.{form}+json"})
        api.get(f"{url}/{kept['@id']}", headers=XDM)
        api.put(f"{url}/{kept['@id']}", json=body)
        other = body | {"xdm:isPrimary": False, "xdm:sourceProperty": "/homeAddress/postalCode"}
        gone = created(api.post(url, json=other))["@id"]
        api.delete(f"{url}/{gone}")
        api.get(url, headers=XED)
        api.get(f"{url}/{gone}", headers=XED)

    # -- Flow Service, and what a run leaves in Catalog and Data Access

    def _flow_service(self) -> None:
        api = self._api
        base_id = created(api.post(f"{FLOWSERVICE}/connections", json=BASE_CONNECTION))["id"]
        base = f"{FLOWSERVICE}/connections/{base_id}"
        for below in ("", "/test", "/explore?objectType=root", "/configs"):
            created(api.get(base + below))
        table = {"objectType": "table", "object": "Contact"}
        for preview in ("false", "true"):
            created(api.get(f"{base}/explore", params=table | {"preview": preview}))
        for kind in ("connectionSpecs", "flowSpecs"):
            first = created(api.get(f"{FLOWSERVICE}/{kind}"))["items"][0]
            api.get(f"{FLOWSERVICE}/{kind}/{first['id']}")
        created(api.post(f"{FLOWSERVICE}/flowSpecs/search", json={"queryString": "", "limit": 5}))

        pipeline = follow_the_tutorial(self._rehearsal, api, base_id)
        flow_url = f"{FLOWSERVICE}/flows/{pipeline.flow_id}"
        api.get(flow_url)
        self._rehearsal.advance(minutes=PERIOD_MINUTES)
        for kind in ("connections", "sourceConnections", "targetConnections", "flows", "runs"):
            found = created(api.get(f"{FLOWSERVICE}/{kind}"))["items"]
            one = f"{FLOWSERVICE}/{kind}/{found[0]['id']}"
            api.get(one)
            api.get(f"{FLOWSERVICE}/{kind}", params={"count": "true"})
            api.get(f"{FLOWSERVICE}/{kind}/none")
            if kind != "runs":
                operations = [{"op": "replace", "path": "/description", "value": "Changed"}]
                created(api.patch(one, json=operations, headers={"If-Match": found[0]["etag"]}))
        for kind in ("connections", "flows"):
            created(api.post(f"{FLOWSERVICE}/{kind}/search", json={"limit": 5}))
        for op in ("disable", "enable"):
            created(api.post(f"{flow_url}/action", params={"op": op}))
            self._rehearsal.advance(minutes=1)
        (run,) = runs_of(api, pipeline.flow_id)
        self._catalog(pipeline.dataset_id)
        self._data_access(run)
        self._once(pipeline.flow_body)
        incident = self._rehearsal.ask("incidents", kind="crm_down", sandbox="dev")
        self._rehearsal.advance(minutes=45)
        failed = runs_of(api, pipeline.flow_id)[-1]
        self._rehearsal.control.delete(f"/incidents/{incident['id']}")
        again = {"op": "re-trigger"}
        created(api.post(f"{FLOWSERVICE}/runs/{failed['id']}/action", params=again))
        draft = {n: v for n, v in pipeline.flow_body.items() if n != "scheduleParams"}
        created(api.post(f"{FLOWSERVICE}/flows", params={"mode": "draft"}, json=draft))
        self._drafts()
        for kind in ("flows", "sourceConnections", "targetConnections", "connections"):
            for each in created(api.get(f"{FLOWSERVICE}/{kind}"))["items"]:
                api.delete(f"{FLOWSERVICE}/{kind}/{each['id']}")

    def _drafts(self) -> None:
        """A draft of each connection, published from the base upwards."""
        api, as_draft = self._api, {"mode": "draft"}
        base_id = ""
        for kind in ("connections", "sourceConnections", "targetConnections"):
            if kind == "connections":
                body = BASE_CONNECTION
            else:
                kept = created(api.get(f"{FLOWSERVICE}/{kind}"))["items"][0]
                names = ("name", "data", "params", "connectionSpec")
                body = {name: kept[name] for name in names}
                body |= {"baseConnectionId": base_id} if kind == "sourceConnections" else {}
            url = f"{FLOWSERVICE}/{kind}"
            id = created(api.post(url, params=as_draft, json=body))["id"]
            created(api.post(f"{url}/{id}/action", params={"op": "publish"}))
            base_id = base_id or id

    def _once(self, body: dict[str, Any]) -> None:
        """A flow that runs once, and then on demand."""
        now_s = self._rehearsal.now_ms // 1000
        once = body | {
            "transformations": body["transformations"][1:],
            "scheduleParams": {"startTime": now_s + 60, "frequency": "once"},
        }
        flow_id = created(self._api.post(f"{FLOWSERVICE}/flows", json=once))["id"]
        self._rehearsal.advance(minutes=PERIOD_MINUTES)
        window = {
            "startTime": now_s,
            "windowStartTime": now_s - 3600,
            "windowEndTime": now_s,
            "deltaColumn": {"name": "LastModifiedDate"},
        }
        ordered = {"flowId": flow_id, "params": window}
        created(self._api.post(f"{FLOWSERVICE}/runs", json=ordered))

    def _catalog(self, dataset_id: str) -> None:
        api, url = self._api, f"{CATALOG}/dataSets"
        held = created(api.get(url))[dataset_id]
        api.get(f"{url}/{dataset_id}")
        api.get(f"{url}/none")
        api.get(url, params={"limit": 0})
        content = {"name": "Twin", "schemaRef": held["schemaRef"]}
        twin = created(api.post(url, json=content))[0].rsplit("/", 1)[1]
        api.put(f"{url}/{twin}", json=content | {"description": "Rewritten"})
        operations = [{"op": "replace", "path": "/description", "value": "Changed"}]
        form = {"Content-Type": "application/json-patch+json"}
        api.patch(f"{url}/{twin}", json=operations, headers=form)
        lake = {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P90D"}}}
        api.patch(f"{CATALOG}/v2/dataSets/{twin}", json={"extensions": lake})
        api.delete(f"{url}/{twin}")
        for path in ("/batches", "/lastBatches", "/dataSetFiles"):
            found = created(api.get(f"{CATALOG}{path}"))
            if path != "/lastBatches":
                api.get(f"{CATALOG}{path}/{next(iter(found))}")
        api.get(f"{CATALOG}/batches/none")

    def _data_access(self, run: dict[str, Any]) -> None:
        api = self._api
        batch_id = run["activities"][1]["targetInfo"][0]["reference"]["ids"][0]
        batch = f"{EXPORT}/batches/{batch_id}"
        files = created(api.get(f"{batch}/files"))["data"]
        api.get(f"{batch}/failed")
        for path in (None, "row_errors", "input_files"):
            created(api.get(f"{batch}/meta", params={} if path is None else {"path": path}))
        one = f"{EXPORT}/files/{files[0]['dataSetFileId']}"
        listed = created(api.get(one))["data"][0]["name"]
        api.head(one, params={"path": listed})
        api.get(one, params={"path": listed}, headers={"Range": "bytes=0-99"})
        dataset_id = created(api.get(f"{CATALOG}/batches/{batch_id}"))[batch_id]["relatedObjects"]
        api.get(f"{EXPORT}/datasets/{dataset_id[0]['id']}/preview")
        api.get(f"{EXPORT}/batches/none/files")

    # -- Data Prep

    def _data_prep(self) -> None:
        api, url = self._api, f"{DATA_PREP}/mappingSets"
        found = created(api.get(f"{REGISTRY}/tenant/schemas", headers=XED_ID))["results"]
        content = "application/vnd.adobe.xed-full+json;version=1"
        body = {
            "name": "Members",
            "outputSchema": {"schemaRef": {"id": found[0]["$id"], "contentType": content}},
            "mappings": [
                {"sourceType": kind, "source": source, "destination": "_id"}
                for kind, source in (("ATTRIBUTE", "Id"), ("EXPRESSION", "upper(Id)"))
            ],
        }
        set_id = created(api.post(url, json=body))["id"]
        api.get(url, params={"start": 0, "limit": 1})
        api.get(f"{url}/{set_id}")
        api.get(f"{url}/{set_id}", params={"expandSchema": "true"})
        created(api.put(f"{url}/{set_id}", json=body))
        mappings = created(api.get(f"{url}/{set_id}/mappings"))
        api.get(f"{url}/{set_id}/mappings/{mappings[0]['id']}")
        wrong = {"sourceType": "EXPRESSION", "source": "nothing(", "destination": "_id"}
        api.post(f"{url}/validate", json=body)
        api.post(f"{url}/validate", json=body | {"mappings": [wrong]})
        api.post(f"{url}/preview", json={"data": {"Id": "a"}, "mappingSet": body})
        api.post(f"{DATA_PREP}/languages/el/validate", json={"expression": "upper(Id)"})
        for what in ("functions", "operators"):
            api.get(f"{DATA_PREP}/languages/el/{what}")


_SCORE = {"score": {"type": "integer", "title": "Score", "description": "Points"}}
