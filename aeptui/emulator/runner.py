"""What falls due in the world, done in the order in which it does.

Ticks of schedules make runs, runs go from step to step, flows end their changes of state.
The same code serves a clock that runs, one that is moved by hand, and the making of a world.
"""

import math
import time
from typing import Any

from aeptui.emulator import batches
from aeptui.emulator.agenda import Agenda, Due, Reached
from aeptui.emulator.crm import Crm
from aeptui.emulator.documents import SYNTHETIC, Document
from aeptui.emulator.execution import Execution, Snapshot, fraction
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.metrics import Outcome, Work, waiting
from aeptui.emulator.scheduling import schedule_of
from aeptui.emulator.staging import Staging
from aeptui.emulator.world import World, audit

LAG_MS = (10_000, 30_000)  # from a tick to the start of its run
CHANGE_MS = (3_000, 8_000)  # how long a flow takes to change its state
EVENTS_PER_COMMIT = 64
DAY_MS = 86_400_000
FILES_LIVE_MS = 30 * DAY_MS  # the runs and batches themselves stay
# The rows themselves go early: a world that is left open for weeks must not fill the disk.
PARTS_LIVE_MS = 3 * DAY_MS

# What becomes of a flow whose provider is at work on it.
SETTLES_TO = {
    "initializing": "enabled",
    "inProgress": "enabled",
    "pending": "enabled",
    "enabling": "enabled",
    "enabled-finalizing": "enabled",
    "updating": "enabled",
    "disabling": "disabled",
}


