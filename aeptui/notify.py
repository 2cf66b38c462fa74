"""Delivers alerts: the terminal's bell and notification, a command, a webhook.

What is delivered names flows and figures, never a row of data and never a secret.
Each command and each webhook is told one thing at a time, in the order in which
it happened, so that one that hangs delays no other; what fails is logged, said
once, and not tried again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import msgspec

from aeptui.config import Alert
from aeptui.monitor.alerts import Marks, alarming, glob
from aeptui.monitor.codes import CodeBook
from aeptui.monitor.events import Event
from aeptui.monitor.said import sentence

if TYPE_CHECKING:
    from aeptui.api.settings import ApiSettings

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""So long a command or a webhook may take."""
WAITING = 200
"""More deliveries than these are not kept waiting; the oldest give way."""
_LAST_WORDS_S = 0.2
_HEARD = 4096
"""As many bytes of a command's complaint are read."""


class _Way(NamedTuple):
    """Where an event is told: a command, or else a webhook."""

    command: tuple[str, ...] = ()
    webhook: str = ""


def _ways(alert: Alert) -> list[_Way]:
    command = [_Way(command=tuple(alert.command))] if alert.command else []
    return command + ([_Way(webhook=alert.webhook)] if alert.webhook else [])


def wants(alert: Alert, event: Event) -> bool:
    """Whether `alert` is about such an event: its word and one of its flows."""
    if event.kind in ("recovered", "in-touch"):
        asked = "recovered"
    else:
        asked = event.kind if event.kind == "out-of-touch" else event.state
    if not (asked in alert.on if alert.on else asked != "recovered"):
        return False
    return not event.flows or any(glob(alert.flows, name) for name in event.flows)


def told(event: Event) -> bytes:
    """The event as JSON, for a command or a webhook."""
    return msgspec.json.encode(
        {
            "event": event.kind,
            "at": event.at,
            "cause": event.cause,
            "state": event.state,
            "flows": event.flows,
            "rows_lost": event.rows_lost,
            "first_seen": event.first_seen,
        }
    )


class Notifier:
    """Delivers the events that alarm to whom the configuration names.

    `ring` is how the front end at hand makes itself heard, with a sentence for
    terminals that show one; `complain` says once that a delivery failed. `hidden`
    are environment variables that no command inherits.
    """

    def __init__(
        self,
        alerts: Sequence[Alert],
        settings: Callable[[], ApiSettings],
        book: CodeBook,
        *,
        ring: Callable[[str], None] | None = None,
        complain: Callable[[str], None] = lambda _sentence: None,
        hidden: Collection[str] = (),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._alerts = tuple(alerts)
        self._settings = settings
        self._book = book
        self._ring = ring
        self._complain = complain
        self._hidden = frozenset(hidden)
        self._ticks = ticks
        self._waiting: dict[_Way, deque[Event]] = {}
        self._work: dict[_Way, asyncio.Task[None]] = {}
        self._last: dict[tuple[int, str], float] = {}
        self._failed: set[str] = set()

    async def __call__(self, events: Sequence[Event], marks: Marks) -> None:
        """Take these events; those that alarm nobody are passed over."""
        rung: list[Event] = []
        for event in events:
            if not alarming(event, marks):
                continue
            for number, alert in enumerate(self._alerts):
                if not wants(alert, event) or self._repeated(number, alert, event):
                    continue
                if alert.bell and event not in rung:
                    rung.append(event)
                for way in _ways(alert):
                    self._waiting.setdefault(way, deque(maxlen=WAITING)).append(event)
        if rung and self._ring is not None:
            more = f", and {len(rung) - 1} more" if len(rung) > 1 else ""
            self._ring(f"{sentence(rung[0], self._book)}{more}")
        for way, waiting in self._waiting.items():
            if waiting and (way not in self._work or self._work[way].done()):
                self._work[way] = asyncio.create_task(self._deliver(way), name="alerts")

    async def finished(self) -> None:
        """Until everything that waited has been delivered or has failed."""
        await asyncio.gather(*self._work.values())

    async def close(self) -> None:
        """Deliver nothing more."""
        self._waiting.clear()
        for work in self._work.values():
            work.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)

    def _repeated(self, number: int, alert: Alert, event: Event) -> bool:
        """Whether the same was told within the time in which it is not repeated."""
        what = f"{event.kind} {event.state} {event.cause if event.kind == 'cause' else ''}"
        # A flow that was not told of is news, though others have met the same cause.
        keys = [(number, f"{what} {flow}") for flow in event.flow_ids or ("",)]
        now = self._ticks()
        self._last = {
            each: at for each, at in self._last.items() if now - at < self._alerts[each[0]].quiet_s
        }
        if all(key in self._last for key in keys):
            return True
        if alert.quiet_s:
            self._last.update(dict.fromkeys(keys, now))
        return False

    async def _deliver(self, way: _Way) -> None:
        while waiting := self._waiting.get(way):
            event = waiting.popleft()
            if way.command:
                fault = await _ran(way.command, event, self._hidden)
                self._note(f"The alert command {way.command[0]}", fault)
            else:
                host = urlsplit(way.webhook).hostname
                fault = await _called(way.webhook, event, self._settings)
                self._note(f"The alert webhook at {host}", fault)

    def _note(self, what: str, fault: str) -> None:
        if not fault:
            self._failed.discard(what)
            return
        log.warning("%s failed: %s", what, fault)
        if what not in self._failed:
            self._failed.add(what)
            self._complain(f"{what} failed: {fault}")


