"""The themes: each is there, says what it says of itself, and reaches the screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.style import Style

from aeptui import config
from aeptui.config import Flags, Settings
from aeptui.config_load import ConfigError, load
from aeptui.session import Session
from aeptui.ui.palette import BOLD, CURSOR, DIM, TONES
from aeptui.ui.themes import THEMES, worn
from tests.ui.conftest import console

PALETTE = (*TONES.values(), BOLD, CURSOR, DIM)


def colours(name: str) -> set[str]:
    """The colours that a theme shows."""
    shown = [worn(style, THEMES[name]).color for style in PALETTE]
    return {colour.name for colour in shown if colour is not None}


def test_every_theme_that_can_be_configured_is_there() -> None:
    assert {"default", *THEMES} == set(config.THEMES)


@pytest.mark.parametrize("name", THEMES)
def test_no_theme_makes_two_meanings_look_alike(name: str) -> None:
    shown = [worn(TONES[tone], THEMES[name]) for tone in ("", "bad", "warn", "busy")]
    assert len(set(shown)) == len(shown)


def test_nothing_is_dim_in_high_contrast() -> None:
    assert not any(worn(style, THEMES["high-contrast"]).dim for style in PALETTE)
    assert all(colour.startswith("bright_") for colour in colours("high-contrast"))


def test_nothing_hangs_on_red_or_green_for_the_colour_blind() -> None:
    assert not any("red" in colour or "green" in colour for colour in colours("colour-blind"))


def test_nothing_is_yellow_or_cyan_on_white() -> None:
    assert not any("yellow" in colour or "cyan" in colour for colour in colours("light"))


async def test_the_theme_that_is_configured_reaches_the_screen(filled: Session) -> None:
    settings = replace(filled.config.settings, theme="light")
    lit = replace(filled, config=replace(filled.config, settings=settings))
    async with console(lit) as shown:
        shown.app.ansi_color = True  # as in a terminal
        await shown.sees("PARTIAL", "RUNNING")
        shown.app.screen.refresh(layout=True)
        await shown.pilot.pause()
        lines = shown.app.screen._compositor.render_strips(shown.app.size)
    styles = [segment.style or Style() for strip in lines for segment in strip]
    seen = {style.color.name for style in styles if style.color is not None}
    assert "magenta" in seen
    assert not seen & {"yellow", "cyan"}


def test_an_unknown_theme_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "dark"\n')
    with pytest.raises(ConfigError, match="high-contrast") as refused:
        load({}, Flags(config=path))
    assert "theme" in str(refused.value)
    path.write_text('theme = "colour-blind"\n')
    assert load({}, Flags(config=path)).settings.theme == "colour-blind"
    assert Settings().theme == "default"
