"""Reading `config.toml`: every key checked, every complaint with its place.

Imported only when there is a file to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aeptui.config import RING, THEMES, Alert, ConfigError, Profile, Settings, host_url_fault
from aeptui.credentials import SecretSource
from aeptui.monitor.tones import NEEDS_A_PERSON, RANKED
from aeptui.nearest import nearest
from aeptui.tomlfile import (
    Check,
    Key,
    Source,
    dotted,
    flag,
    line_of,
    number,
    one_of,
    read_toml,
    text,
    texts,
    whole,
)


def _words(value: Any) -> str:
    wrong = texts(value)
    if wrong:
        return wrong
    known = [*(word for word in RANKED if word in NEEDS_A_PERSON), "out-of-touch", "recovered"]
    strange = [word for word in value if word not in known]
    if not strange:
        return ""
    return f"{strange[0]!r} is no state that is told; those are {', '.join(known)}"


def _webhook(value: Any) -> str:
    from aeptui.api.settings import is_loopback

    wrong = text(value)
    if wrong:
        return wrong
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return 'must be an address such as "https://example.org/hook"'
    if parts.scheme == "http" and not is_loopback(value):
        return "must begin with https://, since it leaves this machine"
    return ""


def _command(value: Any) -> str:
    return texts(value) or ("" if value else "must name a program")


def _zone(value: Any) -> str:
    from aeptui.zone import zone_named

    if not isinstance(value, str):
        return "must be text in quotes"
    try:
        zone_named(value)
    except KeyError:
        return f'there is no time zone {value!r}; write "local", "UTC" or a name such as "Europe/Paris"'
    return ""


def _url(value: Any) -> str:
    return text(value) or host_url_fault(value)


def _protected(value: Any) -> str:
    if isinstance(value, bool) or not texts(value):
        return ""
    return "must be true, false, or a list of sandbox names"


GENERAL: dict[str, Check] = {
    "profile": text,
    "timezone": _zone,
    "history_days": whole(1, 3650),
    "max_mb": whole(10, 1_000_000),
    "driver": one_of("diff", "stock"),
    "saved_screen": flag,
    "theme": one_of(*THEMES),
    "code_book": text,
    "keep_samples": flag,
}
SYNC: dict[str, Check] = {
    "interval_s": number(1, 86_400),
    "calls_per_minute": whole(1, 6000),
}
THRESHOLDS: dict[str, Check] = {
    "late_minutes": number(0, 100_000),
    "late_lags": number(0, 1000),
    "stuck_minutes": number(0, 100_000),
    "stuck_times": number(1, 1000),
    "stuck_first_hours": number(0, 100_000),
    "odd_mads": number(0.1, 1000),
    "odd_runs": whole(3, 1000),
    "silent_of": whole(1, 1000),
    "silent_with_rows": whole(1, 1000),
    "expiring_days": number(0, 3650),
}
ALERT: dict[str, Check] = {
    "on": _words,
    "flows": text,
    "bell": flag,
    "command": _command,
    "webhook": _webhook,
    "quiet_s": number(0, 1e7),
}
PROFILE: dict[str, Check] = {
    "org_id": text,
    "client_id": text,
    "client_secret": lambda value: "",  # a table of its own, see `_secret`
    "scopes": text,
    "sandbox": text,
    "platform_url": _url,
    "ims_url": _url,
    "protected": _protected,
    "read_only": flag,
    "proxy": text,
    "ca_bundle": text,
}
TABLES = ("sync", "thresholds", "keys", "alerts", "profiles")


def read(path: Path, env: Mapping[str, str]) -> tuple[Settings, dict[str, Profile], str, list[str]]:
    """Settings, profiles, the name of the default profile, and warnings."""
    source, table = read_toml(path, ConfigError)
    general = {key: value for key, value in table.items() if key not in TABLES}
    source.check(general, {**GENERAL, **dict.fromkeys(TABLES, text)}, ())
    sync = source.table(table, "sync")
    source.check(sync, SYNC, ("sync",))
    thresholds = source.table(table, "thresholds")
    source.check(thresholds, THRESHOLDS, ("thresholds",))
    keys = source.table(table, "keys")
    source.check(keys, dict.fromkeys(keys, text), ("keys",))
    warnings: list[str] = []
    profiles = {
        name: _profile(source, name, body, env, warnings)
        for name, body in source.table(table, "profiles").items()
    }
    default = general.pop("profile", "")
    if default and default not in profiles:
        guess = nearest(default, profiles)
        hint = f" Did you mean {guess}?" if guess else ""
        raise source.refuse(("profile",), f"There is no profile {default}.{hint}")
    settings = Settings(
        **general,
        **{f"sync_{key}": value for key, value in sync.items()},
        keys=keys,
        thresholds=thresholds,
        alerts=_alerts(source, table),
    )
    return settings, profiles, default, warnings


def _alerts(source: Source, table: Mapping[str, Any]) -> tuple[Alert, ...]:
    value = source.tables(table, "alerts")
    for index, item in enumerate(value):
        source.check(item, ALERT, ("alerts", index))
    return tuple(_alert(item) for item in value) if "alerts" in table else RING


def _alert(item: dict[str, Any]) -> Alert:
    lists: dict[str, Any] = {key: tuple(item[key]) for key in ("on", "command") if key in item}
    values: dict[str, Any] = {**item, **lists}
    return Alert(**values)


def _profile(
    source: Source, name: str, body: Any, env: Mapping[str, str], warnings: list[str]
) -> Profile:
    at: Key = ("profiles", name)
    if not isinstance(body, dict):
        raise source.refuse(at, f"must be a table, begun by a line [profiles.{name}].")
    source.check(body, PROFILE, at)
    values = dict(body)
    if "client_secret" in values:
        key: Key = (*at, "client_secret")
        values["client_secret"] = _secret(source, key, values["client_secret"], env)
        if values["client_secret"].kind == "text":
            warnings.append(
                f"{source.path}, line {line_of(source.text, key)}, {dotted(key)}: "
                "a secret in plain text; a command, an environment variable, a file or a keyring "
                "keeps it out of this file."
            )
    if isinstance(values.get("protected"), list):
        values["protected"] = tuple(values["protected"])
    for url in ("platform_url", "ims_url"):
        if url in values:
            values[url] = values[url].rstrip("/")
    known = {entry.name for entry in fields(Profile)}
    return Profile(name=name, **{key: got for key, got in values.items() if key in known})


def _secret(source: Source, key: Key, value: Any, env: Mapping[str, str]) -> SecretSource:
    if isinstance(value, str):
        return SecretSource("text", str(source.path), text=value)
    return source.secret(value, key, env)
