"""What it takes to talk to one sandbox of one organisation.

`ApiSettings` is checked when it is made: a token travels to the two configured
hosts only, and in clear only over loopback. Its repr masks every secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

from aeptui.api.errors import SettingsError

DEFAULT_PLATFORM_URL = "https://platform.adobe.io"
DEFAULT_IMS_URL = "https://ims-na1.adobelogin.com"
DEFAULT_SCOPES = "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session"


class Secret:
    """A text that never shows itself; `reveal()` gives it to the one who sends it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


def struck_out(body: bytes, secrets: Iterable[Secret]) -> bytes:
    """`body` without these secrets: plain, as JSON writes them, or as a form or an address does."""
    for secret in secrets:
        text = secret.reveal()
        if len(text) < _SHORTEST:
            continue  # striking out a letter or two would leave no sentence
        as_json = (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        for form in {text, *as_json, quote(text, safe=""), quote_plus(text)}:
            body = body.replace(form.encode(), b"***")
    return body


_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in real seconds; `slow_read_s` is for questions that reach the CRM."""

    connect_s: float = 10.0
    read_s: float = 30.0
    slow_read_s: float = 60.0
    token_s: float = 10.0


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """One profile and one sandbox, as the API needs them.

    `client_secret` may be a function that fetches it, called in a thread when a
    token is asked for; it raises SettingsError when it cannot. With `access_token`
    no token is asked for at all. The two URLs are scheme and host; the paths are
    AEP's own (AEP.md 1.1).
    """

    org_id: str
    client_id: str
    sandbox: str
    client_secret: Secret | Callable[[], Secret] | None = None
    access_token: Secret | None = None
    scopes: str = DEFAULT_SCOPES
    platform_url: str = DEFAULT_PLATFORM_URL
    ims_url: str = DEFAULT_IMS_URL
    proxy: str | None = None
    ca_bundle: Path | None = None
    calls_per_minute: int = 20
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        for key in ("platform_url", "ims_url"):
            _check_url(key, getattr(self, key))
        for key in ("org_id", "client_id", "sandbox"):
            _check_header(key, getattr(self, key))
        if self.calls_per_minute < 1:
            raise SettingsError("calls_per_minute must be at least 1")

    def __repr__(self) -> str:
        return (
            f"ApiSettings(platform_url={self.platform_url!r}, ims_url={self.ims_url!r}, "
            f"org_id={self.org_id!r}, client_id={self.client_id!r}, sandbox={self.sandbox!r})"
        )


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of `url`, with the port that the scheme implies."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


def _check_url(key: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
        parts = urlsplit("")
    if not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{key} is not a URL of scheme and host", remedy=_LIKE)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(f"{key} must be scheme and host only", remedy=_LIKE)
    if parts.path not in ("", "/"):
        raise SettingsError(f"{key} must not have a path", remedy=_LIKE)
    if parts.scheme == "http" and not is_loopback(url):
        raise SettingsError(
            f"{key} is {url}, and credentials are sent in clear to this machine only",
            remedy="write https://",
        )


def _check_header(key: str, value: str) -> None:
    if not value.isprintable() or not value.isascii():
        raise SettingsError(f"{key} has a character that cannot be in an HTTP header")


_LIKE = f"write it like {DEFAULT_PLATFORM_URL}"
