"""Synthetic flows and runs: what the number of a row says about it.

The one place where numbers are made up, for worlds too large to live through. The world keeps
a row's id and the columns that lists look at; ids and bodies follow from the row's number.
Each body says that it is synthetic: a run in `metrics.statusSummary.extensions`, a flow
in its description.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from aeptui.emulator.metrics import (
    COPY_FAILED,
    PROMOTION_FAILED,
    ROWS_REFUSED,
    Outcome,
    Work,
    activities,
    run_metrics,
)

MINUTE_MS = 60_000
DAY_S = 86_400
FREQUENCIES = (("day", 1, DAY_S), ("hour", 6, 21_600), ("hour", 1, 3_600), ("minute", 15, 900))
LONGEST_S = 400 * DAY_S  # what history should span, if its flows can run that often
QUIET_MS = 5 * MINUTE_MS  # between the last synthetic run's due time and the world's opening
_SAID = "This run is synthetic: no rows were read for it."
_ENTITY = {"createdBy", "updatedBy", "createdClient", "updatedClient", "sandboxId", "sandboxName"}


MOST_FLOWS, MOST_RUNS = 100_000, 10_000_000
_SCALE = re.compile(r"flows=([0-9]{1,9}),runs=([0-9]{1,9})")


class Scale(NamedTuple):
    """How many flows and runs."""

    flows: int
    runs: int

    def __str__(self) -> str:
        return f"flows={self.flows},runs={self.runs}"

    @classmethod
    def parse(cls, text: str) -> "Scale":
        """Raises ValueError with a sentence's end: what the text is not."""
        match = _SCALE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text} is not of the form flows=N,runs=M")
        flows, runs = int(match[1]), int(match[2])
        if not 1 <= flows <= MOST_FLOWS or runs > MOST_RUNS:
            raise ValueError(
                f"{text} is not 1 to {MOST_FLOWS:,} flows and up to {MOST_RUNS:,} runs"
            )
        if runs / flows * FREQUENCIES[-1][2] > 20 * 365 * 86_400:
            raise ValueError(f"{text} is more runs for each flow than twenty years have room for")
        return cls(flows, runs)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a synthetic history is; kept with the world.

    Runs go round the flows in turn, so that their numbers are in the order of their creation.
    `flow_bodies` are flows with all that they stand on: the flows take after them in turn.
    """

    sandbox: str
    seed: int
    flows: int
    runs: int
    first_flow: int  # the place in the world's order of the first synthetic flow
    first_run: int
    begin_s: int
    every: tuple[str, int, int]  # frequency, interval, and both in seconds
    flow_bodies: tuple[dict[str, Any], ...]

    def kept(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def known(cls, text: str) -> "Plan":
        held = json.loads(text)
        return cls(
            **{**held, "every": tuple(held["every"]), "flow_bodies": tuple(held["flow_bodies"])}
        )


class Row(NamedTuple):
    """The columns of a synthetic document that lists look at."""

    id: str
    created_ms: int
    updated_ms: int
    flow: str | None = None
    status: str | None = None
    started_ms: int | None = None
    name: str | None = None


class Draw:
    """What was drawn for a run: a digest of its number, of which each fact takes a part."""

    __slots__ = ("_bytes", "_number")

    def __init__(self, seed: int, number: int) -> None:
        self._number = number
        self._bytes = blake2b(b"run:%d:%d" % (seed, number), digest_size=32).digest()

    @property
    def id(self) -> str:
        """Begins with the number: ids in the order of their rows are stored many times faster."""
        return f"{self._number << 8 | self._bytes[0]:08x}{_uuid(self._bytes)[8:]}"

    @property
    def lag_ms(self) -> int:
        return 10_000 + (self._bytes[16] << 8 | self._bytes[17]) % 20_000

    @property
    def taken_ms(self) -> int:
        return 120_000 + (self._bytes[18] << 8 | self._bytes[19]) % 85_000

    @property
    def fate(self) -> str:
        """copy: the copy failed; rows: its rows were refused; partial: some; none: nothing new."""
        lot = self._bytes[20]
        return (
            "copy" if lot < 8 else "rows" if lot < 12 else "partial" if lot < 20
            else "none" if lot < 50 else "clean"
        )  # fmt: skip

    @property
    def status(self) -> str:
        return "failed" if self._bytes[20] < 12 else "success"

    @property
    def received(self) -> int:
        return 20 + (self._bytes[21] << 8 | self._bytes[22]) % 5_000

    def part_of(self, rows: int, place: int) -> int:
        """A small share of so many rows."""
        return rows * self._bytes[place] // 8_000

    def hex(self, length: int) -> str:
        return self._bytes[24:].hex()[:length]


class History:
    """The synthetic flows and runs of a world; a document's number is its place less the first's."""

    span_ms = 10 * MINUTE_MS  # more than any synthetic run takes from its creation to its end

    def __init__(self, plan: Plan, org: str) -> None:
        self.plan = plan
        self._org = org

    @property
    def scale(self) -> Scale:
        return Scale(self.plan.flows, self.plan.runs)

    # -- moments

    def due_s(self, number: int) -> int:
        """When a run was due and made; never earlier than that of a smaller number."""
        around, flow = divmod(number, self.plan.flows)
        every_s = self.plan.every[2]
        return self.plan.begin_s + around * every_s + flow * every_s // self.plan.flows

    @property
    def end_ms(self) -> int:
        """When the last synthetic run was made; every real one is made later."""
        return self.due_s(self.plan.runs - 1) * 1000 if self.plan.runs else 0

    def runs_of(self, flow: int) -> int:
        """How many runs a flow has."""
        return max(0, -(-(self.plan.runs - flow) // self.plan.flows))

    def first_place(self, made_ms: int) -> int:
        """The place in the world's order of the first run that was not made before a moment."""
        made_s = -(-made_ms // 1000)
        return self.plan.first_run + bisect_left(range(self.plan.runs), made_s, key=self.due_s)

    # -- rows, as they are stored

    def flow_rows(self) -> Iterator[Row]:
        for number in range(self.plan.flows):
            made_ms = self._flow_made_ms(number)
            yield Row(self.flow_id(number), made_ms, made_ms, name=self._flow_name(number))

    def run_rows(self, start: int, end: int) -> Iterator[Row]:
        flow_ids = [self.flow_id(number) for number in range(self.plan.flows)]
        seed, flows = self.plan.seed, self.plan.flows
        for number in range(start, end):
            draw = Draw(seed, number)
            due_ms = self.due_s(number) * 1000
            started_ms = due_ms + draw.lag_ms
            ended_ms = started_ms + draw.taken_ms
            flow_id = flow_ids[number % flows]
            yield Row(draw.id, due_ms, ended_ms, flow_id, draw.status, started_ms)

    # -- documents, as they are asked for

    def flow_id(self, number: int) -> str:
        return _uuid(blake2b(b"flow:%d:%d" % (self.plan.seed, number), digest_size=16).digest())

    def flow(self, place: int) -> dict[str, Any]:
        """The body of the flow at a place of the world's order."""
        number = place - self.plan.first_flow
        like = self.plan.flow_bodies[number % len(self.plan.flow_bodies)]
        flow_id, made_ms = self.flow_id(number), self._flow_made_ms(number)
        frequency, interval, _ = self.plan.every
        etag = f'"{flow_id[:8]}-0000-0200-0000-{made_ms // 1000:08x}0000"'
        body = like | {
            "id": flow_id,
            "createdAt": made_ms,
            "updatedAt": made_ms,
            "version": etag,
            "etag": etag,
            "name": self._flow_name(number),
            "description": "A synthetic flow: its runs so far are synthetic, those to come are not",
            "state": "enabled",
            "scheduleParams": {
                "startTime": str(self.due_s(number)),
                "frequency": frequency,
                "interval": str(interval),
                "backfill": "false",
            },
            "runs": f"/runs?property=flowId=={flow_id}",
            "lastOperation": {
                "started": made_ms,
                "updated": made_ms,
                "percentCompleted": 100.0,
                "status": {"value": "completed", "errors": []},
                "ops": [],
                "operation": "create",
            },
        }
        runs = self.runs_of(number)
        if runs:
            last = number + (runs - 1) * self.plan.flows
            draw = Draw(self.plan.seed, last)
            started_ms = self.due_s(last) * 1000 + draw.lag_ms
            body["lastRunDetails"] = {
                "id": draw.id,
                "state": draw.status,
                "startedAtUTC": started_ms,
                "completedAtUTC": started_ms + draw.taken_ms,
            }
        return body

    def run(self, place: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The body and the private part of the run at a place of the world's order."""
        number = place - self.plan.first_run
        plan, draw = self.plan, Draw(self.plan.seed, number)
        flow = number % plan.flows
        like = plan.flow_bodies[flow % len(plan.flow_bodies)]
        work, outcome, ended_ms = self._told(number, draw)
        etag = f'"{draw.hex(8)}-0000-0200-0000-{ended_ms // 1000:08x}0000"'
        metrics = run_metrics(work, outcome, ended_ms)
        metrics["statusSummary"]["extensions"] = {"synthetic": True}
        body = {
            "id": draw.id,
            **{name: like[name] for name in like if name in _ENTITY},
            "createdAt": work.due_ms,
            "updatedAt": ended_ms,
            "imsOrgId": self._org,
            "version": etag,
            "etag": etag,
            "flowId": self.flow_id(flow),
            "flowSpec": like["flowSpec"],
            "providerRefId": _part_id(draw, 0),
            "metrics": metrics,
            "activities": activities(
                work,
                outcome,
                ended_ms,
                source_connection_id=like["sourceConnectionIds"][0],
                target_connection_id=like["targetConnectionIds"][0],
                diagnostics_base=None,
            ),
        }
        return body, {"work": work.window()}

    def _told(self, number: int, draw: Draw) -> tuple[Work, Outcome, int]:
        """What a run tells of itself, with counts that add up and no batch to look into."""
        due_ms = self.due_s(number) * 1000
        started_ms = due_ms + draw.lag_ms
        work = Work(
            window_from_ms=due_ms - self.plan.every[2] * 1000,
            window_to_ms=due_ms,
            due_ms=due_ms,
            phase="copy",
            started_ms=started_ms,
            copied_ms=started_ms + draw.taken_ms * 2 // 5,
            copy_id=_part_id(draw, 1),
            transfer_id=_part_id(draw, 2),
        )
        ended_ms = started_ms + draw.taken_ms
        if draw.fate == "copy":
            error = {"code": COPY_FAILED, "message": f"The CRM did not answer. {_SAID}"}
            return work, Outcome("failed", (error,), (error,), "copyActivity"), ended_ms
        if draw.fate == "none":
            work.copied_ms = ended_ms
            return work, Outcome("success", activity="copyActivity"), ended_ms
        work.phase, work.promotion_id = "promote", _part_id(draw, 3)
        work.received, work.staged_files = draw.received, 1
        work.input_bytes = work.received * 310
        work.skipped = draw.part_of(work.received, 23)
        if draw.fate == "rows":
            work.failed = work.received - work.skipped
            errors = (
                {"code": PROMOTION_FAILED, "message": f"The rows could not be promoted. {_SAID}"},
                {"code": ROWS_REFUSED, "message": f"{work.failed} rows were refused. {_SAID}"},
            )
            details = ({**errors[1], "recordCount": work.failed},)
            return work, Outcome("failed", errors, details), ended_ms
        if draw.fate == "partial":
            work.failed = 1 + draw.part_of(work.received - work.skipped, 24)
        work.ingested = work.received - work.skipped - work.failed
        work.part_files, work.output_bytes = 1, work.ingested * 240
        if not work.failed:
            return work, Outcome("success"), ended_ms
        error = {"code": ROWS_REFUSED, "message": f"{work.failed} rows were refused. {_SAID}"}
        details = ({**error, "recordCount": work.failed},)
        return work, Outcome("success", (error,), details), ended_ms

    def _flow_name(self, number: int) -> str:
        like = self.plan.flow_bodies[number % len(self.plan.flow_bodies)]
        return f"{like['name']} {number + 1:05d}"

    def _flow_made_ms(self, number: int) -> int:
        """Flows were made one a second before the first of them was due."""
        return (self.plan.begin_s - self.plan.flows + number) * 1000


def _part_id(draw: Draw, place: int) -> str:
    """The id of something that belongs to a run."""
    return f"{draw.hex(8)}{draw.id[8:-1]}{place:x}"


def _uuid(digest: bytes) -> str:
    text = digest.hex()
    variant = "89ab"[digest[8] >> 6]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
