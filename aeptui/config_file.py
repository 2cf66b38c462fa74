"""Reading `config.toml`: every key checked, every complaint with its place.

Imported only when there is a file to read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from aeptui.config import Alert, ConfigError, Profile, Settings, host_url_fault
from aeptui.credentials import SecretSource
from aeptui.monitor.tones import RANKED
from aeptui.nearest import nearest

Key = tuple[str | int, ...]
Check = Callable[[Any], str]
"""What is wrong with a value, or an empty string."""


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else "must be text in quotes"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> str:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return "" if good else f"must be a whole number from {least:,} to {most:,}"

    return check


def _number(least: float, most: float) -> Check:
    def check(value: Any) -> str:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        inside = good and least <= value <= most
        return "" if inside else f"must be a number from {least:g} to {most:g}"

    return check


def _one_of(*words: str) -> Check:
    quoted = ", ".join(f'"{word}"' for word in words)
    return lambda value: "" if value in words else f"must be one of {quoted}"


def _texts(value: Any) -> str:
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return "" if good else "must be a list of texts in quotes"


def _words(value: Any) -> str:
    wrong = _texts(value)
    if wrong:
        return wrong
    strange = [word for word in value if word not in RANKED]
    return f"{strange[0]!r} is no state; states are {', '.join(RANKED)}" if strange else ""


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
    return _text(value) or host_url_fault(value)


def _protected(value: Any) -> str:
    if isinstance(value, bool) or not _texts(value):
        return ""
    return "must be true, false, or a list of sandbox names"


GENERAL: dict[str, Check] = {
    "profile": _text,
    "timezone": _zone,
    "history_days": _whole(1, 3650),
    "max_mb": _whole(10, 1_000_000),
    "driver": _one_of("diff", "stock"),
    "saved_screen": _flag,
    "theme": _text,
    "code_book": _text,
    "keep_samples": _flag,
}
SYNC: dict[str, Check] = {
    "interval_s": _number(1, 86_400),
    "calls_per_minute": _whole(1, 6000),
}
THRESHOLDS: dict[str, Check] = {
    "late_minutes": _number(0, 100_000),
    "late_lags": _number(0, 1000),
    "stuck_minutes": _number(0, 100_000),
    "stuck_times": _number(1, 1000),
    "stuck_first_hours": _number(0, 100_000),
    "odd_mads": _number(0.1, 1000),
    "odd_runs": _whole(3, 1000),
    "silent_of": _whole(1, 1000),
    "silent_with_rows": _whole(1, 1000),
    "expiring_days": _number(0, 3650),
}
ALERT: dict[str, Check] = {
    "on": _words,
    "flows": _text,
    "bell": _flag,
    "command": _texts,
    "webhook": _text,
    "quiet_s": _number(0, 1e7),
}
PROFILE: dict[str, Check] = {
    "org_id": _text,
    "client_id": _text,
    "client_secret": lambda value: "",  # a table of its own, see `_secret`
    "scopes": _text,
    "sandbox": _text,
    "platform_url": _url,
    "ims_url": _url,
    "protected": _protected,
    "read_only": _flag,
    "proxy": _text,
    "ca_bundle": _text,
}
TABLES = ("sync", "thresholds", "keys", "alerts", "profiles")


@dataclass(frozen=True, slots=True)
class _Source:
    """The file as text, to find the line of a key in."""

    path: Path
    text: str

    def refuse(self, key: Key, sentence: str) -> ConfigError:
        return ConfigError(sentence, file=self.path, key=dotted(key), line=line_of(self.text, key))

    def check(self, table: Mapping[str, Any], known: Mapping[str, Check], at: Key) -> None:
        for name, value in table.items():
            check = known.get(name)
            if check is None:
                raise self.refuse((*at, name), _unknown(name, known))
            wrong = check(value)
            if wrong:
                raise self.refuse((*at, name), f"{wrong}." if wrong[-1] != "." else wrong)


def read(path: Path, env: Mapping[str, str]) -> tuple[Settings, dict[str, Profile], str, list[str]]:
    """Settings, profiles, the name of the default profile, and warnings."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("There is no such file.", file=path) from None
    except UnicodeDecodeError:
        raise ConfigError("This is not text in UTF-8.", file=path) from None
    except OSError as reason:
        raise ConfigError(f"It cannot be read: {reason.strerror}.", file=path) from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise _malformed(path, text, str(reason)) from None
    source = _Source(path, text)
    general = {key: value for key, value in table.items() if key not in TABLES}
    source.check(general, {**GENERAL, **dict.fromkeys(TABLES, _text)}, ())
    sync = _table(source, table, "sync")
    source.check(sync, SYNC, ("sync",))
    thresholds = _table(source, table, "thresholds")
    source.check(thresholds, THRESHOLDS, ("thresholds",))
    keys = _table(source, table, "keys")
    source.check(keys, dict.fromkeys(keys, _text), ("keys",))
    warnings: list[str] = []
    profiles = {
        name: _profile(source, name, body, env, warnings)
        for name, body in _table(source, table, "profiles").items()
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


def dotted(key: Key) -> str:
    """A key as it is said: `alerts[1].on`, `profiles.prod.org_id`."""
    said = ""
    for part in key:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
    return said


HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
ASSIGNMENT = re.compile(r"""^\s*([A-Za-z0-9_\-."']+(?:\s*\.\s*[A-Za-z0-9_\-"']+)*)\s*=""")


def line_of(text: str, key: Key) -> int | None:
    """The line that sets `key`, or that opens the nearest table around it."""
    best: tuple[int, int] | None = None
    counts: dict[Key, int] = {}
    at: Key = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = HEADER.match(line)
        if header:
            at = _parts(header.group(2))
            if header.group(1) == "[[":
                index = counts.get(at, -1) + 1
                counts[at] = index
                at = (*at, index)
            here = at
        else:
            assignment = ASSIGNMENT.match(line)
            if not assignment:
                continue
            here = (*at, *_parts(assignment.group(1)))
        if here == key:
            return number
        if here == key[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


def _parts(name: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _unknown(name: str, known: Mapping[str, Check]) -> str:
    guess = nearest(name, known)
    if guess:
        return f"There is no such key. Did you mean {guess}?"
    return f"There is no such key; there are {', '.join(known)}."


def _malformed(path: Path, text: str, reason: str) -> ConfigError:
    place = re.search(r"\(at line (\d+), column (\d+)\)", reason)
    sentence = re.sub(r"\s*\(at [^)]*\)", "", reason).rstrip(".")
    line = int(place.group(1)) if place else text.count("\n") + 1
    return ConfigError(f"This is not TOML: {sentence}.", file=path, line=line)


def _table(source: _Source, table: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise source.refuse((name,), f"must be a table, begun by a line [{name}].")
    return value


def _alerts(source: _Source, table: Mapping[str, Any]) -> tuple[Alert, ...]:
    value = table.get("alerts", [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise source.refuse(("alerts",), "must be a list of tables, each begun by [[alerts]].")
    for index, item in enumerate(value):
        source.check(item, ALERT, ("alerts", index))
    return tuple(_alert(item) for item in value)


def _alert(item: dict[str, Any]) -> Alert:
    lists: dict[str, Any] = {key: tuple(item[key]) for key in ("on", "command") if key in item}
    values: dict[str, Any] = {**item, **lists}
    return Alert(**values)


def _profile(
    source: _Source, name: str, body: Any, env: Mapping[str, str], warnings: list[str]
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


def _secret(source: _Source, key: Key, value: Any, env: Mapping[str, str]) -> SecretSource:
    if isinstance(value, str):
        return SecretSource("text", str(source.path), text=value)
    ways = {"command": _texts, "env": _text, "file": _text, "keyring": _text}
    if not isinstance(value, dict) or len(value) != 1:
        raise source.refuse(
            key,
            'must be one of { command = ["..."] }, { env = "..." }, '
            '{ file = "..." }, { keyring = "service/user" }.',
        )
    source.check(value, ways, key)
    ((way, place),) = value.items()
    if way == "command":
        if not place:
            raise source.refuse((*key, way), "must name a program.")
        return SecretSource("command", place[0], argv=tuple(place))
    if way == "env":
        return SecretSource("env", place, env={place: env[place]} if place in env else {})
    if way == "file":
        return SecretSource("file", place)
    if place.count("/") < 1:
        raise source.refuse((*key, way), 'must be "service/user".')
    return SecretSource("keyring", place)
