"""The go-to line: which words it knows, how it completes them, and what was probably meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aeptui.nearest import nearest
from aeptui.resources import registry


class Go(NamedTuple):
    """What to do: a command's name and what was said behind it.

    The name `list` has a kind behind it, `find` a text that is no command.
    """

    name: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class GotoWords:
    """The commands that there are beside the resource types."""

    commands: tuple[str, ...]
    sandboxes: tuple[str, ...] = ()
    rehearsing: bool = False

    def read(self, text: str) -> Go:
        """What `text` asks for."""
        word, _, rest = " ".join(text.split()).partition(" ")
        lower = word.lower()
        resource = registry.by_name(text.strip()) or (registry.by_name(word) if not rest else None)
        if lower in ("q", "quit"):
            return Go("quit")
        if lower in self.commands:
            return Go(lower, rest)
        if resource is not None:
            return Go("list", resource.kind)
        if not rest and (begun := self._begun(lower)) and len(begun) == 1:
            return self.read(begun[0])
        return Go("find", text.strip())

    def complete(self, text: str) -> str:
        """The first word that `text` is the beginning of, or an empty string."""
        head, space, rest = text.rpartition(" ")
        if not space:
            begun = self._begun(rest.lower())
            return begun[0] if begun else ""
        behind = self._behind(head.strip().lower(), rest.lower())
        return f"{head} {behind[0]}" if behind else ""

    def hint(self, text: str) -> str:
        """The words that are still possible, or the nearest ones to a typo."""
        head, space, rest = text.strip(" ").rpartition(" ")
        if space or text.endswith(" "):
            begun = self._behind((head or text).strip().lower(), rest.lower() if space else "")
        else:
            begun = self._begun(rest.lower())
        if begun:
            return "  ".join(begun[:5])
        if not space and (near := self.near(text)):
            return f"did you mean {near}?"
        return "enter looks for a name or an id"

    def near(self, text: str) -> str:
        """The known word most like `text`, or an empty string."""
        return nearest(text, [*self._kinds(), *registry.names(), *self.commands])

    def _begun(self, text: str) -> list[str]:
        return [word for word in (*self._kinds(), *self.commands) if word.startswith(text)]

    def _behind(self, command: str, begun: str) -> list[str]:
        known: tuple[str, ...] = ()
        if command == "sandbox":
            known = self.sandboxes
        elif command == "emulator" and self.rehearsing:
            known = ("stop", "start")
        return [word for word in known if word.startswith(begun)]

    @staticmethod
    def _kinds() -> list[str]:
        return [resource.kind for resource in registry.RESOURCES]
