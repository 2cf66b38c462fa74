"""Writes over real HTTP: exactly the bytes that were shown, at most once, and each answer read."""

from __future__ import annotations

import pytest

from aeptui.api.errors import ApiError, ApiUnreachable, Conflict, Forbidden, NotFound
from aeptui.api.services import ApiSettings, Secret, Services
from aeptui.api.writing import MayHaveLanded, WriteRequest
from aeptui.pipelines.plan import Made, Ref, SecretRef, Secrets, Step
from aeptui.pipelines.request import as_text, preview, render
from tests.api.canned import Canned, Reply
from tests.pipelines.conftest import no_nap

FLOWS = "/data/foundation/flowservice"
CATALOG = "/data/foundation/catalog"
REGISTRY = "/data/foundation/schemaregistry"
CONVERSION = "/data/foundation/conversion"
POST = WriteRequest("POST", f"{FLOWS}/flows", {"Content-Type": "application/json"}, b'{"a": 1}')


async def test_the_request_that_is_shown_is_byte_for_byte_the_one_that_arrives(
    canned: Canned, told: Services
) -> None:
    step = Step(
        "flow",
        "Change the flow",
        "flows",
        "PATCH",
        f"{FLOWS}/flows/{{made}}?mode=draft",
        headers={"If-Match": Ref("made", "etag")},
        body=[{"op": "replace", "path": "/name", "value": "Zoë “x” \\ 日本 \u2028 <b>"}],
    )
    known = {"made": Made("a b/c", '"1-00"')}
    canned.says("PATCH", f"{FLOWS}/flows/a%20b%2Fc", Reply({"id": "f", "etag": "2"}))
    shown = as_text(preview(step, known))
    await told.writing.send(render(step, known, Secrets()))
    (seen,) = canned.asked(f"{FLOWS}/flows/a%20b%2Fc")
    line, _, rest = shown.partition("\n")
    head, _, body = rest.partition("\n\n")
    assert line == f"{seen.method} {seen.path}?mode=draft"
    assert seen.param("mode") == "draft"
    assert body.encode() == seen.body
    for header in head.splitlines():
        name, _, value = header.partition(": ")
        assert seen.headers[name.lower()] == value
    assert seen.headers["if-match"] == '"1-00"'
    assert seen.headers["x-sandbox-name"] == "dev"


async def test_secrets_are_the_only_difference_between_what_is_shown_and_what_arrives(
    canned: Canned, told: Services
) -> None:
    body = {"name": "n", "auth": {"password": SecretRef("PASSWORD"), "plain": "$PASSWORD"}}
    step = Step("base", "t", "base-connections", "POST", f"{FLOWS}/connections", body=body)
    canned.says("POST", f"{FLOWS}/connections", Reply({"id": "1"}, 201))
    await told.writing.send(render(step, {}, Secrets({"PASSWORD": "p4ss"})))
    (seen,) = canned.asked(f"{FLOWS}/connections")
    shown = preview(step).body or b""
    assert shown.replace(b'"password": "$PASSWORD"', b'"password": "p4ss"') == seen.body
    assert b"p4ss" not in shown


async def test_an_action_without_a_body_sends_none(canned: Canned, told: Services) -> None:
    path = f"{FLOWS}/flows/1/action"
    canned.says("POST", path, Reply({"id": "1", "etag": "2"}))
    step = Step("flow", "t", "flows", "POST", f"{path}?op=enable")
    await told.writing.send(render(step, {}, Secrets()))
    (seen,) = canned.asked(path)
    assert seen.body == b""
    assert "content-type" not in seen.headers


@pytest.mark.parametrize(
    ("reply", "id", "etag", "version"),
    [
        (Reply({"id": "1", "etag": '"e"'}, 201), "1", '"e"', None),
        (Reply({"items": [{"id": "1", "etag": "e"}]}, 201), "1", "e", None),
        (Reply({"id": "1", "eTag": "e", "metrics": {}}, 201), "1", "e", None),
        (Reply(["@/dataSets/5e8d"], 201), "5e8d", "", None),
        (Reply(["@/datasets/5e8d"], 201), "5e8d", "", None),
        (
            Reply({"$id": "https://ns.adobe.com/t/schemas/1", "version": "1.0", "id": "x"}, 201),
            "https://ns.adobe.com/t/schemas/1",
            "",
            "1.0",
        ),
        (Reply({"@id": "d", "@type": "xdm:descriptorIdentity"}, 201), "d", "", None),
        (Reply({"id": "m", "version": 0}), "m", "", 0),
        (Reply(b"", 201, {"location": "https://h/data/x/flows/9"}), "9", "", None),
    ],
)
async def test_the_id_is_read_from_each_form_of_a_yes(
    canned: Canned, told: Services, reply: Reply, id: str, etag: str, version: object
) -> None:
    canned.says("POST", POST.path, reply)
    answer = await told.writing.send(POST)
    assert (answer.id, answer.etag, answer.version) == (id, etag, version)


