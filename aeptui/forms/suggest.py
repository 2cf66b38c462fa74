"""Pairs that are likely meant: a column and the field of a schema for it, how likely, and why.

What counts: what CRMs call things, the same name, the words of the path, a
similar name, what the sample values look like; and always whether the types
fit. A column gets one field and a field one column, the likeliest first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from aeptui.api.exploring import SourceColumn
from aeptui.forms.choices import Suggestion
from aeptui.forms.words import parts
from aeptui.forms.xdm_fields import XdmField

CONFIDENT = 75
"""From here on a suggestion is taken unless someone says otherwise."""
_LEAST = 55
_SYNONYM, _SAME, _TITLE, _WORDS, _LOOKS = 97, 92, 88, 84, 78

_NONE = ""
_VAGUE = frozenset(
    {"code", "description", "id", "label", "name", "number", "primary", "state", "status", "type"}
)
"""Names that say little without the object that they are in."""
_OWN_FIELD = re.compile(r"__c$|^(new|cr[0-9a-f]{3,5})_")
"""How Salesforce and Dynamics mark the columns that a customer added."""

_SYNONYMS: dict[str, tuple[str, ...]] = {}
"""Squeezed column names and the ends of paths that they usually mean, the likeliest first."""


def _known_as(names: str, *paths: str) -> None:
    for name in names.split():
        _SYNONYMS[name] = paths


_known_as("firstname givenname forename fname", "person.name.firstName")
_known_as("lastname surname familyname lname", "person.name.lastName")
_known_as("middlename", "person.name.middleName")
_known_as("fullname displayname", "person.name.fullName")
_known_as("salutation courtesytitle honorific", "person.name.courtesyTitle")
_known_as("name", "accountName", "opportunityName", "campaign.name", "person.name.fullName")
_known_as("birthdate birthday dateofbirth dob", "person.birthDate")
_known_as("gender sex", "person.gender")
_known_as(
    "email emailaddress emailaddress1 mail personemail",
    "personalEmail.address",
    "workEmail.address",
)
_known_as("workemail businessemail", "workEmail.address")
_known_as("mobilephone mobile mobilenumber cellphone cell", "mobilePhone.number")
_known_as(
    "phone telephone telephone1 phonenumber tel",
    "mobilePhone.number",
    "homePhone.number",
    "workPhone.number",
    "accountPhone.number",
)
_known_as("homephone telephone2", "homePhone.number")
_known_as("workphone businessphone", "workPhone.number")
_known_as("fax faxnumber", "faxPhone.number")
_known_as(
    "mailingstreet street address1line1 addressline1",
    "mailingAddress.street1",
    "homeAddress.street1",
    "workAddress.street1",
)
_known_as(
    "mailingcity city address1city", "mailingAddress.city", "homeAddress.city", "workAddress.city"
)
_known_as(
    "mailingpostalcode postalcode zip zipcode address1postalcode",
    "mailingAddress.postalCode",
    "homeAddress.postalCode",
    "workAddress.postalCode",
)
_known_as(
    "mailingstate state address1stateorprovince",
    "mailingAddress.state",
    "homeAddress.state",
    "workAddress.state",
)
_known_as(
    "mailingcountry country address1country",
    "mailingAddress.country",
    "homeAddress.country",
    "workAddress.country",
)
_known_as(
    "mailingcountrycode countrycode",
    "mailingAddress.countryCode",
    "homeAddress.countryCode",
    "workAddress.countryCode",
)
_known_as("billingstreet", "accountBillingAddress.street1")
_known_as("billingcity", "accountBillingAddress.city")
_known_as("billingpostalcode", "accountBillingAddress.postalCode")
_known_as("billingcountry", "accountBillingAddress.country")
_known_as("title jobtitle", "extendedWorkDetails.jobTitle", "jobTitle")
_known_as("id recordid crmid", "crmId", "personID", "accountID", "opportunityID")
# A table's own key may be called so, and so may a reference in another one: Id comes first.
_known_as("contactid leadid", _NONE, "crmId", "personID")
_known_as("accountid", _NONE, "crmId", "accountID", "b2b.accountID")
_known_as("opportunityid", _NONE, "crmId", "opportunityID")
_known_as("description note notes comments", "note", "opportunityDescription")
_known_as("createddate createdon createdat", "extSourceSystemAudit.createdDate")
_known_as(
    "lastmodifieddate modifiedon updatedat lastmodified",
    "extSourceSystemAudit.lastUpdatedDate",
)
_known_as("leadsource", "b2b.personSource", "leadSource")
_known_as("industry", "accountOrganization.industry")
_known_as("website websiteurl", "accountOrganization.website")
_known_as("annualrevenue revenue", "accountOrganization.annualRevenue.amount")
_known_as("numberofemployees employees", "accountOrganization.numberOfEmployees")
_known_as("amount estimatedvalue", "opportunityAmount.amount")
_known_as("currency currencyisocode currencycode", "opportunityAmount.currencyCode")
_known_as("stagename stage stepname", "opportunityStage")
_known_as("closedate estimatedclosedate", "expectedCloseDate")
_known_as("probability closeprobability", "probabilityPercentage")
_known_as("isdeleted deleted", "isDeleted")

_LOOKS_LIKE = (
    ("e-mail addresses", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]{2,}")),
    ("dates", re.compile(r"\d{4}-\d\d-\d\d([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}")),
    ("phone numbers", re.compile(r"(?=(?:\D*\d){6,15}\D*$)\+?[\d\s()./-]{6,24}")),
)
_ENDS_FOR_LOOKS = {
    "e-mail addresses": ("personalEmail.address", "workEmail.address"),
    "phone numbers": ("mobilePhone.number", "homePhone.number", "workPhone.number"),
    "dates": (),
}
_NUMBERS = frozenset({"number", "int", "integer", "long", "short", "byte", "double", "float"})


def suggestions(
    columns: Sequence[SourceColumn],
    fields: Sequence[XdmField],
    sample: Iterable[Mapping[str, Any]] = (),
) -> tuple[Suggestion, ...]:
    """At most one suggestion for each column and each field, in the order of the columns."""
    found = candidates(columns, fields, sample)
    ranked = [(each, at) for at, those in enumerate(found) for each in those]
    ranked.sort(key=lambda each: (-each[0].score, each[1], each[0].destination))
    taken: set[str] = set()
    kept: dict[int, Suggestion] = {}
    for suggestion, at in ranked:
        if at not in kept and suggestion.destination not in taken:
            kept[at] = suggestion
            taken.add(suggestion.destination)
    return tuple(kept[at] for at in sorted(kept))


def candidates(
    columns: Sequence[SourceColumn],
    fields: Sequence[XdmField],
    sample: Iterable[Mapping[str, Any]] = (),
) -> tuple[tuple[Suggestion, ...], ...]:
    """All that each column may mean, the likeliest first, in the order of the columns."""
    looks = tuple(sorted(looks_of(sample).items()))
    return _candidates_of(tuple(columns), tuple(fields), looks)


def at_home(columns: Iterable[SourceColumn], held: Iterable[str]) -> frozenset[str]:
    """The columns that have a field among those `held`, going by what CRMs call things.

    `held` are paths of outermost fields; what lies within them need not be known.
    """
    ends = {path.rpartition(".")[2] for path in held}
    squeezed = {_squeezed(end) for end in ends}
    found = set()
    for column in columns:
        name = "".join(parts(_OWN_FIELD.sub("", column.name)))
        usual = {end.partition(".")[0] for end in _SYNONYMS.get(name, ()) if end}
        if usual & ends or (name in squeezed and name not in _VAGUE):
            found.add(column.name)
    return frozenset(found)


def looks_of(sample: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What the values of a column look like, where most of them look like the same thing."""
    values: dict[str, list[str]] = defaultdict(list)
    for row in sample:
        for name, value in row.items():
            if isinstance(value, str) and value.strip():
                values[name].append(value.strip()[:200])
    found = {}
    for name, texts in values.items():
        for word, pattern in _LOOKS_LIKE:
            if sum(1 for text in texts if pattern.fullmatch(text)) * 3 >= len(texts) * 2:
                found[name] = word
                break
    return found


