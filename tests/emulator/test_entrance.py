"""Who may call, in which order that is asked, and what every answer carries."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulated import FLOWSERVICE, START_MS, Rehearsal

FLOWS = f"{FLOWSERVICE}/flows"


def form(**changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": "aeptui-rehearsal",
        "client_secret": "rehearsal-secret",
        "scope": "openid",
    } | changes


def test_a_token_is_shaped_like_a_jwt_and_lives_as_long_as_it_says(fresh: Rehearsal) -> None:
    answer = httpx.post(f"{fresh.url}/ims/token/v3", data=form()).json()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 86_399
    assert answer["access_token"].count(".") == 2
    with fresh.client() as api:
        assert api.get(FLOWS).status_code == 200
        fresh.advance(seconds=86_398)
        assert api.get(FLOWS).status_code == 200
        fresh.advance(seconds=2)
        late = api.get(FLOWS)
        assert (late.status_code, late.json()["error_code"]) == (401, "401013")


def test_the_second_version_takes_everything_in_the_query(emulator: Rehearsal) -> None:
    answer = httpx.post(f"{emulator.url}/ims/token/v2", params=form())
    assert answer.status_code == 200
    seen = emulator.requests()[-1]
    assert seen["path"].startswith("/ims/token/v2?")
    assert "rehearsal-secret" not in seen["path"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "no"}, "invalid_client"),
        ({"client_id": "no"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_ims_refuses_in_its_own_words(
    emulator: Rehearsal, changes: dict[str, str], error: str
) -> None:
    answer = httpx.post(f"{emulator.url}/ims/token/v3", data=form(**changes))
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_headers_are_checked_in_the_gateways_order(emulator: Rehearsal) -> None:
    """Each step repairs what the one before was refused for, and meets the next check."""
    steps: list[tuple[dict[str, str], int, str]] = [
        ({}, 403, "403010"),
        ({"Authorization": "Bearer nonsense"}, 401, "401013"),
        ({"Authorization": f"Bearer {emulator.token()}"}, 403, "403000"),
        ({"x-api-key": "another"}, 403, "403003"),
        ({"x-api-key": "aeptui-rehearsal"}, 400, "400003"),
        ({"x-gw-ims-org-id": "not an organisation"}, 403, "403027"),
        ({"x-gw-ims-org-id": "ANOTHER@AdobeOrg"}, 403, "403025"),
    ]
    headers: dict[str, str] = {}
    for more, status, code in steps:
        headers |= more
        answer = httpx.get(emulator.url + FLOWS, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    headers |= {"x-gw-ims-org-id": emulator.org}
    missing = httpx.get(emulator.url + FLOWS, headers=headers)
    assert missing.status_code == 400
    assert missing.json()["type"].endswith("FLOW-2105-400")
    headers |= {"x-sandbox-name": "nowhere"}
    unknown = httpx.get(emulator.url + FLOWS, headers=headers)
    assert unknown.status_code == 404
    assert unknown.json()["type"].endswith("FLOW-2100-404")
    headers |= {"x-sandbox-name": "dev"}
    assert httpx.get(emulator.url + FLOWS, headers=headers).status_code == 200


def test_every_answer_carries_emulated_time_its_speed_and_a_request_id(
    fresh: Rehearsal,
) -> None:
    with fresh.client() as api:
        asked = api.get(FLOWS, headers={"x-request-id": "asked-for-by-a-test"})
        refused = httpx.get(fresh.url + FLOWS)
        lost = httpx.get(f"{fresh.url}/nowhere")
    assert asked.headers["x-request-id"] == "asked-for-by-a-test"
    for answer in (asked, refused, lost):
        assert parsedate_to_datetime(answer.headers["date"]).timestamp() * 1000 == START_MS
        assert answer.headers["x-emulator-speed"] == "0"
        assert answer.headers["x-request-id"]
        assert answer.headers.get_list("date", split_commas=False) == [answer.headers["date"]]


def test_what_is_not_emulated_says_so_and_what_is_not_there_is_404(
    emulator: Rehearsal, api: httpx.Client
) -> None:
    for path in (
        "/data/foundation/exim/packages",
        "/data/foundation/access-control/acl/reference",
        "/data/foundation/audit/events",
        "/data/infrastructure/observability/insights/metrics",
        "/data/foundation/import/batches",
    ):
        answer = api.get(path)
        assert answer.status_code == 501
        assert "not emulated" in answer.json()["detail"]
    assert api.get("/data/foundation/nothing").status_code == 404


def test_a_wrong_method_names_the_right_ones(api: httpx.Client) -> None:
    answer = api.put(FLOWS, json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


def test_sandboxes_are_listed_without_naming_one(emulator: Rehearsal) -> None:
    with emulator.client() as api:
        del api.headers["x-sandbox-name"]
        answer = api.get("/data/foundation/sandbox-management/").json()
    assert [each["name"] for each in answer["sandboxes"]] == ["dev", "prod", "empty"]
    assert {each["name"]: each["type"] for each in answer["sandboxes"]}["prod"] == "production"
    assert answer["_page"]["count"] == 3


def test_what_is_made_in_one_sandbox_is_in_no_other(
    fresh: Rehearsal, base_connection: object
) -> None:
    with fresh.client("dev") as dev, fresh.client("empty") as empty:
        assert callable(base_connection)
        id = base_connection(client=dev)
        assert dev.get(f"{FLOWSERVICE}/connections/{id}").status_code == 200
        assert empty.get(f"{FLOWSERVICE}/connections/{id}").status_code == 404
        assert empty.get(f"{FLOWSERVICE}/connections").json()["items"] == []


METHODS = st.sampled_from(["POST", "PATCH", "PUT"])
PLACES = st.sampled_from(
    ["/connections", "/sourceConnections", "/targetConnections", "/flows", "/runs", "/flows/x"]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "auth", "connectionSpec", "data", "params", "flowSpec"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(method=METHODS, place=PLACES, body=JSON)
def test_any_body_is_refused_in_flow_services_own_shape(
    api: httpx.Client, method: str, place: str, body: object
) -> None:
    answer = api.request(method, FLOWSERVICE + place, json=body)
    assert 400 <= answer.status_code < 500, answer.text
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["type"].rsplit("/", 1)[1].endswith(f"-{answer.status_code}")
    assert said["errorMessage"] == said["report"]["detailed-message"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(raw=st.binary(max_size=60))
def test_any_bytes_for_a_body_are_refused(api: httpx.Client, raw: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = api.post(FLOWS, content=raw, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text


def test_a_body_that_is_too_large_is_not_read_to_the_end(api: httpx.Client) -> None:
    answer = api.post(FLOWS, content=b" " * (9 * 1024 * 1024))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name": 1e999}',
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b"[" * 200 + b"]" * 200,
        b"[" * 100_000,
        "{}".encode("utf-16"),
        b'{"name": "\xff"}',
        b"",
    ],
)
def test_what_is_nearly_json_is_refused(api: httpx.Client, raw: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = api.post(f"{FLOWSERVICE}/sourceConnections", content=raw, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errorMessage"].endswith(".")
