"""The catalogue of forms, and what a form may know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aeptui.forms import crm_flow
from aeptui.forms.catalogue import FORMS
from aeptui.forms.crm_parts import PARTS
from tests.architecture.test_arrows import imported, modules

CREATABLE = {
    "base-connections",
    "source-connections",
    "schemas",
    "datasets",
    "target-connections",
    "mapping-sets",
    "flows",
}


def test_every_creatable_kind_has_its_form_and_its_part_in_the_wizard() -> None:
    assert set(FORMS) == CREATABLE
    assert {part.form.kind for part in PARTS} == CREATABLE
    assert [part.name for part in PARTS] == [part.form.step for part in PARTS]
    assert len(crm_flow.PAGES) == 7


def test_of_pipelines_a_form_knows_the_plan_alone() -> None:
    known = {
        name
        for path in modules("forms")
        for name in imported(path)
        if name.startswith("aeptui.pipelines")
    }
    assert known
    assert all(name.startswith("aeptui.pipelines.plan") for name in known)


def test_importing_every_form_loads_no_terminal_and_no_http() -> None:
    code = (
        "import sys; import aeptui.forms.catalogue, aeptui.forms.crm_flow;"
        " print([m for m in ('textual', 'httpx', 'jsonschema', 'rapidfuzz') if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert said.stdout.strip() == "[]"
