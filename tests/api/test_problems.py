"""Every family of error body becomes one sentence with its code, its request id and what to do."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.errors import (
    ApiError,
    AuthError,
    Conflict,
    Forbidden,
    NotEmulated,
    NotFound,
    RateLimited,
    WrongSandbox,
)
from aeptui.api.problems import Problem, read_problem, refusal, token_refusal

FLOW = {
    "type": "https://ns.adobe.com/aep/errors/FLOW-1439-404",
    "title": "Resource not found",
    "status": 404,
    "report": {"detailed-message": "The flow f1 is not found.", "request-id": "rid-1"},
    "errorMessage": "less telling",
}
REGISTRY = {
    "type": "http://ns.adobe.com/aep/errors/XDM-1012-404",
    "title": "Not found",
    "status": 404,
    "report": {"registryRequestId": "rid-2", "detailed-message": "", "sub-errors": []},
    "detail": "The resource is not there",
}
INSIGHTS = {
    "type": "",
    "title": "Bad",
    "error-chain": [{"errorCode": "INSGHT-1000-400", "serviceId": "x"}],
}


def refused(status: int, body: Any, **more: Any) -> ApiError:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return refusal(status, raw, service="Flow Service", sandbox="dev", **more)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            {"error_code": "401013", "message": "Oauth token is not valid"},
            Problem("Oauth token is not valid", "401013"),
        ),
        (
            {"error": "invalid_client", "error_description": "invalid client_secret parameter"},
            Problem("invalid client_secret parameter", "invalid_client"),
        ),
        (FLOW, Problem("The flow f1 is not found.", "FLOW-1439-404", "rid-1")),
        ({"errorMessage": "Supplied version=[1]"}, Problem("Supplied version=[1]")),
        (REGISTRY, Problem("The resource is not there", "XDM-1012-404", "rid-2")),
        (
            {"type": "/placeholder/type/uri", "title": "BadRequestError", "detail": "Say a type"},
            Problem("Say a type"),
        ),
        (INSIGHTS, Problem("Bad", "INSGHT-1000-400")),
        ({"errorCode": "INSGHT-1", "title": "Bad"}, Problem("Bad", "INSGHT-1")),
        ({"title": "RequestRateTooLarge", "status": 429}, Problem("RequestRateTooLarge")),
        ({"timestamp": 1, "error": "Conflict", "message": "Busy"}, Problem("Busy", "Conflict")),
        ([{"message": "in a list"}], Problem("in a list")),
    ],
)
def test_each_family_is_understood(body: Any, problem: Problem) -> None:
    assert read_problem(msgspec.json.encode(body)) == problem


def test_an_html_page_is_told_as_one_and_not_shown() -> None:
    page = b"\n<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"
    error = refused(502, page, request_id="rid")
    assert "web page" in str(error)
    assert "<" not in str(error)


def test_an_empty_body_still_makes_a_sentence() -> None:
    assert str(refused(503, b"", request_id="rid")) == (
        "Flow Service is in trouble and answered 503; try again later (request rid)"
    )


def test_the_sentence_has_reason_code_and_request_id() -> None:
    assert str(refused(404, FLOW)) == (
        "Flow Service: The flow f1 is not found (FLOW-1439-404, request rid-1)"
    )


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (404, b"", "Flow Service did not find it"),
        (404, {"title": "Not Found"}, "Flow Service did not find it"),
        (404, {"detail": "Ask Ann about it"}, "Flow Service did not find it: Ask Ann about it"),
        (
            404,
            {"detail": "Sandbox dev does not exist"},
            "Flow Service does not know the sandbox dev; "
            "choose a sandbox that these credentials can see",
        ),
        (
            429,
            {"error_code": "429050", "message": "Too many requests"},
            "Flow Service asks for fewer calls; try again in a minute (429050)",
        ),
        (
            503,
            {"title": "Service Unavailable."},
            "Flow Service is in trouble and answered 503; try again later",
        ),
        (
            500,
            {"title": "Mapper is down"},
            "Flow Service is in trouble and answered 500: Mapper is down; try again later",
        ),
    ],
)
def test_a_reason_that_only_says_it_again_is_said_once(
    status: int, body: Any, sentence: str
) -> None:
    assert str(refused(status, body)) == sentence


def test_the_header_names_the_request_before_the_body_does() -> None:
    assert refused(404, FLOW, request_id="from-header").request_id == "from-header"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthError),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (412, Conflict),
        (429, RateLimited),
        (501, NotEmulated),
        (500, ApiError),
        (418, ApiError),
    ],
)
def test_the_status_decides_the_kind(status: int, kind: type[ApiError]) -> None:
    assert type(refused(status, b"")) is kind


@pytest.mark.parametrize(
    ("status", "code", "blames"),
    [
        (403, "403010", "access_token"),
        (401, "401013", "access_token"),
        (403, "403000", "client_id"),
        (403, "403003", "client_id"),
        (400, "400003", "org_id"),
        (403, "403025", "org_id"),
        (403, "403027", "org_id"),
    ],
)
def test_a_gateway_refusal_names_the_setting_to_correct(
    status: int, code: str, blames: str
) -> None:
    error = refused(status, {"error_code": code, "message": "No"})
    assert isinstance(error, AuthError)
    assert error.blames == blames
    assert error.remedy


def test_an_unknown_sandbox_is_named() -> None:
    error = refused(404, {**FLOW, "type": "https://ns.adobe.com/aep/errors/FLOW-2100-404"})
    assert isinstance(error, WrongSandbox)
    assert "sandbox dev" in str(error)
    in_words = refused(404, {"title": "Not Found", "detail": "Sandbox dev does not exist"})
    assert isinstance(in_words, WrongSandbox)


def test_advice_that_mentions_the_sandbox_does_not_blame_it() -> None:
    words = "The requested runs resource r1 is not found. Check the id and the sandbox"
    for body in ({**FLOW, "report": {"detailed-message": words}}, {"detail": words}):
        assert type(refused(404, body)) is NotFound


def test_what_is_in_an_unknown_sandbox_is_not_taken_for_deleted() -> None:
    assert not issubclass(WrongSandbox, NotFound)


def test_a_missing_permission_is_not_a_wrong_token() -> None:
    body = {**FLOW, "type": "https://ns.adobe.com/aep/errors/FLOW-2118-403"}
    assert type(refused(403, body)) is Forbidden


@pytest.mark.parametrize(
    ("body", "blames"),
    [
        (
            {"error": "invalid_client", "error_description": "invalid client_secret parameter"},
            "client_secret",
        ),
        (
            {"error": "invalid_client", "error_description": "invalid client_id parameter"},
            "client_id",
        ),
        ({"error": "invalid_scope", "error_description": "no such"}, "scopes"),
        ({"error": "invalid_client"}, "client_id"),
        ({"error": "invalid_request"}, ""),
    ],
)
def test_ims_says_which_credential_is_wrong(body: Any, blames: str) -> None:
    for status in (400, 401):
        error = token_refusal(status, msgspec.json.encode(body))
        assert isinstance(error, AuthError)
        assert error.blames == blames
        assert blames in error.remedy


def test_a_busy_ims_is_not_a_wrong_secret() -> None:
    assert not isinstance(token_refusal(503, b""), AuthError)
    assert isinstance(token_refusal(429, b""), RateLimited)


def test_hostile_words_of_the_platform_are_shown_harmless_and_short() -> None:
    text = str(refused(400, {"message": "\x1b[2J\u202e" + "x" * 5000 + "\nsecond"}))
    assert text.isprintable()
    assert len(text) < 700


@given(st.integers(400, 599), st.binary(max_size=200) | st.just(b"[[]]") | st.just(b"7"))
def test_any_body_makes_one_printable_sentence(status: int, body: bytes) -> None:
    kinds = {unicodedata.category(character) for character in str(refused(status, body))}
    assert not kinds & {"Cc", "Cf", "Zl", "Zp", "Cs"}
