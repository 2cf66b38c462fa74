"""Keys of the operator's own, from `[keys]` in the configuration: an id, and the key it gets.

The ids are those of the bindings, wherever they are declared; the help page names
those of the page it was asked on.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode

import aeptui.ui
from aeptui.nearest import nearest


def known_ids() -> set[str]:
    """The ids of all keys of the console. Loads every screen, so not before the first paint."""
    return {binding.id for binding in declared() if binding.id}


def declared() -> Iterator[Binding]:
    """Every key of every screen and widget of ours, as it is declared."""
    for module in pkgutil.walk_packages(aeptui.ui.__path__, f"{aeptui.ui.__name__}."):
        importlib.import_module(module.name)
    for node in _nodes(DOMNode):
        yield from Binding.make_bindings(node.__dict__.get("BINDINGS", ()))


def faults(keys: Mapping[str, str]) -> list[str]:
    """A sentence for each id that no key has; loads every screen if there is any to check."""
    ids = known_ids() if keys else set()
    found = []
    for unknown in (id for id in keys if id not in ids):
        guess = nearest(unknown, ids)
        hint = f"Did you mean {guess}?" if guess else "? lists the ids of each page."
        found.append(f"The configuration gives a key to {unknown}, which is no key's id. {hint}")
    return found


def _nodes(node: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for each in node.__subclasses__():
        if each.__module__.startswith(f"{aeptui.ui.__name__}."):
            yield each
        yield from _nodes(each)
