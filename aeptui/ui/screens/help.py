"""Every key of a page, what it does, and why some are off."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from aeptui.resources import formats, registry
from aeptui.resources.definition import Detail, Fact, Facts, Prose
from aeptui.ui.palette import BOLD
from aeptui.ui.screens.page import BAR_ORDER, Page, clause
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.key_bar import key_name
from aeptui.ui.widgets.text_line import Rule, TextLine


class HelpPage(Page):
    """Read from the bindings of the page it was asked on, so that it cannot be out of date."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.session, "help")
        self.kinds, self.aged = page.kinds, page.aged
        lately = (_calls(page), _link(page))
        self._told = Detail("Keys", (*_keys(page), _goto(page), _words(), *lately, _ids(page)))

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


GROUPS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "Look",
        frozenset({"enter", "w", "c", "d", "u", "v", "t", "y", "tab", "slash", "s", "S", "r", "z"}),
    ),
    ("Act", frozenset({"n", "a", "i", "R", "N", "O", "E", "X", "space"})),
    ("Go", frozenset({"colon", "escape", "question_mark", "q", "ctrl+q", "ctrl+c", "ctrl+z"})),
    ("Move", frozenset({"up", "down", "pageup", "pagedown", "home", "end"})),
)
"""The headings of the page and the keys under each; the others follow under `More`."""


def _keys(page: Page) -> list[Facts]:
    """The keys of the page in groups, each in the order of the bottom line."""
    place = {id: i for i, id in enumerate(BAR_ORDER)}
    keys: dict[str, list[str]] = {}
    facts: dict[str, tuple[int, str, str]] = {}
    for active in page.active_bindings.values():
        binding = active.binding
        if not binding.tooltip:
            continue  # Textual's own, of which we make no promise
        keys.setdefault(binding.action, []).append(binding.key)
        reason = page.why_not(binding.action.partition("(")[0]) or ""
        facts.setdefault(
            binding.action, (place.get(binding.id or "", len(place)), binding.tooltip, reason)
        )
    grouped: dict[str, list[Fact]] = {title: [] for title, _ in GROUPS}
    for action, (_, text, reason) in sorted(facts.items(), key=lambda item: item[1][0]):
        title = next((title for title, those in GROUPS if those & set(keys[action])), "More")
        told = f"{text}   (off: {clause(reason)})" if reason else text
        shown = " ".join(key_name(key) for key in keys[action])
        grouped.setdefault(title, []).append(Fact(shown, told, tone="off" if reason else ""))
    return [Facts(facts, title=title) for title, facts in grouped.items() if facts]


def _ids(page: Page) -> Facts:
    """By what name each key is called in the configuration, where it can be given another one."""
    keys: dict[str, list[str]] = {}
    for active in page.active_bindings.values():
        if active.binding.id and active.binding.tooltip:
            keys.setdefault(active.binding.id, []).append(key_name(active.binding.key))
    facts = [Fact(id, " ".join(those)) for id, those in sorted(keys.items())]
    return Facts(facts, title="Ids of these keys, for [keys] in the configuration")


def _goto(page: Page) -> Facts:
    kinds = [
        Fact(f":{resource.kind}", f"the {resource.plural}; also {', '.join(resource.aliases)}")
        for resource in registry.RESOURCES
    ]
    more = [
        Fact(":home", "the flows, worst first"),
        Fact(":causes", "what goes wrong across flows; so does c"),
        Fact(":events", "what happened, and what is new since you last looked"),
        Fact(":rules", "expected failures, and all that is acknowledged or snoozed"),
        Fact(":sandbox NAME", "another sandbox; without a name, a list to choose from"),
        Fact(":new KIND", "the form for one; `:new crm flow` is the whole way, page by page"),
        Fact(":orphans", "what no flow uses: connections, mapping sets, datasets, schemas"),
        Fact(":journal", "plans that stopped half-way, and every past write"),
        Fact(":unlock 15m", "open writing for a while, where it is shut"),
        Fact(":q", "quit; so do ctrl+q, and ctrl+c twice"),
    ]
    if page.session.rehearsal is not None:
        more.append(Fact(":emulator stop", "stop the local platform; `:emulator start` starts it"))
    return Facts([*kinds, *more], title="Where : leads; any name or id works as well")


def _calls(page: Page) -> Facts:
    """What the platform was asked lately, which the top line has no room for."""
    services, moment = page.session.services, page.session.moment()
    meter, pace = services.meter, services.budget.pace
    latency, limited = meter.last_latency_s, meter.last_limited_at
    facts = [
        Fact("calls", f"{meter.calls_last_minute()} in the last minute, up to {pace:.0f} allowed"),
        Fact("last answer", "none yet" if latency is None else f"after {latency * 1000:.0f} ms"),
        Fact("slowed down", "never" if limited is None else formats.full(limited, moment)),
    ]
    return Facts(facts, title="What the platform is asked, in this session")


def _words() -> Prose:
    return Prose(
        "Words are ANDed. `word` is a part of any text, `!word` its opposite, `field:value`, "
        "`field>n` and `field<n` look at one field, `state:failed,late` at the state.",
        title="What / understands",
    )


def _link(page: Page) -> Prose:
    took_s = page.console.round_trip_s
    if took_s is None:
        told = "It has answered no question, so nothing is known of how far away it is."
    else:
        told = (
            f"It answers in {took_s * 1000:,.0f} ms. While it is behind, what changes is gathered "
            "and sent as one picture."
        )
    return Prose(told, title="This terminal")
