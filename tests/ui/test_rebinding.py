"""Keys of the operator's own."""

from __future__ import annotations

from dataclasses import replace

from aeptui.session import Session
from aeptui.ui import rebinding
from tests.ui.conftest import console


def with_keys(session: Session, **keys: str) -> Session:
    config = session.config
    return replace(session, config=replace(config, settings=replace(config.settings, keys=keys)))


async def test_a_key_of_the_operators_own_takes_the_place_of_ours(filled: Session) -> None:
    async with console(with_keys(filled, used_by="f5,ctrl+u"), lines=60) as at:
        await at.press("u")
        assert "used by" not in at.text.splitlines()[0]
        await at.press("question_mark", "end")
        await at.sees("used_by", "f5 ctrl+u")
        await at.press("escape", "f5")
        await at.sees("Salesforce prod")


async def test_an_id_that_no_key_has_is_met_with_the_nearest(filled: Session) -> None:
    async with console(with_keys(filled, used_bi="f5")) as at:
        await at.sees("gives a key to used_bi", "Did you mean")


def test_every_key_that_is_explained_can_be_rebound() -> None:
    assert [each.key for each in rebinding.declared() if each.tooltip and not each.id] == []
