"""Where a refusal by the platform belongs: the field that its sentence is about.

Told by the code where the code says it (AEP.md 2.4, 3.9), else by the name of a
parameter in the sentence; what is about no field stands under the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from aeptui.api.errors import ApiError, ApiTrouble
from aeptui.forms.fields import Field
from aeptui.forms.words import parts

_NUMBER = re.compile(r"(\d+)-\d{3}$")
_FILTER = (*range(1349, 1358), 1377, 1378, 1379, 1389, 1390)

_BY_CODE: dict[str, Mapping[int, str]] = {
    "base_connection": {1301: "variant", 1302: "variant", 1415: "variant"},
    "source_connection": {
        1327: "format",
        1330: "columns",
        1391: "columns",
        **dict.fromkeys(_FILTER, "filter"),
    },
    "target_connection": {1325: "dataset"},
    "flow": {
        1340: "start",
        1360: "start",
        1361: "interval",
        1362: "interval",
        1363: "interval",
        1364: "backfill",
        1367: "delta_column",
        1369: "delta_column",
        1370: "mapping_set",
        1397: "frequency",
        1412: "mapping_set",
        1413: "flow_spec",
        1419: "mapping_set",
        1425: "mapping_set",
    },
    "schema": {3005: "name"},
}


def place(step: str, trouble: ApiTrouble, fields: Iterable[Field]) -> str:
    """The name of the field that `trouble`, met at a step, is about; empty when of none.

    `fields` are those of the form or page that was sent.
    """
    names = [field.name for field in fields]
    kind = "schema" if step.startswith("identity") else step
    if step.startswith("mapped_identity"):
        kind = "mapping_set"
    wanted = [_by_code(kind, trouble), *_by_words(kind, trouble, names)]
    for name in filter(None, wanted):
        for known in (name, f"{kind}.{name}"):
            if known in names:
                return known
    return ""


def place_login(sentence: str, fields: Iterable[Field]) -> str:
    """The one parameter that a CRM's sentence names; empty when it names none, or several."""
    words = re.findall(r"[a-z]+|\d+", sentence.lower())
    runs = {"".join(words[i : i + n]) for i in range(len(words)) for n in (1, 2, 3)}
    named = [
        field.name
        for field in fields
        if {"".join(parts(field.name.rpartition(".")[2])), "".join(parts(field.label))} & runs
    ]
    return named[0] if len(named) == 1 else ""


def _by_code(kind: str, trouble: ApiTrouble) -> str:
    found = _NUMBER.search(trouble.code) if isinstance(trouble, ApiError) else None
    return _BY_CODE.get(kind, {}).get(int(found[1]), "") if found else ""


def _by_words(kind: str, trouble: ApiTrouble, names: list[str]) -> Iterable[str]:
    """Fields whose parameter is named in the sentence, the longest name first."""
    if not isinstance(trouble, ApiError):
        return
    if kind in ("mapping_set", "schema") and "identit" in trouble.sentence:
        yield "identities"
    if kind == "mapping_set":
        yield "pairs"
    words = set(re.findall(r"\w+", trouble.sentence))
    if words & {"title", "titles"}:  # the registry's word for a name
        yield "name"
    for name in sorted(names, key=len, reverse=True):
        if name.rpartition(".")[2] in words:
            yield name
