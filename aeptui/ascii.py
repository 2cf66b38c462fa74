"""What may be sent to a terminal that knows ASCII only, and what stands for our own symbols there."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping


def ascii_only(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal may be sent nothing beyond ASCII: its locale is not UTF-8."""
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG")
    encoding = named.partition(".")[2] if named and named != "C.UTF-8" else ""
    if named in ("C", "POSIX"):
        return True
    return (encoding or locale.getpreferredencoding(False)).lower().replace("-", "") != "utf8"


PLAIN_SYMBOLS = str.maketrans(
    {
        "·": ".",
        "–": "-",
        "—": "-",
        "…": "~",
        "▸": ">",
        "›": ">",
        "‹": "<",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "─": "-",
        "│": "|",
        "▁": "_",
        "▂": ",",
        "▃": ":",
        "▄": "-",
        "▅": "=",
        "▆": "+",
        "▇": "*",
        "█": "#",
        "▌": "#",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "◉": "*",
        "○": "o",
        "▲": "!",
        "•": "*",
        "−": "-",
        "✓": "x",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        **dict.fromkeys((chr(0x2400 + code) for code in (*range(0x20), 0x21)), "^"),
    }
)
"""What stands for our own symbols where only ASCII may be sent, one cell for one cell."""
