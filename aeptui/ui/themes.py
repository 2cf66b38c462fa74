"""The themes beside the default one: what stands for the palette's styles in each.

A theme is laid over the finished lines, so that nothing which draws has to know
of it, and the default costs nothing. Like the palette it has only the terminal's
own sixteen colours and attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_NOT_DIM = Style(dim=False)


class Theme(NamedTuple):
    """What a theme makes of the palette."""

    colours: Mapping[str, Style]
    """What stands for a colour; others stay."""
    dim: bool = True
    """Whether what is quiet is dim."""


THEMES: Mapping[str, Theme] = {
    # Nothing is dim; colours are the bright ones, and bold.
    "high-contrast": Theme(
        {
            "red": Style(color="bright_red", bold=True),
            "yellow": Style(color="bright_yellow", bold=True),
            "green": Style(color="bright_green"),
            "cyan": Style(color="bright_cyan", bold=True),
        },
        dim=False,
    ),
    # Yellow and blue, which every common kind of colour blindness tells apart; bad and warn
    # differ by weight and a line, and what is good needs no colour.
    "colour-blind": Theme(
        {
            "red": Style(color="bright_yellow", bold=True, underline=True),
            "green": Style(color="default"),
            "cyan": Style(color="bright_blue"),
        }
    ),
    # Yellow and cyan cannot be read on white.
    "light": Theme(
        {
            "yellow": Style(color="magenta"),
            "green": Style(color="green", dim=False),
            "cyan": Style(color="blue"),
        }
    ),
}
"""By the names of `aeptui.config.THEMES`; the default is the palette as it is."""


class Worn(LineFilter):
    """Lays a theme over lines."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._over = lru_cache(1024)(lambda style: worn(style, theme))

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments in the styles of the theme."""
        over = self._over
        return [
            Segment(text, None if style is None else over(style), control)
            for text, style, control in segments
        ]


def worn(style: Style, theme: Theme) -> Style:
    """`style` as the theme has it."""
    if style.dim and not theme.dim:
        style += _NOT_DIM
    instead = theme.colours.get(style.color.name) if style.color is not None else None
    return style if instead is None else style + instead
