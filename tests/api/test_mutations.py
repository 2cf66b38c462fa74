"""Spoilt answers are read or refused in a sentence; nothing else ever comes out.

A sample; `python -m tests.api.mutations 100000` spoils more of them.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from aeptui.api.services import Services
from tests.api.canned import Canned, Reply
from tests.api.mutations import SHAPES, as_bytes, is_harmless, one_of_each, spoilt


@pytest.mark.parametrize("seed", range(20))
async def test_each_shape_spoilt_is_read_or_refused_in_a_sentence(
    canned: Canned, seed: int
) -> None:
    told = await one_of_each(canned, f"sample {seed}")
    assert told.total() == len(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
async def test_each_shape_as_documented_is_read(
    canned: Canned, services: Services, name: str
) -> None:
    shape = SHAPES[name]
    body: Any = shape.body
    if isinstance(body, dict) and ("_links" in body or "_page" in body):
        body = {**body, "_links": {}, "_page": {"next": None}}
    raw = b"\n".join(map(msgspec.json.encode, body)) if shape.lines else msgspec.json.encode(body)
    canned.says(shape.method, shape.path, Reply(raw))
    found = await shape.ask(services)
    assert found is not None
    assert found != []


def test_answers_are_really_spoilt() -> None:
    chance = random.Random(1)
    flows = SHAPES["flows"].body
    spoils = {as_bytes(spoilt(flows, chance), chance) for _ in range(50)}
    assert len(spoils) > 45
    assert flows == SHAPES["flows"].body


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b31m", "\u202e", "\u200b", "\x00", "\n"])
def test_what_could_steer_a_terminal_would_be_noticed(text: str) -> None:
    assert not is_harmless({"a": [text]})
    assert not is_harmless(msgspec.json.encode({text: 1}))
