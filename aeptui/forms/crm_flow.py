"""A whole CRM flow: seven pages of the same forms, and one plan of all that they make.

Each page makes a thing or picks one that exists. The answers of all pages lie
side by side, each under the name of its part (`schema.name`), so that going
back loses nothing. What an earlier page settles is given to the later ones: an
id that is known, or a reference to the step that will bring it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aeptui.forms.asking import open_on
from aeptui.forms.choices import Choice
from aeptui.forms.crm_parts import (
    BASE,
    DATASET,
    EXISTING,
    FLOW,
    MAKE,
    MAPPING,
    NEW,
    PARTS,
    PICK,
    SCHEMA,
    SOURCE,
    TARGET,
    Part,
    makes,
)
from aeptui.forms.fields import Answers, Field, Value, text_of
from aeptui.forms.form import Given, Look, answered, remarks
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import (
    TheDataset,
    TheMappingSet,
    TheSourceConnection,
    TheTargetConnection,
)
from aeptui.forms.values import faults_in
from aeptui.pipelines.plan import Secrets, Step


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what it is called, and its parts from top to bottom."""

    name: str
    title: str
    parts: tuple[Part, ...] = field(default=())


def fields(page: Page, answers: Answers, lookups: Lookups) -> tuple[Field, ...]:
    """The fields of a page; those of a part that picks are its choice and the pick alone."""
    found: list[Field] = []
    for part in page.parts:
        own = answers_of(part, answers)
        asked: tuple[Field, ...] = ()
        if part.ask is not None:
            asked = (_make(part),)
        given = before(part, answers, lookups)
        if not makes(part, own):
            asked += (_pick(part, own, lookups),)
        elif not part.needs(given):
            asked += part.form.fields(own, lookups, given)
        found += [replace(each, name=f"{part.name}.{each.name}") for each in asked]
    return tuple(found)


def check(page: Page, answers: Answers, lookups: Lookups) -> dict[str, str]:
    """What is wrong with a page, by the names of its fields."""
    faults: dict[str, str] = {}
    for part in page.parts:
        own = answers_of(part, answers)
        given = before(part, answers, lookups)
        if needed := part.needs(given):
            wrong = {MAKE: f"The page {needed} comes first"}
        elif makes(part, own):
            wrong = part.form.check(own, lookups, given)
        else:
            pick = _pick(part, own, lookups)
            wrong = faults_in((pick,), own) or _misfit(part, own, lookups, given)
        faults |= {f"{part.name}.{name}": sentence for name, sentence in wrong.items()}
    return faults


def remarks_on(page: Page, answers: Answers, lookups: Lookups) -> dict[str, str]:
    """What is worth knowing of a page, by the names of its fields."""
    found: dict[str, str] = {}
    for part in page.parts:
        own, given = answers_of(part, answers), before(part, answers, lookups)
        if makes(part, own) and not part.needs(given):
            told = remarks(part.form, own, lookups, given)
            found |= {f"{part.name}.{name}": sentence for name, sentence in told.items()}
    return found


def check_all(answers: Answers, lookups: Lookups) -> dict[str, str]:
    """What is wrong on any page."""
    faults: dict[str, str] = {}
    for page in PAGES:
        faults |= check(page, answers, lookups)
    return faults


def steps(answers: Answers, lookups: Lookups) -> tuple[Step, ...]:
    """All that is to be made, in order; only for answers in which `check_all` finds nothing."""
    found: list[Step] = []
    for part in PARTS:
        own = answers_of(part, answers)
        if makes(part, own):
            found += part.form.steps(own, lookups, before(part, answers, lookups))
    return tuple(found)


def secrets(answers: Answers, lookups: Lookups) -> Secrets:
    """The secrets that the steps name."""
    found: dict[str, Any] = {}
    for part in PARTS:
        own = answers_of(part, answers)
        if makes(part, own):
            found |= part.form.secrets(own, lookups, before(part, answers, lookups))
    return Secrets(found)


def reused(answers: Answers, lookups: Lookups) -> tuple[tuple[str, str], ...]:
    """What exists already and is used again: (what it is, its id)."""
    return tuple(
        (part.noun, text_of(own, PICK))
        for part in PARTS
        if not makes(part, own := answers_of(part, answers))
    )


def look(page: Page, answers: Answers, lookups: Lookups) -> Look | None:
    """What the page's first part that shows something shows."""
    for part in page.parts:
        own = answers_of(part, answers)
        if makes(part, own) and part.form.looks:
            found = part.form.look(own, lookups, before(part, answers, lookups))
            if found is not None:
                named = {f"{part.name}.{name}": text for name, text in found.faults.items()}
                return replace(found, faults=named)
    return None


