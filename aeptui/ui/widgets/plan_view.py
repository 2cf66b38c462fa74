"""A plan to be read: its steps, what came of each, and the request of the one at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from aeptui.pipelines.events import Event
from aeptui.pipelines.plan import Made, Plan, Step
from aeptui.pipelines.request import as_text, curl, preview
from aeptui.resources.definition import Tone
from aeptui.ui.drawing import Piece, both_ends, fit, line
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN, TONES
from aeptui.ui.widgets.painted import Painted

STEPS_MOST = 9
"""So many steps are in sight above the request."""
_STATES: Mapping[str, tuple[str, Tone]] = {
    "sending": ("sending", "busy"),
    "done": ("done", "good"),
    "failed": ("refused", "bad"),
    "refused": ("not sent", "warn"),
    "unknown": ("may have landed", "warn"),
    "undone": ("taken back", "off"),
    "left behind": ("left behind", "warn"),
}


class PlanView(Painted, can_focus=True):
    """Steps above, the request of one below, exactly as it is sent but for secrets."""

    DEFAULT_CSS = "PlanView { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "up", show=False, id="up", tooltip="the step above"),
        Binding("down,j", "step(1)", "down", show=False, id="down", tooltip="the step below"),
        Binding(
            "pageup",
            "scroll_request(-8)",
            "up",
            show=False,
            id="page_up",
            tooltip="the request, up",
        ),
        Binding(
            "pagedown",
            "scroll_request(8)",
            "down",
            show=False,
            id="page_down",
            tooltip="the request, down",
        ),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.plan: Plan | None = None
        self._reused: Sequence[tuple[str, str]] = ()
        self._states: dict[str, str] = {}
        self._known: dict[str, Made] = {}
        self._at = 0
        self._top = 0
        self._words = ""

    def show(
        self, plan: Plan | None, reused: Sequence[tuple[str, str]] = (), words: str = ""
    ) -> None:
        """Draw this plan; what is known of its steps stays. None: `words` say why there is none."""
        if plan is None or self.plan is None or plan.id != self.plan.id:
            self._states, self._known = {}, {}
        self.plan, self._reused, self._words = plan, reused, words
        self._at = max(0, min(self._at, len(plan.steps) - 1 if plan else 0))
        self.repaint()

    def tell(self, event: Event) -> None:
        """Draw what happened to a step, and go along with it."""
        self._known = {step.name: made for step, made in event.stands}
        if event.step is not None and self.plan is not None:
            self._states[event.step.name] = event.what
            names = [step.name for step in self.plan.steps]
            if event.step.name in names and names.index(event.step.name) != self._at:
                self._at, self._top = names.index(event.step.name), 0
        self.repaint()

    def recall(self, states: Mapping[str, str], known: Mapping[str, Made]) -> None:
        """Draw how far the steps had come when the plan was left."""
        self._states, self._known = dict(states), dict(known)
        self.repaint()

    @property
    def step(self) -> Step | None:
        """The step at the cursor."""
        return self.plan.steps[self._at] if self.plan and self.plan.steps else None

    @property
    def curl(self) -> str:
        """The request at the cursor for a shell."""
        return curl(self.plan, self.step, self._known) if self.plan and self.step else ""

    @property
    def request(self) -> str:
        """The request at the cursor, whole."""
        return as_text(preview(self.step, self._known)) if self.step else ""

    def action_step(self, delta: int) -> None:
        """Go to another step."""
        if self.plan is not None:
            self._at = max(0, min(self._at + delta, len(self.plan.steps) - 1))
            self._top = 0
            self.repaint()

    def action_scroll_request(self, delta: int) -> None:
        """Scroll the request."""
        self._top = max(0, self._top + delta)
        self.repaint()

    def lines(self, width: int, height: int) -> list[Strip]:
        """Steps, what is used again, a rule, the request."""
        if self.plan is None:
            return [line([(f" {self._words}", DIM)], width)]
        steps = self.plan.steps
        made: list[Strip] = []
        first = max(0, min(self._at - STEPS_MOST // 2, len(steps) - STEPS_MOST))
        for i in range(first, min(first + STEPS_MOST, len(steps))):
            made.append(self._line(i, steps[i], width))
        if len(steps) > STEPS_MOST:
            words = f" {len(steps):,} steps, {first + 1} to {first + STEPS_MOST} here"
            made.append(line([(words, DIM)], width))
        for what, name in self._reused:
            made.append(line([("      uses ", DIM), (fit(what, 20), DIM), (name, PLAIN)], width))
        made.append(line([("─" * width, DIM)], width))
        return made + self._request(width, height - len(made))

    def _line(self, i: int, step: Step, width: int) -> Strip:
        here = i == self._at
        state = self._states.get(step.name, "")
        word, tone = _STATES.get(state, ("", ""))
        left: list[Piece] = [("▸" if here else " ", PLAIN), (f"{i + 1:>2}  ", DIM)]
        left.append((step.title, BOLD if here and not self.has_focus else PLAIN))
        drawn = both_ends(left, [(f"{word} ", TONES[tone])] if word else [], width)
        return drawn.apply_style(CURSOR) if here and self.has_focus else drawn

    def _request(self, width: int, room: int) -> list[Strip]:
        told = self.request.split("\n")
        self._top = max(0, min(self._top, len(told) - room + 1)) if len(told) > room else 0
        if len(told) <= room:
            return [line([(f" {text}", PLAIN)], width) for text in told]
        shown = told[self._top : self._top + room - 1]
        below = len(told) - self._top - len(shown)
        words = f"{below} more lines, pgdn ↓ " if below else "the end, pgup ↑ "
        drawn = [line([(f" {text}", PLAIN)], width) for text in shown]
        return [*drawn, line([(fit(words, width, "right"), DIM)], width)]
