"""Facts about AEP have one home, and whoever cites a section of it finds that section."""

from __future__ import annotations

import re
from pathlib import Path

import aeptui.api

PACKAGE = Path(aeptui.api.__file__).parents[1]
FACTS = (PACKAGE / "api" / "AEP.md").read_text()


def test_every_section_that_is_cited_is_there() -> None:
    sections = set(re.findall(r"^##+ (\d+(?:\.\d+)?)", FACTS, re.MULTILINE))
    cited = {
        (section, path.name)
        for folder in (PACKAGE, Path(__file__).parents[1])
        for path in folder.rglob("*.py")
        for section in re.findall(r"AEP\.md (\d+(?:\.\d+)?)", path.read_text())
    }
    assert len(cited) > 50
    assert {each for each in cited if each[0] not in sections} == set()
