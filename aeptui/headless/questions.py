"""A form as one question at a time; the same form as on the screen, with the same answers kept.

Each question says what it is for, what can be chosen and what stands there
already; an empty line leaves that. What is wrong is said at once and asked
again. `<` goes back, `?` says more, the end of file leaves with the answers kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aeptui.api.settings import Secret
from aeptui.forms.answers import KeptAnswers
from aeptui.forms.choices import Choice
from aeptui.forms.fields import Answers, Field, Value, answer_to, is_empty
from aeptui.forms.form import NOTHING, Form, answered, settled
from aeptui.forms.lookups import Lookups
from aeptui.forms.told import in_words
from aeptui.headless.asking import bring
from aeptui.headless.flags import read_text
from aeptui.headless.listing import Usage
from aeptui.headless.talk import Left, line, say
from aeptui.mirror.values import Listing
from aeptui.pipelines.plan import Plan
from aeptui.pipelines.request import as_text, preview

if TYPE_CHECKING:
    from aeptui.session import Session

MENU_MOST = 20
"""So many choices are read out; a part of a name finds the others."""
PICKS_MOST = 300
_ROWS_HELP = {
    "pairs": "Written as column=field, column=field.",
    "identities": "Written as field:namespace, or field:namespace:primary.",
}


class Questions:
    """The questions of one form, put to a person until all answers are right."""

    def __init__(self, session: Session, form: Form, lookups: Lookups) -> None:
        self._session = session
        self._form = form
        self._lookups = lookups
        self._kept = KeptAnswers(
            session.config.state_dir, session.profile.name, session.sandbox, form.kind
        )
        self._answers: Answers = self._kept.read()
        self._asked: list[str] = []
        self._names: dict[str, str] = {}

    async def put(self) -> Answers:
        """Ask until every answer is right; raises Left, with the answers kept."""
        say(f"{self._form.title}. {self._form.intro}")
        say("An empty line keeps what stands in brackets; < goes back, ? says more, ctrl+d leaves.")
        if self._answers:
            say("Your answers of last time are in the brackets, but for secrets.")
        while (field := await self._next()) is not None:
            try:
                value = await self._ask(field)
            except Left:
                self._kept.keep(self._answers)
                raise
            if value is _BACK:
                self._go_back()
            else:
                self._asked.append(field.name)
                await self._take(field, value)
        self._kept.keep(self._answers)
        return self._answers

    def served(self) -> None:
        """The answers have become something; they are not offered again."""
        self._kept.forget()

    async def _next(self) -> Field | None:
        """The first question that was not put; when all were, the ones that are wrong again."""
        await settled(self._form, self._answers, self._lookups)
        fields = self._form.fields(self._answers, self._lookups, NOTHING)
        open_ones = [field for field in fields if field.name not in self._asked]
        if open_ones:
            return open_ones[0]
        faults = self._form.check(self._answers, self._lookups, NOTHING)
        wrong = [field for field in fields if field.name in faults]
        if faults and not wrong:
            raise Usage(". ".join(faults.values()))
        for field in wrong:
            say(f"{faults[field.name]}.")
            self._asked.remove(field.name)
        return wrong[0] if wrong else None

    async def _take(self, field: Field, value: Value) -> None:
        if value is not _KEEP:
            self._answers = answered(self._form, self._answers, field.name, value)
            await settled(self._form, self._answers, self._lookups)
        faults = self._form.check(self._answers, self._lookups, NOTHING)
        if fault := faults.get(field.name):
            say(f"{fault}.")
            self._asked.remove(field.name)

    def _go_back(self) -> None:
        if self._asked:
            self._asked.pop()
        else:
            say("This is the first question.")

    async def _ask(self, field: Field) -> Value:
        """The answer to one question, or a sign: keep what there is, go back."""
        say()
        choices = await self._choices(field)
        if field.trouble:
            say(f"{field.label}: {field.trouble}")
            self._lookups.forget()
        elif choices:
            self._read_out(choices)
        now = answer_to(field, self._answers)
        while True:
            if field.kind == "secret":
                stands = "typed" if isinstance(now, Secret) else ""
            else:
                stands = "" if is_empty(now) else in_words(field, now, self._names)
            need = "" if field.required else " (may stay empty)"
            prompt = f"{field.label}{need}{f' [{stands}]' if stands else ''}: "
            told = (await line(prompt, hidden=field.kind == "secret")).strip()
            if told == "<":
                return _BACK
            if told == "?":
                self._explain(field, choices)
            elif not told:
                return _KEEP
            elif field.kind == "secret":
                return Secret(told)
            else:
                try:
                    return await read_text(
                        self._session, field, _meant(told, field, choices), field.label
                    )
                except Usage as reason:
                    say(f"{reason}.")
                    if found := _found(told, choices):
                        self._read_out(found, choices)

    async def _choices(self, field: Field) -> Sequence[Choice]:
        if field.kind != "pick":
            return field.choices
        await bring(self._session, field.picks)
        window = await self._session.mirror.window(Listing(field.picks), PICKS_MOST)
        choices = [Choice(row.id, row.name or row.id) for row in window.rows]
        self._names |= {choice.value: choice.label for choice in choices}
        if not choices:
            say(f"There are no {field.picks} here yet.")
        return choices

    def _explain(self, field: Field, choices: Sequence[Choice]) -> None:
        said = [field.help, _ROWS_HELP.get(field.kind, "")]
        if field.kind in ("many", "columns"):
            said.append("Several are parted by commas; all means all.")
        for each in field.suggested[:MENU_MOST]:
            said.append(f"{each.source}={each.destination}: {each.reason}")
        said += [f"{choice.label}: {choice.help}" for choice in choices[:MENU_MOST] if choice.help]
        say("\n".join(filter(None, said)) or "There is no more to say about it.")

    def _read_out(self, choices: Sequence[Choice], of: Sequence[Choice] | None = None) -> None:
        every = list(of if of is not None else choices)
        for choice in choices[:MENU_MOST]:
            say(f"  {every.index(choice) + 1}  {choice.label}")
        if len(choices) > MENU_MOST:
            say(f"  and {len(choices) - MENU_MOST:,} more; type a part of a name to find one")


async def agreed(plan: Plan) -> bool:
    """Whether the person wants the plan sent, after reading what it would do."""
    say()
    for step in plan.steps:
        say(step.title)
    while True:
        told = (await line("Send it? yes, no, or show for the requests: ")).strip().lower()
        if told in ("y", "yes"):
            return True
        if told in ("n", "no", ""):
            return False
        if told == "show":
            say("\n\n".join(as_text(preview(step)) for step in plan.steps))


_KEEP, _BACK = object(), object()


def _meant(told: str, field: Field, choices: Sequence[Choice]) -> str:
    """What was told, with numbers of the menu and single finds as the choices they mean."""
    if not choices or field.kind not in ("choice", "many", "columns", "pick"):
        return told
    if field.kind in ("choice", "pick"):
        return _one(told, choices)
    if told.lower() == "all":
        return ",".join(choice.value for choice in choices)
    return ",".join(_one(part.strip(), choices) for part in told.split(","))


def _one(told: str, choices: Sequence[Choice]) -> str:
    if told.isdecimal() and 1 <= int(told) <= len(choices):
        return choices[int(told) - 1].value
    found = _found(told, choices)
    return found[0].value if len(found) == 1 else told


def _found(told: str, choices: Sequence[Choice]) -> list[Choice]:
    """The choices with this in their name; the whole name alone where it is one."""
    wanted = told.lower()
    whole = [each for each in choices if wanted in (each.label.lower(), each.value.lower())]
    return whole or [each for each in choices if wanted in each.label.lower()]
