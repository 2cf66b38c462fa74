"""The form for a dataset: where rows of a schema land."""

from __future__ import annotations

from dataclasses import replace

from aeptui.api.paths import PATHS
from aeptui.forms.asking import DESCRIPTION, name_field, named, open_on
from aeptui.forms.fields import Answers, Field, text_of
from aeptui.forms.form import Form, Given
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import TheSchema
from aeptui.forms.values import faults_in
from aeptui.pipelines.plan import Step, Undo

STEP = "dataset"


def fields(answers: Answers, lookups: Lookups, given: Given) -> tuple[Field, ...]:
    found: list[Field] = []
    if given.schema is None:
        found.append(schema_pick(answers, lookups))
    given = with_schema(answers, lookups, given)
    return (*found, name_field(given.called), DESCRIPTION)


def check(answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    return faults_in(fields(answers, lookups, given), answers)


def steps(answers: Answers, lookups: Lookups, given: Given) -> list[Step]:
    given = with_schema(answers, lookups, given)
    if given.schema is None:
        raise ValueError("the answers have not passed their check")
    major = given.schema_version.partition(".")[0]
    content_type = f"application/vnd.adobe.xed-full-notext+json; version={major}"
    body = {
        **named(answers, given.called),
        "schemaRef": {"id": given.schema, "contentType": content_type},
    }
    return [
        Step(
            name=STEP,
            title=f"Create the dataset {body['name']}",
            kind="datasets",
            method="POST",
            path=PATHS["datasets"],
            body=body,
            undo=Undo("DELETE", f"{PATHS['datasets']}/{{{STEP}}}"),
        )
    ]


def schema_pick(answers: Answers, lookups: Lookups) -> Field:
    """The field that asks for a schema that exists."""
    pick = Field("schema", "Schema", "pick", required=True, picks="schemas")
    if id := text_of(answers, "schema"):
        pick = open_on(pick, lookups, TheSchema(id))
    return pick


def with_schema(answers: Answers, lookups: Lookups, given: Given) -> Given:
    """What is given, with the schema that was picked here."""
    id = text_of(answers, "schema")
    if given.schema is not None or not id:
        return given
    known = lookups.get(TheSchema(id))
    if known is None:
        return given
    return replace(
        given,
        schema=known.id,
        schema_version=known.version,
        schema_fields=known.fields,
        called=given.called or known.title,
    )


FORM = Form(
    kind="datasets",
    title="New dataset",
    intro="Where the rows of a schema are kept.",
    step=STEP,
    fields=fields,
    check=check,
    steps=steps,
)
