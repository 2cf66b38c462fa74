"""Which things of a sandbox the parts of a pipeline file mean, and how they differ.

An existing flow leads to its parts by their ids. Without one each part is looked
for by its name; where several have the name, the file's `id` settles it, or being
the only one that is as the file says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from aeptui.api import models
from aeptui.api.errors import NotFound
from aeptui.api.scrub import scrub_text
from aeptui.forms.crm_parts import PARTS
from aeptui.forms.questions import Identified
from aeptui.forms.words import listed
from aeptui.pipelines import reading_back
from aeptui.pipelines.chain import Chain, NotSayable, chain_of
from aeptui.pipelines.comparing import Difference, differences
from aeptui.pipelines.file import Part, PipelineError, PipelineFile
from aeptui.pipelines.known import Known

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

M = TypeVar("M", bound=models.Model)
Verdict: TypeAlias = Literal["create", "reuse", "change", "differs", "refused"]
"""`change` differs and is brought into line; `differs` cannot be."""

NOUNS = {part.name: part.noun for part in PARTS}
_NEEDS = {"base_connection": "connector", "source_connection": "table", "schema": "field_groups"}
"""What a part has to say so that it can be made."""


@dataclass(frozen=True, slots=True)
class PartState:
    """How a part of the file stands in the sandbox."""

    part: str
    noun: str
    name: str
    verdict: Verdict
    id: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The parts in the order of their making, and what is wrong.

    `chain` is the flow with all that it stands on, where the flow is there.
    """

    parts: tuple[PartState, ...]
    faults: tuple[PipelineError, ...]
    """What is not clear or cannot be made; differences are no faults of this kind."""
    chain: Chain | None = None


async def find(
    file: PipelineFile, services: ServiceView, known: Known, *, to_make: bool = True
) -> Found:
    """Every part of `file` in the sandbox of `services`; raises ApiTrouble.

    With `to_make` what is missing must be possible to make, and a thing of the right
    name that belongs elsewhere is in the way; without, both are only left out.
    """
    finding = _Finding(file, services, known, to_make=to_make)
    chain = await finding.all()
    states = [finding.states[part.name] for part in PARTS if part.name in finding.states]
    return Found(tuple(states), tuple(finding.faults), chain)


