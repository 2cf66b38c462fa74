"""The form for a schema: a class, field groups that fit it, and what identifies a record."""

from __future__ import annotations

from aeptui.api.paths import PATHS
from aeptui.api.xdmlibrary import ADHOC, Block
from aeptui.forms import identities
from aeptui.forms.asking import DESCRIPTION, name_field, open_on
from aeptui.forms.choices import Choice
from aeptui.forms.fields import Answers, Field, list_of, text_of
from aeptui.forms.form import Form, Given, Look
from aeptui.forms.identities import Identity, identity
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import BlockFields, Blocks, Namespaces
from aeptui.forms.suggest import at_home
from aeptui.forms.values import faults_in
from aeptui.forms.xdm_fields import XdmField, together
from aeptui.pipelines.plan import Ref, Step, Undo

STEP = "schema"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
FIRST_VERSION = "1.0"


def fields(answers: Answers, lookups: Lookups, given: Given) -> tuple[Field, ...]:
    classes = lookups.get(Blocks("classes")) or ()
    the_class = Field(
        "class",
        "Class",
        "choice",
        required=True,
        help="What a record is: a person, an account, an event.",
        default=PROFILE if any(each.id == PROFILE for each in classes) else None,
        choices=tuple(_choice(each) for each in classes if ADHOC not in each.fits),
    )
    groups = Field(
        "field_groups",
        "Field groups",
        "many",
        required=True,
        help="The fields that a record has; those shown fit the class.",
        default=likely_groups(answers, lookups, given) or None,
        choices=tuple(_group_choice(each, given) for each in _fitting(answers, lookups)),
    )
    found = [
        name_field(given.called),
        open_on(the_class, lookups, Blocks("classes")),
        open_on(groups, lookups, Blocks("fieldgroups")),
        DESCRIPTION,
    ]
    if chosen_groups(answers, lookups, given):
        targets = resulting(answers, lookups, given)
        marks = Field(
            "identities",
            "Identities",
            "identities",
            help="Fields that tell who a record is about; Profile needs a primary one.",
            namespaces=namespace_choices(lookups),
            targets=tuple(target_choice(each) for each in targets or () if each.type == "string"),
        )
        found.append(open_on(marks, lookups, *_parts(answers, lookups, given), Namespaces()))
    return tuple(found)


