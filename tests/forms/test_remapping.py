"""Moving flows to another version of their mapping, when somebody moved one of them first."""

from __future__ import annotations

from dataclasses import replace

from aeptui.forms.remapping import Pin, renewed, settled
from aeptui.pipelines.plan import Step


def step(name: str, etag: str) -> Step:
    return Step(name, name, "flows", "PATCH", f"/{name}", headers={"If-Match": etag})


def test_what_was_sent_stays_as_it_was_sent_when_the_rest_is_set_over_theirs() -> None:
    before = [step("mapping_set", ""), step("flow_1", "a"), step("flow_2", "b")]
    now = [step("mapping_set", "1"), step("flow_1", "a2"), step("flow_2", "b2")]
    steps = renewed(before, now, {"mapping_set", "flow_1"})
    assert steps == (before[0], before[1], now[2])
    assert renewed(before, now[:2], {"mapping_set"}) is None


def test_only_a_flow_that_was_in_the_making_and_is_else_the_same_takes_a_newer_etag() -> None:
    made = Pin("a", "A", "1", 1, {"name": "Mapping"}, 0, "initializing")
    ready = replace(made, etag="2", state="enabled")
    assert settled([made], [ready]) == (ready,)
    other = replace(ready, entry={"name": "Mapping", "params": {"mappingVersion": 3}})
    assert settled([made], [other]) == (made,)
    stood = replace(made, state="enabled")
    assert settled([stood], [ready]) == (stood,)
