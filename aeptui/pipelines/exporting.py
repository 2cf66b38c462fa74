"""An existing flow as a pipeline file: what it says is planned to nothing, and no more is hidden.

Each part is read back from the platform. What was read is then built again by
the forms and held against the platform's own answer: whatever comes out
otherwise is something that a file cannot say, and is remarked upon in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aeptui.api.exploring import SourceColumn, TablePreview, column
from aeptui.api.settings import Secret
from aeptui.api.xdmlibrary import Block
from aeptui.credentials import SecretSource
from aeptui.forms import crm_flow
from aeptui.forms.crm_parts import PARTS
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import Columns, Rows, TheMappingSet
from aeptui.forms.words import listed
from aeptui.pipelines import answering, field_groups, reading_back
from aeptui.pipelines.chain import Chain, NotSayable, chain_of
from aeptui.pipelines.file import FieldGroup, PipelineError, PipelineFile, parse
from aeptui.pipelines.file_text import Remark, written
from aeptui.pipelines.known import Known, at, known_in
from aeptui.pipelines.plan import Ref, SecretRef

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView


async def export(
    services: ServiceView, lookups: Lookups, flow_id: str
) -> tuple[PipelineFile, tuple[Remark, ...]]:
    """The file of a flow, and what it cannot say; raises ApiTrouble and NotSayable."""
    flow = await services.flows.get_flow(flow_id)
    chain = await chain_of(services, flow)
    known = await known_in(services, lookups)
    file = await _file(services, chain, known, lookups)
    remarks = [*_facts(chain, known, file), *await _rebuilt(chain, file, known, lookups)]
    _must_read(file)
    return file, tuple(remarks)


def _must_read(file: PipelineFile) -> None:
    """A file that could not be read again is no file: a name of two lines, a text of none."""
    try:
        again = parse(Path("the export"), written(file), {})
    except PipelineError as reason:
        raise NotSayable(f"The flow {file.flow.name} cannot be written: {reason}") from None
    if again != file:
        raise NotSayable(f"The flow {file.flow.name} would be read otherwise than it is")


async def _file(
    services: ServiceView, chain: Chain, known: Known, lookups: Lookups
) -> PipelineFile:
    base = reading_back.base_connection(chain.base, known)
    source = reading_back.source_connection(chain.source)
    if source.filter is None and at(chain.source.raw(), "params", "filters"):
        # Left out, a copy would read more rows than the flow does.
        raise NotSayable(f"The row filter of {chain.source.name} has no form in words")
    schema = reading_back.schema(chain.schema, chain.identities, known)
    pairs = reading_back.mapping_set(chain.mapping_set, chain.identities)
    said = reading_back.flow(chain.flow, known)
    if chain.flow.start_at is not None and chain.flow.start_at <= lookups.now():
        said = replace(said, schedule=replace(said.schedule, start=None))
    same_name = [
        each.id
        async for page in services.flows.list_flows()
        for each in page
        if each.name == chain.flow.name
    ]
    if len(same_name) > 1:
        said = replace(said, id=chain.flow.id)
    groups = await _groups(services, chain, known)
    destinations = [pair.destination for pair in pairs.fields]
    own = any(each.startswith(f"_{known.tenant}.") for each in destinations) or groups
    return PipelineFile(
        base_connection=base,
        source_connection=source,
        schema=replace(schema, identities=reading_back.unmarked(schema, pairs)),
        dataset=reading_back.dataset(chain.dataset),
        target_connection=reading_back.target_connection(chain.target),
        mapping_set=pairs,
        flow=said,
        field_groups=groups,
        tenant=known.tenant if own else "",
    )


async def _groups(services: ServiceView, chain: Chain, known: Known) -> tuple[FieldGroup, ...]:
    """The field groups of the organisation's own that the schema is made of.

    Of the classes that one fits, those of the organisation's own stay behind.
    """
    found = []
    for block in _own_groups(chain, known):
        group = await field_groups.read(services, block.id)
        classes = [known.class_(each) for each in group.fits]
        fits = tuple(each.id for each in classes if each and each.container == "global")
        found.append(replace(group, fits=fits))
    return tuple(found)


def _own_groups(chain: Chain, known: Known) -> Iterator[Block]:
    for part in at(chain.schema.raw(), "allOf") or ():
        block = known.field_group(str(at(part, "$ref")))
        if block is not None and block.container == "tenant":
            yield block


# What a file cannot say -------------------------------------------------------------


def _facts(chain: Chain, known: Known, file: PipelineFile) -> Iterator[Remark]:
    """What is known to have no word in a file."""
    yield from _of_flow(chain, file)
    if chain.dataset.profile_enabled:
        yield Remark("dataset", "Enabled for Profile on the platform; made anew it is not.")
    if chain.dataset.expires_at is not None:
        yield Remark("dataset", "Its rows expire on the platform; made anew they stay.")
    if at(chain.dataset.raw(), "enableErrorDiagnostics") is True:
        yield Remark("dataset", "It keeps error diagnostics of its own; made anew it does not.")
    tags = at(chain.dataset.raw(), "tags")
    for tag in tags if isinstance(tags, dict) else ():
        if not str(tag).startswith(("adobe/", "unified")):
            yield Remark("dataset", f"Its tag {tag} is not made anew.")
    yield from _of_schema(chain, known)
    for block in _own_groups(chain, known):
        classes = [known.class_(each) for each in block.fits]
        titles = [each.title for each in classes if each and each.container == "tenant"]
        if titles:
            yield Remark(block.title, f"It fits {listed(titles)} too, which a file does not say.")
    for group in file.field_groups:
        for ref in field_groups.strange_to_others(group, known.tenant):
            sentence = f"It refers to {ref}, which has to exist wherever this is made."
            yield Remark(group.name, sentence)
    raw = chain.mapping_set.raw()
    for key in ("name", "description", "inputSchema", "strictMapping", "allowNullValues", "tags"):
        if raw.get(key):
            yield Remark("mapping_set", f"Its {key} on the platform is not made anew.")
    said = {pair.destination: pair.namespace for pair in file.mapping_set.fields}
    for told in raw.get("mappings") or ():
        destination = at(told, "destination") or at(told, "destinationXdmPath")
        if at(told, "identity") is True and not said.get(str(destination)):
            sentence = (
                f"{destination} is marked as an identity here, but the schema has none there."
            )
            yield Remark("mapping_set", sentence)


def _of_flow(chain: Chain, file: PipelineFile) -> Iterator[Remark]:
    flow = chain.flow
    if flow.state == "draft":
        yield Remark("flow", "A draft on the platform; made anew it is published at once.")
    elif flow.state in ("disabled", "disabling"):
        yield Remark("flow", "Off on the platform; made anew it is on.")
    if flow.start_at is not None and file.flow.schedule.start is None:
        when = flow.start_at.strftime("%Y-%m-%d %H:%M UTC")
        sentence = f"Its first run was due {when}; without a start, one comes within ten minutes."
        yield Remark("flow", sentence)


def _of_schema(chain: Chain, known: Known) -> Iterator[Remark]:
    raw = chain.schema.raw()
    if chain.schema.profile_enabled:
        yield Remark("schema", "Enabled for Profile on the platform; made anew it is not.")
    the_class = known.class_(chain.schema.class_id)
    if the_class is None or the_class.container == "tenant":
        sentence = "Its class is the organisation's own and has to exist wherever this is made."
        yield Remark("schema", sentence)
    for key in ("properties", "definitions", "required"):
        if raw.get(key):
            yield Remark("schema", f"Its own {key}, outside any field group, are not made anew.")
    for part in raw.get("allOf") or ():
        ref = str(at(part, "$ref"))
        if ref != chain.schema.class_id and known.field_group(ref) is None:
            yield Remark("schema", f"It refers to {ref}, which is no field group of this sandbox.")


# Built again ------------------------------------------------------------------------

_PLATFORMS_OWN = frozenset(
    (
        *("id", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient"),
        *("updatedClient", "sandboxId", "sandboxName", "imsOrgId", "version", "etag", "state"),
        *("inheritedAttributes", "lastOperation", "lastRunDetails", "runs"),
        *("columns", "startTime", "description"),
    )
)
"""What the platform adds, and what is said by other means: columns, the start, an empty text."""


async def _rebuilt(
    chain: Chain, file: PipelineFile, known: Known, lookups: Lookups
) -> list[Remark]:
    """Where Flow Service has something that the forms would not write of this file."""
    models = chain.parts(known)
    ids = {name: model.id for name, (model, _) in models.items()}
    lookups.tell(TheMappingSet(chain.mapping_set.id), chain.mapping_set)
    _tell_columns(chain, lookups)
    found: list[Remark] = []
    for part in PARTS:
        if part.name not in ("base_connection", "source_connection", "target_connection", "flow"):
            continue
        others = {name: id for name, id in ids.items() if name != part.name}
        answers = answering.answers(file, others, known, _any_secret)
        await crm_flow.settled(answers, lookups)
        own = crm_flow.answers_of(part, answers)
        try:
            steps = part.form.steps(own, lookups, crm_flow.before(part, answers, lookups))
        except ValueError:
            found.append(Remark(part.name, f"The {part.noun} could not be made again from this."))
            continue
        held = models[part.name][0].raw()
        found += [Remark(part.name, each) for each in _unsaid(held, steps[0].body, "")]
    return found


def _tell_columns(chain: Chain, lookups: Lookups) -> None:
    """The source is not asked: what was read of it once is what the flow goes by."""
    base, table = chain.base.id, chain.source.table
    told = at(chain.source.raw(), "params", "columns") or ()
    columns: tuple[SourceColumn, ...] = tuple(
        column(each) for each in told if isinstance(each, dict)
    )
    lookups.tell(Columns(base, table), columns)
    lookups.tell(Rows(base, table), TablePreview(columns, ()))


def _any_secret(_param: str, _source: SecretSource | None) -> Secret:
    return Secret("not read")


def _unsaid(held: Any, made: Any, path: str) -> Iterator[str]:
    """Each value of `held` that `made` does not have as well."""
    if isinstance(made, SecretRef | Ref):
        return
    if isinstance(held, Mapping):
        for key, value in held.items():
            if key not in _PLATFORMS_OWN or path == "auth.params":
                here = f"{path}.{key}" if path else str(key)
                yield from _unsaid(value, at(made, key), here)
    elif isinstance(held, list):
        named = {str(at(each, "name")): each for each in made or () if at(each, "name")}
        for index, value in enumerate(held):
            name = at(value, "name")
            other = named.get(str(name)) if name else at(made, index)
            yield from _unsaid(value, other, f"{path}[{name or index}]")
    elif held not in (None, "", made) and str(held).lower() != str(made).lower():
        said = "nothing" if made is None else str(made)
        yield f"{path} is {held} on the platform; made from this file it is {said}."
