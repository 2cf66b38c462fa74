"""The form for a target connection: a dataset of the data lake as the end of a flow."""

from __future__ import annotations

from dataclasses import replace

from aeptui.api.paths import PATHS
from aeptui.forms.asking import DESCRIPTION, name_field, named, open_on
from aeptui.forms.connectors import DATA_LAKE
from aeptui.forms.fields import Answers, Field, text_of
from aeptui.forms.form import Form, Given
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import TheDataset, TheSchema
from aeptui.forms.values import faults_in
from aeptui.pipelines.plan import Step, Undo

STEP = "target_connection"


def fields(answers: Answers, lookups: Lookups, given: Given) -> tuple[Field, ...]:
    found: list[Field] = []
    if given.dataset is None:
        pick = Field("dataset", "Dataset", "pick", required=True, picks="datasets")
        if id := text_of(answers, "dataset"):
            dataset = lookups.get(TheDataset(id))
            schema = (TheSchema(dataset.schema_id),) if dataset and dataset.schema_id else ()
            pick = open_on(pick, lookups, TheDataset(id), *schema)
        found.append(pick)
    given = completed(answers, lookups, given)
    return (*found, name_field(given.called), DESCRIPTION)


def check(answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    faults = faults_in(fields(answers, lookups, given), answers)
    id = text_of(answers, "dataset")
    dataset = lookups.peek(TheDataset(id)) if id else None
    if dataset is not None and not dataset.schema_id:
        faults["dataset"] = "This dataset has no schema, so no flow can fill it"
    return faults


def steps(answers: Answers, lookups: Lookups, given: Given) -> list[Step]:
    given = completed(answers, lookups, given)
    if given.dataset is None or given.schema is None:
        raise ValueError("the answers have not passed their check")
    major = given.schema_version.partition(".")[0]
    body = {
        **named(answers, given.called),
        "data": {
            "schema": {
                "id": given.schema,
                # A media type, whatever the name of the property says (AEP.md 3.8).
                "version": f"application/vnd.adobe.xed-full+json;version={major}",
            }
        },
        "params": {"dataSetId": given.dataset},
        "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
    }
    return [
        Step(
            name=STEP,
            title=f"Create the target connection {body['name']}",
            kind="target-connections",
            method="POST",
            path=PATHS["target-connections"],
            body=body,
            undo=Undo("DELETE", f"{PATHS['target-connections']}/{{{STEP}}}"),
        )
    ]


def completed(answers: Answers, lookups: Lookups, given: Given) -> Given:
    """What is given, with the dataset that was picked here and its schema."""
    id = text_of(answers, "dataset")
    if given.dataset is not None or not id:
        return given
    dataset = lookups.get(TheDataset(id))
    schema = lookups.get(TheSchema(dataset.schema_id)) if dataset and dataset.schema_id else None
    if dataset is None or schema is None:
        return given
    return replace(
        given,
        dataset=id,
        schema=schema.id,
        schema_version=schema.version,
        schema_fields=schema.fields,
        called=given.called or dataset.name,
    )


FORM = Form(
    kind="target-connections",
    title="New target connection",
    intro="A dataset of the data lake, as the end of a flow.",
    step=STEP,
    fields=fields,
    check=check,
    steps=steps,
)
