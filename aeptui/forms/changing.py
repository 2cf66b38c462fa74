"""The form that changes a thing that exists: what it is now stands there, and only what differs is sent.

One JSON Patch (AEP.md 3.10), under the etag that was read where the service
knows one. What the platform does not let change any more is shown with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from aeptui.api.decode import MASK
from aeptui.api.paths import path_of
from aeptui.forms import base_connection, flow, schedule
from aeptui.forms.asking import DESCRIPTION, name_field, open_on
from aeptui.forms.choices import Choice
from aeptui.forms.connectors import Variant
from aeptui.forms.fields import Answers, Field, Value, is_empty, text_of
from aeptui.forms.form import Form
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import Columns, Connectors, TheSourceConnection
from aeptui.forms.schema import fields_of
from aeptui.forms.values import faults_in, payload, read, schema_faults
from aeptui.pipelines.plan import Secrets, Step

KINDS = (
    "flows",
    "source-connections",
    "target-connections",
    "base-connections",
    "datasets",
    "schemas",
)
WITH_ETAG = KINDS[:4]
"""Flow Service alone refuses what was changed meanwhile; elsewhere the last to write wins."""
STEP = "change"
CREDENTIALS, PROFILE = "credentials", "profile"
KEEP, REPLACE = "keep", "replace"

_STARTED = "It has started, so the first run and the backfill stay as they are."
_ONCE = "It is scheduled once: a dead end that cannot be given a schedule."
_IN_PROFILE = "It is enabled for Profile, and that cannot be taken back."
_PROFILE_HELP: Mapping[str, str] = {
    "schemas": "Its records join the profiles of people. It needs a primary identity, and can"
    " never be taken back; from then on the schema only grows.",
    "datasets": "Its rows go into the profiles of people from then on; its schema must be enabled"
    " first. What went in does not come out again.",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing as it was read to be changed."""

    kind: str
    id: str
    name: str
    noun: str
    body: Mapping[str, Any]
    etag: str = ""


def form_of(subject: Subject) -> Form:
    """The form that changes `subject`."""
    return Form(
        kind=subject.kind,
        title=f"Change the {subject.noun} {subject.name or subject.id}",
        intro="Only what you change is sent.",
        step=STEP,
        fields=lambda answers, lookups, _given: fields(subject, answers, lookups),
        check=lambda answers, lookups, _given: check(subject, answers, lookups),
        steps=lambda answers, lookups, _given: steps(subject, answers, lookups),
        secrets=lambda answers, lookups, _given: secrets(subject, answers, lookups),
        clears={"frequency": ("interval",)},
    )


def fields(subject: Subject, answers: Answers, lookups: Lookups) -> tuple[Field, ...]:
    """The questions, each with what is so now as its default."""
    body = subject.body
    found = [
        name_field(str(body.get(_name_key(subject)) or subject.name)),
        replace(DESCRIPTION, default=str(body.get("description") or "") or None),
    ]
    match subject.kind:
        case "flows":
            found += _flow_fields(subject, answers, lookups)
        case "base-connections":
            found += _credential_fields(subject, answers, lookups)
        case "datasets" | "schemas":
            on = _in_profile(subject)
            found.append(
                Field(
                    PROFILE,
                    "Enabled for Profile",
                    "flag",
                    default=on,
                    help=_PROFILE_HELP[subject.kind],
                    fixed=_IN_PROFILE if on else "",
                )
            )
    return tuple(found)


def check(subject: Subject, answers: Answers, lookups: Lookups) -> dict[str, str]:
    """What is wrong, by field."""
    asked = fields(subject, answers, lookups)
    faults = faults_in(asked, answers)
    if subject.kind == "flows" and "start" not in faults and "start" in changed(asked, answers):
        merged = _merged(subject, answers, lookups)
        faults |= schedule.faults(merged, lookups.now(), lookups.zone)
    if subject.kind == "base-connections" and _rotates(answers) and not faults:
        variant = _variant(subject, answers, lookups)
        params = [each for each in asked if each.name.startswith(base_connection.PARAM)]
        if variant is None:
            faults["variant"] = "The connector has no such way to log in"
        else:
            values = payload(params, answers, base_connection.PARAM)
            faults |= schema_faults(variant.schema, params, values, base_connection.PARAM)
    return faults


