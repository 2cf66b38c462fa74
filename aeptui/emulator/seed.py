"""The making of the demo's world: its clock is set back, and it lives to the present.

Everything is made through the functions that serve the API, and every run of the history
is executed by the runner that serves the present.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from aeptui.emulator.crm import flavour_of
from aeptui.emulator.documents import Document
from aeptui.emulator.runner import Runner
from aeptui.emulator.seedplan import (
    BASES,
    CAMPAIGN_CLASS,
    CAMPAIGN_GROUP,
    CRM_GROUP,
    DEV,
    DROPPED_EXPRESSION,
    ENTITIES,
    PLAIN_INSTEAD,
    PROD,
    SCHEMAS,
    EntitySeed,
    FlowSeed,
    SchemaSeed,
    campaign_class,
    campaign_group,
    crm_group,
)
from aeptui.emulator.services import (
    baseconnections,
    datasets,
    descriptors,
    flows,
    mappingsets,
    resources,
    tableconnections,
)
from aeptui.emulator.services.connectors import DATA_LAKE
from aeptui.emulator.services.flowspecs import flow_specs
from aeptui.emulator.world import World, touch

HISTORY_MS = 22 * 3_600_000  # how long before the demo's start the world begins
RUNS = 20  # of each flow
UNKNOWN_WORD = "awaitingReview"
_MINUTE_MS = 60_000
STEP_MS, STEP_S = 15 * _MINUTE_MS, 0.05  # of emulated and, at most, of real time
_XED = "application/vnd.adobe.xed-full+json;version=1"
_DELTA_FORMATS = {"LastModifiedDate": "yyyy-MM-dd HH:mm:ss", "modifiedon": "yyyy-MM-ddTHH:mm:ssZ"}

Progress = Callable[[int, int], None]


def make_world(world: World, runner: Runner, progress: Progress) -> None:
    """Fill an empty world and live through `HISTORY_MS` from where its clock stands.

    The clock must stand still, and the CRM begin at the same moment. `progress` hears of
    runs done and to do between the steps, with the lock free; what it raises ends the making.
    """
    story = _Story(world, runner, world.clock.now_ms() + HISTORY_MS)
    with world.transaction():
        story.begin()
    done = 0
    for at_ms, deed in (*story.deeds(), (story.start_ms, lambda: None)):
        for ended in _live(world, runner, at_ms):
            done = min(done + ended, story.expected)
            progress(done, story.expected)
        with world.transaction():
            deed()


def make_empty(world: World) -> None:
    """Sandboxes with the tenant's own class and field groups, and nothing else."""
    with world.transaction():
        add_sandboxes(world)
        for sandbox in ("dev", "prod", "empty"):
            make_groups(world, sandbox)


def make_groups(world: World, sandbox: str) -> dict[str, str]:
    """The tenant's own class and field groups; answers their ids by title."""
    make = partial(resources.create, world, sandbox)
    class_id = str(make("classes", campaign_class())["$id"])
    return {
        CAMPAIGN_CLASS: class_id,
        CRM_GROUP: str(make("fieldgroups", crm_group(class_id))["$id"]),
        CAMPAIGN_GROUP: str(make("fieldgroups", campaign_group(class_id))["$id"]),
    }


def add_sandboxes(world: World) -> None:
    """The sandboxes that every world of ours has; the one opened first is made first."""
    world.add_sandbox("dev", "Development", default=True)
    world.add_sandbox("prod", "Production", production=True)
    world.add_sandbox("empty", "Empty")


def _live(world: World, runner: Runner, until_ms: int) -> Iterator[int]:
    """Live to a moment in steps, with the lock free between them: runs that ended in each."""
    there = False
    while not there:
        with world.lock:
            world.clock.set(min(until_ms, world.clock.wanted_ms() + STEP_MS))
            ended = runner.settle(within_s=STEP_S)
            there = world.clock.wanted_ms() >= until_ms and not runner.is_behind()
        yield ended


@dataclass(slots=True)
class Made:
    """A flow of the plan as it was made, with the moments of its history."""

    seed: FlowSeed
    flow: Document
    mapping_id: str
    first_ms: int  # its first tick

    @property
    def last_ms(self) -> int:
        """Its last tick before the demo opens."""
        return self.first_ms + (RUNS - 1) * self.seed.minutes * _MINUTE_MS

    def before(self, ticks: int) -> int:
        """A moment between two ticks: after it, `ticks` more come before the demo opens."""
        period_ms = self.seed.minutes * _MINUTE_MS
        return self.last_ms - ticks * period_ms + period_ms // 2


