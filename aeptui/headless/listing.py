"""`aeptui list`: the rows of a kind, as a table or for another program."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from aeptui.csv_cells import cell
from aeptui.headless.asking import bring
from aeptui.headless.text import Paper, say, table
from aeptui.mirror.rows import AnyRow
from aeptui.mirror.values import Listing
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
TIMES = {"runs": "created_at", "batches": "created_at", "flows": "last_run_at"}
"""What `--since` looks at; `updated_at` elsewhere."""
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


def listing_of(wish: Wish, now: datetime) -> Listing:
    """The listing that a wish amounts to; Usage where it amounts to none."""
    kind, terms = wish.resource.kind, [wish.filter]
    if wish.failed:
        if kind not in FAILED:
            raise Usage(f"--failed is for {', '.join(FAILED)}; {wish.resource.plural} do not fail.")
        terms.append(FAILED[kind])
    if wish.since:
        after = since(wish.since, now).astimezone(UTC)
        terms.append(f"{TIMES.get(kind, 'updated_at')}>={after.isoformat()}")
    text = " ".join(term for term in terms if term)
    if not wish.sort:
        return Listing(kind, text, wish.resource.order, wish.resource.reverse)
    return Listing(kind, text, _order(wish), wish.sort.startswith("-"))


def _order(wish: Wish) -> str:
    """A column by its title, or any field of the row by its name."""
    wanted = wish.sort.removeprefix("-").strip()
    for column in wish.resource.columns:
        if column.order and column.title.lower() == wanted.lower():
            return column.order
    return wanted.lower().replace("-", "_").replace(" ", "_")


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


async def rows_of(session: Session, listing: Listing, limit: int | None) -> AsyncIterator[AnyRow]:
    """The rows of a listing, a page at a time underneath."""
    place, left = None, limit
    while left is None or left > 0:
        height = PAGE if left is None else min(PAGE, left)
        window = await session.mirror.window(listing, height, place)
        for row in window.rows:
            yield row
        if not window.after or not window.rows:
            return
        left = None if left is None else left - len(window.rows)
        place = window.anchor(len(window.rows) - 1, "after")


async def run(session: Session, wish: Wish, env: Mapping[str, str]) -> int:
    """Ask unless told not to, then write the rows to standard output."""
    # What is wrong with the wish is said before anything is asked of the platform.
    await session.mirror.window(listing_of(wish, session.now()), 1)
    if not wish.cached:
        await bring(session, wish.resource.kind)
    listing = listing_of(wish, session.now())
    if wish.output == "table":
        return await _table(session, wish, listing, env)
    rows = rows_of(session, listing, wish.limit)
    if wish.output == "csv":
        return await _csv(rows)
    write = sys.stdout.write
    encoder = msgspec.json.Encoder()
    first = True
    if wish.output == "json":
        write("[")
    async for row in rows:
        text = encoder.encode(row).decode()
        if wish.output == "json":
            write(("\n" if first else ",\n") + text)
        else:
            write(text + "\n")
        first = False
    if wish.output == "json":
        write("]\n" if first else "\n]\n")
    return 0


async def _table(session: Session, wish: Wish, listing: Listing, env: Mapping[str, str]) -> int:
    rows: list[AnyRow] = []
    capped = wish.limit is None
    async for row in rows_of(session, listing, wish.limit):
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
    say(table(wish.resource.columns, rows, session.moment(), paper), paper=paper)
    return 0


async def _csv(rows: AsyncIterator[AnyRow]) -> int:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    header: list[str] = []
    async for row in rows:
        values: dict[str, Any] = msgspec.to_builtins(row)
        if not header:
            header = list(values)
            writer.writerow(header)
        writer.writerow(cell(values[name]) for name in header)
    return 0