class Runner:
    """Brings the world to the clock's now.

    `settle` does what has fallen due since it was last called, earliest first, in
    transactions of at most `EVENTS_PER_COMMIT` events: what was committed stays when the
    process is killed, and the rest is done after the next start.
    """

    def __init__(self, world: World, crm: Crm, incidents: Incidents) -> None:
        self._world = world
        self.crm = crm
        self.incidents = incidents
        with world.transaction():
            self._agenda = Agenda(world)
            self._reached = Reached(world)
            self._staging = Staging(world)
        self._execution = Execution(world, crm, self._staging)
        self._struck = Snapshot(incidents)
        self.ended = 0  # runs that ended since this process began
        self._tidied_ms = 0
        self._next_ms: int | None = None
        self._seen_changes = -1
        self._seen_updates: dict[str, int] = {}
        self._seen_slow: tuple[str, ...] = ()
        self._seen_world = ""

    def settle(self, until_ms: int | None = None, within_s: float | None = None) -> int:
        """Do what is due by now, or by `until_ms`; answers how many runs ended.

        With `within_s` it stops when so much real time has passed, or after one transaction.
        The clock is then held at the next thing to do, and `is_behind` says so.
        """
        world = self._world
        with world.lock:
            until_ms = world.clock.wanted_ms() if until_ms is None else until_ms
            if world.db.total_changes == self._seen_changes and not self._due_by(until_ms):
                return 0
            deadline = None if within_s is None else time.monotonic() + within_s
            with world.transaction():
                self._look_around(world.clock.now_ms())
            before, more = self.ended, True
            while more:
                with world.holding():
                    more = self._some(until_ms, deadline)
                if deadline is not None and time.monotonic() >= deadline:
                    break
            self._tidy(world.clock.now_ms())
            self.crm.keep()
            self._next_ms = self._agenda.next_ms()
            world.clock.hold(self._next_ms)
            self._seen_changes = world.db.total_changes
            return self.ended - before

    def is_behind(self, until_ms: int | None = None) -> bool:
        """Whether `settle` left something undone that was due by now, or by `until_ms`."""
        with self._world.lock:
            return self._due_by(self._world.clock.wanted_ms() if until_ms is None else until_ms)

    def wait_s(self) -> float:
        """Real seconds until something falls due, as fast as the clock runs; 0 when behind."""
        clock = self._world.clock
        if self._next_ms is None:
            return math.inf
        ahead_ms = max(0, self._next_ms - clock.wanted_ms())
        return ahead_ms / 1000 / clock.speed if clock.speed else math.inf if ahead_ms else 0.0

    def _due_by(self, until_ms: int) -> bool:
        return self._next_ms is not None and self._next_ms <= until_ms

    def next_ms(self) -> int | None:
        """When the next thing falls due, or None."""
        with self._world.lock, self._world.transaction():
            self._look_around(self._world.clock.now_ms())
            return self._agenda.next_ms()

    def flow_changed(self, flow: Document) -> None:
        """A flow was made or changed just now: what comes next for it is planned anew."""
        self._plan(flow, self._world.clock.now_ms())

    def flow_deleted(self, flow: Document) -> None:
        """A flow is gone: its ticks stop, a run that is under way ends in its own time."""
        self._agenda.drop("tick", flow.id)
        self._agenda.drop("change", flow.id)

    def adopt(
        self,
        sandbox: str,
        flow: dict[str, Any],
        runs: int,
        reached_ms: int | None,
        next_ms: int,
    ) -> None:
        """Take over a flow with a history: so many runs, the last of which read up to a moment."""
        flow_id = flow["id"]
        self._reached.planned(flow_id, str(flow.get("version", "")))
        self._reached.inherit(flow_id, runs, reached_ms)
        self._agenda.note("tick", flow_id, sandbox, flow_id, next_ms, self._world.clock.now_ms())

    def demand(self, flow: Document, from_ms: int, to_ms: int, params: dict[str, Any]) -> Document:
        """A run over a window of its own, from the moment that `params` may name."""
        due_ms = max(self._world.clock.now_ms(), _ms(params.get("startTime")))
        return self._make_run(
            flow, Work(window_from_ms=from_ms, window_to_ms=to_ms, due_ms=due_ms), params
        )

    def retry(self, flow: Document, run: Document) -> Document:
        """The window of a run once more, as a new run of the flow as it now is."""
        before = run.private.get("work") or {}
        work = Work(
            window_from_ms=before.get("window_from_ms"),
            window_to_ms=before.get("window_to_ms"),
            due_ms=self._world.clock.now_ms(),
        )
        return self._make_run(flow, work, run.body.get("params"))

    # -- what is due

    def _some(self, until_ms: int, deadline: float | None) -> bool:
        """Do a transaction's worth of events; answers whether more may be due."""
        for _ in range(EVENTS_PER_COMMIT):
            due = self._agenda.first(until_ms)
            if due is None:
                return False
            self._world.clock.hold(due.at_ms)  # etags and batch ids are of the event's moment
            match due.what:
                case "tick":
                    self._tick(due)
                case "change":
                    self._end_change(due)
                case "step":
                    self.ended += self._step(due)
            if deadline is not None and time.monotonic() >= deadline:
                break
        return True

    def _tick(self, due: Due) -> None:
        """A flow is due: a run, unless one is still open or the ticks do not come."""
        self._agenda.drop("tick", due.flow)
        flow = self._world.get(due.sandbox, "flows", due.flow)
        if flow is None or flow.body.get("state") != "enabled":
            return
        schedule = schedule_of(flow.body)
        if schedule is None:
            return
        if schedule.every_ms is not None:
            following = schedule.due_from(due.at_ms + 1)
            self._agenda.note("tick", flow.id, flow.sandbox, flow.id, following, due.at_ms)
        if self._agenda.steps(flow.id):
            return
        if self._struck.active(
            "no_tick",
            sandbox=flow.sandbox,
            at_ms=due.at_ms,
            base_connection=_base_of(flow.body),
            flow=flow.id,
        ):
            return
        from_ms = self._reached.until_ms(flow.id)
        if from_ms is None and not schedule.backfill:
            from_ms = schedule.start_ms
        work = Work(window_from_ms=from_ms, window_to_ms=due.at_ms, due_ms=due.at_ms)
        self._make_run(flow, work, at_ms=due.at_ms)

    def _step(self, due: Due) -> int:
        run = self._world.get(due.sandbox, "runs", due.id)
        if run is None:  # forgotten on request
            self._agenda.drop("step", due.id)
            self._staging.drop(due.id)
            return 0
        before = run.private["work"]["phase"]
        work, outcome = self._execution.step(run, due.at_ms)
        if before == "waiting" or outcome is not None:
            self._tell_flow(run, work, outcome, due.at_ms)
        if outcome is None:
            pause_ms = self._execution.pause_ms(run, work, due.at_ms)
            self._agenda.note(
                "step", run.id, run.sandbox, due.flow, due.at_ms + pause_ms, due.at_ms
            )
            return 0
        self._agenda.drop("step", run.id)
        if outcome.status != "failed" and work.window_to_ms is not None:
            self._reached.extend(due.flow, work.window_from_ms, work.window_to_ms)
        return 1

    def _tell_flow(self, run: Document, work: Work, outcome: Outcome | None, at_ms: int) -> None:
        """The flow keeps what its last run came to; its etag and update time are a person's."""
        flow = self._world.get(run.sandbox, "flows", run.body["flowId"])
        if flow is None:
            return
        details: dict[str, Any] = {
            "id": run.id,
            "state": "inProgress" if outcome is None else outcome.status,
            "startedAtUTC": work.started_ms,
        }
        if outcome is not None:
            details["completedAtUTC"] = at_ms
        flow.body["lastRunDetails"] = details
        self._world.put(flow.sandbox, "flows", flow.id, flow.body)

    def _end_change(self, due: Due) -> None:
        """The provider has done what was asked of a flow."""
        self._agenda.drop("change", due.id)
        flow = self._world.get(due.sandbox, "flows", due.flow)
        if flow is None:
            return
        settled = SETTLES_TO.get(str(flow.body.get("state")))
        if settled is None:
            return
        etag = self._world.ids.etag()
        flow.body |= {"state": settled, "updatedAt": due.at_ms, "version": etag, "etag": etag}
        operation = flow.body.get("lastOperation")
        if isinstance(operation, dict):
            operation |= {
                "updated": due.at_ms,
                "percentCompleted": 100.0,
                "status": {"value": "completed", "errors": []},
            }
        self._world.put(flow.sandbox, "flows", flow.id, flow.body)
        self._plan(flow, due.since_ms)

    def _tidy(self, now_ms: int) -> None:
        """Once a day of the world's, drop the files that nobody looks into any more."""
        if now_ms - self._tidied_ms < DAY_MS:
            return
        for sandbox in self._world.sandboxes():
            self._world.files.drop_old(sandbox["name"], now_ms - FILES_LIVE_MS)
            self._world.files.drop_old(sandbox["name"], now_ms - PARTS_LIVE_MS, batches.PARTS)
        self._tidied_ms = now_ms

    # -- runs and plans

    def _make_run(
        self,
        flow: Document,
        work: Work,
        params: dict[str, Any] | None = None,
        at_ms: int | None = None,
    ) -> Document:
        """A run that waits for its start; `at_ms` is when it was made, now unless said."""
        world = self._world
        at_ms = world.clock.now_ms() if at_ms is None else at_ms
        body: dict[str, Any] = audit(world, flow.sandbox) | {
            "createdAt": at_ms,
            "updatedAt": at_ms,
            "flowId": flow.id,
            "flowSpec": flow.body.get("flowSpec", {}),
            "providerRefId": world.ids.uuid(),
            "metrics": waiting(),
            "activities": [],
        }
        if params:
            body["params"] = params
        kept = ("sourceConnectionIds", "targetConnectionIds", "transformations", "options")
        snapshot = {name: flow.body[name] for name in kept if name in flow.body}
        snapshot["baseConnectionId"] = _base_of(flow.body)
        private = {"work": work.kept(), "flow": snapshot}
        run = world.put(flow.sandbox, "runs", body["id"], body, private)
        self._reached.ran(flow.id)
        lag_ms = _between(LAG_MS, world.seed, flow.id, work.due_ms)
        start_ms = max(work.due_ms, at_ms) + lag_ms
        self._agenda.note("step", run.id, flow.sandbox, flow.id, start_ms, at_ms)
        return run

    def _look_around(self, now_ms: int) -> None:
        """Notice what others wrote since the last time: flows, incidents, a new world."""
        world = self._world
        if world.db.total_changes == self._seen_changes:
            return
        self._struck = Snapshot(self.incidents)
        self._execution.look(self._struck)
        if world.id != self._seen_world:
            if world.recall("agenda_of") != world.id:
                for table in (self._agenda, self._reached, self._staging):
                    table.clear()
                world.remember("agenda_of", world.id)
            self._seen_world = world.id
            self._seen_updates.clear()
        for sandbox in world.sandboxes():
            self._notice_flows(sandbox["name"])
        slow = tuple(one.id for one in self._struck if one.kind == "slow")
        if slow != self._seen_slow:
            self._seen_slow = slow
            self._pace(now_ms)

    def _notice_flows(self, sandbox: str) -> None:
        since_ms = self._seen_updates.get(sandbox, -1)
        rows = self._world.db.execute(
            "SELECT id, updated FROM documents"
            " WHERE sandbox = ? AND kind = 'flows' AND updated >= ? AND body <> ?",
            (sandbox, since_ms, SYNTHETIC),
        ).fetchall()
        for flow_id, updated in rows:
            since_ms = max(since_ms, updated)
            flow = self._world.get(sandbox, "flows", flow_id)
            version = None if flow is None else str(flow.body.get("version", ""))
            if flow is not None and version != self._reached.version(flow_id):
                self._plan(flow, flow.body.get("updatedAt", updated))
        self._seen_updates[sandbox] = since_ms

    def _plan(self, flow: Document, since_ms: int) -> None:
        """Enter what comes next for a flow that was made or changed at `since_ms`."""
        self._reached.planned(flow.id, str(flow.body.get("version", "")))
        state = str(flow.body.get("state", ""))
        self._agenda.drop("tick", flow.id)
        if state in SETTLES_TO:
            at_ms = since_ms + _between(CHANGE_MS, self._world.seed, flow.id, since_ms)
            self._agenda.note("change", flow.id, flow.sandbox, flow.id, at_ms, since_ms)
            return
        schedule = schedule_of(flow.body)
        if state != "enabled" or schedule is None:
            return
        if schedule.every_ms is None and self._reached.runs(flow.id):
            return  # once is once, whatever was changed since
        self._agenda.note(
            "tick", flow.id, flow.sandbox, flow.id, schedule.due_from(since_ms), since_ms
        )

    def _pace(self, now_ms: int) -> None:
        """A slowness began or ended: open runs take their next step accordingly."""
        for due in self._agenda.steps():
            run = self._world.get(due.sandbox, "runs", due.id)
            if run is None or run.private["work"]["phase"] == "waiting":
                continue
            work = Work(**run.private["work"])
            at_ms = due.since_ms + self._execution.pause_ms(run, work, now_ms)
            self._agenda.note(
                "step", due.id, due.sandbox, due.flow, max(now_ms, at_ms), due.since_ms
            )


def _base_of(flow: dict[str, Any]) -> str | None:
    sources = (flow.get("inheritedAttributes") or {}).get("sourceConnections") or [{}]
    base = sources[0].get("baseConnection") or {}
    return base.get("id")


def _between(bounds: tuple[int, int], *parts: object) -> int:
    low, high = bounds
    return low + int((high - low) * fraction("between", *parts))


def _ms(moment: object) -> int:
    """A moment as it was sent, in seconds or milliseconds, as a number or digits; 0 for none."""
    text = str(moment)
    value = int(text) if text.isdecimal() else 0
    return value if value >= 10**11 else value * 1000