def change(answers: Answers, name: str, value: Value) -> dict[str, Value]:
    """The answers with another one, and without those that it leaves without a meaning."""
    found = dict(answers)
    if found.get(name) == value:
        return found
    for part in PARTS:
        if name.startswith(f"{part.name}."):
            within = answered(part.form, answers_of(part, answers), name.partition(".")[2], value)
            found = {k: v for k, v in found.items() if not k.startswith(f"{part.name}.")}
            found |= {f"{part.name}.{key}": each for key, each in within.items()}
    for gone in _FOLLOWS.get(name, ()):
        found.pop(gone, None)
    return found


async def settled(answers: Answers, lookups: Lookups) -> None:
    """Put every question that the pages read, until none is open; for whoever has no screen."""
    while True:
        lookups.start_over()
        check_all(answers, lookups)
        if not await lookups.ask_missing():
            return


def answers_of(part: Part, answers: Answers) -> dict[str, Value]:
    """The answers of one part, by the names that its own form has for them."""
    prefix = f"{part.name}."
    return {
        name.removeprefix(prefix): value
        for name, value in answers.items()
        if name.startswith(prefix)
    }


def before(part: Part, answers: Answers, lookups: Lookups) -> Given:
    """What the parts before this one settle."""
    given = Given()
    for earlier in PARTS:
        if earlier is part:
            break
        given = earlier.settle(answers_of(earlier, answers), lookups, given)
    return given


PAGES = (
    Page("source", "Source", (BASE,)),
    Page("table", "Table", (SOURCE,)),
    Page("schema", "Schema", (SCHEMA,)),
    Page("dataset", "Dataset", (DATASET, TARGET)),
    Page("mapping", "Mapping", (MAPPING,)),
    Page("schedule", "Schedule", (FLOW,)),
    Page("review", "Review"),
)
TITLE = "New CRM flow"

# Answers on later pages that mean nothing once an earlier one is another.
_COLUMNS_CHANGED = ("mapping_set.pairs", "flow.delta_column")
_FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "base_connection.make": ("source_connection.table", "source_connection.columns"),
    "base_connection.existing": (
        "source_connection.table",
        "source_connection.columns",
        "source_connection.filter",
        "flow.flow_spec",
        *_COLUMNS_CHANGED,
    ),
    "base_connection.connector": ("source_connection.filter", "flow.flow_spec"),
    "source_connection.make": _COLUMNS_CHANGED,
    "source_connection.existing": _COLUMNS_CHANGED,
    "source_connection.table": _COLUMNS_CHANGED,
    "schema.make": ("mapping_set.pairs",),
    "schema.existing": ("mapping_set.pairs",),
    "schema.class": ("mapping_set.pairs",),
}


# The fields of a part that may pick -----------------------------------------


def _make(part: Part) -> Field:
    return Field(
        MAKE,
        f"{part.noun[:1].upper()}{part.noun[1:]}",
        "choice",
        required=True,
        default=part.default,
        choices=(Choice(NEW, "make a new one"), Choice(EXISTING, "use one that exists")),
    )


def _pick(part: Part, own: Answers, lookups: Lookups) -> Field:
    pick = Field(PICK, f"Existing {part.noun}", "pick", required=True, picks=part.form.kind)
    id = text_of(own, PICK)
    return open_on(pick, lookups, part.ask(id)) if id and part.ask else pick


def _misfit(part: Part, own: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    """Why what was picked does not go with the pages before."""
    id = text_of(own, PICK)
    match part.name:
        case "source_connection":
            facts = lookups.peek(TheSourceConnection(id))
            if facts and facts.base_connection != given.base_connection:
                return {PICK: "This source connection belongs to another base connection"}
        case "dataset":
            known = lookups.peek(TheDataset(id))
            if known and known.schema_id != given.schema:
                return {PICK: "This dataset has another schema than the one chosen"}
        case "target_connection":
            target = lookups.peek(TheTargetConnection(id))
            if target and target.dataset_id != given.dataset:
                return {PICK: "This target connection leads to another dataset"}
        case "mapping_set":
            mapping = lookups.peek(TheMappingSet(id))
            if mapping and mapping.schema_id != given.schema:
                return {PICK: "This mapping set fills another schema than the one chosen"}
    return {}
