"""Every key of a page, what it does, and why some are off."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from aeptui.resources import registry
from aeptui.resources.definition import Detail, Fact, Facts, Prose
from aeptui.ui.palette import BOLD
from aeptui.ui.screens.page import BAR_ORDER, Page
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.key_bar import key_name
from aeptui.ui.widgets.text_line import Rule, TextLine


class HelpPage(Page):
    """Read from the bindings of the page it was asked on, so that it cannot be out of date."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.session, "help")
        self.kinds = page.kinds
        self._told = Detail("Keys", (_keys(page), _later(), _goto(page), _words()))

    def body(self) -> Iterable[Widget]:
        """A title and the keys."""
        yield TextLine([(" Keys", BOLD)])
        yield Rule()
        yield DetailView(id="detail")

    def on_mount(self) -> None:
        """Show the keys."""
        detail = self.query_one("#detail", DetailView)
        detail.show(self._told)
        detail.focus()


def _keys(page: Page) -> Facts:
    """The keys that work on the page, in the order of the bottom line; the others after them."""
    place = {id: i for i, id in enumerate(BAR_ORDER)}
    named: dict[str, list[str]] = {}
    facts: dict[str, tuple[int, str, bool]] = {}
    for active in page.active_bindings.values():
        binding = active.binding
        if not binding.tooltip:
            continue  # Textual's own, of which we make no promise
        named.setdefault(binding.action, []).append(key_name(binding.key))
        reason = page.why_not(binding.action.partition("(")[0])
        text = f"{binding.tooltip}   (off: {reason})" if reason else binding.tooltip
        facts.setdefault(
            binding.action, (place.get(binding.id or "", len(place)), text, reason is not None)
        )
    ordered = sorted(facts.items(), key=lambda item: item[1][0])
    return Facts(
        [
            Fact(" ".join(named[action]), text, tone="off" if off else "")
            for action, (_, text, off) in ordered
        ]
    )


def _later() -> Facts:
    return Facts(
        [
            Fact(key, f"{label}   (off: {reason})", tone="off")
            for key, label, reason in registry.LATER
        ]
    )


def _goto(page: Page) -> Facts:
    kinds = [
        Fact(f":{resource.kind}", f"the {resource.plural}; also {', '.join(resource.aliases)}")
        for resource in registry.RESOURCES
    ]
    more = [
        Fact(":home", "the flows, worst first"),
        Fact(":sandbox NAME", "another sandbox; without a name, a list to choose from"),
        Fact(":q", "quit; so do ctrl+q, and ctrl+c twice"),
    ]
    if page.session.rehearsal is not None:
        more.append(Fact(":emulator stop", "stop the local platform; `:emulator start` starts it"))
    return Facts([*kinds, *more], title="Where : leads; any name or id works as well")


def _words() -> Prose:
    return Prose(
        "Words are ANDed. `word` is a part of any text, `!word` its opposite, `field:value`, "
        "`field>n` and `field<n` look at one field, `state:failed,late` at the state.",
        title="What / understands",
    )
