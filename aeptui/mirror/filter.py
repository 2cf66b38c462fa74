"""The filter grammar of `/` and `--filter`, turned into SQL with bound values only.

Terms are separated by spaces and all have to hold. `word` is part of any text
of the row, `!term` turns a term round, `field:value` looks into one field,
`field>value` and `field<value` (also with `=`) compare, `state:failed,late` is
any of these words. Quotes keep spaces together. A time is a date, an ISO time,
or an age such as `8h`: `started>8h` began less than eight hours ago.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aeptui.mirror.ids import pack_id
from aeptui.mirror.tables import UNUSUAL, Field, Kind, to_ms
from aeptui.mirror.verdicts import FLOW_WORDS, RUN_WORDS

_TERM = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_COMPARED = re.compile(r"(?P<field>[A-Za-z][A-Za-z0-9_-]*)(?P<op>>=|<=|:|>|<|=)(?P<value>.*)", re.S)
_AGE = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_HEX = re.compile(r"[0-9A-Fa-f-]+")
LONGEST = 1000
MOST_TERMS = 40
"""SQLite refuses conditions that are much larger, and nobody reads their like."""
_YES, _NO = {"yes", "true", "on", "1"}, {"no", "false", "off", "0"}


class FilterError(ValueError):
    """A filter that cannot be meant; `str()` is a sentence that says what can."""


class Condition(NamedTuple):
    """SQL for WHERE, over `t` and the kind's joins, and the values to bind."""

    sql: str
    values: tuple[Any, ...]


def parse(kind: Kind, text: str, now: datetime) -> Condition | None:
    """The condition that `text` means for rows of `kind`; None for an empty filter."""
    if len(text) > LONGEST:
        raise FilterError(f"A filter takes {LONGEST:,} characters; this has {len(text):,}.")
    terms = _TERM.findall(text)
    if len(terms) > MOST_TERMS:
        raise FilterError(f"A filter takes {MOST_TERMS} words; this has {len(terms)}.")
    conditions = [_term(kind, term, now) for term in terms]
    if not conditions:
        return None
    return Condition(
        " AND ".join(f"({each.sql})" for each in conditions),
        tuple(value for each in conditions for value in each.values),
    )


def _term(kind: Kind, term: str, now: datetime) -> Condition:
    if term.startswith("!") and len(term) > 1 and term[1] != "!":
        turned = _term(kind, term[1:], now)
        # A comparison with something missing is unknown to SQL; turned round, it holds.
        return Condition(f"NOT coalesce({turned.sql}, 0)", turned.values)
    compared = _COMPARED.fullmatch(term)
    if compared is None or compared["value"].startswith("//"):
        return _anywhere(kind, term.replace('"', ""))
    field = _field(kind, compared["field"])
    value = compared["value"].replace('"', "")
    if not value:
        raise FilterError(f"{compared['field']}{compared['op']} wants a value behind it.")
    if compared["op"] in ":=":
        return _equal(kind, field, value)
    return Condition(f"{field.sql} {compared['op']} ?", (_value(field, value, now),))


def _anywhere(kind: Kind, word: str) -> Condition:
    parts = [_contains(field, word) for field in kind.fields if field.type in ("text", "id")]
    return Condition(
        " OR ".join(f"coalesce({part.sql}, 0)" for part in parts),
        tuple(value for part in parts for value in part.values),
    )


def _contains(field: Field, word: str) -> Condition:
    escaped = re.sub(r"([%_\\])", r"\\\1", word)
    like = f"%{escaped}%"
    if field.type != "id" and not field.shared:
        return Condition(f"{field.sql} LIKE ? ESCAPE '\\'", (like,))
    text = f"typeof({field.sql}) = 'text' AND {field.sql} LIKE ? ESCAPE '\\'"
    if not _HEX.fullmatch(word):
        return Condition(text, (like,))
    # Among millions of packed ids few come so near that their spelling has to be looked at.
    packed = f"hex({field.sql}) LIKE ? AND plain_id({field.sql}) LIKE ?"
    return Condition(f"{packed} OR {text}", (f"%{word.replace('-', '')}%", like, like))


def _equal(kind: Kind, field: Field, value: str) -> Condition:
    if field.name == kind.word:
        words = [each for each in value.split(",") if each]
        _meant(kind, words)
        sql = f"{field.sql} IN ({', '.join('?' * len(words))})"
        if kind.name == "runs" and "clean" not in words:
            sql += f" AND t.{UNUSUAL}"
        return Condition(sql, tuple(words))
    if field.type == "id" and pack_id(value) != value:
        return Condition(field.equal, (pack_id(value),))
    if field.type in ("text", "id"):
        return _contains(field, value)
    if field.type == "bool":
        if value.lower() not in _YES | _NO:
            raise FilterError(f"{field.name}: is either yes or no.")
        return Condition(f"{field.sql} = ?", (int(value.lower() in _YES),))
    if field.type == "time":
        day = _time(field, value, None)
        return Condition(f"{field.sql} >= ? AND {field.sql} < ?", (day, day + 86_400_000))
    return Condition(f"{field.sql} = ?", (_number(field, value),))


def _meant(kind: Kind, words: Iterable[str]) -> None:
    """Refuse a word that no row ever has; kinds that show the platform's own word may have any."""
    known = {"flows": FLOW_WORDS, "runs": RUN_WORDS}.get(kind.name)
    strange = [word for word in words if known and word.lower() not in known]
    if known and strange:
        raise FilterError(f"{strange[0]} is no state of {kind.name}; there are {', '.join(known)}.")


def _value(field: Field, value: str, now: datetime) -> Any:
    if field.type == "time":
        return _time(field, value, now)
    if field.type == "id":
        return pack_id(value)
    return value if field.type == "text" else _number(field, value)


def _number(field: Field, value: str) -> float:
    try:
        return float(value.replace(",", ""))
    except ValueError:
        raise FilterError(f"{field.name} is a number, and {value} is not.") from None


def _time(field: Field, value: str, now: datetime | None) -> int:
    age = _AGE.fullmatch(value)
    try:
        if age and now:
            return to_ms(now - timedelta(seconds=float(age[1]) * _UNITS[age[2]])) or 0
        at = datetime.fromisoformat(value)
        return to_ms(at if at.tzinfo else at.replace(tzinfo=UTC)) or 0
    except (ValueError, OverflowError):
        raise FilterError(
            f"{field.name} is a time: a date such as 2026-09-01, or behind < and > an age such as 8h."
        ) from None


def _field(kind: Kind, name: str) -> Field:
    """The field that somebody means: `state` is the derived word, `dataset` the dataset's name."""
    asked = name.lower().replace("-", "_")
    if asked in ("state", "word"):
        return kind.by_name[kind.word]
    if asked == "status":
        return kind.by_name["state"]
    for candidate in (asked, f"{asked}_name", f"{asked}_at", f"{asked}_id"):
        if candidate in kind.by_name:
            return kind.by_name[candidate]
    raise FilterError(f"{kind.name} have no field {name}; {_nearest(asked, kind.by_name)}.")


def _nearest(asked: str, known: Iterable[str]) -> str:
    names = sorted(known)
    from difflib import get_close_matches

    near = get_close_matches(asked, names, n=3, cutoff=0.5)
    return f"near it are {', '.join(near)}" if near else f"there are {', '.join(names)}"
