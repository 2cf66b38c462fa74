"""The log: private, and without secrets."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui import log
from aeptui.log import Scrubber


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, as it was, afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2hunter2",
        "authorization: hunter2hunter2",
        "client_secret=hunter2hunter2&x=1",
        '{"password": "hunter2hunter2"}',
        "{'access_token': 'hunter2hunter2'}",
        "securityToken=hunter2hunter2",
        "eyJhunter2hunter2.hunter2hunter2.hunter2hunter2",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "hunter2" not in Scrubber()(text)


def test_a_sentence_about_a_secret_stays_readable() -> None:
    text = "IMS refused the client secret: invalid client_secret parameter"
    assert Scrubber()(text) == text


@given(
    st.text(min_size=4, max_size=40).filter(lambda text: set(text) - {"*"}), st.text(), st.text()
)
def test_any_secret_that_was_read_is_masked_wherever_it_occurs(
    secret: str, before: str, after: str
) -> None:
    scrubber = Scrubber()
    scrubber.learn(secret)
    assert secret not in scrubber(before + secret + after).replace(log.MASK, "")


def test_the_log_is_its_owners_alone_and_has_no_locals(
    tmp_path: Path, root_logger: logging.Logger
) -> None:
    path = log.begin(tmp_path / "state")
    assert log.begin(tmp_path / "state") == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    log.scrub.learn("value-of-the-secret")

    def broken(argument: str) -> None:
        raise ValueError(f"cannot use {argument}")

    try:
        broken("value-of-the-secret")
    except ValueError as error:
        log.unforeseen(error)
    for handler in root_logger.handlers:
        handler.flush()
    text = path.read_text()
    assert text.count("unforeseen") == 1
    assert "in broken" in text
    assert "value-of-the-secret" not in text