class _Story:
    """The world as it was planned: made at the beginning, then disturbed in its time."""

    def __init__(self, world: World, runner: Runner, start_ms: int) -> None:
        self._world = world
        self._runner = runner
        self.start_ms = start_ms
        self._flows: list[Made] = []
        ticking = [seed for seed in (*DEV, *PROD) if seed.fate != "draft"]
        still_open = [one for one in ticking if one.age_min < 2 or one.fate == "stuck"]
        self.expected = len(ticking) * RUNS - len(still_open)

    def begin(self) -> None:
        """Sandboxes and everything in them; the flows start when their history does."""
        add_sandboxes(self._world)
        for sandbox, seeds in (("dev", DEV), ("prod", PROD)):
            maker = Maker(self._world, self._runner, sandbox)
            for seed in seeds:
                last_ms = (self.start_ms - int(seed.age_min * _MINUTE_MS)) // 1000 * 1000
                first_ms = last_ms - (RUNS - 1) * seed.minutes * _MINUTE_MS
                self._flows.append(maker.flow(seed, first_ms))
        make_groups(self._world, "empty")

    def deeds(self) -> list[tuple[int, Callable[[], None]]]:
        """What happens in the history, earliest first."""
        found = [deed for made in self._flows for deed in self._of(made)]
        return sorted(found, key=lambda deed: deed[0])

    def _of(self, made: Made) -> Iterator[tuple[int, Callable[[], None]]]:
        incident = partial(self._incident, made)
        match made.seed.fate:
            case "partial":
                at_ms = made.before(6)
                yield at_ms, partial(self._change_mapping, made)
                yield at_ms, partial(incident, "bad_rows", share=0.03)
            case "failed":
                yield made.before(4), partial(self._refuse_base, made)
            case "stuck":
                yield made.before(1), partial(incident, "slow", factor=20_000.0)
            case "late":
                yield made.before(0), partial(incident, "no_tick")
            case "silent":
                yield made.before(2), partial(incident, "volume", share=0.0)
            case "odd":
                yield made.before(1), partial(incident, "volume", share=0.12)
            case "unknown":
                yield made.before(2), partial(incident, "odd_status", status=UNKNOWN_WORD)
            case "off":
                yield made.last_ms + 10 * _MINUTE_MS, partial(self._disable, made)

    def _incident(self, made: Made, kind: Any, **settings: Any) -> None:
        self._runner.incidents.add(
            kind,
            made.flow.sandbox,
            flow=made.flow.id,
            from_ms=self._world.clock.now_ms(),
            **settings,
        )

    def _refuse_base(self, made: Made) -> None:
        """The CRM no longer takes the credentials of the flow's base connection."""
        source = made.flow.body["inheritedAttributes"]["sourceConnections"][0]
        self._runner.incidents.add(
            "crm_auth",
            made.flow.sandbox,
            base_connection=source["baseConnection"]["id"],
            from_ms=self._world.clock.now_ms(),
        )

    def _change_mapping(self, made: Made) -> None:
        """Somebody tidied the mapping up: a new version without its date expression."""
        held = self._world.get(made.flow.sandbox, mappingsets.KIND, made.mapping_id)
        assert held is not None  # noqa: S101  (made above)
        entity = ENTITIES[made.seed.entity]
        pairs = [PLAIN_INSTEAD if one == DROPPED_EXPRESSION else one for one in entity.pairs]
        after = mappingsets.replace(
            self._world, held, {**held.body, "mappings": [_mapping(*pair) for pair in pairs]}
        )
        flow = self._known(made)
        for one in flow.body["transformations"]:
            if one["name"] == "Mapping":
                one["params"]["mappingVersion"] = after["version"]
        flow.body["lastOperation"] = flows.operation(self._world, "update", done=True)
        self._runner.flow_changed(touch(self._world, flow))

    def _disable(self, made: Made) -> None:
        flow = self._known(made)
        flow.body |= {
            "state": "disabling",
            "lastOperation": flows.operation(self._world, "disable", done=False),
        }
        self._runner.flow_changed(touch(self._world, flow))

    def _known(self, made: Made) -> Document:
        flow = self._world.get(made.flow.sandbox, "flows", made.flow.id)
        assert flow is not None  # noqa: S101  (nothing deletes flows of the history)
        return flow