def check(answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    faults = faults_in(fields(answers, lookups, given), answers)
    if lookups.taken("schemas", text_of(answers, "name", given.called)):
        # The registry refuses it (AEP.md 4.1); said here before the rest is answered.
        faults.setdefault("name", "Another schema has this name, and no two may")
    marked = marked_in(answers)
    targets = resulting(answers, lookups, given)
    namespaces = lookups.peek(Namespaces())
    if marked and targets is not None and namespaces is not None and not faults:
        wrong = identities.fault(marked, targets, namespaces)
        faults |= {"identities": wrong} if wrong else {}
    return faults


def steps(answers: Answers, lookups: Lookups, given: Given) -> list[Step]:
    name = text_of(answers, "name", given.called)
    blocks = [chosen_class(answers, lookups), *chosen_groups(answers, lookups, given)]
    made = Step(
        name=STEP,
        title=f"Create the schema {name}",
        kind="schemas",
        method="POST",
        path=PATHS["schemas"],
        body={
            "type": "object",
            "title": name,
            "description": text_of(answers, "description"),
            "allOf": [{"$ref": each} for each in blocks],
        },
        undo=Undo("DELETE", f"{PATHS['schemas']}/{{{STEP}}}"),
    )
    marks = identities.descriptor_steps(Ref(STEP), FIRST_VERSION, marked_in(answers))
    return [made, *marks]


def look(answers: Answers, lookups: Lookups, given: Given) -> Look | None:
    """The fields that the schema will have, those that it requires first."""
    if not chosen_groups(answers, lookups, given):
        return None
    found = resulting(answers, lookups, given)
    title = text_of(answers, "name", given.called) or "The schema"
    if found is None:
        questions = _parts(answers, lookups, given)
        trouble = next(filter(None, map(lookups.trouble, questions)), "")
        return Look(title, trouble=trouble, waits="" if trouble else "the fields")
    ordered = sorted(found, key=lambda each: (not each.required, each.path))
    rows = tuple((each.path, each.type, _need(each), each.title) for each in ordered)
    return Look(title, ("FIELD", "TYPE", "NEEDED", "TITLE"), rows, f"{len(rows):,} fields")


def resulting(answers: Answers, lookups: Lookups, given: Given) -> tuple[XdmField, ...] | None:
    """The fields that the schema will have; None while they are not known."""
    parts = [lookups.get(question) for question in _parts(answers, lookups, given)]
    if not parts or any(part is None for part in parts):
        return None
    return together(part for part in parts if part is not None)


def chosen_class(answers: Answers, lookups: Lookups) -> str:
    known = lookups.get(Blocks("classes")) or ()
    default = PROFILE if any(each.id == PROFILE for each in known) else ""
    return text_of(answers, "class", default)


def chosen_groups(answers: Answers, lookups: Lookups, given: Given) -> list[str]:
    """The field groups that were chosen, or the likely ones while nobody chose."""
    answer = list_of(answers, "field_groups")
    return likely_groups(answers, lookups, given) if answer is None else answer


def likely_groups(answers: Answers, lookups: Lookups, given: Given) -> list[str]:
    """As few of the fitting field groups as give each column of the table a field."""
    left = {
        each.id: at_home(given.columns or (), each.holds) for each in _fitting(answers, lookups)
    }
    likely: list[str] = []
    while left:
        best = max(left, key=lambda id: len(left[id]))
        taken = left.pop(best)
        if not taken:
            break
        likely.append(best)
        left = {id: columns - taken for id, columns in left.items()}
    return likely


def marked_in(answers: Answers) -> list[Identity]:
    """The identities that were marked."""
    found = [identity(each) for each in list_of(answers, "identities") or ()]
    return [each for each in found if each is not None]


def namespace_choices(lookups: Lookups) -> tuple[Choice, ...]:
    known = lookups.get(Namespaces()) or ()
    return tuple(Choice(each.code, each.name, each.id_type) for each in known)


def target_choice(field: XdmField) -> Choice:
    """A field of a schema as something to choose."""
    return Choice(field.path, field.title or field.path, field.type, field.always_required)


def _need(field: XdmField) -> str:
    if not field.required:
        return ""
    return f"with {field.within}" if field.within else "always"


def _choice(block: Block, *more: str) -> Choice:
    whose = "yours" if block.container == "tenant" else "Adobe's"
    return Choice(block.id, block.title, "; ".join(filter(None, (*more, whose, block.description))))


def _group_choice(block: Block, given: Given) -> Choice:
    fit = len(at_home(given.columns or (), block.holds))
    return _choice(block, f"for {fit:,} column{'' if fit == 1 else 's'}" if fit else "")


def _fitting(answers: Answers, lookups: Lookups) -> tuple[Block, ...]:
    """Field groups that are meant for the class, or for any."""
    the_class = chosen_class(answers, lookups)
    known = lookups.get(Blocks("fieldgroups")) or ()
    return tuple(each for each in known if not each.fits or the_class in each.fits)


def _parts(answers: Answers, lookups: Lookups, given: Given) -> tuple[BlockFields, ...]:
    """The questions for the fields of the class and of each field group."""
    the_class = chosen_class(answers, lookups)
    classes = lookups.get(Blocks("classes")) or ()
    groups = {each.id: each for each in lookups.get(Blocks("fieldgroups")) or ()}
    found = [
        BlockFields("classes", each.container, each.id) for each in classes if each.id == the_class
    ]
    for id in chosen_groups(answers, lookups, given):
        if id in groups:
            found.append(BlockFields("fieldgroups", groups[id].container, id))
    return tuple(found)


FORM = Form(
    kind="schemas",
    title="New schema",
    intro="What a record looks like: a class, and field groups with its fields.",
    step=STEP,
    fields=fields,
    check=check,
    steps=steps,
    look=look,
    looks="the fields",
    clears={"class": ("field_groups", "identities")},
)
