"""Reading the mirror: questions with short answers, on whichever connection asks."""

# ruff: noqa: S608  (the names in the SQL are those of our own tables; every value is bound)

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec

from aeptui.mirror import earlier, failures, trends
from aeptui.mirror.bodies import MANY, Bodies
from aeptui.mirror.earlier import Earlier
from aeptui.mirror.failures import Before, Failing
from aeptui.mirror.ids import pack_id, unpack_id
from aeptui.mirror.query import Query, held
from aeptui.mirror.rows import AnyRow, RunRow
from aeptui.mirror.tables import ENDED, KINDS, UNUSUAL, from_ms, to_ms
from aeptui.mirror.trends import Hour
from aeptui.mirror.values import (
    Anchor,
    Found,
    Freshness,
    Linked,
    Listing,
    Live,
    Summary,
    Window,
)
from aeptui.mirror.verdicts import ENDED_WORDS, Streak

OPEN = ("waiting", "running")
"""Words of runs that have not ended."""

RECENT, USUAL = 20, 3
"""So many of a flow's last runs say what is usual, when at least so many of them were clean."""

_OF_FLOW = KINDS["runs"].by_name["flow_id"].equal

_ENDED_BATCHES = ("success", "failed", "failure", "aborted", "abandoned", "inactive", "deleted")


