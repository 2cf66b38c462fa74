"""`aeptui create`: a form answered by flags or question by question, shown or sent."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aeptui.forms.catalogue import FORMS
from aeptui.forms.form import NOTHING, Form, remarks
from aeptui.forms.lookups import Lookups
from aeptui.forms.words import listed
from aeptui.headless import talk
from aeptui.headless.asking import bring
from aeptui.headless.flags import answers_of, flag_of, flags_in
from aeptui.headless.listing import Usage
from aeptui.headless.questions import Questions, agreed
from aeptui.headless.sending import FINE, TROUBLE, exit_code, need_writing, told
from aeptui.pipelines.apply import apply
from aeptui.pipelines.here import journal_of, plan_for
from aeptui.pipelines.plan import Made, Plan, Secrets
from aeptui.pipelines.request import as_text, preview

if TYPE_CHECKING:
    from aeptui.session import Session


async def run(session: Session, kind: str, words: Sequence[str], *, dry_run: bool) -> int:
    """Make one resource of `kind` from the flags in `words`; answers the exit code.

    Without any flag, a person at a plain terminal is asked one question at a time.
    """
    form = FORMS.get(kind)
    if form is None:
        raise Usage(f"{kind} are not made by a form; {listed(list(FORMS), 9)} are")
    if not dry_run:
        need_writing(session)

    def taken(kind: str, name: str) -> bool:
        return bool(session.mirror.named_now(kind, name))

    lookups = Lookups(session.connected, session.now, session.config.settings.zone(), taken)
    await bring(session, form.kind)
    plain = talk.wanted(os.environ, plain=session.config.flags.plain)
    asked = Questions(session, form, lookups) if plain and not words and talk.possible() else None
    if asked is not None:
        try:
            answers = await asked.put()
        except talk.Left:
            raise Usage("Nothing was sent; your answers are kept, but for secrets") from None
    else:
        answers = await answers_of(session, form, lookups, flags_in(words))
    if faults := form.check(answers, lookups, NOTHING):
        for field, sentence in faults.items():
            print(f"--{flag_of(field)}: {sentence}.", file=sys.stderr)
        raise Usage("Nothing was sent")
    for field, sentence in remarks(form, answers, lookups, NOTHING).items():
        print(f"--{flag_of(field)}: {sentence}.", file=sys.stderr)
    steps = form.steps(answers, lookups, NOTHING)
    plan = plan_for(session, steps[0].title, steps)
    if dry_run:
        print("\n\n".join(as_text(preview(step)) for step in plan.steps))
        return FINE
    if asked is not None and not await agreed(plan):
        raise Usage("Nothing was sent; your answers are kept, but for secrets")
    code = await _send(session, form, plan, form.secrets(answers, lookups, NOTHING))
    if asked is not None and code == FINE:
        asked.served()
    return code


async def _send(session: Session, form: Form, plan: Plan, secrets: Secrets) -> int:
    """Send the plan, telling what happens on standard error and the new id on standard output."""
    services = await session.connected()
    async with journal_of(session) as journal:
        last = await told(apply(plan, secrets, services, journal))
    stands = last.stands if last else ()
    made = next((made for step, made in stands if step.name == form.step), None)
    if made is not None:
        print(made.id)
    code = exit_code(last)
    return await _tested(session, form, made) if made and code == FINE else code


async def _tested(session: Session, form: Form, made: Made) -> int:
    """Test a base connection that was made; 1 when it cannot log in."""
    if form.kind != "base-connections":
        return FINE
    result = await (await session.connected()).flows.test_connection(made.id)
    print(f"aeptui: it {result.outcome}.", file=sys.stderr)
    return FINE if result.ok else TROUBLE