@lru_cache(maxsize=8)
def _candidates_of(
    columns: tuple[SourceColumn, ...],
    fields: tuple[XdmField, ...],
    looks: tuple[tuple[str, str], ...],
) -> tuple[tuple[Suggestion, ...], ...]:
    index = _Index(fields)
    look = dict(looks)
    return tuple(
        tuple(
            sorted(
                _for_column(column, index, look.get(column.name, "")),
                key=lambda each: (-each.score, each.destination),
            )
        )
        for column in columns
    )


class _Index:
    """The fields by what a column may have in common with them."""

    def __init__(self, fields: tuple[XdmField, ...]) -> None:
        self.by_end: dict[str, list[XdmField]] = defaultdict(list)
        self.by_leaf: dict[str, list[XdmField]] = defaultdict(list)
        self.by_title: dict[str, list[XdmField]] = defaultdict(list)
        self.by_word: dict[str, list[tuple[XdmField, frozenset[str]]]] = defaultdict(list)
        for field in fields:
            names = field.path.replace("[*]", "").split(".")
            for start in range(len(names)):
                self.by_end[".".join(names[start:])].append(field)
            self.by_leaf[_squeezed(names[-1])].append(field)
            if field.title:
                self.by_title[_squeezed(field.title)].append(field)
            words = frozenset(word for name in names for word in parts(name))
            for word in set(parts(names[-1])):
                self.by_word[word].append((field, words))