async def _ran(command: Sequence[str], event: Event, hidden: Collection[str]) -> str:
    """Run the command with the event on its standard input; what went wrong, if anything."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("AEPTUI_") and key not in hidden
    }
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=nowhere,
            stderr=pipe,
            env=env,
            start_new_session=True,
        )
    except (OSError, ValueError) as reason:
        return getattr(reason, "strerror", "") or "it cannot be run"
    talking = asyncio.create_task(_spoken_to(process, told(event)))
    try:
        async with asyncio.timeout(PATIENCE_S):
            code = await process.wait()
        # What it left running may hold on to its output; nobody waits for that.
        await asyncio.wait([talking], timeout=_LAST_WORDS_S)
        said = talking.result() if talking.done() else ""
    except TimeoutError:
        return f"it took longer than {PATIENCE_S:g} s and was ended"
    finally:
        talking.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return f"it ended with {code}{f', saying: {said}' if said else ''}" if code else ""


async def _spoken_to(process: asyncio.subprocess.Process, text: bytes) -> str:
    """Write to the process; the first line of its complaint, if it has one."""
    from aeptui.api.scrub import scrub_text

    if process.stdin is None or process.stderr is None:
        return ""
    process.stdin.write(text + b"\n")
    with suppress(BrokenPipeError, ConnectionResetError):  # it need not read what it is told
        await process.stdin.drain()
    process.stdin.close()
    heard = b""
    while more := await process.stderr.read(_HEARD):
        heard = (heard + more)[:_HEARD]
    lines = heard.decode("utf-8", "replace").strip().splitlines()
    return scrub_text(lines[0], 200) if lines else ""


async def _called(webhook: str, event: Event, settings: Callable[[], ApiSettings]) -> str:
    """Post the event to the webhook; what went wrong, if anything."""
    from aeptui.api.errors import SettingsError
    from aeptui.api.http import httpx
    from aeptui.api.reaching import proxy_for, trust

    try:
        reached = replace(settings(), platform_url=_origin(webhook))
        transport = httpx.AsyncHTTPTransport(
            verify=trust(reached), proxy=proxy_for(reached, webhook), trust_env=False
        )
        async with (
            httpx.AsyncClient(
                transport=transport, timeout=PATIENCE_S, follow_redirects=False, trust_env=False
            ) as client,
            asyncio.timeout(PATIENCE_S),
        ):
            answer = await client.post(
                webhook, content=told(event), headers={"Content-Type": "application/json"}
            )
    except SettingsError as reason:
        return str(reason)
    except TimeoutError:
        return f"no answer within {PATIENCE_S:g} s"
    except (httpx.HTTPError, httpx.InvalidURL) as reason:
        return f"it cannot be reached ({type(reason).__name__})"  # the address may hold a secret
    return "" if answer.is_success else f"it answered {answer.status_code}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def notification(text: str, env: Mapping[str, str]) -> str:
    """The escape sequence with which a terminal shows `text` outside of its window.

    OSC 777 where the terminal is known for it, else OSC 9, which others swallow. A
    tmux in between is asked to pass it on, and does where `allow-passthrough` is on.
    """
    from aeptui.api.scrub import scrub_text

    said = scrub_text(text, 200).replace(";", ",")
    known = env.get("TERM", "").startswith(("rxvt", "foot")) or bool(env.get("VTE_VERSION"))
    kind = "777;notify;aeptui" if known else "9"
    sequence = f"\x1b]{kind};{said}\x07"
    if env.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    return sequence
