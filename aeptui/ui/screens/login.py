"""The base connection of the wizard, made and tested on the way.

Its tables can be browsed only when it exists, and what cannot log in makes a
flow that only fails; so it may be made before the rest, and one that the CRM
turns away is corrected before the rest is sent.
"""

from __future__ import annotations

from collections.abc import Callable

from aeptui.forms import base_connection
from aeptui.forms.fields import Answers, Value
from aeptui.pipelines.plan import Made
from aeptui.session import Session
from aeptui.ui.screens.form import FormPage


class LoginPage(FormPage):
    """The form for a base connection over answers of the wizard.

    `refused` is one that is made already and could not log in. The answers are
    given back, with what is such a one now; `accepted` is told what can log in.
    """

    recalls = False  # the wizard keeps its answers

    def __init__(
        self,
        session: Session,
        answers: Answers,
        give_back: Callable[[dict[str, Value], Made | None], None],
        accepted: Callable[[Made], None],
        refused: Made | None = None,
    ) -> None:
        super().__init__(session, base_connection.FORM)
        self.intro = "ctrl+g makes it now and tests it; then its tables can be browsed."
        self.answers, self.touched = dict(answers), set(answers)
        self.resumed = False
        self._give_back = give_back
        self._accepted = accepted
        self._refused = refused

    def on_mount(self) -> None:
        """Where it is made already, say what the CRM has against it."""
        if self._refused is not None:
            self.begun = True
            self.test_made(self._refused)

    def action_back(self) -> None:
        """Not while it is made: the wizard would make another one."""
        if self._busy:
            self.saying.put(
                "It is being made and tested; the wizard has to know what came of it.", "busy"
            )
        else:
            super().action_back()

    def keep(self) -> None:
        """The wizard keeps the answers, with its own."""
        self._changed = False
        if not self.over:
            self._give_back(self.answers, self._mending)

    def leave_for(self, made: Made, words: str) -> None:
        """Back to the wizard."""
        self.keep()
        self.over = True
        self.console.back()
        self._accepted(made)
