"""JSON Patch and merge as the emulated services apply them."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.services import jsonpatch

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=4)


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


@given(OBJECTS, st.text(min_size=1, max_size=5), JSON)
def test_what_is_added_under_any_name_is_found_and_can_be_removed(
    document: dict[str, Any], name: str, value: Any
) -> None:
    document.pop(name, None)
    before = copy.deepcopy(document)
    path = f"/{escaped(name)}"
    added = jsonpatch.apply(document, [{"op": "add", "path": path, "value": value}])
    assert added == {**before, name: value}
    assert document == before
    assert jsonpatch.apply(added, [{"op": "remove", "path": path}]) == before


@given(OBJECTS, OBJECTS)
def test_a_merge_leaves_no_null_of_its_own_and_repeats_without_effect(
    document: dict[str, Any], changes: dict[str, Any]
) -> None:
    once = jsonpatch.merge(document, changes)
    assert jsonpatch.merge(once, changes) == once
    for name, value in changes.items():
        assert (name in once) == (value is not None)


@pytest.mark.parametrize("path", ["/tags/list/0", "tags/list/0"])
@pytest.mark.parametrize("op", ["replace", "REPLACE"])
def test_a_path_needs_no_leading_slash_and_an_op_no_small_letters(path: str, op: str) -> None:
    patched = jsonpatch.apply(
        {"tags": {"list": ["a", "b"]}}, [{"op": op, "path": path, "value": "c"}]
    )
    assert patched == {"tags": {"list": ["c", "b"]}}


def test_elements_move_copy_and_append() -> None:
    patched = jsonpatch.apply(
        {"a": [1, 2], "b": 3},
        [
            {"op": "move", "from": "/a/0", "path": "/c"},
            {"op": "copy", "from": "/b", "path": "/a/-"},
            {"op": "test", "path": "/a", "value": [2, 3]},
        ],
    )
    assert patched == {"a": [2, 3], "b": 3, "c": 1}


@pytest.mark.parametrize(
    "operations",
    [
        [],
        {"op": "add"},
        [{"op": "add", "path": "/a"}],
        [{"op": "remove", "path": "/missing"}],
        [{"op": "replace", "path": "/missing", "value": 1}],
        [{"op": "add", "path": "/missing/below", "value": 1}],
        [{"op": "replace", "path": "/list/7", "value": 1}],
        [{"op": "swap", "path": "/list"}],
        [{"op": "test", "path": "/list", "value": []}],
    ],
)
def test_what_cannot_be_carried_out_is_refused_in_words(operations: object) -> None:
    document = {"list": [1]}
    with pytest.raises(jsonpatch.PatchRefused, match=r"\.$"):
        jsonpatch.apply(document, operations)
    assert document == {"list": [1]}
