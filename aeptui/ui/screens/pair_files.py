"""Pairs of a mapping from a CSV file, and to one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from aeptui.forms import pairs_csv
from aeptui.forms.form import Look
from aeptui.forms.lookups import Lookups
from aeptui.ui.screens.confirm import Confirm
from aeptui.ui.screens.mapping_view import MappingView
from aeptui.ui.screens.plan import LookPage
from aeptui.ui.widgets.prompt import Prompt

MOST_BYTES = 4 * 1024 * 1024


class PairFiles(MappingView):
    """Asks for a path on the bottom line; a file of the operator is replaced only after a question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "read_csv", "from CSV", show=False, id="read_csv", tooltip="read pairs from a CSV file"),
        Binding("ctrl+e", "write_csv", "to CSV", show=False, id="write_csv", tooltip="write the pairs to a CSV file"),
    ]  # fmt: skip

    def action_read_csv(self) -> None:
        """Ask which file the pairs come from."""
        prompt = Prompt("read pairs from ", complete=_path_begun, id="read")
        self.open_prompt(prompt)
        prompt.hint("a CSV file; tab completes")

    def action_write_csv(self) -> None:
        """Ask which file the pairs go to."""
        prompt = Prompt("write pairs to ", "mapping.csv", complete=_path_begun, id="write")
        self.open_prompt(prompt)

    def _read(self, path: Path) -> None:
        try:
            if path.exists() and not path.is_file():
                self.say(f"{path} is no file; nothing was read.", "warn")
                return
            if path.stat().st_size > MOST_BYTES:
                self.say(f"{path} is larger than 4 MB; nothing was read.", "warn")
                return
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as reason:
            self.say(f"{path} cannot be read: {reason.strerror or reason}.", "warn")
            return
        work = self.work
        found, misfits = pairs_csv.read(
            text, work.targets, work.bench.columns, work.bench.namespaces
        )
        if found:
            work.put(found)
            self.changed(0)
        words = f"{len(found):,} pairs read from {path.name}."
        if not misfits:
            self.say(words, "good" if found else "warn")
            return
        rows = tuple((f"line {each.line:,}", each.sentence) for each in misfits)
        look = Look(
            f"{words} {len(rows):,} lines do not fit and were left out.", ("LINE", "WHY"), rows
        )
        self.app.push_screen(
            LookPage(self.session, Lookups(self.session.connected, self.session.now), lambda: look)
        )

    @work(exclusive=True, group="edit")
    async def _write(self, path: Path) -> None:
        if await asyncio.to_thread(path.exists):
            question = Confirm(f"Replace {path}?", "The file is there already.")
            if not await self.app.push_screen_wait(question):
                return
        try:
            text = pairs_csv.written(self.work.pairs)
            await asyncio.to_thread(path.write_text, text, encoding="utf-8")
        except OSError as reason:
            self.say(f"{path} cannot be written: {reason.strerror or reason}.", "warn")
        else:
            self.say(f"{len(self.work.pairs):,} pairs written to {path}.", "good")

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Read or write the file."""
        asked = self._prompt.id if self._prompt is not None else ""
        if asked in ("read", "write"):
            self.close_prompt()
            path = Path(message.text.strip()).expanduser()
            (self._read if asked == "read" else self._write)(path)
        else:
            super().on_prompt_answered(message)


def _path_begun(text: str) -> str:
    """The only path that `text` may be the beginning of, or what those have in common."""
    begun = Path(text).expanduser()
    folder, head = (begun, "") if text.endswith("/") else (begun.parent, begun.name)
    try:
        names = sorted(each.name for each in folder.iterdir() if each.name.startswith(head))
    except OSError:
        return ""
    if not names:
        return ""
    common = names[0]
    while not all(name.startswith(common) for name in names):
        common = common[:-1]
    whole = folder / common
    return f"{whole}/" if len(names) == 1 and whole.is_dir() else str(whole)
