"""The declarations: whole, distinct, and fit for 80 columns."""

from __future__ import annotations

import typing
from datetime import UTC, datetime

import pytest

from aeptui.arguments import KINDS
from aeptui.mirror import rows as mirror_rows
from aeptui.mirror.tables import KINDS as TABLES
from aeptui.moment import Moment
from aeptui.resources import registry
from aeptui.resources.definition import Resource

MOMENT = Moment(datetime(2026, 9, 16, 14, 10, tzinfo=UTC), UTC)
WIDTH = 80
AROUND = 2
"""A list leaves one cell on either side and two between columns."""

every_resource = pytest.mark.parametrize(
    "resource", registry.RESOURCES, ids=lambda resource: resource.kind
)


def test_every_kind_of_the_mirror_is_declared_once_and_offered_on_the_command_line() -> None:
    assert sorted(registry.BY_KIND) == sorted(TABLES)
    assert sorted(KINDS) == sorted(TABLES)
    assert len(registry.RESOURCES) == len(TABLES)


def test_no_two_resources_answer_to_one_name() -> None:
    taken: dict[str, str] = {}
    for resource in registry.RESOURCES:
        for name in {resource.kind, resource.name, *resource.aliases}:
            assert taken.setdefault(name, resource.kind) == resource.kind


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("bc", "base-connections"),
        ("sc", "source-connections"),
        ("tc", "target-connections"),
        ("ms", "mapping-sets"),
        ("Flow", "flows"),
        ("flow run", "runs"),
        ("Mapping_Sets", "mapping-sets"),
    ],
)
def test_a_resource_is_found_by_kind_name_and_alias(word: str, kind: str) -> None:
    found = registry.by_name(word)
    assert found is not None
    assert found.kind == kind


@every_resource
def test_what_a_list_never_sheds_fits_into_80_columns(resource: Resource) -> None:
    kept = [column for column in resource.columns if column.shed == 0]
    assert sum(column.width for column in kept) + 2 * (len(kept) - 1) + AROUND <= WIDTH


@every_resource
def test_every_order_is_one_that_the_mirror_can_sort_by(resource: Resource) -> None:
    known = TABLES[resource.kind].by_name
    for column in resource.columns:
        if column.order is not None:
            assert column.order in known, f"{resource.kind}: {column.order}"
    assert resource.order in known


@every_resource
def test_a_row_of_which_nothing_is_known_still_has_words(resource: Resource) -> None:
    row = TABLES[resource.kind].row(id="x-1")
    for column in resource.columns:
        assert isinstance(column.text(row, MOMENT), str)
        if column.tone is not None:
            assert isinstance(column.tone(row), str)


@every_resource
def test_empty_lists_are_sentences(resource: Resource) -> None:
    assert resource.empty.endswith(".")


def test_every_row_type_of_the_mirror_has_a_resource() -> None:
    declared = {TABLES[resource.kind].row for resource in registry.RESOURCES}
    assert declared == set(typing.get_args(mirror_rows.AnyRow))
