"""The first screen, where nothing is configured: rehearse, connect, or read what that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from aeptui.config import Config
from aeptui.resources.definition import Detail, Fact, Facts, Prose
from aeptui.ui.drawing import fit, line, wrap
from aeptui.ui.driver import driver_named
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.key_bar import Key, KeyBar
from aeptui.ui.widgets.painted import Painted


class Choice(NamedTuple):
    """One way to begin."""

    name: str
    label: str
    words: str


CHOICES = (
    Choice("demo", "Rehearse", "a local platform with a CRM of its own; nothing to set up"),
    Choice("connect", "Connect", "client id, secret and organisation of a real one"),
    Choice("read", "Read", "what is needed for that, and where to find it"),
)


class Choices(Painted, can_focus=True):
    """The ways to begin, and what was found."""

    DEFAULT_CSS = "Choices { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("enter", "choose", "choose"),
    ]

    class Chosen(Message):
        """Enter was pressed on a choice."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, choices: Sequence[Choice], found: str) -> None:
        super().__init__(id="choices")
        self._choices = choices
        self._found = found
        self._at = 0

    def action_move(self, delta: int) -> None:
        """Go to the next one."""
        self._at = (self._at + delta) % len(self._choices)
        self.repaint()

    def action_choose(self) -> None:
        """Take this one."""
        self.post_message(self.Chosen(self._choices[self._at].name))

    def lines(self, width: int, height: int) -> list[Strip]:
        """The name, the sentence, the choices, and where the configuration was looked for."""
        above = [Strip.blank(width)] * max(1, (height - 12) // 3)
        made = [
            *above,
            line([("aeptui".center(width), BOLD)], width),
            Strip.blank(width),
            *(
                line([(text.center(width), PLAIN)], width)
                for text in wrap(
                    "Dataflows into Adobe Experience Platform, watched and made here.", width - 2
                )
            ),
            Strip.blank(width),
        ]
        for i, choice in enumerate(self._choices):
            here = i == self._at
            sign = "▸" if here else " "
            made.append(
                line(
                    [
                        (f"   {sign}  ", PLAIN),
                        (fit(choice.label, 12), CURSOR if here else BOLD),
                        (f" {choice.words}", PLAIN if here else DIM),
                    ],
                    width,
                )
            )
        made.append(Strip.blank(width))
        made += [line([(f"      {text}", DIM)], width) for text in wrap(self._found, width - 8)]
        return made


def connecting(config: Config) -> Detail:
    """What to write, and where."""
    return Detail(
        "Connect",
        (
            Prose(
                f"Write {config.path}, or let `aeptui config init` write it for you to fill in. "
                "A profile is read-only until it says otherwise.",
                title="Connect to a real organisation",
            ),
            Facts(
                (
                    Fact("[profiles.acme]", "any name; it stands in the top line"),
                    Fact("org_id", '"…@AdobeOrg"'),
                    Fact("client_id", "of an OAuth server-to-server credential"),
                    Fact(
                        "client_secret",
                        '{ env = "NAME" }, or { command = [...] }, or { file = "..." }',
                    ),
                    Fact("sandbox", '"prod", or the one to open first'),
                )
            ),
            Prose(
                "Then `aeptui doctor` says whether it works, and `aeptui` opens the console. "
                "The environment does as well: AEPTUI_ORG_ID, AEPTUI_CLIENT_ID, "
                "AEPTUI_CLIENT_SECRET and AEPTUI_SANDBOX need no file at all."
            ),
        ),
    )


def reading() -> Detail:
    """What an operator needs, and who has it."""
    return Detail(
        "Read",
        (
            Prose(
                "A project in the Adobe Developer Console with the Experience Platform API and an "
                "OAuth server-to-server credential. It shows the client id, the client secret, the "
                "scopes and the organisation id.",
                title="What is needed",
            ),
            Prose(
                "An administrator of Experience Platform adds that credential to a role which may "
                "view sources, dataflows, schemas and datasets in your sandbox. Without it the "
                "platform answers 403, and aeptui says what it named.",
                title="Who has to allow it",
            ),
            Prose(
                "Nothing but the two hosts of Adobe's that the profile names. What was read is kept "
                "in a folder that only you can open, and may be thrown away at any time.",
                title="What aeptui talks to",
            ),
        ),
    )


class FirstApp(App[str]):
    """Asks how to begin; the answer is `demo` or an empty string."""

    CSS_PATH = "../aeptui.tcss"
    ENABLE_COMMAND_PALETTE = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q", "leave", "quit", show=False),
        Binding("ctrl+c", "leave", "quit", show=False, priority=True),
        Binding("escape", "back", "back", show=False),
    ]

    def __init__(self, config: Config) -> None:
        super().__init__(driver_class=driver_named(config.settings.driver))
        self.config = config

    def compose(self) -> ComposeResult:
        """The choices, and the page that a choice opens."""
        where = "No profile in" if self.config.path.exists() else "No configuration at"
        yield Choices(CHOICES, f"{where} {self.config.path}")
        yield DetailView(titled=False, id="told")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin with the choices."""
        self.query_one("#told").display = False
        self.query_one(Choices).focus()
        self._keys(Key("enter", "choose"), Key("↑↓", "move"), Key("q", "quit"))

    def _keys(self, *keys: Key) -> None:
        self.query_one(KeyBar).show(keys)

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        """Rehearse, or show what to do."""
        if message.name == "demo":
            self.exit("demo")
            return
        told = self.query_one("#told", DetailView)
        told.show(connecting(self.config) if message.name == "connect" else reading())
        told.display = True
        self.query_one(Choices).display = False
        told.focus()
        self._keys(Key("esc", "back"), Key("q", "quit"))

    async def action_back(self) -> None:
        """Back to the choices."""
        choices = self.query_one(Choices)
        if choices.display:
            self.exit("")
            return
        self.query_one("#told").display = False
        choices.display = True
        choices.focus()
        self._keys(Key("enter", "choose"), Key("↑↓", "move"), Key("q", "quit"))

    def action_leave(self) -> None:
        """Leave without a choice."""
        self.exit("")