class Maker:
    """Makes the resources of one sandbox, each once."""

    def __init__(self, world: World, runner: Runner, sandbox: str) -> None:
        self._world = world
        self._runner = runner
        self._sandbox = sandbox
        self._bases: dict[str, Document] = {}
        self._schemas: dict[str, str] = {}
        self._groups = make_groups(world, sandbox)

    def flow(self, seed: FlowSeed, first_ms: int) -> Made:
        """A flow with all that it stands on, first due at a moment to come."""
        self._world.clock.advance(47)  # nobody makes a dozen flows in the same second
        base = self._base(seed.base)
        entity = ENTITIES[seed.entity]
        schema_id = self._schema(entity.schema)
        source = self._source(seed, entity, base)
        dataset_id = self._dataset(seed, schema_id)
        target = tableconnections.create_target(
            self._world,
            self._sandbox,
            {
                "name": seed.name,
                "data": {"format": "parquet_xdm", "schema": {"id": schema_id, "version": _XED}},
                "params": {"dataSetId": dataset_id},
                "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
            },
        )
        mapping = mappingsets.create_mapping_set(
            self._world,
            self._sandbox,
            {
                "name": seed.name,
                "outputSchema": {"schemaRef": {"id": schema_id, "contentType": _XED}},
                "mappings": [_mapping(*pair) for pair in entity.pairs],
            },
            validate=True,
        )
        flow = flows.create(
            self._world,
            self._sandbox,
            self._flow_body(seed, entity, source, target, mapping["id"], first_ms),
            draft=seed.fate == "draft",
        )
        self._runner.flow_changed(flow)
        return Made(seed, flow, mapping["id"], first_ms)

    def _flow_body(
        self,
        seed: FlowSeed,
        entity: EntitySeed,
        source: Document,
        target: Document,
        mapping_id: str,
        first_ms: int,
    ) -> dict[str, Any]:
        spec = next(one for one in flow_specs() if one["name"] == "CRMToAEP")
        body: dict[str, Any] = {
            "name": seed.name,
            "description": f"{entity.table} of {seed.base}",
            "flowSpec": {"id": spec["id"], "version": "1.0"},
            "sourceConnectionIds": [source.id],
            "targetConnectionIds": [target.id],
        }
        if seed.fate == "draft":
            return body
        delta = {
            "name": entity.delta,
            "dateFormat": _DELTA_FORMATS[entity.delta],
            "timezone": "UTC",
        }
        hourly = seed.minutes % 60 == 0
        return body | {
            "transformations": [
                {"name": "Copy", "params": {"deltaColumn": delta}},
                {"name": "Mapping", "params": {"mappingId": mapping_id, "mappingVersion": 0}},
            ],
            "scheduleParams": {
                "startTime": str(first_ms // 1000),
                "frequency": "hour" if hourly else "minute",
                "interval": str(seed.minutes // 60 if hourly else seed.minutes),
                "backfill": "true" if seed.backfill else "false",
            },
            "options": {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5},
        }

    def _base(self, name: str) -> Document:
        if name not in self._bases:
            seed = next(one for one in BASES if one.name == name)
            body = {
                "name": seed.name,
                "description": "The rehearsal's CRM",
                "auth": seed.auth,
                "connectionSpec": {"id": seed.spec, "version": "1.0"},
            }
            self._bases[name] = baseconnections.create(self._world, self._sandbox, body)
        return self._bases[name]

    def _source(self, seed: FlowSeed, entity: EntitySeed, base: Document) -> Document:
        spec = base.body["connectionSpec"]
        columns = self._runner.crm.columns(flavour_of(spec["id"]), entity.table)
        params: dict[str, Any] = {
            "tableName": entity.table,
            "columns": [column.wire() for column in columns],
        }
        if entity.filters:
            params["filters"] = _filter(entity.filters)
        return tableconnections.create_source(
            self._world,
            self._sandbox,
            {
                "name": seed.name,
                "baseConnectionId": base.id,
                "data": {"format": "tabular"},
                "params": params,
                "connectionSpec": {"id": spec["id"], "version": "1.0"},
            },
        )

    def _dataset(self, seed: FlowSeed, schema_id: str) -> str:
        body: dict[str, Any] = {
            "name": seed.name,
            "description": f"What {seed.name} brought",
            "schemaRef": {"id": schema_id, "contentType": _XED},
            "enableErrorDiagnostics": True,
        }
        if seed.fate == "expiring":
            # Made 22 hours before the demo opens: some five days are left then.
            body["extensions"] = {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P6D"}}}
        return datasets.create_dataset(self._world, self._sandbox, body)

    def _schema(self, title: str) -> str:
        if title not in self._schemas:
            seed = next(one for one in SCHEMAS if one.title == title)
            self._schemas[title] = self._make_schema(seed)
        return self._schemas[title]

    def _make_schema(self, seed: SchemaSeed) -> str:
        refs = [self._groups.get(name, name) for name in (seed.of_class, *seed.groups)]
        schema = resources.create(
            self._world,
            self._sandbox,
            "schemas",
            {
                "type": "object",
                "title": seed.title,
                "description": f"{seed.title} as our CRMs have it",
                "allOf": [{"$ref": ref} for ref in refs],
            },
        )
        descriptors.create_descriptor(
            self._world,
            self._sandbox,
            {
                "@type": "xdm:descriptorIdentity",
                "xdm:sourceSchema": schema["$id"],
                "xdm:sourceVersion": 1,
                "xdm:sourceProperty": "/_rehearsal/crmId",
                "xdm:namespace": "CRMID",
                "xdm:property": "xdm:code",
                "xdm:isPrimary": True,
            },
        )
        return str(schema["$id"])


def _mapping(source: str, destination: str) -> dict[str, Any]:
    computed = source.startswith("=")
    return {
        "sourceType": "EXPRESSION" if computed else "ATTRIBUTE",
        "source": source.removeprefix("="),
        "destination": destination,
    }


def _filter(likes: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """A row filter: each column is like its pattern."""
    conditions = [
        {
            "nodeType": "fnApply",
            "fnName": "like",
            "params": [
                {"nodeType": "fieldLookup", "fieldName": column},
                {"nodeType": "literal", "value": pattern},
            ],
        }
        for column, pattern in likes
    ]
    value = {"nodeType": "fnApply", "fnName": "and", "params": conditions}
    return {"type": "PQL", "format": "pql/json", "value": value}