def changed(asked: tuple[Field, ...], answers: Answers) -> dict[str, Value]:
    """The answers that are others than what is so now, by field."""
    return {
        field.name: answers[field.name]
        for field in asked
        if field.name in answers
        and not field.fixed
        and _plain(answers[field.name]) != _plain(field.default)
    }


def steps(subject: Subject, answers: Answers, lookups: Lookups) -> list[Step]:
    """One patch of all that differs; none when nothing does."""
    asked = fields(subject, answers, lookups)
    told = changed(asked, answers)
    operations = _operations(subject, asked, answers, told, lookups)
    if not operations:
        return []
    headers: dict[str, Any] = {}
    if subject.kind in WITH_ETAG:
        headers["If-Match"] = subject.etag
    if subject.kind == "datasets":
        headers["Content-Type"] = "application/json-patch+json"
    labels = [each.label.lower() for each in asked if each.name in told]
    return [
        Step(
            name=STEP,
            title=f"Change {', '.join(dict.fromkeys(labels))} of {subject.name or subject.id}",
            kind=subject.kind,
            method="PATCH",
            path=path_of(subject.kind, subject.id),
            headers=headers,
            body=operations,
            target=subject.id,
        )
    ]


def secrets(subject: Subject, answers: Answers, lookups: Lookups) -> Secrets:
    """The secrets that the step names."""
    variant = _variant(subject, answers, lookups) if _rotates(answers) else None
    return base_connection.secrets_of(answers, variant) if variant else Secrets()


def trial(subject: Subject, answers: Answers, lookups: Lookups) -> Step | None:
    """A base connection beside the one in use, with the new credentials: to be tested and removed.

    The platform tests only what exists, and the one in use is to go on working meanwhile.
    """
    variant = _variant(subject, answers, lookups) if _rotates(answers) else None
    if variant is None:
        return None
    login = _defaults(fields(subject, answers, lookups)) | dict(answers)
    return base_connection.made_for_trial(
        f"{subject.name} (trial of other credentials)",
        subject.body.get("connectionSpec"),
        base_connection.auth_of(login, variant),
    )


# Flows ----------------------------------------------------------------------


def _flow_fields(subject: Subject, answers: Answers, lookups: Lookups) -> list[Field]:
    now, zone = lookups.now(), lookups.zone
    current = _schedule_now(subject, zone)
    merged = _merged(subject, answers, lookups)
    started = _starts_at(subject) <= now
    once = current.get("frequency") == schedule.ONCE
    found = []
    asked = schedule.fields(merged, now, zone) if _params(subject) else ()  # a draft has none
    for field in asked:
        field = replace(field, default=current.get(field.name, field.default))
        if once:
            field = replace(field, fixed=_ONCE)
        elif started and field.name in ("start", "backfill"):
            field = replace(field, fixed=_STARTED)
        elif started and field.name == "frequency":
            kept = tuple(each for each in field.choices if each.value != schedule.ONCE)
            field = replace(field, choices=kept, help="Once it has started, it cannot become once.")
        found.append(field)
    if (delta := _delta(subject)) is not None:
        found.append(_delta_field(subject, delta, lookups))
    options = subject.body.get("options")
    options = options if isinstance(options, Mapping) else {}
    percent = options.get("partialIngestionPercent")
    return [
        *found,
        replace(flow.DIAGNOSTICS, default=options.get("errorDiagnosticsEnabled") is True),
        replace(flow.PARTIAL, default=None if percent is None else f"{percent:g}"),
    ]


def _delta_field(subject: Subject, delta: str, lookups: Lookups) -> Field:
    field = Field(
        "delta_column",
        "Delta column",
        required=True,
        default=delta,
        longest=255,
        help="Tells which rows changed since the last run. Another one reads from its own times.",
    )
    sources = subject.body.get("sourceConnectionIds")
    source = str(sources[0]) if isinstance(sources, list) and sources else ""
    facts = lookups.get(TheSourceConnection(source)) if source else None
    columns = facts.columns if facts else None
    if facts is not None and columns is None and facts.base_connection and facts.table:
        columns = lookups.get(Columns(facts.base_connection, facts.table))
    if not columns or delta not in {each.name for each in columns}:
        return field
    times = [each for each in columns if each.word in ("date-time", "date") or each.name == delta]
    choices = tuple(Choice(each.name, each.name, each.word) for each in times)
    return replace(field, kind="choice", choices=choices)