class Reader:
    """One connection that reads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._bodies = Bodies(connection)

    def close(self) -> None:
        self._connection.close()

    def window(self, listing: Listing, height: int, at: Anchor | None, now: datetime) -> Window:
        # One transaction, so that a window does not mix two moments.
        self._connection.execute("BEGIN")
        try:
            return Query(listing, now).window(self._connection, height, at)
        finally:
            self._connection.execute("COMMIT")

    def get(self, kind: str, id: str) -> AnyRow | None:
        found = self._connection.execute(
            f"{KINDS[kind].select} WHERE t.id = ?", (pack_id(id),)
        ).fetchone()
        return None if found is None else KINDS[kind].load(found)

    def body(self, kind: str, id: str) -> dict[str, Any] | None:
        table = KINDS[kind].table
        names = ", ".join(KINDS[kind].by_name[name].sql for name in KINDS[kind].named)
        found = self._connection.execute(
            f"SELECT b.dictionary, b.body, {names} {KINDS[kind].source} "
            f'JOIN "{table}_body" b ON b.n = t.n WHERE t.id = ?',
            (pack_id(id),),
        ).fetchone()
        if found is None:
            return None
        decoded: dict[str, Any] = msgspec.json.decode(
            self._bodies.unpack(found[0], found[1], [unpack_id(key) for key in found[2:]])
        )
        return decoded

    def links(self, kind: str, id: str) -> list[Linked]:
        """What the resource uses, then what uses it; runs and batches only look up."""
        key = pack_id(id)
        uses = self._connection.execute(
            "SELECT to_kind, to_id FROM link WHERE kind = ? AND id = ?", (kind, key)
        ).fetchall()
        if kind in MANY:
            uses = self._above(kind, id)
        used_by = self._connection.execute(
            "SELECT kind, id FROM link WHERE to_kind = ? AND to_id = ?", (kind, key)
        ).fetchall()
        found = [Linked("uses", to, unpack_id(each), *self._name(to, each)) for to, each in uses]
        found += [
            Linked("used by", by, unpack_id(each), *self._name(by, each)) for by, each in used_by
        ]
        place = list(KINDS).index
        return sorted(
            found, key=lambda link: (link.relation == "used by", place(link.kind), link.name)
        )

    def _above(self, kind: str, id: str) -> list[tuple[str, Any]]:
        """What a run or batch belongs to: links that are not kept for each of a million."""
        other = {"runs": ("batches", "batch_id"), "batches": ("datasets", "dataset_id")}[kind]
        by_name = KINDS[kind].by_name
        found = self._connection.execute(
            f"SELECT {by_name['flow_id'].sql}, {by_name[other[1]].sql} {KINDS[kind].source} "
            "WHERE t.id = ?",
            (pack_id(id),),
        ).fetchone()
        if found is None:
            return []
        return [each for each in (("flows", found[0]), (other[0], found[1])) if each[1]]

    def _name(self, kind: str, key: Any) -> tuple[str, str]:
        found = self._connection.execute(
            f'SELECT name, {KINDS[kind].word} FROM "{KINDS[kind].table}" WHERE id = ?', (key,)
        ).fetchone()
        return ("", "") if found is None else (found[0] or "", found[1] or "")

    def runs_of(self, flow_id: str, newest: int) -> list[RunRow]:
        """The newest runs of a flow, newest first."""
        return self._runs(
            f"WHERE {_OF_FLOW} ORDER BY t.created_at DESC, t.id DESC LIMIT ?",
            pack_id(flow_id),
            newest,
        )

    def streak(self, flow_id: str, word: str, before: datetime) -> Streak:
        """The flow's runs before then that ended in `word`, back to one that ended otherwise."""
        runs, since = 0, None
        found = self._connection.execute(
            f"SELECT t.word, t.created_at FROM runs t WHERE {_OF_FLOW} AND t.created_at < ? "
            "ORDER BY t.created_at DESC, t.id DESC",
            (pack_id(flow_id), to_ms(before)),
        )
        for ended, created in found:
            if ended in ENDED_WORDS and ended != word:
                return Streak(runs, from_ms(since), True)
            if ended == word:
                runs, since = runs + 1, created
        return Streak(runs, from_ms(since), False)

    def summary(self, now: datetime) -> Summary:
        counts: dict[str, int] = {}
        words: dict[str, dict[str, int]] = {}
        for kind, word, n in self._connection.execute("SELECT kind, word, n FROM counter"):
            counts[kind] = counts.get(kind, 0) + n
            if n and word:
                words.setdefault(kind, {})[word] = n
        lost = self._connection.execute(
            "SELECT sum(lost) FROM runs WHERE created_at > ? AND lost > 0",
            (to_ms(now - timedelta(hours=24)),),
        ).fetchone()[0]
        known = self.freshness()
        confirmed = [known[kind].confirmed_at for kind in ("flows", "runs") if kind in known]
        return Summary(
            flows=words.get("flows", {}),
            lost_24h=lost or 0,
            runs_open=sum(words.get("runs", {}).get(word, 0) for word in OPEN),
            counts=counts,
            confirmed_at=min((at for at in confirmed if at), default=None)
            if len(confirmed) == 2 and all(confirmed)
            else None,
        )

    def held(self, kind: str) -> int:
        """Rows of `kind`, from the counters."""
        return held(self._connection, kind)

    def freshness(self) -> Mapping[str, Freshness]:
        return {
            kind: Freshness(from_ms(confirmed), trouble, from_ms(next_try), from_ms(complete), word)
            for kind, confirmed, trouble, word, next_try, complete in self._connection.execute(
                "SELECT kind, confirmed_at, trouble, trouble_kind, next_try_at, complete_at FROM known "
                "WHERE coalesce(confirmed_at, complete_at, next_try_at) IS NOT NULL"
            )
        }

    def live(self, limit: int) -> Live:
        """Open runs, longest first, and the `limit` that ended last."""
        marks = ", ".join("?" * len(OPEN))
        open_ = self._runs(
            f"WHERE t.word IN ({marks}) AND t.{UNUSUAL} ORDER BY t.started_at IS NULL, t.started_at, t.id LIMIT ?",
            *OPEN,
            limit,
        )
        ended = self._runs(
            f"WHERE t.{ENDED} IS NOT NULL ORDER BY t.{ENDED} DESC, t.completed_at DESC, t.id LIMIT ?",
            limit,
        )
        usual = {run.flow_id: self._usual_s(run.flow_id) for run in open_}
        return Live(
            tuple(open_), tuple(ended), {flow: each for flow, each in usual.items() if each}
        )

    def _usual_s(self, flow_id: str) -> float | None:
        """The median duration of a flow's recent clean runs; None where they are too few."""
        found = self._connection.execute(
            f"SELECT completed_at - started_at AS took FROM (SELECT * FROM runs t WHERE {_OF_FLOW} "
            f"ORDER BY created_at DESC, id DESC LIMIT {RECENT}) "
            "WHERE word = 'clean' AND completed_at >= started_at ORDER BY took",
            (pack_id(flow_id),),
        ).fetchall()
        if len(found) < USUAL:
            return None
        middle: int = found[len(found) // 2][0] + found[(len(found) - 1) // 2][0]
        return middle / 2000

    def named(self, kind: str, name: str) -> list[str]:
        """The ids of what has exactly this name."""
        table = KINDS[kind].table
        found = self._connection.execute(f'SELECT id FROM "{table}" WHERE name = ?', (name,))
        return [unpack_id(id) for (id,) in found]

    def find(self, text: str, limit: int) -> list[Found]:
        """Resources by id, or by a part of their name; exact matches first."""
        exact: list[tuple[Any, ...]] = []
        partly: list[tuple[Any, ...]] = []
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        for kind in KINDS.values():
            columns = f'SELECT id, name, {kind.word} FROM "{kind.table}"'
            hits = self._connection.execute(f"{columns} WHERE id = ?", (pack_id(text),)).fetchall()
            exact += [(kind.name, *hit) for hit in hits]
            if kind.name in MANY or not text:
                continue  # they have no name, and a scan of a million ids takes too long
            hits = self._connection.execute(
                f"{columns} WHERE name LIKE ? ESCAPE '\\' OR plain_id(id) LIKE ? ESCAPE '\\' "
                "ORDER BY name LIMIT ?",
                (f"%{escaped}%", f"{escaped}%", limit),
            ).fetchall()
            known = {hit[1] for hit in exact}
            for hit in hits:
                if hit[0] not in known:
                    same = (hit[1] or "").lower() == text.lower()
                    (exact if same else partly).append((kind.name, *hit))
        return [
            Found(kind, unpack_id(id), name or "", word or "")
            for kind, id, name, word in (exact + partly)[:limit]
        ]

    def open_runs(self) -> list[str]:
        """Ids of the runs that have not ended, or of which we do not know that they have."""
        found = self._connection.execute(
            "SELECT id FROM runs WHERE word IN (?, ?, 'unknown') "
            f"AND (word <> 'unknown' OR completed_at IS NULL) AND {UNUSUAL} "
            "ORDER BY created_at DESC",
            OPEN,
        )
        return [unpack_id(key) for (key,) in found]

    def watermark(self, kind: str) -> datetime | None:
        found = self._connection.execute(
            "SELECT watermark FROM known WHERE kind = ?", (kind,)
        ).fetchone()
        return from_ms(found[0]) if found and found[0] else None

    def reached(self, kind: str) -> datetime | None:
        """Back to where the history of `kind` is known without a gap."""
        found = self._connection.execute(
            "SELECT reached FROM known WHERE kind = ?", (kind,)
        ).fetchone()
        return from_ms(found[0]) if found else None

    def size_bytes(self) -> int:
        """What is in the file, without the room that was freed."""
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def oldest_open_batch(self, since: datetime) -> datetime | None:
        """When the oldest batch since `since` was created that may still change."""
        marks = ", ".join("?" * len(_ENDED_BATCHES))
        found = self._connection.execute(
            f"SELECT min(created_at) FROM batches WHERE created_at > ? AND state NOT IN ({marks})",
            (to_ms(since), *_ENDED_BATCHES),
        ).fetchone()
        return from_ms(found[0])

    def due_checks(self, now: datetime) -> list[str]:
        """Flows whose word time alone may have changed, and those that have none yet."""
        found = self._connection.execute(
            "SELECT id FROM flows WHERE check_at <= ? UNION ALL "
            "SELECT id FROM flows WHERE word = '' OR word IS NULL",
            (to_ms(now),),
        )
        return [unpack_id(key) for (key,) in found]

    def dated(self) -> list[str]:
        """Flows whose word may rest on their dataset's end, or did."""
        found = self._connection.execute(
            "SELECT f.id FROM datasets d JOIN target_connections t ON t.dataset_id = d.id "
            "JOIN flows f ON f.target_connection_id = t.id WHERE d.expires_at IS NOT NULL UNION "
            "SELECT id FROM flows WHERE word = 'expiring'"
        )
        return [unpack_id(key) for (key,) in found]

    def ids(self, kind: str) -> list[str]:
        return [
            unpack_id(key)
            for (key,) in self._connection.execute(f'SELECT id FROM "{KINDS[kind].table}"')
        ]

    def before(self, flow_id: str, keys: Sequence[str], until: datetime) -> dict[str, Before]:
        """How long each of these failures has gone on in a flow, up to then."""
        return failures.before(self._connection, flow_id, keys, until)

    def hours(self, flow_id: str, since: datetime) -> list[Hour]:
        """The runs of a flow since then, by hours in which there were any."""
        return trends.hours(self._connection, flow_id, since)

    def earlier(self, kind: str, id: str) -> list[Earlier]:
        """What a definition was before it was changed, newest first, as far as it was seen here."""
        return earlier.versions(self._connection, kind, id)

    def turning_point(self, run: RunRow) -> tuple[RunRow | None, RunRow | None]:
        """The last clean run of the flow before `run`, and the first bad one after that.

        Where rows are the trouble, a clean run that had none to read proves nothing.
        """
        rows = 1 if run.received else 0
        clean = self._runs(
            f"WHERE {_OF_FLOW} AND t.word = 'clean' AND t.created_at < ? "
            "AND coalesce(t.received, 0) >= ? ORDER BY t.created_at DESC LIMIT 1",
            *(pack_id(run.flow_id), to_ms(run.created_at), rows),
        )
        if not clean:
            return None, None
        bad = self._runs(
            f"WHERE {_OF_FLOW} AND t.word IN ('failed', 'partial') AND t.created_at > ? "
            "AND t.created_at <= ? ORDER BY t.created_at LIMIT 1",
            *(pack_id(run.flow_id), to_ms(clean[0].created_at), to_ms(run.created_at)),
        )
        return clean[0], bad[0] if bad else None

    def failing(self, since: datetime) -> list[Failing]:
        """What went wrong in runs that ended since then: a line for each flow and failure."""
        return failures.failing(self._connection, since)

    def _runs(self, where: str, *values: Any) -> list[RunRow]:
        kind = KINDS["runs"]
        found = self._connection.execute(f"{kind.select} {where}", values)
        return [cast(RunRow, kind.load(each)) for each in found]
