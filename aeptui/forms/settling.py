"""How long a flow takes until it may be changed, and how it is waited for (AEP.md 3.10)."""

from __future__ import annotations

STABLE = frozenset({"draft", "enabled", "disabled"})
"""In any other state the platform is at work on a flow, and refuses what would change it."""
LOOKS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""So long it is waited between two looks."""