def _entry(subject: Subject, name: str) -> tuple[int, Mapping[str, Any]]:
    """A transformation by its name, wherever it stands (AEP.md 3.4)."""
    entries = subject.body.get("transformations")
    for at, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping) and str(entry.get("name", "")).lower() == name:
            return at, entry
    return -1, {}


def _delta(subject: Subject) -> str | None:
    params = _entry(subject, "copy")[1].get("params")
    column = params.get("deltaColumn") if isinstance(params, Mapping) else None
    return str(column.get("name") or "") if isinstance(column, Mapping) else None


def _params(subject: Subject) -> Mapping[str, Any]:
    params = subject.body.get("scheduleParams")
    return params if isinstance(params, Mapping) else {}


def _starts_at(subject: Subject) -> datetime:
    told = str(_params(subject).get("startTime") or "")
    seconds = int(told) if told.isascii() and told.isdecimal() and len(told) < 12 else 0
    return datetime.fromtimestamp(seconds, UTC)


def _schedule_now(subject: Subject, zone: tzinfo) -> dict[str, Value]:
    """The schedule as the answers to its questions would be."""
    params = _params(subject)
    found: dict[str, Value] = {
        "frequency": str(params.get("frequency") or schedule.ONCE).lower(),
        "start": _starts_at(subject).astimezone(zone).strftime("%Y-%m-%d %H:%M"),
    }
    if params.get("interval") is not None:
        found["interval"] = str(params["interval"])
    if params.get("backfill") is not None:
        found["backfill"] = str(params["backfill"]).lower() == "true"
    return found


def _merged(subject: Subject, answers: Answers, lookups: Lookups) -> dict[str, Value]:
    given = {name: value for name, value in answers.items() if value is not None}
    now = _schedule_now(subject, lookups.zone)
    if given.get("frequency", now["frequency"]) != now["frequency"]:
        now.pop("interval", None)  # another unit has another usual interval
    return {**now, **given}


# Credentials ------------------------------------------------------------------


def _rotates(answers: Answers) -> bool:
    return text_of(answers, CREDENTIALS, KEEP) == REPLACE


def _variants(subject: Subject, lookups: Lookups) -> tuple[Variant, ...]:
    spec = subject.body.get("connectionSpec")
    id = spec.get("id") if isinstance(spec, Mapping) else None
    known = lookups.get(Connectors()) or ()
    return next((each.variants for each in known if each.id == id), ())


def _variant(subject: Subject, answers: Answers, lookups: Lookups) -> Variant | None:
    variants = _variants(subject, lookups)
    name = text_of(answers, "variant", _auth_now(subject)[0])
    return next((each for each in variants if each.name == name), None)


def _auth_now(subject: Subject) -> tuple[str, Mapping[str, Any]]:
    auth = subject.body.get("auth")
    if not isinstance(auth, Mapping):
        return "", {}
    params = auth.get("params")
    return str(auth.get("specName") or ""), params if isinstance(params, Mapping) else {}


def _credential_fields(subject: Subject, answers: Answers, lookups: Lookups) -> list[Field]:
    keep = Field(
        CREDENTIALS,
        "Credentials",
        "choice",
        default=KEEP,
        choices=(Choice(KEEP, "keep"), Choice(REPLACE, "replace")),
        help="Other credentials are tried on a connection of their own first, which is removed"
        " again; flows go on with the old ones until the new ones have logged in.",
    )
    if not _rotates(answers):
        return [keep]
    name, params = _auth_now(subject)
    variants = _variants(subject, lookups)
    choices = tuple(Choice(each.name, each.name) for each in variants)
    ways = Field("variant", "Authentication", "choice", True, default=name, choices=choices)
    variant = _variant(subject, answers, lookups)
    asked = fields_of(variant.schema, base_connection.PARAM) if variant else ()
    return [keep, open_on(ways, lookups, Connectors()), *(_as_now(e, params) for e in asked)]


def _as_now(field: Field, params: Mapping[str, Any]) -> Field:
    value = params.get(field.name.removeprefix(base_connection.PARAM))
    if field.kind == "secret" or value is None or value == MASK:
        return field
    return replace(field, default=value if isinstance(value, bool) else str(value))


# The patch --------------------------------------------------------------------


