"""The form for a base connection: a connector, and what it wants to let one in.

The fields come from the connector's own JSON schema (AEP.md 3.8), one set for
each way to log in. A connection can be tested only after it was made; a CRM
that says no then is answered with `mend`, which corrects what was made.
"""

from __future__ import annotations

from typing import Any

from aeptui.api.paths import PATHS, path_of
from aeptui.api.settings import Secret
from aeptui.forms.asking import DESCRIPTION, name_field, named, open_on
from aeptui.forms.choices import Choice
from aeptui.forms.connectors import Connector, Variant
from aeptui.forms.fields import Answers, Field, text_of
from aeptui.forms.form import Form, Given
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import Connectors
from aeptui.forms.schema import fields_of
from aeptui.forms.values import faults_in, payload, schema_faults
from aeptui.forms.words import parts
from aeptui.pipelines.plan import SecretRef, Secrets, Step, Undo

STEP = "base_connection"
PARAM = "auth."
"""Goes before the name of each parameter, so that none is taken for a field of the form."""
_OAUTH = "OAuth2.0"


def fields(answers: Answers, lookups: Lookups, _given: Given) -> tuple[Field, ...]:
    known = lookups.get(Connectors()) or ()
    choices = tuple(Choice(each.id, each.title, each.category) for each in known)
    source = Field("connector", "Source", "choice", required=True, choices=choices)
    chosen = chosen_connector(answers, lookups)
    found = [open_on(source, lookups, Connectors()), name_field(chosen.title if chosen else "")]
    if chosen is None:
        return tuple(found)
    variants = tuple(Choice(each.name, each.name) for each in chosen.variants)
    default = variants[0].value
    found.append(
        Field("variant", "Authentication", "choice", True, default=default, choices=variants)
    )
    variant = _variant(answers, chosen)
    if variant is not None:
        found += fields_of(variant.schema, PARAM)
    found.append(DESCRIPTION)
    return tuple(found)


def check(answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    asked = fields(answers, lookups, given)
    faults = faults_in(asked, answers)
    chosen = chosen_connector(answers, lookups)
    variant = _variant(answers, chosen) if chosen else None
    if chosen is None:
        faults.setdefault("connector", "The platform has no such source")
    elif variant is None:
        faults["variant"] = f"{chosen.title} has no such way to log in"
    elif not faults:
        params = [field for field in asked if field.name.startswith(PARAM)]
        values = payload(params, answers, PARAM)
        faults |= schema_faults(variant.schema, params, values, PARAM)
    return faults


def steps(answers: Answers, lookups: Lookups, _given: Given) -> list[Step]:
    chosen, variant = _settled(answers, lookups)
    body = {
        **named(answers, chosen.title),
        "auth": auth_of(answers, variant),
        "connectionSpec": {"id": chosen.id, "version": "1.0"},
    }
    return [
        Step(
            name=STEP,
            title=f"Create the base connection {body['name']}",
            kind="base-connections",
            method="POST",
            path=PATHS["base-connections"],
            body=body,
            undo=Undo("DELETE", f"{PATHS['base-connections']}/{{{STEP}}}"),
        )
    ]


def mend(answers: Answers, lookups: Lookups, id: str, etag: str) -> list[Step]:
    """Replace the credentials of a base connection that was made and cannot log in."""
    chosen, variant = _settled(answers, lookups)
    return [
        Step(
            name="credentials",
            title=f"Correct the credentials of {named(answers, chosen.title)['name']}",
            kind="base-connections",
            method="PATCH",
            path=path_of("base-connections", id),
            headers={"If-Match": etag},
            body=[{"op": "replace", "path": "/auth", "value": auth_of(answers, variant)}],
            target=id,
        )
    ]


def secrets(answers: Answers, lookups: Lookups, _given: Given) -> Secrets:
    return secrets_of(answers, _settled(answers, lookups)[1])


def secrets_of(answers: Answers, variant: Variant) -> Secrets:
    """The secrets among the parameters, by the names that `auth_of` has for them."""
    values = payload(fields_of(variant.schema, PARAM), answers, PARAM)
    return Secrets(
        {secret_name(name): value for name, value in values.items() if isinstance(value, Secret)}
    )


def made_for_trial(name: str, spec: Any, auth: dict[str, Any]) -> Step:
    """A base connection that is made to be tested, and can be taken back at once."""
    return Step(
        name=STEP,
        title=f"Create the base connection {name}",
        kind="base-connections",
        method="POST",
        path=PATHS["base-connections"],
        body={"name": name, "auth": auth, "connectionSpec": spec},
        undo=Undo("DELETE", f"{PATHS['base-connections']}/{{{STEP}}}"),
    )


def secret_name(param: str) -> str:
    """`securityToken` as a shell would have it: `CRM_SECURITY_TOKEN`."""
    return "CRM_" + "_".join(parts(param)).upper()


def chosen_connector(answers: Answers, lookups: Lookups) -> Connector | None:
    """The connector that was chosen; None while it is open or not known."""
    wanted = text_of(answers, "connector")
    known = lookups.get(Connectors()) or ()
    return next((each for each in known if each.id == wanted), None)


def _variant(answers: Answers, chosen: Connector) -> Variant | None:
    name = text_of(answers, "variant")
    return chosen.variant(name) if name else chosen.variants[0]


def _settled(answers: Answers, lookups: Lookups) -> tuple[Connector, Variant]:
    chosen = chosen_connector(answers, lookups)
    variant = _variant(answers, chosen) if chosen else None
    if chosen is None or variant is None:
        raise ValueError("the answers have not passed their check")
    return chosen, variant


def auth_of(answers: Answers, variant: Variant) -> dict[str, Any]:
    """What logs in, with names in the place of the secrets."""
    values = payload(fields_of(variant.schema, PARAM), answers, PARAM)
    params = {
        name: SecretRef(secret_name(name)) if isinstance(value, Secret) else value
        for name, value in values.items()
    }
    kind = {"type": variant.type} if variant.type == _OAUTH else {}
    return {"specName": variant.name, **kind, "params": params}


FORM = Form(
    kind="base-connections",
    title="New base connection",
    intro="Credentials for one CRM or database; source connections read tables through it.",
    step=STEP,
    fields=fields,
    check=check,
    steps=steps,
    secrets=secrets,
    clears={"connector": ("variant", f"{PARAM}*")},
)
