"""Reads refusals: six families of error body, HTML pages and nothing at all (AEP.md 2.4).

`refusal()` turns a status and a body into the right ApiError, in one sentence
that has the platform's own reason and says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

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
from aeptui.api.scrub import NotJson, scrub_json, scrub_text

_LONGEST = 500
_CODE = re.compile(r"[A-Z][A-Z0-9]*-\d+-\d{3}")
_NO_SANDBOX = re.compile(
    r"\b(unknown|invalid|no( such)?) sandbox\b"
    r"|\bsandbox\b( with)?( name)?:? ?\S{0,66} (is|was|does)( not (found|exist|active)| unknown)",
    re.IGNORECASE,
)
_MARKUP = re.compile(rb"^\s*(?:\xef\xbb\xbf)?<", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error body says, whichever family it is of."""

    reason: str = ""
    code: str = ""
    request_id: str = ""


def looks_like_markup(body: bytes) -> bool:
    """Whether a gateway, a proxy or a sign-in page sent its own HTML."""
    return _MARKUP.match(body) is not None


def read_problem(body: bytes) -> Problem:
    """The reason, code and request id in an error body; all empty when it has none."""
    if not body.strip():
        return Problem()
    if looks_like_markup(body):
        return Problem("it sent a web page instead of an answer")
    try:
        told = msgspec.json.decode(scrub_json(body[:1_000_000]))
    except NotJson:
        return Problem(_short(body[:_LONGEST].decode("utf-8", "replace")))
    if isinstance(told, list) and told:
        told = told[0]
    if not isinstance(told, dict):
        return Problem(_short(told) if isinstance(told, str) else "")
    report = told.get("report")
    report = report if isinstance(report, dict) else {}
    return Problem(_reason(told, report), _code(told, report), _request_id(told, report))


def refusal(
    status: int,
    body: bytes,
    *,
    service: str,
    request_id: str = "",
    sandbox: str = "",
    retry_after_s: float | None = None,
) -> ApiError:
    """The error that says what `service` refused, why, and what to do about it."""
    problem = read_problem(body)
    kind, remedy, blames = _judge(status, problem, sandbox)
    error = kind(
        _sentence(kind, status, problem.reason.rstrip("."), service, sandbox),
        service=service,
        status=status,
        code=problem.code,
        request_id=request_id or problem.request_id,
        remedy=remedy,
    )
    if isinstance(error, AuthError):
        error.blames = blames
    if isinstance(error, RateLimited):
        error.retry_after_s = retry_after_s
        error.remedy = f"try again in {_in_words(retry_after_s)}"
    return error


def token_refusal(status: int, body: bytes, *, request_id: str = "", host: str = "") -> ApiError:
    """Why IMS gave no token, naming the setting to look at (AEP.md 1.3)."""
    problem = read_problem(body)
    if status == 429 or status >= 500:
        return refusal(status, body, service=f"IMS at {host}", request_id=request_id)
    blames = _blamed_by_ims(problem)
    said = f": {problem.reason}" if problem.reason else ""
    sentence = (
        f"IMS refused the {_SETTINGS[blames]}{said}"
        if blames
        else (f"IMS refused the credentials with {status}{said}")
    )
    error = AuthError(
        sentence,
        service="IMS",
        status=status,
        code=problem.code,
        request_id=request_id or problem.request_id,
        remedy=f"correct {blames} in the profile" if blames else "check the profile's credentials",
    )
    error.blames = blames
    return error


# What the gateway calls a bad caller: the setting to blame and what to do (AEP.md 1.4).
_GATEWAY: Mapping[str, tuple[type[ApiError], str, str]] = {
    "401013": (AuthError, "access_token", "the token was refused even when new"),
    "403010": (AuthError, "access_token", "the platform saw no token; a proxy may remove it"),
    "403000": (AuthError, "client_id", "set client_id in the profile"),
    "403003": (AuthError, "client_id", "correct client_id in the profile"),
    "400003": (AuthError, "org_id", "set org_id in the profile"),
    "403025": (
        AuthError,
        "org_id",
        "check org_id, and that the project has the Experience Platform API",
    ),
    "403027": (
        AuthError,
        "org_id",
        "check org_id, and that the credentials have an Experience Platform product profile",
    ),
}

_SETTINGS = {
    "client_id": "client id",
    "client_secret": "client secret",
    "scopes": "scopes",
    "access_token": "access token",
    "org_id": "organisation",
}


