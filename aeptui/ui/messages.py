"""Messages that more than one screen sends, all handled by the app."""

from __future__ import annotations

from textual.message import Message


class OpenResource(Message):
    """One resource is wanted, whole."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__()
        self.kind = kind
        self.id = id


class OpenWhy(Message):
    """Why a run ended as it did is wanted."""

    def __init__(self, run_id: str, title: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.title = title


class OpenRaw(Message):
    """The platform's own answer for a resource is wanted."""

    def __init__(self, kind: str, id: str, name: str) -> None:
        super().__init__()
        self.kind = kind
        self.id = id
        self.name = name


class OpenLinks(Message):
    """What a resource uses and what uses it is wanted."""

    def __init__(self, kind: str, id: str, name: str) -> None:
        super().__init__()
        self.kind = kind
        self.id = id
        self.name = name


class NewWanted(Message):
    """The form for a kind is wanted."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind


class Asked(Message):
    """Something was typed on the go-to line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class TerminalGone(Message):
    """There is no terminal any more."""
