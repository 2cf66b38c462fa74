"""The pipeline file: read and written without loss, and every complaint with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from aeptui.pipelines.file import PipelineError
from aeptui.pipelines.file_text import Remark, written
from tests.pipelines.files import CONTACTS, changed, read


def test_what_is_written_is_read_as_it_was() -> None:
    file = read(CONTACTS)
    assert read(written(file)) == file
    remarked = written(file, [Remark("flow", "It is off\non the platform \x1b[31m.")])
    assert "# It is off on the platform [31m.\n[flow]" in remarked
    assert read(remarked) == file


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "sentence"),
    [
        ("version = 1", "", "", "version", "must be version = 1"),
        ("version = 1", "version = 2", "version = 2", "version", "version 1 only"),
        ("[dataset]", "[data_set]", "[data_set]", "data_set", "Did you mean dataset?"),
        ('[dataset]\nname = "CRM contacts"\n', "", "", "dataset", "[dataset] is missing"),
        ("delta_column", "detla_column", "detla_column", "flow.detla_column", "delta_column?"),
        ("= 30", '= "30"', "interval", "flow.schedule.interval", "whole number"),
        ("= 30", "= 0", "interval", "flow.schedule.interval", "from 1 to"),
        ('"minute"', '"daily"', "frequency", "flow.schedule.frequency", '"day"'),
        ('"minute"', '"once"', "interval", "flow.schedule.interval", "once has no"),
        ('name = "CRM contact"\n', "", "[schema]", "schema.name", "The name is missing"),
        ('"CRM contact"\n', '""\n', 'name = ""', "schema.name", "must not be empty"),
        ('source = "Id"\n', "", "[[map", "mapping_set.fields[0]", "one of source"),
        ("\nsource", '\nvalue = "x"\nsource', "value", "mapping_set.fields[0].value", "both"),
        (
            '"person.name.fullName"',
            '"_rehearsal.crmId"',
            "destination",
            "mapping_set.fields[1].destination",
            "filled twice",
        ),
        ('namespace = "Email", ', "", "identity", "mapping_set.fields[2].identity", "namespace"),
        ('env = "CRM_PASS', 'evn = "C', "password", "base_connection.auth.password.evn", "env"),
        ("= 30", "= 30\nstart = 2026-03-02", "start", "flow.schedule.start", "a time"),
        ("= 30", "= = 30", "interval", "", "not TOML"),
    ],
)
def test_what_is_wrong_is_said_once_with_its_line_and_key(
    old: str, new: str, line: str, key: str, sentence: str
) -> None:
    said = changed({old: new})
    with pytest.raises(PipelineError) as caught:
        read(said)
    assert caught.value.key == key
    assert sentence in caught.value.sentence
    at = said.split("\n")[caught.value.line - 1] if caught.value.line else ""
    assert at.startswith(line) and bool(at) == bool(line)


def test_a_line_inside_a_long_text_is_taken_for_no_key() -> None:
    group = "name = 'Ours'\ndefinition = '''\n{\n\"[flow.schedule]\":\n\"interval = 7\"}\n'''"
    said = changed({"[dataset]": f"[[field_groups]]\n{group}\n[dataset]"})
    assert read(said).field_groups[0].definition == {"[flow.schedule]": "interval = 7"}
    with pytest.raises(PipelineError) as caught:
        read(changed({"interval = 30": "interval = 0"}, said))
    assert said.split("\n")[(caught.value.line or 0) - 1] == "interval = 30"


def test_the_file_in_the_readme_is_one() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    said = readme.split("```toml\n", 1)[1].split("```", 1)[0]
    file = read(said)
    assert file.mapping_set == read(CONTACTS).mapping_set and file.flow == read(CONTACTS).flow
