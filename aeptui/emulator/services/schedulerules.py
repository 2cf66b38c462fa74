"""What a flow's schedule may say, when it is made and when it is changed."""

from typing import Any

from aeptui.emulator.clock import Clock
from aeptui.emulator.errors import source_error

RECURRING = ("minute", "hour", "day", "week")
LEAST_MINUTES = 15
_GRACE_MS = 60_000  # a start of "now" is a moment old when it arrives, and has whole seconds
_MILLISECONDS = 10**11  # what is this large was meant as milliseconds


def is_once(params: dict[str, Any]) -> bool:
    return frequency_of(params) == "once"


def frequency_of(params: dict[str, Any]) -> str:
    """How often; once when nothing is said."""
    return str(params.get("frequency") or "once").lower()


def check(params: Any, clock: Clock, *, lenient: bool) -> dict[str, Any]:
    """The schedule of a new flow, or the refusal for one that cannot be kept.

    `lenient` takes start times that have passed, as published samples have them.
    """
    checked = _check_form(params)
    if not lenient:
        _check_future(checked, clock)
    return checked


def check_change(
    before: dict[str, Any], after: Any, clock: Clock, *, lenient: bool
) -> dict[str, Any]:
    """The schedule of a flow that has one: what has started keeps its start and its backfill."""
    checked = _check_form(after)
    started = start_s(before) * 1000 <= clock.now_ms()
    moved = start_s(before) != start_s(checked)
    if started:
        if moved:
            raise source_error("1366-400", "The start time has passed; it cannot be changed.")
        if is_once(checked) and not is_once(before):
            raise source_error("1403-400", "A flow that has started cannot change to once.")
        if _flag(before) != _flag(checked):
            raise source_error("1404-400", "The backfill cannot be changed after the start.")
    elif moved and not lenient:
        _check_future(checked, clock)
    return checked


def start_s(params: dict[str, Any]) -> int:
    """The start in epoch seconds, sent as a number or as digits."""
    value = whole(params.get("startTime"))
    if value is None or not 0 <= value < _MILLISECONDS:
        raise source_error("1340-400", "The startTime must be a time in epoch seconds.")
    return value


def whole(value: Any) -> int | None:
    """A whole number, which may come as text; nothing else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return None


def _check_form(params: Any) -> dict[str, Any]:
    if not isinstance(params, dict) or not params:
        raise source_error("1317-400", "The scheduleParams are empty.")
    start_s(params)
    frequency = frequency_of(params)
    interval, backfill = params.get("interval"), params.get("backfill")
    if backfill is not None and str(backfill).lower() not in ("true", "false"):
        raise source_error("1395-400", "The backfill must be true or false.")
    if frequency == "once":
        if interval is not None:
            raise source_error("1361-400", "An interval is not allowed with frequency once.")
        if backfill is not None:
            raise source_error("1364-400", "A backfill is not allowed with frequency once.")
    elif frequency in RECURRING:
        number = whole(interval)
        least = LEAST_MINUTES if frequency == "minute" else 1
        if number is None or number < least:
            code = "1362-400" if frequency == "minute" else "1363-400"
            sentence = f"The interval must be at least {least} with frequency {frequency}."
            raise source_error(code, sentence)
    else:
        raise source_error("1397-400", f"The frequency {frequency[:50]} is not known.")
    return params


def _check_future(params: dict[str, Any], clock: Clock) -> None:
    grace_ms = _GRACE_MS * max(1.0, clock.speed)
    if start_s(params) * 1000 < clock.now_ms() - grace_ms:
        raise source_error("1360-400", "The start time is in the past.")


def _flag(params: dict[str, Any]) -> bool:
    return str(params.get("backfill", "true")).lower() == "true"
