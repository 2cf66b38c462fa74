"""`aeptui list`: the rows of a kind, as a table or for another program."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from aeptui.headless.asking import bring
from aeptui.headless.text import Paper, say, table
from aeptui.mirror.rows import AnyRow
from aeptui.mirror.values import Anchor, Listing
from aeptui.nearest import nearest
from aeptui.resources.definition import Resource

if TYPE_CHECKING:
    from aeptui.session import Session

PAGE = 500
TABLE_ROWS = 1000
"""A table for people stops here unless a limit was given."""

FAILED = {
    "flows": "state:failed,partial",
    "runs": "state:failed,partial",
    "batches": "state:failed",
}
TIMES: dict[str, tuple[str, ...]] = {
    "runs": ("started_at", "created_at"),
    "batches": ("started_at", "created_at"),
    "flows": ("last_run_at",),
}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Usage(Exception):
    """What was asked makes no sense; the text says what would."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    resource: Resource
    filter: str = ""
    failed: bool = False
    since: str = ""
    sort: str = ""
    limit: int | None = None
    cached: bool = False
    output: Literal["table", "json", "jsonl", "csv"] = "table"


def listing_of(wish: Wish) -> Listing:
    """The listing that a wish amounts to."""
    kind, text = wish.resource.kind, wish.filter
    if wish.failed:
        if kind not in FAILED:
            raise Usage(f"--failed is for {', '.join(FAILED)}; {wish.resource.plural} do not fail.")
        text = f"{text} {FAILED[kind]}".strip()
    if not wish.sort:
        return Listing(kind, text, wish.resource.order, wish.resource.reverse)
    return Listing(kind, text, _order(wish), wish.sort.startswith("-"))


def _order(wish: Wish) -> str:
    wanted = wish.sort.lstrip("-").strip()
    orders = {column.title.lower(): column.order for column in wish.resource.columns}
    known = {order for order in orders.values() if order}
    name = orders.get(wanted.lower()) or wanted.lower().replace("-", "_")
    if name in known:
        return name
    guess = nearest(wanted, known)
    hint = f"Did you mean {guess}?" if guess else ""
    raise Usage(
        f"{wish.resource.plural.capitalize()} cannot be sorted by {wanted}. {hint} "
        f"They can by {', '.join(sorted(known))}.".replace("  ", " ")
    )


def since(text: str, now: datetime) -> datetime:
    """`8h`, `30m`, `7d`, or an ISO time, as an instant."""
    lately = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if lately:
        return now - timedelta(seconds=float(lately[1]) * UNITS[lately[2]])
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(
            f"--since takes a length such as 30m, 8h or 7d, or an ISO time; {text!r} is neither."
        ) from None
    return when if when.tzinfo else when.astimezone()


async def rows_of(session: Session, wish: Wish) -> AsyncIterator[AnyRow]:
    """The rows that were wished for, a page at a time underneath."""
    listing, place, given = listing_of(wish), None, 0
    after = since(wish.since, session.now()) if wish.since else None
    while True:
        window = await session.mirror.window(listing, PAGE, place)
        for row in window.rows:
            if after is not None and not _later(row, wish.resource.kind, after):
                continue
            if wish.limit is not None and given >= wish.limit:
                return
            given += 1
            yield row
        if not window.after or not window.rows:
            return
        place = Anchor(window.keys[-1], window.rows[-1].id, "after")


def _later(row: AnyRow, kind: str, after: datetime) -> bool:
    times = (getattr(row, name) for name in TIMES.get(kind, ("updated_at", "created_at")))
    when = next((time for time in times if time is not None), None)
    return when is not None and when >= after


async def run(session: Session, wish: Wish, env: Mapping[str, str]) -> int:
    """Ask unless told not to, then write the rows to standard output."""
    listing_of(wish)  # what is wrong with the wish is said before anything is asked
    if wish.since:
        since(wish.since, session.now())
    if not wish.cached:
        await bring(session, wish.resource.kind)
    if wish.output == "table":
        return await _table(session, wish, env)
    if wish.output == "csv":
        return await _csv(session, wish)
    write = sys.stdout.write
    encoder = msgspec.json.Encoder()
    first = True
    if wish.output == "json":
        write("[")
    async for row in rows_of(session, wish):
        text = encoder.encode(row).decode()
        if wish.output == "json":
            write(("\n" if first else ",\n") + text)
        else:
            write(text + "\n")
        first = False
    if wish.output == "json":
        write("]\n" if first else "\n]\n")
    return 0


async def _table(session: Session, wish: Wish, env: Mapping[str, str]) -> int:
    rows: list[AnyRow] = []
    capped = wish.limit is None
    async for row in rows_of(session, wish):
        if capped and len(rows) == TABLE_ROWS:
            say([f"Only the first {TABLE_ROWS:,} are shown; --limit N shows more."], sys.stderr)
            break
        rows.append(row)
    if not rows:
        narrowed = wish.filter or wish.failed or wish.since
        text = f"No {wish.resource.plural} match." if narrowed else wish.resource.empty
        say([text], sys.stderr)
        return 0
    paper = Paper.of(sys.stdout, env, plain=session.config.flags.plain)
    say(table(wish.resource.columns, rows, session.moment(), paper))
    return 0


async def _csv(session: Session, wish: Wish) -> int:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    header: list[str] = []
    async for row in rows_of(session, wish):
        values: dict[str, Any] = msgspec.to_builtins(row)
        if not header:
            header = list(values)
            writer.writerow(header)
        writer.writerow("" if values[name] is None else values[name] for name in header)
    return 0
