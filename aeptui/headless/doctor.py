"""`aeptui doctor`: the way from the configuration to the platform, a line for each step.

Every line is `ok`, `note` or `bad`; a bad one says what to do. Nothing is
written but the folders that every command makes.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO
from urllib.parse import urlsplit

from aeptui.config import Config, ConfigError, Flags, Profile
from aeptui.config_load import load
from aeptui.credentials import SecretUnavailable
from aeptui.terminal_status import round_trip

if TYPE_CHECKING:
    from aeptui.api.models import Sandbox
    from aeptui.api.services import Services

FINE, TROUBLE, USAGE, REFUSED, UNREACHABLE = 0, 1, 2, 3, 4
CONNECT_S = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how it is, what was looked at, what was found, and the exit code if it is bad."""

    verdict: Literal["ok", "note", "bad"]
    what: str
    text: str
    code: int = FINE

    def line(self) -> str:
        return f"{self.verdict:<5}{self.what:<13}{self.text}"


async def run(env: Mapping[str, str], flags: Flags, out: TextIO | None = None) -> int:
    """Look at everything, say it as it is found, and answer with the first bad step's code."""
    code = FINE
    async for finding in examined(env, flags):
        print(finding.line(), file=out or sys.stdout, flush=True)
        if finding.verdict == "bad" and code == FINE:
            code = finding.code or TROUBLE
    return code


async def examined(env: Mapping[str, str], flags: Flags) -> AsyncIterator[Finding]:
    """The findings in order; the ones that need an earlier step are left out when it failed."""
    yield terminal(env)
    yield bytecode()
    try:
        config = load(env, flags)
        profile = config.profile()
    except ConfigError as reason:
        yield Finding("bad", "config", str(reason), USAGE)
        return
    for warning in config.warnings:
        yield Finding("note", "config", warning)
    yield Finding("ok", "config", _configured(config, profile))
    yield folder(config)
    credentials = credential(profile)
    yield credentials
    if credentials.verdict == "bad":
        return
    yield mirror_file(config, profile)
    async for finding in _asked(config, profile):
        yield finding


def _configured(config: Config, profile: Profile) -> str:
    from aeptui.config import ENVIRONMENT

    source = "the environment" if profile.name == ENVIRONMENT else str(config.path)
    writes = "may write" if config.may_write(profile, profile.sandbox) else "read-only"
    return f"profile {profile.name} from {source}, {writes}"


def terminal(env: Mapping[str, str]) -> Finding:
    """Whether a console could be drawn where we are."""
    if not sys.stdout.isatty():
        return Finding("note", "terminal", "the output is not a terminal; the console needs one")
    size = os.get_terminal_size(sys.stdout.fileno())
    kind = env.get("TERM", "")
    if kind in ("", "dumb"):
        return Finding(
            "bad", "terminal", f"TERM is {kind!r}; set it, for example to xterm-256color"
        )
    if size.columns < 60 or size.lines < 20:
        text = f"{size.columns}x{size.lines} is too small for the console; 80x24 is enough"
        return Finding("bad", "terminal", text)
    took_s = round_trip()
    answers = "answers no question" if took_s is None else f"answers in {took_s * 1000:.0f} ms"
    return Finding("ok", "terminal", f"{kind}, {size.columns}x{size.lines}, {answers}")


def bytecode() -> Finding:
    """Whether Python keeps compiled modules: without them a start takes several times as long."""
    import httpx  # any of the libraries: they are installed alike

    cached = importlib.util.cache_from_source(httpx.__file__)
    if Path(cached).exists():
        where = f" in {sys.pycache_prefix}" if sys.pycache_prefix else ""
        return Finding("ok", "bytecode", f"compiled modules are kept{where}")
    if sys.dont_write_bytecode:
        remedy = (
            "PYTHONDONTWRITEBYTECODE is set; unset it, or once let python -m compileall "
            f"{Path(httpx.__file__).parents[1]} compile all of them"
        )
    else:
        remedy = f"{Path(cached).parent} cannot be written; run python -m compileall on it once"
    return Finding("note", "bytecode", f"every start compiles anew and is slow: {remedy}")


def folder(config: Config) -> Finding:
    """Whether the state folder can be made and is ours alone."""
    from aeptui.state_folder import private_dir

    try:
        private_dir(config.state_dir)
    except OSError as reason:
        text = f"{config.state_dir} cannot be used: {reason.strerror}; set AEPTUI_STATE_DIR"
        return Finding("bad", "state", text, USAGE)
    return Finding("ok", "state", str(config.state_dir))


