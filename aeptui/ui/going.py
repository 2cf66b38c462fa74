"""Where the go-to line leads: a list, a resource, another sandbox, or a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aeptui.config import ConfigError
from aeptui.mirror.rows import FlowRow
from aeptui.mirror.values import Listing
from aeptui.nearest import nearest
from aeptui.resources import registry
from aeptui.session import reopen
from aeptui.ui.goto import Go, GotoWords
from aeptui.ui.messages import OpenResource

if TYPE_CHECKING:
    from aeptui.ui.app import AepApp

COMMANDS = (
    "home",
    "causes",
    "orphans",
    "events",
    "rules",
    "journal",
    "new",
    "sandbox",
    "help",
    "refresh",
    "unlock",
    "quit",
)


class Going:
    """Reads what was typed behind `:` and goes there."""

    def __init__(self, app: AepApp) -> None:
        self._app = app

    def words(self) -> GotoWords:
        """What the go-to line knows just now."""
        rows = self._app.session.mirror.window_now(Listing("sandboxes"), 50).rows
        rehearsing = self._app.rehearsing is not None
        commands = (*COMMANDS, "emulator") if rehearsing else COMMANDS
        return GotoWords(commands, tuple(row.id for row in rows), rehearsing)

    async def answer(self, text: str) -> None:
        """Go where the text says."""
        from aeptui.ui.screens.resource import ListPage

        app = self._app
        match self.words().read(text):
            case Go("list", kind):
                app.go_home()
                app.push_screen(ListPage(app.session, registry.BY_KIND[kind]))
            case Go("home"):
                app.go_home()
            case Go("causes"):
                app.go_home()
                app.home.action_causes()
            case Go("events"):
                from aeptui.ui.screens.events import EventsPage

                app.go_home()
                app.push_screen(EventsPage(app.session))
            case Go("rules"):
                from aeptui.ui.screens.rules import RulesPage

                app.go_home()
                row = app.home.at_hand
                flow = row if isinstance(row, FlowRow) else None
                app.push_screen(RulesPage(app.session, flow))
            case Go("orphans"):
                from aeptui.ui.screens.orphans import OrphansPage

                app.go_home()
                app.push_screen(OrphansPage(app.session))
            case Go("journal"):
                from aeptui.ui.screens.journal import JournalPage

                app.go_home()
                app.push_screen(JournalPage(app.session))
            case Go("quit"):
                app.leave()
            case Go("help"):
                app.open_help(app.page)
            case Go("refresh"):
                app.page.action_refresh()
            case Go("unlock", rest):
                app.doing.unlock(rest)
            case Go("new", rest):
                app.doing.asked_new(rest)
            case Go("sandbox", name):
                app.run_worker(self._open_sandbox(name), group="sandbox", exclusive=True)
            case Go("emulator", verb) if app.rehearsing is not None:
                app.rehearsing.command(verb)
            case Go("find", name):
                await self._find(name)

    async def _find(self, text: str) -> None:
        """Open the resource of that name or id, or list those that match.

        When there is none, say which word was probably meant.
        """
        app = self._app
        found = [hit for hit in await app.session.mirror.find(text) if hit.kind in registry.BY_KIND]
        exact = [hit for hit in found if text.lower() in (hit.name.lower(), hit.id.lower())]
        hits = exact or found
        if len(hits) == 1:
            app.post_message(OpenResource(hits[0].kind, hits[0].id))
        elif hits:
            from aeptui.ui.screens.used_by import FoundPage

            # One name often runs from a flow to its dataset: the flow tells most of it.
            kinds = list(registry.BY_KIND)
            app.push_screen(
                FoundPage(app.session, text, sorted(hits, key=lambda hit: kinds.index(hit.kind)))
            )
        else:
            near = self.words().near(text)
            hint = f" Did you mean :{near}?" if near else " ? lists what there is."
            app.page.say(f"Nothing is called {text!r} here.{hint}", "warn")

    async def _open_sandbox(self, name: str) -> None:
        """Open another sandbox: of that name, or one that is chosen."""
        from aeptui.ui.screens.confirm import SandboxChooser

        app = self._app
        rows = app.session.mirror.window_now(Listing("sandboxes"), 50).rows
        if not name:
            name = await app.push_screen_wait(SandboxChooser(app.session, rows))
        known = {row.id for row in rows}
        if not name or name == app.session.sandbox:
            return
        if known and name not in known:
            near = nearest(name, known) or ", ".join(sorted(known))
            app.page.say(f"There is no sandbox {name} here. Did you mean {near}?", "warn")
            return
        with app.typed.opening():
            try:
                opened = await reopen(app.session, name)
            except ConfigError as wrong:
                app.page.say(str(wrong), "bad")
                return
            await app.open_session(opened)