def _for_column(column: SourceColumn, index: _Index, look: str) -> Iterator[Suggestion]:
    best: dict[str, tuple[int, str]] = {}
    for field, score, reason in _candidates(column, index, look):
        fit = _fit(column, field, look)
        if fit is None:
            continue
        score -= fit + _distance(field)
        if score >= _LEAST and score > best.get(field.path, (0, ""))[0]:
            best[field.path] = (score, f"{reason}{_told_fit(column, field, fit)}")
    for path, (score, reason) in best.items():
        says = f"{reason}; the values look like {look}" if look and look not in reason else reason
        yield Suggestion(column.name, path, score, says)


def _candidates(
    column: SourceColumn, index: _Index, look: str
) -> Iterator[tuple[XdmField, int, str]]:
    from rapidfuzz import fuzz, process

    words = parts(_OWN_FIELD.sub("", column.name))
    name = "".join(words)
    for rank, end in enumerate(_SYNONYMS.get(name, ())):
        for field in index.by_end.get(end, ()):
            steps = [_squeezed(step) for step in field.path.split(".")]
            said = name in steps or (len(words) > 1 and name in "".join(steps))
            yield field, _SYNONYM - 2 * rank + said, "usual for a CRM"
    for field in index.by_leaf.get(name, ()):
        yield field, _SAME - _vagueness(name, field), "same name"
    for field in index.by_title.get(name, ()):
        yield field, _TITLE - _vagueness(name, field), "same as its title"
    if len(words) > 1:
        wanted = set(words)
        for word in wanted:
            for field, theirs in index.by_word.get(word, ()):
                if wanted <= theirs:
                    yield field, _WORDS, "the words of its path"
    for rank, end in enumerate(_ENDS_FOR_LOOKS.get(look, ())):
        for field in index.by_end.get(end, ()):
            yield field, _LOOKS - 2 * rank, f"the values look like {look}"
    if len(name) > 3:
        near = process.extract(name, index.by_leaf.keys(), scorer=fuzz.ratio, score_cutoff=85)
        for leaf, ratio, _ in near:
            for field in index.by_leaf[leaf]:
                yield field, int(ratio * 0.8), "a similar name"


def _fit(column: SourceColumn, field: XdmField, look: str) -> int | None:
    """What the types cost: nothing when they fit, more when they might, None when they cannot."""
    source, target = column.word, field.type
    if target in ("map", "object", "array"):
        return None
    if target == "string" and field.choices:
        return 8
    if target == "string":
        if look == "dates" and source in ("date", "date-time") and not field.format:
            return 6
        return 0 if source == "string" else 4
    if source == target or (source in _NUMBERS and target in _NUMBERS):
        return 0
    if target in ("date", "date-time"):
        if source in ("date", "date-time"):
            return 2
        return 3 if source == "string" and look == "dates" else None
    if target == "boolean" or target in _NUMBERS:
        return None if source != "string" or look else 20
    return 10


def _told_fit(column: SourceColumn, field: XdmField, fit: int) -> str:
    if fit == 0:
        return ", type fits"
    return f", {column.word} into {field.type}" if column.word != field.type else ""


def _vagueness(name: str, field: XdmField) -> int:
    """What a name costs that says little; right under the tenant's own object it says enough."""
    is_own = field.path.startswith("_") and field.path.count(".") == 1
    return 25 if name in _VAGUE and "." in field.path and not is_own else 0


def _distance(field: XdmField) -> int:
    """What a field costs that lies deep, or in an array, where one value cannot go."""
    depth = field.path.count(".")
    return max(0, depth - 2) * 2 + (12 if "[*]" in field.path else 0)


def _squeezed(name: str) -> str:
    return "".join(parts(name))
