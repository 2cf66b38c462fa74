"""Before things go for good: what goes is named once more, and nothing is taken from its users."""

from __future__ import annotations

from collections.abc import Sequence

from aeptui.api.errors import ApiTrouble
from aeptui.pipelines.plan import Step
from aeptui.pipelines.unmaking import Everything, Going, everything_there, still_going, used_by_now
from aeptui.ui.screens.confirm import Confirm, TypedName
from aeptui.ui.screens.send import SendPage


async def may_delete(page: SendPage, going: Sequence[Going]) -> bool:
    """Whether a person agrees, and nothing else uses any of it by now."""
    if not await _agreed(page, going):
        return False
    there = await _there(page)
    return there is not None and _unused(page, there, going)


async def may_go_on_deleting(page: SendPage, steps: Sequence[Step]) -> bool:
    """The same for what a plan that stopped has still to delete: its users may be others now."""
    there = await _there(page)
    if there is None:
        return False
    going = still_going(steps, there)
    return _unused(page, there, going) and await may_delete(page, going)


async def _there(page: SendPage) -> Everything | None:
    try:
        return await everything_there(await page.session.connected())
    except ApiTrouble as trouble:
        page.saying.put(f"Nothing was sent: {trouble}", "warn")
        return None


def _unused(page: SendPage, there: Everything, going: Sequence[Going]) -> bool:
    used = used_by_now(there, going)
    if used:
        page.saying.put(f"Nothing was sent: {used}. esc leaves; X in its list looks again.", "warn")
    return not used


async def _agreed(page: SendPage, going: Sequence[Going]) -> bool:
    names = ", ".join(f"{each.noun} {each.name}" for each in going)
    reach = ". ".join(each.reach for each in going if each.reach)
    question = f"{page.plan.title}?"
    told = f"This deletes: {names}." + (f" {reach[:1].upper()}{reach[1:]}." if reach else "")
    if any(each.part == "dataset" for each in going) and not page.session.protected:
        # Rows go for good: by the name of what goes first, the flow while it is there.
        return await page.app.push_screen_wait(TypedName(question, told, going[0].name)) is True
    return await page.app.push_screen_wait(Confirm(question, told)) is True
