"""The mapping studio: which column, expression or text fills which field of a schema, by keys alone.

The pairs have their home in a `Workbench`, and whoever opened the studio is
told of each change, so that leaving it, or losing the terminal, loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from aeptui.forms.pairs import Pair
from aeptui.forms.workbench import called, complete, completions, typed, unknown_function
from aeptui.ui.screens.identifying import namespace_of
from aeptui.ui.screens.mapping_view import Pick
from aeptui.ui.screens.pair_files import PairFiles
from aeptui.ui.widgets.mapping_panes import PairRow
from aeptui.ui.widgets.prompt import Prompt


class StudioPage(PairFiles):
    """Pairs, changed by keys alone and tried by the platform as they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "choose", id="choose", tooltip="another field; in the other panes: make a pair"),
        Binding("e", "source", "source", id="source", tooltip="type the source: a column, an expression, a text in quotes"),
        Binding("n", "add", "calculate", id="add", tooltip="calculate a field with an expression"),
        Binding("x,delete", "drop", "remove", id="drop", tooltip="take the pair out"),
        Binding("space", "take", "take", id="take", tooltip="take the proposal for the column"),
        Binding("ctrl+a", "take_all", "take all likely", id="take_all", tooltip="take every likely proposal"),
        Binding("i", "identify", "identity", id="identify", tooltip="mark as an identity, or unmark"),
        Binding("p", "primary", "primary", show=False, id="primary", tooltip="make it the primary identity, or one of several"),
        Binding("escape", "back", "done", id="back", tooltip="leave; the pairs are kept"),
    ]  # fmt: skip

    def action_back(self) -> None:
        """Leave a question, then a search, then the studio."""
        if self.pick is not None:
            self.end_pick()
        elif self._found.get(self._front):
            self._search("")
        else:
            self.leave()

    def leave(self) -> None:
        """Go back to whoever opened it; the pairs are told already."""
        self.dismiss(None)

    # Choosing a column or a field -------------------------------------------------------------------

    def ask_for(self, question: str, pane: str, done: Callable[[str], None]) -> None:
        """Let the next enter in a pane answer a question."""
        self.pick = Pick(question, pane, done)
        self.redraw()
        self.show_pane(pane)

    def end_pick(self, then: str = "pairs") -> None:
        """The question was answered or left."""
        self.pick = None
        self.field_tree.likely = ()
        self.redraw()
        self.show_pane(then)

    def ask_for_field(
        self, question: str, columns: Sequence[str], done: Callable[[str], None]
    ) -> None:
        """Which field: those that are likely for the columns first."""
        work = self.work
        likely = [each for name in columns for each in work.candidates.get(name, ())]
        self.field_tree.likely = [each for each in likely if each.destination not in work.by_field][
            :6
        ]
        self._found["fields"] = ""
        self.fields.at = 0
        self.ask_for(question, "fields", done)

    def action_choose(self) -> None:
        """Answer the question, or begin one about the row at the cursor."""
        front, row = self.front, self.front.row
        if row is None:
            return
        if front is self.fields and row.field is None:
            self.field_tree.toggle(row.path)
            self.fields.put(self.field_tree.rows())
            return
        chosen = row.name if front is self.columns else row.path if front is self.fields else ""
        if self.pick is not None and front.id == self.pick.pane:
            pick = self.pick
            self._found.pop(pick.pane, None)
            self.end_pick()
            pick.done(chosen)
        elif front is self.columns:
            self.ask_for_field(
                f"Which field does {chosen} fill?", [chosen], lambda path: self.fill(path, chosen)
            )
        elif front is self.fields:
            self.ask_for_column(chosen)
        elif row.pair is None:
            self.ask_for_column(row.lacking.path)
        else:
            self.ask_for_field(
                f"Which field does {typed(row.pair)} fill?",
                self.work.read_by(row.pair),
                lambda path: self.move_pair(row.at, path),
            )

    def ask_for_column(self, path: str) -> None:
        """Which column fills a field; where none is known, its name is typed."""
        if self.work.columns:
            self.ask_for(
                f"Which column fills {path}?", "columns", lambda name: self.fill(path, name)
            )
        else:
            self.type_source(path)

    def fill(self, path: str, column: str) -> None:
        """Let a column fill a field."""
        self.changed(self.work.fill(path, column))

    def move_pair(self, at: int, path: str) -> None:
        """Let a pair fill another field."""
        other = self.work.by_field.get(path)
        if other is not None and other != at:
            self.say(f"{path} is filled already; x on that pair frees it.", "warn")
            return
        self.changed(self.work.set(at, replace(self.work.pairs[at], destination=path)))

    # Typing a source -----------------------------------------------------------------------------------

    def action_source(self) -> None:
        """Type the source of the pair at the cursor."""
        path = self._path_at_cursor()
        if path:
            self.type_source(path)
        else:
            self.say("Put the cursor on a pair or a field first.", "warn")

    def action_add(self) -> None:
        """Calculate a field: that at the cursor where nothing fills it, else one that is chosen."""
        path = self._path_at_cursor()
        if path and path not in self.work.by_field:
            self.type_source(path, afresh=True)
        else:
            self.ask_for_field(
                "Which field is calculated?", (), lambda path: self.type_source(path, afresh=True)
            )

    def _path_at_cursor(self) -> str:
        row = self.front.row
        if isinstance(row, PairRow):
            return row.pair.destination if row.pair else row.lacking.path if row.lacking else ""
        if self.front is self.fields and row is not None and row.field is not None:
            return str(row.path)
        return ""

    def type_source(self, path: str, *, afresh: bool = False) -> None:
        """Type what fills a field, from nothing or from what does; its result is seen meanwhile."""
        work = self.work
        at = work.by_field.get(path, len(work.pairs))
        self._before = (at, list(work.pairs))
        pair = work.pairs[at] if at < len(work.pairs) else Pair("", path)
        self.show_pane("pairs")
        self._hold(at)
        text = "" if afresh else typed(pair)
        prompt = Prompt(
            f"{path.rpartition('.')[2]} = ",
            text,
            complete=lambda begun: complete(begun, work.columns, self.functions),
            id="source",
        )
        self._typing = Pair("", path) if at == len(work.pairs) else pair
        self.open_prompt(prompt)
        self._hint(prompt, text)
        if not self.functions:
            self.learn_functions()

    _typing = Pair("", "")
    _before: tuple[int, list[Pair]] = (0, [])

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """See what the expression comes to while it is typed."""
        prompt = self._prompt
        if prompt is not None and prompt.id == "source":
            at, _ = self._before
            self._hint(prompt, message.text)
            if message.text.strip():
                at = self.work.set(at, self.work.said(message.text, self._typing))
                self._before = (at, self._before[1])
                self.changed(at)
        else:
            super().on_prompt_changed(message)

    def _hint(self, prompt: Prompt, text: str) -> None:
        unknown = unknown_function(text, self.functions)
        function = called(text, self.functions)
        words = completions(text, self.work.columns, self.functions)
        if unknown:
            prompt.hint(unknown, "warn")
        elif function is not None and not (words and text[-1:].isalnum()):
            prompt.hint(function.syntax or function.description)
        elif words and words[0] != text:
            prompt.hint(f"tab {'  '.join(words[:4])}")
        else:
            prompt.hint('a column, an expression, or a "text"' if not text else "")

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Take what was typed."""
        if self._prompt is None or self._prompt.id != "source":
            super().on_prompt_answered(message)
            return
        at, before = self._before
        self.close_prompt()
        if message.text.strip():
            self.changed(self.work.set(at, self.work.said(message.text, self._typing)))
        else:
            self.work.put(before)
            self.changed()

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """Leave it as it was."""
        typed_here = self._prompt is not None and self._prompt.id == "source"
        if typed_here and self.work.pairs != self._before[1]:
            self.work.put(self._before[1])
            self.changed()
        super().on_prompt_left(message)

    # Other changes ----------------------------------------------------------------------------------------

    def _pair_at_cursor(self) -> PairRow | None:
        row = self.pairs.row if self.front is self.pairs else None
        if row is None or row.pair is None:
            self.say("Put the cursor on a pair first; tab leads to the pairs.", "warn")
            return None
        return row

    def action_drop(self) -> None:
        """Take the pair at the cursor out."""
        if row := self._pair_at_cursor():
            self.work.drop(row.at)
            self.changed()

    def action_take(self) -> None:
        """Take the proposal for the column at the cursor."""
        row = self.columns.row if self.front is self.columns else None
        proposal = self.work.proposed.get(row.name) if row is not None else None
        if proposal is None:
            self.say("There is no proposal here; the columns have them.", "warn")
            return
        self.work.fill(proposal.destination, proposal.source)
        self.changed()
        self.columns.action_move(1)

    def action_take_all(self) -> None:
        """Take every likely proposal."""
        count = self.work.take()
        if count:
            self.changed()
        self.say(f"{count:,} likely pairs taken." if count else "No likely proposal is left.")

    def action_primary(self) -> None:
        """Make the pair at the cursor the primary identity, or let it be one of several."""
        if row := self._pair_at_cursor():
            if self.work.make_primary(row.at):
                self.changed()
            else:
                self.say("Mark it as an identity first: i", "warn")

    @work(exclusive=True, group="edit")
    async def action_identify(self) -> None:
        """Mark the pair at the cursor as an identity of a namespace, or unmark it."""
        row = self._pair_at_cursor()
        if row is None or row.pair is None:
            return
        namespace = ""
        if not row.pair.namespace:
            namespace = await namespace_of(self.app, self.work.bench.namespaces)
            if not namespace:
                return
        self.work.identify(row.at, namespace)
        self.changed()

    # Keys -----------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Some keys belong to one pane."""
        if action == "take" and self._front != "columns":
            return "proposals are in the pane of the columns"
        if (
            action == "choose"
            and self.pick is None
            and self._front == "pairs"
            and not self.pairs.rows
        ):
            return "there is no pair yet"
        return super().why_not(action)
