"""Keys are handed out in the order in which they were typed, whatever happens in between."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from textual.app import App
from textual.events import Key

from aeptui.ui.typed import Typed


async def test_a_key_never_overtakes_one_whose_turn_has_come() -> None:
    posted: asyncio.Queue[Key] = asyncio.Queue()

    class Silent:
        """An app in which nothing is open, so that each key settles at once."""

        screen: Any = None

        def post_message(self, event: Key) -> None:
            posted.put_nowait(event)

    typed = Typed(cast(App[int], Silent()))
    first, second, third = (Key(letter, letter) for letter in ":em")
    with typed.opening():
        assert typed.must_wait(first)
    assert await posted.get() is first
    assert typed.must_wait(second), "the first is on its way: it was posted and not yet handled"
    assert not typed.must_wait(first)
    typed.handed_out(first)
    assert typed.must_wait(third)
    assert await posted.get() is second