@pytest.mark.parametrize("reply", [Reply(b"", 204), Reply(["@/dataSets/5e8d"])])
async def test_a_deletion_says_yes_with_or_without_a_body(
    canned: Canned, told: Services, reply: Reply
) -> None:
    canned.says("DELETE", f"{CATALOG}/dataSets/5e8d", reply)
    answer = await told.writing.send(WriteRequest("DELETE", f"{CATALOG}/dataSets/5e8d"))
    assert answer.status == reply.status


@pytest.mark.parametrize(
    ("status", "kind"), [(400, ApiError), (403, Forbidden), (404, NotFound), (412, Conflict)]
)
async def test_a_no_is_a_no_and_asked_for_once(
    canned: Canned, told: Services, status: int, kind: type[ApiError]
) -> None:
    canned.says("POST", POST.path, Reply({"status": status, "title": "No"}, status))
    with pytest.raises(kind) as refused:
        await told.writing.send(POST)
    assert not isinstance(refused.value, MayHaveLanded)
    assert len(canned.asked(POST.path)) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"title": "Overloaded"}, 500),
        Reply(b"<html>Bad gateway</html>", 502),
        Reply({}, 503),
        Reply({}, 504),
        Reply(b"<html>Please sign in</html>", 200),
        Reply(b'{"id": "1', 201),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_whatever_leaves_it_open_may_have_landed_and_is_never_repeated(
    canned: Canned, told: Services, reply: Reply, method: str
) -> None:
    canned.says(method, POST.path, reply)
    with pytest.raises(MayHaveLanded):
        await told.writing.send(WriteRequest(method, POST.path, {}, b"[]"))
    assert len(canned.asked(POST.path)) == 1


async def test_a_creation_that_does_not_say_what_it_made_may_have_landed(
    canned: Canned, told: Services
) -> None:
    for method in ("POST", "PATCH"):
        canned.says(method, POST.path, Reply({"status": "fine"}, 201))
    with pytest.raises(MayHaveLanded):
        await told.writing.send(POST)
    changed = await told.writing.send(WriteRequest("PATCH", POST.path, {}, b"[]"))
    assert changed.id == ""


async def test_a_write_that_was_told_to_wait_goes_again(canned: Canned, told: Services) -> None:
    limited = Reply({"title": "Too many"}, 429, {"retry-after": "1"})
    canned.says("POST", POST.path, limited, Reply({"id": "1"}, 201))
    assert (await told.writing.send(POST)).id == "1"
    assert len(canned.asked(POST.path)) == 2


async def test_where_nobody_answers_nothing_was_sent() -> None:
    settings = ApiSettings(
        platform_url="http://127.0.0.1:9",
        ims_url="http://127.0.0.1:9",
        org_id="TEST@AdobeOrg",
        client_id="c",
        access_token=Secret("t"),
        sandbox="dev",
    )
    async with Services(settings, sleep=no_nap) as services:
        with pytest.raises(ApiUnreachable) as reason:
            await services.writing.send(POST)
    assert not reason.value.sent


async def test_a_refusal_that_repeats_a_secret_shows_stars(canned: Canned, told: Services) -> None:
    planted = 'planted "quoted" ß'
    reply = Reply({"errorMessage": f"Login with {planted} failed"}, 400)
    canned.says("POST", POST.path, reply)
    request = WriteRequest("POST", POST.path, {}, b"{}", (Secret(planted),))
    with pytest.raises(ApiError) as refused:
        await told.writing.send(request)
    assert "planted" not in str(refused.value)
    assert "Login with *** failed" in str(refused.value)
    assert "planted" not in repr(request)


async def test_what_is_sent_to_no_service_of_aep_is_our_own_mistake(told: Services) -> None:
    with pytest.raises(ValueError, match="no service"):
        await told.writing.send(WriteRequest("POST", "/elsewhere"))