def _judge(status: int, problem: Problem, sandbox: str) -> tuple[type[ApiError], str, str]:
    if problem.code in _GATEWAY:
        kind, blames, remedy = _GATEWAY[problem.code]
        return kind, remedy, blames
    if _is_about_sandbox(status, problem):
        return WrongSandbox, "choose a sandbox that these credentials can see", ""
    number = problem.code.split("-")[1] if problem.code.startswith("FLOW-") else ""
    if number in ("2000", "2001", "2002"):
        return AuthError, "check org_id in the profile", "org_id"
    match status:
        case 401:
            return AuthError, "check the profile's credentials", "access_token"
        case 403:
            return Forbidden, "ask an administrator for the permission", ""
        case 404 | 410:
            return NotFound, "", ""
        case 409 | 412:
            return Conflict, "", ""
        case 429:
            return RateLimited, "", ""
        case 501:
            return NotEmulated, "", ""
        case 500 | 502 | 503 | 504:
            return ApiError, "try again later", ""
        case _:
            return ApiError, "", ""


def _is_about_sandbox(status: int, problem: Problem) -> bool:
    """AEP.md 2.4: Flow Service has codes for it; other services only say it in words."""
    if problem.code.startswith("FLOW-"):
        return problem.code.split("-")[1] in ("2100", "2101", "2103", "2105", "2111")
    return status in (400, 403, 404) and _NO_SANDBOX.search(problem.reason) is not None


def _in_words(seconds: float | None) -> str:
    if seconds is None:
        return "a minute"
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def _sentence(kind: type[ApiError], status: int, reason: str, service: str, sandbox: str) -> str:
    """What happened, once: a reason that only says it again is left out, one that says it
    better stands for it."""
    says_no_more = reason.lower() in _PHRASES or (
        kind is WrongSandbox and _NO_SANDBOX.search(reason) is not None
    )
    opening = _opening(kind, status, service, sandbox)
    if says_no_more or not reason:
        return opening
    if kind is NotFound and _NOT_THERE.search(reason):
        return f"{service}: {reason}"
    return f"{opening}: {reason}"


_NOT_THERE = re.compile(
    r"\b(not|never|cannot be) (be )?found\b|\b(does not|doesn't) exist\b|\bno (such|longer)\b",
    re.IGNORECASE,
)
_PHRASES = frozenset(
    [status.phrase.lower() for status in HTTPStatus if status >= 400]
    + ["internal error", "resource not found"]
    + ["notfound", "badrequesterror", "requestratetoolarge"]
)
"""Reasons that say no more than a status does."""


def _opening(kind: type[ApiError], status: int, service: str, sandbox: str) -> str:
    if kind is WrongSandbox:
        return f"{service} does not know the sandbox {sandbox}"
    if kind is AuthError:
        return f"{service} does not accept these credentials"
    if kind is Forbidden:
        return f"{service} does not allow this"
    if kind is NotFound:
        return f"{service} did not find it"
    if kind is Conflict:
        return f"{service} refused, since it stands differently by now"
    if kind is RateLimited:
        return f"{service} asks for fewer calls"
    if kind is NotEmulated:
        return f"{service} is not emulated this far"
    if status >= 500:
        return f"{service} is in trouble and answered {status}"
    return f"{service} refused with {status}"


def _blamed_by_ims(problem: Problem) -> str:
    words = problem.reason.lower().replace(" ", "_")
    for setting in ("client_secret", "client_id"):
        if setting in words:
            return setting
    if problem.code == "invalid_scope" or "scope" in words:
        return "scopes"
    return "client_id" if problem.code == "invalid_client" else ""


def _reason(told: dict[str, Any], report: dict[str, Any]) -> str:
    """AEP.md 2.4: the same thing is said under different keys, the most telling one first."""
    keys = ("detail", "errorMessage", "message", "error_description", "title", "details", "error")
    for text in (report.get("detailed-message"), *(told.get(key) for key in keys)):
        if isinstance(text, str) and text.strip():
            return _short(text)
    return ""


def _code(told: dict[str, Any], report: dict[str, Any]) -> str:
    kind = told.get("type")
    if isinstance(kind, str) and (found := _CODE.fullmatch(kind.rsplit("/", 1)[-1])):
        return found[0]
    for key in ("error_code", "errorCode", "code", "error"):
        value = told.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and 0 < len(value) <= 60 and " " not in value:
            return value
    chain = told.get("error-chain")
    if isinstance(chain, list) and chain and isinstance(chain[0], dict):
        code = chain[0].get("errorCode")
        return code if isinstance(code, str) else ""
    return ""


def _request_id(told: dict[str, Any], report: dict[str, Any]) -> str:
    for id in (report.get("request-id"), report.get("registryRequestId"), told.get("requestId")):
        if isinstance(id, str):
            return id[:100]
    return ""


def _short(text: str) -> str:
    """One line, however the platform broke its own."""
    return scrub_text(" ".join(text.replace("␊", " ").replace("␍", " ").split()), _LONGEST)