def credential(profile: Profile) -> Finding:
    """Where the secret comes from and whether it is there; never its value."""
    source = profile.access_token or profile.client_secret
    if source is None:
        return Finding("bad", "credentials", "no client_secret is configured", USAGE)
    try:
        source.read()
    except SecretUnavailable as reason:
        return Finding("bad", "credentials", str(reason), USAGE)
    what = "access token" if profile.access_token else "client secret"
    return Finding("ok", "credentials", f"{what} from {source}")


def mirror_file(config: Config, profile: Profile) -> Finding:
    """The mirror of this sandbox, if there is one yet."""
    from aeptui.session import mirror_path

    path = mirror_path(config.state_dir, profile.platform_url, profile.org_id, profile.sandbox)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return Finding("ok", "mirror", f"none yet; it will be {path}")
    except OSError as reason:
        return Finding("bad", "mirror", f"{path} cannot be read: {reason.strerror}", USAGE)
    if not os.access(path, os.R_OK | os.W_OK):
        return Finding("bad", "mirror", f"{path} cannot be written; it may be deleted", USAGE)
    return Finding("ok", "mirror", f"{path}, {size / 1e6:.1f} MB")


async def _asked(config: Config, profile: Profile) -> AsyncIterator[Finding]:
    """What only the network can tell: host, token, sandbox, round trip."""
    from aeptui.api import errors
    from aeptui.api.services import Services
    from aeptui.session import api_settings

    try:
        settings = api_settings(config, profile)
    except errors.SettingsError as reason:
        yield Finding("bad", "config", f"{reason}", USAGE)
        return
    for url in dict.fromkeys((profile.ims_url, profile.platform_url)):
        found = await host(url, proxied=bool(profile.proxy))
        yield found
        if found.verdict == "bad":
            return
    async with Services(settings) as services:
        started = time.monotonic()
        try:
            known = [box async for page in services.sandboxes.list_sandboxes() for box in page]
        except (errors.AuthError, errors.Forbidden) as reason:
            yield Finding("bad", "token", f"{reason}", REFUSED)
            return
        except errors.ApiTrouble as reason:
            yield Finding("bad", "platform", f"{reason}", UNREACHABLE)
            return
        yield Finding("ok", "token", _token(services))
        yield _sandbox(profile, known)
        yield await _round_trip(services, time.monotonic() - started)


async def host(url: str, *, proxied: bool) -> Finding:
    """Whether somebody listens at `url`; behind a proxy only the first question can tell."""
    import asyncio

    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if proxied:
        return Finding("note", "host", f"{name} is reached through the proxy")
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(name, port)
    except TimeoutError:
        text = f"{name}:{port} did not answer within {CONNECT_S:.0f} s; is a proxy needed?"
        return Finding("bad", "host", text, UNREACHABLE)
    except OSError as reason:
        text = f"{name}:{port} cannot be reached ({reason.strerror or reason}); check the address"
        return Finding("bad", "host", text, UNREACHABLE)
    writer.close()
    return Finding("ok", "host", f"{name}:{port}")


def _token(services: Services) -> str:
    expires = services.meter.token_expires_at
    return "accepted" if expires is None else f"accepted, until {expires:%Y-%m-%d %H:%M} UTC"


def _sandbox(profile: Profile, known: list[Sandbox]) -> Finding:
    names = [box.id for box in known]
    if profile.sandbox in names:
        guarded = ", protected" if profile.protects(profile.sandbox) else ""
        return Finding("ok", "sandbox", f"{profile.sandbox}{guarded}")
    seen = f"these credentials see {', '.join(names)}" if names else "these credentials see none"
    return Finding("bad", "sandbox", f"there is no {profile.sandbox}; {seen}", REFUSED)


async def _round_trip(services: Services, first_s: float) -> Finding:
    """How long one more question takes, now that token and connection are there."""
    from aeptui.api.errors import ApiTrouble

    started = time.monotonic()
    try:
        async for _ in services.sandboxes.list_sandboxes():
            break
    except ApiTrouble as reason:
        return Finding("bad", "round trip", f"{reason}", UNREACHABLE)
    took_ms = (time.monotonic() - started) * 1000
    return Finding("ok", "round trip", f"{took_ms:.0f} ms, the first {first_s * 1000:.0f} ms")