def _operations(
    subject: Subject,
    asked: tuple[Field, ...],
    answers: Answers,
    told: Mapping[str, Value],
    lookups: Lookups,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    body = subject.body
    if "name" in told:
        found.append(_set(body, _name_key(subject), value=text_of(answers, "name")))
    if "description" in told:
        found.append(_set(body, "description", value=text_of(answers, "description")))
    by_name = {field.name: field for field in asked}
    if subject.kind == "flows":
        found += _flow_operations(subject, by_name, answers, told, lookups)
    if subject.kind == "base-connections" and _rotates(answers):
        variant = _variant(subject, answers, lookups)
        if variant is not None:
            auth = base_connection.auth_of({**_defaults(asked), **answers}, variant)
            found.append({"op": "replace", "path": "/auth", "value": auth})
    if told.get(PROFILE) is True:
        found += _profile_operations(subject)
    return found


def _flow_operations(
    subject: Subject,
    asked: Mapping[str, Field],
    answers: Answers,
    told: Mapping[str, Value],
    lookups: Lookups,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    params = _params(subject)
    merged = _merged(subject, answers, lookups)
    wanted = schedule.params(merged, lookups.now(), lookups.zone) if params else {}
    keys = {"frequency": "frequency", "interval": "interval", "start": "startTime",
            "backfill": "backfill"}  # fmt: skip
    touched = {keys[name] for name in told if name in keys}
    if "frequency" in touched:
        touched.add("interval")
    for key in [key for key in keys.values() if key in touched and key in wanted]:
        if str(params.get(key)) != wanted[key]:
            number = type(params.get(key)) is int  # it goes in the spelling it came in
            value: int | str = int(wanted[key]) if number else wanted[key]
            found.append(_set(subject.body, "scheduleParams", key, value=value))
    if "delta_column" in told:
        at, entry = _entry(subject, "copy")
        delta = {**entry["params"]["deltaColumn"], "name": text_of(answers, "delta_column")}
        after = {**entry, "params": {**entry["params"], "deltaColumn": delta}}
        found.append({"op": "replace", "path": f"/transformations/{at}", "value": after})
    options: dict[str, Any] = {}
    if flow.DIAGNOSTICS.name in told:
        options["errorDiagnosticsEnabled"] = told[flow.DIAGNOSTICS.name]
    if flow.PARTIAL.name in told:
        percent = told[flow.PARTIAL.name]
        options["partialIngestionPercent"] = (
            None if is_empty(percent) else read(asked[flow.PARTIAL.name], percent)
        )
    held = subject.body.get("options")
    if options and not isinstance(held, Mapping):
        kept = {key: value for key, value in options.items() if value is not None}
        return [*found, {"op": "add", "path": "/options", "value": kept}]
    for key, option in options.items():
        if option is None:
            found.append({"op": "remove", "path": f"/options/{key}"})
        else:
            found.append(_set(subject.body, "options", key, value=option))
    return found


def _profile_operations(subject: Subject) -> list[dict[str, Any]]:
    if subject.kind == "schemas":
        return [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    tags = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}
    if not isinstance(subject.body.get("tags"), Mapping):
        return [{"op": "add", "path": "/tags", "value": tags}]
    return [{"op": "add", "path": f"/tags/{key}", "value": value} for key, value in tags.items()]


def _in_profile(subject: Subject) -> bool:
    if subject.kind == "schemas":
        return "union" in (subject.body.get("meta:immutableTags") or ())
    tags = subject.body.get("tags")
    told = tags.get("unifiedProfile") if isinstance(tags, Mapping) else None
    return any(str(each).replace(" ", "") == "enabled:true" for each in told or ())


def _set(body: Mapping[str, Any], *keys: str, value: Any) -> dict[str, Any]:
    """Replace what is there, add what is not."""
    held: Any = body
    for key in keys[:-1]:
        held = held.get(key) if isinstance(held, Mapping) else None
    there = isinstance(held, Mapping) and keys[-1] in held
    return {"op": "replace" if there else "add", "path": "/" + "/".join(keys), "value": value}


def _defaults(asked: tuple[Field, ...]) -> dict[str, Value]:
    return {field.name: field.default for field in asked if field.default is not None}


def _name_key(subject: Subject) -> str:
    return "title" if subject.kind == "schemas" else "name"


def _plain(value: Value) -> Value:
    return value.strip() if isinstance(value, str) else "" if value is None else value
