"""What still works for a page that was left ends with it, quietly."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from textual.app import ScreenStackError
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.widget import Widget


def is_left(page: Widget) -> bool:
    """Whether `page` is being taken down, or is gone: its widgets go before it does."""
    return not page.display


@contextmanager
def ended_with(page: Widget) -> Iterator[None]:
    """Cancel what looks for a widget of `page` after it was left.

    An answer of the platform may come between the going of a page's widgets and the
    going of the page, which ends its workers. On a page that is there a widget that
    is missing stays the bug that it is.
    """
    try:
        yield
    except (NoMatches, NoScreen, ScreenStackError) as missing:
        if is_left(page):
            raise asyncio.CancelledError from missing
        raise
