"""An event as a sentence, the same for a line of the log, a notification and the shift's report."""

from __future__ import annotations

from collections.abc import Sequence

from aeptui.monitor import words
from aeptui.monitor.codes import CodeBook
from aeptui.monitor.events import Event

NAMED = 3
"""So many flows are named; the rest are counted."""


def sentence(event: Event, book: CodeBook) -> str:
    """What happened, in one line without a full stop."""
    match event.kind:
        case "cause":
            return f"New cause in {_flows(event)}: {_cause(event, book)}"
        case "trouble":
            return f"{_flows(event)} {_is(event)}{_because(event)}"
        case "worse":
            return f"{_flows(event)} {_is(event)}, it was {event.before}{_because(event)}"
        case "eased":
            return f"{_flows(event)} {_is(event)}, no longer {event.before}{_because(event)}"
        case "recovered":
            now = _is(event)
            return f"{_flows(event)} {now}, after being {event.before}{_for(event)}"
        case "still":
            if event.before == "expected":
                over = (
                    "is no longer expected" if len(event.flows) == 1 else "are no longer expected"
                )
                return f"{_flows(event)} still {event.state} and {over} ({event.reason})"
            about = f": {event.reason}" if event.cause else ""
            return f"{_flows(event)} still {event.state} after a snooze{about}"
        case "out-of-touch":
            return f"The platform tells nothing new: {event.reason.rstrip('.') or event.state}"
        case "in-touch":
            return f"The platform tells what is new again{_for(event, 'after ')}"


def word(event: Event) -> str:
    """The word that a list shows before the sentence."""
    if event.kind == "cause":
        return "cause"
    return event.kind if event.kind in ("out-of-touch", "in-touch") else event.state


def _is(event: Event) -> str:
    if event.state == "failed":
        return "failed"
    return f"{'is' if len(event.flows) == 1 else 'are'} {event.state}"


def _flows(event: Event) -> str:
    if len(event.flows) > NAMED:
        return f"{words.count(len(event.flows))} flows"
    return " and ".join(
        [", ".join(event.flows[:-1]), event.flows[-1]] if len(event.flows) > 1 else event.flows
    )


def _cause(event: Event, book: CodeBook) -> str:
    told = book.said(event.code, event.column, event.reason)
    code = f" ({event.code})" if event.code else ""
    lost = f", {words.rows(event.rows_lost)} lost" if event.rows_lost else ""
    return f"{told.rstrip('.')}{code}{lost}"


def _because(event: Event) -> str:
    return f": {event.reason.rstrip('.')}" if event.reason else ""


def _for(event: Event, joined: str = "for ") -> str:
    if event.first_seen is None:
        return ""
    lasted = words.span((event.at - event.first_seen).total_seconds())
    return f" {joined}{lasted}"


def tally(events: Sequence[Event]) -> str:
    """`3 new causes, 2 flows in trouble, 1 recovered`; empty for none."""
    causes = sum(event.kind == "cause" for event in events)
    bad = len(
        {id for event in events if event.kind in ("trouble", "worse") for id in event.flow_ids}
    )
    well = sum(event.kind == "recovered" for event in events)
    cut = sum(event.kind == "out-of-touch" for event in events)
    told = (
        f"{causes:,} new {'cause' if causes == 1 else 'causes'}" if causes else "",
        f"{bad:,} {'flow' if bad == 1 else 'flows'} in trouble" if bad else "",
        f"{well:,} recovered" if well else "",
        f"{cut:,} times out of touch" if cut > 1 else "out of touch once" if cut else "",
    )
    return ", ".join(part for part in told if part)
