"""The form for a mapping set: which column fills which field of a schema.

Likely pairs stand there already, each with its reason; the platform tries the
whole on a sample row before anything is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aeptui.api.paths import PATHS
from aeptui.forms import identities, pairs, suggest
from aeptui.forms.asking import open_on
from aeptui.forms.choices import Choice, Suggestion
from aeptui.forms.dataset import schema_pick, with_schema
from aeptui.forms.fields import Answers, Field, list_of, text_of
from aeptui.forms.form import Form, Given, Look
from aeptui.forms.identities import Identity
from aeptui.forms.lookups import Lookups
from aeptui.forms.pairs import Pair
from aeptui.forms.questions import (
    Functions,
    Identified,
    Mapped,
    Namespaces,
    Rows,
    TheSourceConnection,
    Validated,
    as_json,
)
from aeptui.forms.source_connection import cell_text
from aeptui.forms.trial import value_at
from aeptui.forms.values import faults_in
from aeptui.forms.workbench import Bench, unknown_function
from aeptui.forms.xdm_schema import namespace_choices, target_choice
from aeptui.pipelines.plan import Step, Undo

STEP = "mapping_set"


def fields(answers: Answers, lookups: Lookups, given: Given) -> tuple[Field, ...]:
    found: list[Field] = []
    if given.schema is None:
        found.append(schema_pick(answers, lookups))
    if given.source_connection is None:
        source = text_of(answers, "source_connection")
        pick = Field(
            "source_connection",
            "Columns of",
            "pick",
            help="A source connection whose columns are mapped; without one they are typed.",
            picks="source-connections",
        )
        found.append(open_on(pick, lookups, TheSourceConnection(source)) if source else pick)
    given = completed(answers, lookups, given)
    if given.schema_fields is not None:
        found.append(_pairs_field(answers, lookups, given))
    return tuple(found)


def check(answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    faults = faults_in(fields(answers, lookups, given), answers)
    given = completed(answers, lookups, given)
    if given.schema_fields is None or "pairs" in faults:
        return faults
    chosen = chosen_pairs(answers, lookups, given)
    wrong = pairs.fault(chosen, given.schema_fields, given.columns) if chosen else ""
    wrong = wrong or _unknown_function(chosen, lookups)
    if not wrong and (marks := marked_in(chosen)):
        held = _held(lookups, given)
        namespaces = lookups.get(Namespaces())
        if held is None or namespaces is None:
            wrong = f"Still asking for {Namespaces().says}"
            if isinstance(given.schema, str):
                wrong = lookups.trouble(Identified(given.schema)) or wrong
            wrong = lookups.trouble(Namespaces()) or wrong
        else:
            wrong = identities.fault(marks, given.schema_fields, namespaces, held)
    return faults | ({"pairs": wrong} if wrong else {})


def steps(answers: Answers, lookups: Lookups, given: Given) -> list[Step]:
    given = completed(answers, lookups, given)
    if given.schema is None:
        raise ValueError("the answers have not passed their check")
    chosen = chosen_pairs(answers, lookups, given)
    made = Step(
        name=STEP,
        title=f"Create the mapping set, {_told(chosen, given)}",
        kind="mapping-sets",
        method="POST",
        path=PATHS["mapping-sets"],
        body=body_of(chosen, given),
        undo=Undo("DELETE", f"{PATHS['mapping-sets']}/{{{STEP}}}"),
    )
    marks = identities.descriptor_steps(
        given.schema,
        given.schema_version,
        marked_in(chosen),
        _held(lookups, given) or (),
        called="mapped_identity",
    )
    return [made, *marks]


def look(answers: Answers, lookups: Lookups, given: Given) -> Look | None:
    """What the platform makes of a sample row, value by value."""
    given = completed(answers, lookups, given)
    chosen = chosen_pairs(answers, lookups, given)
    if not chosen or given.schema is None:
        return None
    title = "Sample row"
    row = given.sample[0] if given.sample else {}
    if not isinstance(given.schema, str):
        note = "The schema is not made yet, so the platform cannot try the mappings."
        return Look(title, _HEADER, _shown(chosen, row, {}), note)
    whole = as_json(body_of(chosen, given))
    trial, result = Validated(whole), Mapped(whole, as_json(row))
    faults, mapped = lookups.get(trial), lookups.get(result)
    if faults is None or mapped is None:
        trouble = lookups.trouble(trial) or lookups.trouble(result)
        return Look(title, trouble=trouble, waits="" if trouble else result.says)
    sentences = dict(mapped.faults)
    for pair, sentence in zip(chosen, faults, strict=False):
        if sentence:
            sentences[pair.destination] = sentence
    first = next(iter(sentences.items()), None)
    return Look(
        title,
        _HEADER,
        _shown(chosen, row, mapped.record, sentences),
        note="" if given.sample else "There is no sample row, so every column is empty.",
        faults={"pairs": f"{first[0]}: {first[1]}"} if first else {},
    )


_HEADER = ("SOURCE", "FIELD", "VALUE", "BECOMES")


def completed(answers: Answers, lookups: Lookups, given: Given) -> Given:
    """What is given, with the schema and the source connection that were picked here."""
    given = with_schema(answers, lookups, given)
    source = text_of(answers, "source_connection")
    if given.source_connection is None and source:
        facts = lookups.get(TheSourceConnection(source))
        if facts is not None:
            rows = lookups.get(Rows(facts.base_connection, facts.table))
            given = replace(
                given,
                columns=facts.columns or (rows.columns if rows else None),
                sample=rows.rows if rows else (),
            )
    return given


def body_of(chosen: list[Pair], given: Given) -> dict[str, Any]:
    """A mapping set as the tutorial makes one."""
    return pairs.set_body(chosen, given.schema, given.schema_version)


def chosen_pairs(answers: Answers, lookups: Lookups, given: Given) -> list[Pair]:
    """The pairs that were chosen, or the likely ones while nobody chose."""
    answer = list_of(answers, "pairs")
    if answer is not None:
        return pairs.pairs_in(answer)
    return pairs.from_suggestions(_suggested(given), suggest.CONFIDENT)


def _unknown_function(chosen: list[Pair], lookups: Lookups) -> str:
    """What the platform would only say once the set is made; empty while its list is not known."""
    calculated = [pair for pair in chosen if pair.way == "expression"]
    known = lookups.get(Functions()) if calculated else None
    for pair in calculated:
        if unknown := unknown_function(pair.source, known or ()):
            return f"{pair.destination}: {unknown}"
    return ""


def marked_in(chosen: list[Pair]) -> list[Identity]:
    """The identities among the pairs."""
    return [pair.identity for pair in chosen if pair.identity is not None]


def _pairs_field(answers: Answers, lookups: Lookups, given: Given) -> Field:
    suggested = _suggested(given)
    likely = pairs.from_suggestions(suggested, suggest.CONFIDENT)
    namespaces = namespace_choices(lookups)  # wanted as soon as an identity is marked
    return Field(
        "pairs",
        "Mapping",
        "pairs",
        required=True,
        default=[pair.as_answer() for pair in likely],
        choices=tuple(Choice(each.name, each.name, each.word) for each in given.columns or ()),
        targets=tuple(target_choice(each) for each in given.schema_fields or ()),
        suggested=suggested,
        namespaces=namespaces,
        bench=Bench(
            schema=given.schema if isinstance(given.schema, str) else "",
            schema_version=given.schema_version,
            columns=given.columns,
            rows=given.sample,
            fields=given.schema_fields or (),
            namespaces=namespaces,
            held=_held(lookups, given) or (),
            no_rows=_no_rows(answers, lookups, given),
        ),
    )


def _no_rows(answers: Answers, lookups: Lookups, given: Given) -> str:
    """Why there are no sample rows to map."""
    if given.sample:
        return ""
    source = text_of(answers, "source_connection")
    if given.source_connection is None and not source:
        return "There are no sample rows, since no source connection was chosen."
    facts = lookups.peek(TheSourceConnection(source)) if source else None
    why = lookups.trouble(Rows(facts.base_connection, facts.table)) if facts else ""
    if why:
        return f"There are no sample rows: {why}"
    if not isinstance(given.source_connection, str) and given.base_connection is not None:
        made = isinstance(given.base_connection, str)
        return (
            "The table told no sample rows."
            if made
            else "There are no sample rows before the base connection is made."
        )
    return "The table told no sample rows."


def _suggested(given: Given) -> tuple[Suggestion, ...]:
    if not given.columns or not given.schema_fields:
        return ()
    return suggest.suggestions(given.columns, given.schema_fields, given.sample)


def _held(lookups: Lookups, given: Given) -> tuple[tuple[str, str, bool], ...] | None:
    """The identities that the schema has already; None while they are not known."""
    if not isinstance(given.schema, str):
        return given.identified
    return lookups.get(Identified(given.schema))


def _told(chosen: list[Pair], given: Given) -> str:
    used = {pair.source for pair in chosen if pair.way == "attribute"}
    calculated = sum(1 for pair in chosen if pair.way == "expression")
    of = f" of {len(given.columns):,}" if given.columns else ""
    told = f"{len(used):,}{of} column{'s' if len(used) != 1 or of else ''}"
    return f"{told}, {calculated:,} calculated" if calculated else told


def _shown(
    chosen: list[Pair],
    row: Mapping[str, Any],
    record: Mapping[str, Any],
    faults: Mapping[str, str] | None = None,
) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            pair.source,
            pair.destination,
            cell_text(row.get(pair.source)) if pair.way == "attribute" else "",
            (faults or {}).get(pair.destination) or cell_text(value_at(record, pair.destination)),
        )
        for pair in chosen
    )


FORM = Form(
    kind="mapping-sets",
    title="New mapping set",
    intro="Which column fills which field of a schema.",
    step=STEP,
    fields=fields,
    check=check,
    steps=steps,
    look=look,
    looks="a sample row, mapped",
    clears={"schema": ("pairs",), "source_connection": ("pairs",)},
)
