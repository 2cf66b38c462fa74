"""What changes in the CRM as time passes: about twenty rows a minute, fixed by seed and minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from aeptui.emulator.crm_rows import (
    CAMPAIGN_STATUSES,
    LEAD_STATUSES,
    PHASES,
    RATINGS,
    STAGES,
    words,
)

_MINUTE_MS = 60_000
_TABLES = ("contact", "account", "lead", "opportunity", "campaign")
_WEIGHTS = (9, 3, 4, 3.4, 0.6)


@dataclass(frozen=True, slots=True)
class Change:
    """One row made, altered or deleted. `place` in [0, 1) chooses the row, `seed` its values."""

    at_ms: int
    table: str
    kind: str  # insert, update, delete
    place: float
    seed: int


def changes(seed: int, after_ms: int, to_ms: int) -> Iterator[Change]:
    """The changes with `after_ms < at_ms <= to_ms`, in order of time."""
    for minute in range(after_ms // _MINUTE_MS, to_ms // _MINUTE_MS + 1):
        for change in _of_minute(seed, minute):
            if after_ms < change.at_ms <= to_ms:
                yield change


# Small steps of the clock ask for the same minute again and again.
@lru_cache(maxsize=4)
def _of_minute(seed: int, minute: int) -> tuple[Change, ...]:
    random = Random(f"changes:{seed}:{minute}")  # noqa: S311  (play, not secrecy)
    count = random.randrange(14, 27)
    moments = sorted(random.randrange(_MINUTE_MS) for _ in range(count))
    tables = random.choices(_TABLES, _WEIGHTS, k=count)
    kinds = random.choices(("insert", "update", "delete"), (8, 90.5, 1.5), k=count)
    return tuple(
        Change(minute * _MINUTE_MS + at, table, kind, random.random(), random.getrandbits(64))
        for at, table, kind in zip(moments, tables, kinds, strict=True)
    )


def update(table: str, random: Random) -> dict[str, Any]:
    """New values for one or a few columns of a row, as somebody at work would change them."""
    return random.choice(_UPDATES[table])(random)


def _note(random: Random) -> dict[str, Any]:
    return {"note": random.choice(words()["notes"])}


def _phone(random: Random) -> dict[str, Any]:
    return {"phone": f"+49 {random.randrange(10_000_000, 99_999_999)}"}


def _phase(random: Random) -> dict[str, Any]:
    stage, probability = random.choice(PHASES)
    won, closed = int(stage == "Closed Won"), int(stage.startswith("Closed"))
    return {"stage": stage, "probability": probability, "won": won, "closed": closed}


def _chosen(column: str, choices: tuple[str, ...]) -> Callable[[Random], dict[str, Any]]:
    return lambda random: {column: random.choice(choices)}


def _score(random: Random) -> dict[str, Any]:
    return {"score": random.randrange(101)}


def _replies(random: Random) -> dict[str, Any]:
    return {"responses": random.randrange(400)}


_UPDATES: dict[str, list[Callable[[Random], dict[str, Any]]]] = {
    "contact": [
        _note,
        _phone,
        _score,
        _chosen("stage", STAGES),
        lambda random: {"title": random.choice(words()["titles"])},
        lambda random: {"opt_out": random.randrange(2)},
    ],
    "account": [
        _note,
        _phone,
        _chosen("rating", RATINGS),
        lambda random: {"employees": random.randrange(1, 4000)},
    ],
    "lead": [_note, _phone, _score, _chosen("status", LEAD_STATUSES)],
    "opportunity": [_phase, lambda random: {"amount": round(random.lognormvariate(10, 1), 2)}],
    "campaign": [_replies, _chosen("status", CAMPAIGN_STATUSES)],
}
