"""One run, step by step: copy from the CRM, map, check, write a batch, and count.

A step is taken when its emulated moment has come, inside the caller's transaction;
between two steps everything that the run knows is in the world.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from aeptui.emulator import batches
from aeptui.emulator.crm import Crm, CrmRefused, refusal
from aeptui.emulator.documents import Document
from aeptui.emulator.expressions import Moment
from aeptui.emulator.incidents import Incident, Incidents, Kind
from aeptui.emulator.mapping import WARNING
from aeptui.emulator.metrics import (
    COPY_FAILED,
    NO_BATCH,
    NO_DIAGNOSTICS,
    PROMOTION_FAILED,
    ROWS_REFUSED,
    Outcome,
    Work,
    activities,
    run_metrics,
)
from aeptui.emulator.pipeline import (
    Broken,
    Source,
    Workshop,
    dataset_of,
    delta_column_of,
    options_of,
    source_of,
)
from aeptui.emulator.row_filters import FilterRefused
from aeptui.emulator.staging import Staging
from aeptui.emulator.world import World

COPY_STEPS = 3
PART_ROWS = 1000
FEWEST_PARTS, MOST_PARTS = 3, 24
COPY_SHARE = 0.4  # of a run's time; mapping and checking take the rest
QUICKEST_MS, SLOWEST_MS = 120_000, 205_000  # how long a flow's runs usually take
SPREAD = 0.15
EXPORT = "https://platform.adobe.io/data/foundation/export/batches"


def fraction(*parts: object) -> float:
    """A number in [0, 1) that follows from the parts alone."""
    digest = hashlib.blake2b(":".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Snapshot(Incidents):
    """The incidents as they stand, read once for many questions in a row."""

    def __init__(self, incidents: Incidents) -> None:
        self._held = tuple(incidents)

    def __iter__(self) -> Iterator[Incident]:
        return iter(self._held)


class Execution:
    """Takes open runs from step to step; the steps of a run are its `Work`.

    `look` has to be called before steps are taken, and after others may have written.
    """

    def __init__(self, world: World, crm: Crm, staging: Staging) -> None:
        self._world = world
        self._crm = crm
        self._staging = staging
        self._workshop = Workshop(world)

    def look(self, incidents: Snapshot) -> None:
        """See the world as it now is: what goes wrong in it, its mappings and schemas."""
        self._incidents = incidents
        self._workshop.look()

    def step(self, run: Document, at_ms: int) -> tuple[Work, Outcome | None]:
        """Do what is due now, write it down, and say how it ended if it did."""
        work = Work(**run.private["work"])
        flow: dict[str, Any] = run.private["flow"]
        outcome: Outcome | None = None
        try:
            if work.phase == "waiting":
                self._begin(run, flow, work, at_ms)
            elif work.phase == "copy":
                outcome = self._copy(run, flow, work, at_ms)
            else:
                outcome = self._promote(run, flow, work, at_ms)
        except _Failed as failure:
            outcome = failure.outcome
        if outcome is not None:
            self._close(run, flow, work, outcome, at_ms)
            word = self._active("odd_status", run, flow, at_ms)
            if word is not None and word.status and outcome.status == "success":
                outcome = Outcome(word.status, outcome.errors, outcome.details, outcome.activity)
        self._write(run, flow, work, outcome, at_ms)
        return work, outcome

    def pause_ms(self, run: Document, work: Work, at_ms: int) -> int:
        """How long until the next step, as things stand."""
        slow = self._active("slow", run, run.private["flow"], at_ms)
        factor = 1.0 if slow is None or slow.factor is None else slow.factor
        return max(1, int(work.step_ms * factor))

    # -- the phases

    def _begin(self, run: Document, flow: dict[str, Any], work: Work, at_ms: int) -> None:
        work.started_ms = at_ms
        work.phase = "copy"
        work.copy_id = self._world.ids.uuid()
        work.transfer_id = self._world.ids.uuid()
        whole = work.window_from_ms is None or delta_column_of(flow) is None
        work.copy_steps = 1 if whole else COPY_STEPS
        seed, flow_id = self._world.seed, run.body["flowId"]
        usual = QUICKEST_MS + (SLOWEST_MS - QUICKEST_MS) * fraction(seed, flow_id)
        taken = usual * (1 + SPREAD * (2 * fraction(seed, flow_id, work.due_ms) - 1))
        work.step_ms = int(taken * COPY_SHARE / work.copy_steps)

    def _copy(self, run: Document, flow: dict[str, Any], work: Work, at_ms: int) -> Outcome | None:
        """One slice of the window into the staging area."""
        try:
            source = source_of(self._world, run.sandbox, flow)
            staged = self._extract(run, flow, source, work, at_ms)
        except (CrmRefused, Broken, FilterRefused) as reason:
            raise _failed("copyActivity", COPY_FAILED, reason.sentence) from None
        if staged:
            work.staged_files += 1
        work.step += 1
        if work.step < work.copy_steps:
            return None
        work.copied_ms = at_ms
        if work.received == 0:
            return Outcome("success", activity="copyActivity")
        work.phase, work.step = "promote", 0
        work.promotion_id = self._world.ids.uuid()
        try:
            dataset = dataset_of(self._world, run.sandbox, flow)
        except Broken as reason:
            raise _failed("promotionActivity", NO_BATCH, reason.sentence) from None
        work.batch_id = batches.open_batch(
            self._world,
            run.sandbox,
            dataset=dataset,
            flow_id=run.body["flowId"],
            run_id=run.id,
            options=options_of(flow),
            at_ms=at_ms,
        )
        names = [f"{source.table}/{number}.json" for number in range(work.staged_files)]
        batches.write_input_list(self._world, run.sandbox, work.batch_id, names)
        parts = min(MOST_PARTS, max(FEWEST_PARTS, -(-work.received // PART_ROWS)))
        work.promote_steps = min(parts, work.received)
        promoting_ms = work.step_ms * work.copy_steps / COPY_SHARE * (1 - COPY_SHARE)
        work.step_ms = int(promoting_ms / work.promote_steps)
        return None

    def _extract(
        self, run: Document, flow: dict[str, Any], source: Source, work: Work, at_ms: int
    ) -> int:
        if self._active("crm_down", run, flow, at_ms, source.base.id):
            raise refusal(source.flavour, "down")
        made_ms = int(source.base.private.get("secretsMadeMs", source.base.body["createdAt"]))
        if self._active("crm_auth", run, flow, at_ms, source.base.id, made_ms):
            raise refusal(source.flavour, "auth")
        auth = source.base.body.get("auth") or {}
        self._crm.check_credentials(
            str((source.base.body.get("connectionSpec") or {}).get("id", "")),
            str(auth.get("specName", "")),
            source.base.private.get("secrets") or {},
            made_ms=made_ms,
            now_ms=at_ms,
        )
        self._crm.advance(at_ms if work.window_to_ms is None else work.window_to_ms)
        delta = delta_column_of(flow)
        gone = self._active("drop_column", run, flow, at_ms, source.base.id)
        volume = self._active("volume", run, flow, at_ms, source.base.id)
        bad = self._active("bad_rows", run, flow, at_ms, source.base.id)
        after_ms, until_ms = _slice(work)
        rows = self._crm.extract(
            source.flavour,
            source.table,
            source.columns or None,
            delta,
            after_ms if delta else None,
            until_ms if delta else None,
            source.filters,
            dropped=() if gone is None else tuple(filter(None, [gone.column or delta])),
            volume_share=1.0 if volume is None or volume.share is None else volume.share,
            corrupt_share=0.0 if bad is None or bad.share is None else bad.share,
            corrupt_columns=() if bad is None else self._corruptible(run, flow, source),
        )
        staged = self._staging.add_rows(run.id, work.received, rows)
        work.received += staged.rows
        work.input_bytes += staged.size_bytes
        return staged.rows

    def _corruptible(self, run: Document, flow: dict[str, Any], source: Source) -> tuple[str, ...]:
        """The columns whose spoiling the schema will notice, as far as the flow can say."""
        try:
            dataset = dataset_of(self._world, run.sandbox, flow)
            tools = self._workshop.tools_of(run.sandbox, flow, dataset)
        except Broken:
            return ()
        return tuple(name for name in tools.fragile if not source.columns or name in source.columns)

    def _promote(
        self, run: Document, flow: dict[str, Any], work: Work, at_ms: int
    ) -> Outcome | None:
        """Map and check one share of the rows; what passes becomes a part of the batch."""
        try:
            dataset = dataset_of(self._world, run.sandbox, flow)
            tools = self._workshop.tools_of(run.sandbox, flow, dataset)
        except Broken as reason:
            raise _failed("promotionActivity", PROMOTION_FAILED, reason.sentence) from None
        start = work.received * work.step // work.promote_steps
        end = work.received * (work.step + 1) // work.promote_steps
        moment = Moment(at_ms, self._world.ids.uuid)
        good: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        for deleted, row in self._staging.rows(run.id, start, end):
            if deleted:
                work.skipped += 1
                continue
            mapped = tools.mapping.apply(row, moment)
            faults = tools.check(mapped.record)
            if mapped.warnings:
                work.warned += 1
                work.blame(WARNING, mapped.warnings[0][1])
            if not faults:
                good.append(mapped.record)
                continue
            for code in {fault.code: fault for fault in reversed(faults)}.values():
                work.blame(code.code, code.sentence)
            reasons = [(fault.code, fault.sentence) for fault in faults]
            reasons += [(WARNING, sentence) for _, sentence in mapped.warnings]
            refused.append(batches.error_line(row, reasons, work.error_files))
        work.ingested += len(good)
        work.failed += len(refused)
        if good:
            data = batches.json_lines(good)
            if not work.part_files or work.part_rows >= PART_ROWS:
                work.part_files, work.part_rows = work.part_files + 1, 0
            self._staging.add_part(run.id, work.part_files - 1, work.step, data)
            work.part_rows += len(good)
            work.output_bytes += len(data)
        if refused and options_of(flow).diagnostics:
            batches.write_errors(self._world, run.sandbox, work.batch_id, work.error_files, refused)
            work.error_files += 1
            work.samples = [*work.samples, *refused][: batches.SAMPLES]
        batches.move_batch(
            self._world, run.sandbox, work.batch_id, "staging" if work.step else "loaded", at_ms
        )
        work.step += 1
        return None if work.step < work.promote_steps else self._judge(flow, work)

    def _judge(self, flow: dict[str, Any], work: Work) -> Outcome:
        """How a run ends whose rows have all been seen."""
        options = options_of(flow)
        tolerated = options.tolerated_percent
        share = work.failed * 100 / work.received
        well = work.failed == 0 or (tolerated is not None and share <= tolerated)
        if not well:
            work.ingested, work.part_files, work.output_bytes = 0, 0, 0
            refused, work.failed = work.failed, work.received - work.skipped
        else:
            refused = work.failed
        details = [
            {"code": code, "message": sentence, "recordCount": rows}
            for code, (sentence, rows) in sorted(work.faults.items())
        ]
        errors: list[dict[str, Any]] = []
        if refused:
            sentence = (
                f"{refused} of {work.received} rows were refused; {work.ingested} were ingested."
            )
            if options.diagnostics:
                errors = [{"code": ROWS_REFUSED, "message": f"{sentence} Diagnostics are kept."}]
            else:
                told = f"{sentence} Error diagnostics are not enabled for this flow."
                errors = [{"code": NO_DIAGNOSTICS, "message": told}]
            details = [*({**errors[0], "recordCount": refused},), *details]
        elif work.warned:
            told = f"Values of {work.warned} rows could not be made and were left empty."
            errors = [{"code": WARNING, "message": told}]
        if not well:
            errors.insert(
                0, {"code": PROMOTION_FAILED, "message": "The rows could not be promoted."}
            )
        return Outcome("success" if well else "failed", tuple(errors), tuple(details))

    # -- writing it down

    def _close(
        self, run: Document, flow: dict[str, Any], work: Work, outcome: Outcome, at_ms: int
    ) -> None:
        """The batch gets its parts and its end; the staging area is cleared."""
        if outcome.status == "failed" and work.promotion_id:
            work.ingested, work.part_files, work.output_bytes = 0, 0, 0
            work.failed = work.received - work.skipped
        if work.batch_id:
            if outcome.status == "success":
                for number, data in enumerate(self._staging.files(run.id)):
                    name = batches.PART_FILE.format(number)
                    self._world.files.write(run.sandbox, work.batch_id, name, data)
            if work.samples:
                batches.write_samples(self._world, run.sandbox, work.batch_id, work.samples)
            batches.close_batch(
                self._world,
                run.sandbox,
                work.batch_id,
                status=outcome.status,
                metrics={
                    "inputByteSize": work.input_bytes,
                    "inputFileCount": work.staged_files,
                    "inputRecordCount": work.received,
                    "outputByteSize": work.output_bytes,
                    "outputFileCount": work.part_files,
                    "outputRecordCount": work.ingested,
                    "failedRecordCount": work.failed,
                    "partitionCount": work.part_files,
                },
                errors=[
                    {
                        "code": one["code"],
                        "description": one["message"],
                        **({"recordCount": one["recordCount"]} if "recordCount" in one else {}),
                    }
                    for one in (outcome.details or outcome.errors)
                ],
                at_ms=at_ms,
            )
        self._staging.drop(run.id)
        work.samples = []

    def _write(
        self, run: Document, flow: dict[str, Any], work: Work, outcome: Outcome | None, at_ms: int
    ) -> None:
        run.body["metrics"] = run_metrics(work, outcome, at_ms)
        keeps = options_of(flow).diagnostics and work.batch_id
        run.body["activities"] = activities(
            work,
            outcome,
            at_ms,
            source_connection_id=flow["sourceConnectionIds"][0],
            target_connection_id=flow["targetConnectionIds"][0],
            diagnostics_base=f"{EXPORT}/{work.batch_id}/meta" if keeps else None,
        )
        etag = self._world.ids.etag()
        run.body |= {"updatedAt": at_ms, "version": etag, "etag": etag}
        private = {"work": work.window()} if outcome is not None else run.private
        if outcome is None:
            private["work"] = work.kept()
        self._world.put(run.sandbox, "runs", run.id, run.body, private)

    def _active(
        self,
        kind: Kind,
        run: Document,
        flow: dict[str, Any],
        at_ms: int,
        base_id: str | None = None,
        credentials_ms: int | None = None,
    ) -> Incident | None:
        return self._incidents.active(
            kind,
            sandbox=run.sandbox,
            at_ms=at_ms,
            base_connection=base_id or flow.get("baseConnectionId"),
            credentials_ms=credentials_ms,
            flow=run.body["flowId"],
        )


class _Failed(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.status)
        self.outcome = outcome


def _failed(activity: str, code: str, sentence: str) -> _Failed:
    error = {"code": code, "message": sentence}
    return _Failed(Outcome("failed", (error,), (error,), activity))


def _slice(work: Work) -> tuple[int | None, int | None]:
    """The part of the window that this step of the copy reads: (after, until]."""
    start, end = work.window_from_ms, work.window_to_ms
    if start is None or end is None:
        return start, end
    width = end - start
    return (
        start + width * work.step // work.copy_steps,
        start + width * (work.step + 1) // work.copy_steps,
    )