class _Finding:
    """One look through a sandbox."""

    def __init__(
        self, file: PipelineFile, services: ServiceView, known: Known, *, to_make: bool
    ) -> None:
        self.states: dict[str, PartState] = {}
        self.faults: list[PipelineError] = []
        self._file = file
        self._services = services
        self._known = known
        self._to_make = to_make

    async def all(self) -> Chain | None:
        services = self._services
        read_flow = lambda model: reading_back.flow(model, self._known)  # noqa: E731
        flow = await self._named("flow", services.flows.list_flows(), read_flow)
        if flow is not None:
            try:
                chain = await chain_of(services, flow)
            except NotSayable as reason:
                self._refuse("flow", f"{reason}; a pipeline file cannot say that.")
                return None
            except NotFound as gone:
                self._refuse("flow", f"What it stands on is not there any more: {gone}.")
                return None
            for name, (model, held) in chain.parts(self._known).items():
                self._hold(name, model.id, held)
            return chain
        if not self.faults:
            await self._by_name()
        return None

    async def _by_name(self) -> None:
        """Each part by its name, until one is not as it should be."""
        flows, known = self._services.flows, self._known
        base = await self._named(
            "base_connection",
            flows.list_base_connections(),
            lambda model: reading_back.base_connection(model, known),
        )
        if not self.faults:
            base_id = base.id if base else ""
            await self._named(
                "source_connection",
                flows.list_source_connections(),
                reading_back.source_connection,
                lambda model: (
                    model.base_connection_id != base_id and "it belongs to another base connection"
                ),
            )
        schema = None if self.faults else await self._schema()
        schema_id = schema.id if schema else ""
        dataset = None
        if not self.faults:
            dataset = await self._named(
                "dataset",
                self._services.catalog.list_datasets(),
                reading_back.dataset,
                lambda model: model.schema_id != schema_id and "it has another schema",
            )
        dataset_id = dataset.id if dataset else ""
        if not self.faults:
            await self._named(
                "target_connection",
                flows.list_target_connections(),
                reading_back.target_connection,
                lambda model: model.dataset_id != dataset_id and "it leads to another dataset",
            )
        if not self.faults:
            await self._mapping_set(schema)

    async def _schema(self) -> models.Schema | None:
        """A schema by its title; its identities are asked for when there is one."""
        title = scrub_text(self._file.schema.name)
        listed_ones = await _all(self._services.schemas.list_schemas(), title)
        held = {model.id: await Identified(model.id).ask(self._services) for model in listed_ones}
        return self._choose(
            "schema",
            listed_ones,
            lambda model: reading_back.schema(model, held[model.id], self._known),
        )

    async def _mapping_set(self, schema: models.Schema | None) -> None:
        """A mapping set has no name: one that says the same of the same schema is it."""
        if schema is not None:
            held = await Identified(schema.id).ask(self._services)
            async for page in self._services.data_prep.list_mapping_sets():
                for model in page:
                    if model.schema_id != schema.id:
                        continue
                    said = reading_back.mapping_set(model, held)
                    if not differences("mapping_set", self._file, said, self._known):
                        self._hold("mapping_set", model.id, said)
                        return
        self.states["mapping_set"] = PartState("mapping_set", NOUNS["mapping_set"], "", "create")

    async def _named(
        self,
        name: str,
        pages: AsyncIterator[Sequence[M]],
        read: Callable[[M], Part],
        strange: Callable[[M], str | Literal[False]] = lambda _model: False,
    ) -> M | None:
        """What is meant by a part's name, by `_choose`."""
        wanted = scrub_text(getattr(self._file.part(name), "name", ""))
        return self._choose(name, await _all(pages, wanted), read, strange)

    def _choose(
        self,
        name: str,
        models: Sequence[M],
        read: Callable[[M], Part],
        strange: Callable[[M], str | Literal[False]] = lambda _model: False,
    ) -> M | None:
        """The one that is meant, held against the file; None when there is none or too many.

        `strange` says why a thing of the right name cannot be it.
        """
        part = self._file.part(name)
        called, id = getattr(part, "name", ""), getattr(part, "id", "")
        if not self._to_make:
            models = [model for model in models if not strange(model)]
        if not models:
            self._missing(name, called)
            return None
        same = [
            model
            for model in models
            if not strange(model) and not differences(name, self._file, read(model), self._known)
        ]
        meant = [model for model in models if model.id == id] or same or list(models)
        if len(meant) > 1:
            ids = listed([model.id for model in meant])
            self._refuse(
                name,
                f"{len(meant)} {NOUNS[name]}s have this name: {ids}. Write the id of one under it.",
            )
            return None
        (model,) = meant
        if reason := strange(model):
            self._refuse(name, f"A {NOUNS[name]} of this name is there ({model.id}), but {reason}.")
            return None
        self._hold(name, model.id, read(model))
        return model

    def _hold(self, name: str, id: str, held: Part) -> None:
        said = getattr(self._file.part(name), "name", "")
        found = differences(name, self._file, held, self._known)
        verdict: Verdict = "differs" if found else "reuse"
        self.states[name] = PartState(name, NOUNS[name], said, verdict, id, found)

    def _missing(self, name: str, called: str) -> None:
        needed = _NEEDS.get(name)
        part = self._file.part(name)
        if needed and self._to_make and getattr(part, needed) is None:
            self._refuse(
                name,
                f"There is no {NOUNS[name]} of this name in the sandbox; to make it, "
                f"[{name}] has to say its {needed.replace('_', ' ')}.",
            )
        else:
            self.states[name] = PartState(name, NOUNS[name], called, "create")

    def _refuse(self, name: str, sentence: str) -> None:
        said = getattr(self._file.part(name), "name", "")
        self.states[name] = PartState(name, NOUNS[name], said, "refused")
        self.faults.append(self._file.fault((name, "name"), sentence))


async def _all(pages: AsyncIterator[Sequence[M]], name: str) -> list[M]:
    return [model async for page in pages for model in page if model.name == name]
