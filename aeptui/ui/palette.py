"""Every style of the console in one place.

Only the terminal's own sixteen colours and the attributes bold, dim and
reverse are used, on the terminal's own background: whatever theme an operator
chose stays theirs, each style costs a few bytes on the wire, and NO_COLOR takes
away nothing that the words and the attributes do not say as well. Quiet things
are dim; nothing is a loud block but the line under the cursor.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

from aeptui.resources.definition import Tone

PLAIN = Style.null()
DIM = Style(dim=True)
BOLD = Style(bold=True)
CURSOR = Style(reverse=True, bold=True)
CURSOR_AWAY = Style(bold=True)
"""The cursor's line while another pane has the keys."""

TONES: Mapping[Tone, Style] = {
    "": PLAIN,
    "bad": Style(color="red", bold=True),
    "warn": Style(color="yellow"),
    "good": Style(color="green", dim=True),
    "busy": Style(color="cyan"),
    "off": DIM,
    "dim": DIM,
    "bright": BOLD,
}
