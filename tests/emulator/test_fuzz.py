"""A bounded, seeded storm of requests: each is answered in the service's shape, none with a 500."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.emulated import Rehearsal
from tests.emulator.tutorial import follow_the_tutorial

REQUESTS = 1500
SEED = 20_260_302
PLATFORM = "/data/foundation"
FLOW, REGISTRY = f"{PLATFORM}/flowservice", f"{PLATFORM}/schemaregistry"
CATALOG, EXPORT = f"{PLATFORM}/catalog", f"{PLATFORM}/export"
DATA_PREP, SANDBOXES = f"{PLATFORM}/conversion", f"{PLATFORM}/sandbox-management"
METHODS = ["GET"] * 6 + ["POST"] * 4 + ["PATCH"] * 2 + ["PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"]
COLLECTIONS = {
    FLOW: ["connections", "sourceConnections", "targetConnections", "flows", "runs", "flowSpecs"],
    f"{REGISTRY}/tenant": ["schemas", "fieldgroups", "classes", "datatypes", "descriptors"],
    f"{REGISTRY}/global": ["classes", "fieldgroups", "mixins", "behaviors"],
    f"{REGISTRY}/rpc": ["sampledata", "export", "import", "auditlog"],
    CATALOG: ["dataSets", "v2/dataSets", "batches", "lastBatches", "dataSetFiles"],
    EXPORT: ["batches", "files", "datasets"],
    DATA_PREP: ["mappingSets", "languages/el/functions", "languages/el/validate"],
    SANDBOXES: ["", "sandboxes", "sandboxTypes"],
}
BELOW = [
    *("", "", "", "/action", "/test", "/explore", "/configs", "/mappings", "/files", "/failed"),
    *("/meta", "/preview", "/search", "/credentials", "/validate", "/nothing", "/"),
]
ODD_IDS = [
    *("none", "..", "%2e%2e", "%00", "%", "%ff%fe", "%2F", "..%2f..%2fetc%2fpasswd", "'", '"', "*"),
    *("null", "-1", "0", "1e999", "{id}", "a" * 3000, "%F0%9F%92%A9", "%C2%80", "%E2%80%AE", "a;b"),
]
NAMES = [
    *("property", "orderby", "orderBy", "limit", "start", "count", "continuationToken", "mode"),
    *("op", "path", "object", "objectType", "preview", "filters", "version", "properties", "name"),
    *("tags", "createdAfter", "status", "expandSchema", "validate", "dataSet", "dataSetId"),
]
TEXTS = [
    *("", "x", "0", "-1", "1", "5", "true", "false", "99999999999999999999999", "٣", "²", "1e5"),
    *("name==", "==x", "name==a,b", "a.b[]==c", "createdAt>x", "createdAt>1,2", "id>=1", "name~["),
    *("name~(a+)+$", "name~*", "~", "!", "name>5", "desc:created", ":", "+name", "-", ",", "a,b"),
    *("%", "\x00", "\u202e", "💩", "=", "====", "AAAA====", "e30=", "root", "table", "row_errors"),
    *("../../etc/passwd", "a" * 5000, "draft", "enable", "re-trigger", "publish", "finalize"),
]
ACCEPTS = [
    *("application/json", "*/*", "", "application/vnd.adobe.xed+json", "a/b;;;version"),
    *("application/vnd.adobe.xed-id+json", "application/vnd.adobe.xed-full+json; version=1"),
    *("application/vnd.adobe.xdm-v2+json", "application/vnd.adobe.xed+json; version=999999999999"),
    *("application/vnd.adobe.xed-flat-desc-deprecated-notext-full+json;version=1.0", "text/html"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**63, 2**70, 1.5, "", "x", "\x00", "\ud800", [], {}, [[]], [{}]),
    *({"": ""}, {"id": None}, {"$ref": "#/"}, {"$ref": "#/definitions/own"}, "a" * 10_000),
    *([None], ["x"], {"a": {"b": [1, {"c": None}]}}, 10**400, "2026-02-30", "P-1D", "upper(("),
]


class Storm:
    """Requests made of what is there and of what should not be, by one seed."""

    def __init__(self, creates: list[tuple[str, Any]], known: list[str]) -> None:
        self._random = random.Random(SEED)
        self._creates, self._known = creates, known

    def request(self, url: str) -> httpx.Request:
        pick, chance = self._random.choice, self._random.random()
        content: bytes | None = None
        method = pick(METHODS)
        if chance < 0.25:  # something nearly right is made
            path, body = pick(self._creates)
            method, content = "POST", self._spoilt(body)
        elif chance < 0.55:  # something that is there is asked about
            path = pick(self._known) + pick(BELOW)
            content = self._body()
        else:
            path, content = self._anywhere(), self._body()
        count = pick([0, 0, 0, 1, 2, 3])
        query = "&".join(f"{pick(NAMES)}={quote(pick(TEXTS), safe='')}" for _ in range(count))
        headers = {"Accept": pick(ACCEPTS), "If-Match": pick(["*", "x", '""', "W/", '"\\"'])}
        if content is not None:
            form = pick(["application/json"] * 8 + ["application/json-patch+json", "text/plain"])
            headers["Content-Type"] = form
        if self._random.random() < 0.1:
            headers["Range"] = pick(
                ["bytes=0-9", "bytes=9-0", "bytes=-", "bytes=99999999999-", "x"]
            )
        raw = f"{path}?{query}" if query else path
        target = httpx.URL(url).copy_with(raw_path=raw.encode())
        return httpx.Request(method, target, headers=headers, content=content)

    def _anywhere(self) -> str:
        pick = self._random.choice
        base = pick(list(COLLECTIONS))
        path = f"{base}/{pick(COLLECTIONS[base])}"
        return path if pick([True, False]) else f"{path}/{pick(ODD_IDS)}{pick(BELOW)}"

    def _body(self) -> bytes | None:
        chance = self._random.random()
        if chance < 0.4:
            return None
        if chance < 0.5:
            return bytes(self._random.randrange(256) for _ in range(self._random.randrange(40)))
        if chance < 0.6:
            return json.dumps(self._random.choice(VALUES)).encode()
        if chance < 0.62:
            return b"[" * 50_000
        if chance < 0.8:
            return self._spoilt([{"op": o, "path": p, "value": "x"} for o, p in PATCHES])
        return self._spoilt(self._random.choice(self._creates)[1])

    def _spoilt(self, body: Any) -> bytes:
        copy = json.loads(json.dumps(body))
        for _ in range(self._random.randrange(3)):
            self._spoil(copy)
        return json.dumps(copy).encode()

    def _spoil(self, node: Any) -> None:
        """Replace, remove or add something somewhere in a JSON value."""
        while isinstance(node, dict | list) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = self._random.choice(keys)
            inner = node[key]
            if isinstance(inner, dict | list) and inner and self._random.random() < 0.7:
                node = inner
                continue
            match self._random.randrange(4):
                case 0:
                    del node[key]
                case 1 if isinstance(node, dict):
                    node[self._random.choice(["$ref", "id", "name", "", "x"])] = inner
                case _:
                    node[key] = self._random.choice(VALUES)
            return


def test_no_request_of_a_storm_ends_in_an_error_of_the_emulators_own(
    fresh: Rehearsal, capsys: pytest.CaptureFixture[str]
) -> None:
    with fresh.client() as api:
        storm = Storm(*what_is_there(fresh, api))
        seen: Counter[int] = Counter()
        for number in range(REQUESTS):
            request = storm.request(fresh.url)
            for name in ("Authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name"):
                request.headers[name] = api.headers[name]
            answer = api.send(request)
            seen[answer.status_code] += 1
            where = f"{number}: {request.method} {request.url} {request.content[:500]!r}"
            assert answer.status_code < 500 or answer.status_code == 501, (where, answer.text)
            assert answer.headers["x-request-id"], where
            if answer.status_code >= 400 and request.method != "HEAD":
                assert isinstance(answer.json(), dict), where
                assert "Traceback" not in answer.text, where
            if number % 250 == 0:
                fresh.advance(minutes=20)  # what was taken runs
    assert seen[200] + seen[201] > REQUESTS // 10
    assert fresh.process.poll() is None
    with capsys.disabled():
        print(f"\nstorm: {REQUESTS} requests, seed {SEED}, answers {dict(sorted(seen.items()))}")


def what_is_there(
    rehearsal: Rehearsal, api: httpx.Client
) -> tuple[list[tuple[str, Any]], list[str]]:
    """The tutorial's world: the bodies that made it, and the paths to all that is in it."""
    creates: list[tuple[str, Any]] = []

    def keep(answer: httpx.Response) -> None:
        if answer.request.method == "POST":
            creates.append((answer.request.url.path, json.loads(answer.request.content)))

    api.event_hooks = {"response": [keep]}
    secrets = dict.fromkeys(("username", "password", "securityToken"), "x")
    params = {"environmentUrl": "https://example.my.salesforce.com"} | secrets
    body = {
        "name": "Base",
        "auth": {"specName": "Basic Authentication", "params": params},
        "connectionSpec": {"id": "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"},
    }
    base_id = api.post(f"{FLOW}/connections", json=body).json()["id"]
    flow = follow_the_tutorial(rehearsal, api, base_id)
    api.event_hooks = {}
    rehearsal.advance(minutes=12)
    mapping_set = next(sent for path, sent in creates if path.endswith("/mappingSets"))
    creates += [
        (f"{DATA_PREP}/mappingSets/preview", {"data": {"Id": 1}, "mappingSet": mapping_set}),
        (f"{DATA_PREP}/mappingSets/validate", mapping_set),
        (f"{FLOW}/flows/search", {"queryString": "name==x", "limit": 5, "orderby": "name"}),
        (f"{FLOW}/runs", {"flowId": flow.flow_id, "params": {"startTime": 1, "windowEndTime": 2}}),
    ]
    known = []
    for kind in ("connections", "sourceConnections", "targetConnections", "flows", "runs"):
        items = api.get(f"{FLOW}/{kind}").json()["items"]
        known += [f"{FLOW}/{kind}/{each['id']}" for each in items]
    xed = {"Accept": "application/vnd.adobe.xed-id+json"}
    for kind in ("schemas", "fieldgroups"):
        results = api.get(f"{REGISTRY}/tenant/{kind}", headers=xed).json()["results"]
        for each in results:
            known += [f"{REGISTRY}/tenant/{kind}/{each['meta:altId']}"]
            known += [f"{REGISTRY}/rpc/{c}/{each['meta:altId']}" for c in ("export", "auditlog")]
    known += [f"{CATALOG}/batches/{id}" for id in api.get(f"{CATALOG}/batches").json()]
    known += [f"{EXPORT}/batches/{id}" for id in api.get(f"{CATALOG}/batches").json()]
    known += [f"{CATALOG}/dataSets/{flow.dataset_id}", f"{EXPORT}/datasets/{flow.dataset_id}"]
    sets = api.get(f"{DATA_PREP}/mappingSets").json()["data"]
    return creates, [*known, *(f"{DATA_PREP}/mappingSets/{each['id']}" for each in sets)]


PATCHES = [
    *(("replace", "/name"), ("add", "/tags/x"), ("remove", "/description"), ("add", "/allOf/-")),
    *(("replace", "/scheduleParams/interval"), ("add", "/a/b/c"), ("move", "/"), ("x", "name")),
]
