"""The mapping studio: by keys alone, narrow and wide, large, and as one plan on the platform."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aeptui.forms.pairs import Pair
from aeptui.forms.workbench import Workbench
from aeptui.session import Session, session_for
from aeptui.ui.screens.help import HelpPage
from aeptui.ui.screens.remapping import RemapPage, RemapPlan
from aeptui.ui.screens.studio import StudioPage
from tests.bench.studio import bench
from tests.emulated import Rehearsal
from tests.emulator.tutorial import Pipeline, follow_the_tutorial
from tests.forms.conftest import make_base
from tests.ui.conftest import HOSTILE, Console, console
from tests.ui.platform import Proxy, configured, got, profile_on, proxied


async def opened(at: Console, work: Workbench) -> tuple[StudioPage, list[Any]]:
    """The studio on a bench, and the pairs that it told last."""
    told: list[Any] = []
    page = StudioPage(at.app.session, work, lambda pairs: told.__setitem__(slice(None), pairs))
    await at.app.push_screen(page)
    await at.until(lambda: page.is_current and page.front.size.height)
    return page, told


async def test_at_80x24_a_key_among_1300_fields_and_500_pairs_draws_the_lines_it_changes(
    session: Session,
) -> None:
    async with console(session) as at:
        page, _ = await opened(at, bench(120, 1_300, 500))
        for name in ("pairs", "fields"):
            page.show_pane(name)
            await at.until(lambda: page.front.size.height and page.front._drawn)
            before = list(page.front._drawn)
            await at.press("down")
            after = page.front._drawn
            assert page.front.at == 1 and len(after) == page.front.size.height < 20
            assert sum(old != new for old, new in zip(before, after, strict=True)) == 2


async def test_a_field_is_found_among_1300_and_filled_by_one_of_120_columns(
    session: Session,
) -> None:
    async with console(session) as at:
        page, told = await opened(at, bench(120, 1_300, 0))
        await at.press("shift+tab")
        await at.press("slash")
        await at.type("field1299")
        await at.until(lambda: len(page.fields.rows) == 1)
        await at.press("enter", "enter")
        await at.sees("Which column fills group")
        await at.press("slash")
        await at.type("119")
        await at.press("enter", "enter")
        await at.until(lambda: told)
        assert [(pair["source"], pair["destination"]) for pair in told] == [
            ("Column_119", "group19.part4.field1299")
        ]
        assert page.front is page.pairs
        await at.pilot.resize_terminal(120, 36)
        await at.until(lambda: all(pane.display for pane in page.panes))
        await at.sees("COLUMNS 1", "PAIRS 1", "FIELDS 1")
        await at.press("question_mark")
        await at.until(lambda: isinstance(at.app.screen, HelpPage))
        await at.sees("type the source", "esc")


async def test_what_the_platform_does_not_say_is_said_and_a_hostile_name_stays_a_name(
    session: Session,
) -> None:
    work = bench(3, 5, 1)
    work.put([Pair(HOSTILE, "group0.part0.field0000")])
    async with console(session) as at:
        page, told = await opened(at, work)
        await at.sees("[red]bold[/]", "has no column", "1 does not work")
        await at.press("ctrl+r")
        await at.until(lambda: not page.trying and page.trial.revision == page.work.revision)
        await at.press("e", "ctrl+u")
        await at.type("upper(Column_0")
        await at.press("tab")
        await at.sees("upper(Column_000")
        await at.press("escape")
        assert page.work.pairs[0].source == HOSTILE
        await at.press("x")
        await at.until(lambda: told == [] and not page.work.pairs)


async def test_pairs_go_to_a_csv_file_and_what_does_not_fit_on_the_way_back_is_named_by_line(
    session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.csv"
    async with console(session) as at:
        page, _ = await opened(at, bench(3, 5, 2))
        await at.press("ctrl+e", "ctrl+u")
        page._prompt.set_text(str(file))  # type: ignore[union-attr]
        await at.press("enter")
        await at.sees("2 pairs written")
        file.write_text(file.read_text() + "Nowhere,group0.part0.field0000\n")
        before = list(page.work.pairs)
        page.work.put(())
        await at.press("ctrl+o")
        page._prompt.set_text(str(file))  # type: ignore[union-attr]
        await at.press("enter")
        await at.sees("line 4", "The source has no column Nowhere")
        assert page.work.pairs == before
        await at.press("escape")
        os.mkfifo(tmp_path / "endless")
        await at.press("ctrl+o")
        page._prompt.set_text(str(tmp_path / "endless"))  # type: ignore[union-attr]
        await at.press("enter")
        await at.sees("nothing was read")


# On the platform --------------------------------------------------------------


@pytest.fixture
def proxy(platform: Rehearsal) -> Iterator[Proxy]:
    with proxied(platform) as proxy:
        yield proxy


@pytest.fixture
def made(platform: Rehearsal, api: httpx.Client) -> Pipeline:
    pipeline = follow_the_tutorial(platform, api, make_base(api))
    platform.advance(minutes=2)
    return pipeline


def the_flow(api: httpx.Client, made: Pipeline) -> dict[str, Any]:
    found = got(api, f"/data/foundation/flowservice/flows/{made.flow_id}")["items"][0]
    return dict(found)


def describe(api: httpx.Client, made: Pipeline, text: str) -> None:
    """What another operator does meanwhile."""
    answer = api.patch(
        f"/data/foundation/flowservice/flows/{made.flow_id}",
        headers={"If-Match": the_flow(api, made)["etag"]},
        json=[{"op": "add", "path": "/description", "value": text}],
    )
    assert answer.status_code == 200, answer.text


def turn_off(api: httpx.Client, made: Pipeline) -> None:
    path = f"/data/foundation/flowservice/flows/{made.flow_id}/action?op=disable"
    assert api.post(path).status_code == 200


def saved_by_another(api: httpx.Client, made: Pipeline) -> None:
    """Another version without the last pair; no flow is moved to it."""
    entry = next(e for e in the_flow(api, made)["transformations"] if e["name"] == "Mapping")
    path = f"/data/foundation/conversion/mappingSets/{entry['params']['mappingId']}"
    held = got(api, path)
    answer = api.put(path, json=held | {"mappings": held["mappings"][:-1]})
    assert answer.status_code == 200, answer.text


async def studio_on(at: Console, made: Pipeline) -> RemapPage:
    await at.until(lambda: at.table.held == made.flow_id, tries=1500)
    await at.until(lambda: getattr(at.table.row, "mapping_set_id", ""), tries=1500)
    await at.press("m")
    await at.until(lambda: isinstance(at.app.screen, RemapPage), tries=1500)
    page = at.app.screen
    assert isinstance(page, RemapPage)
    return page


async def test_a_changed_mapping_becomes_a_version_and_the_flow_is_moved_to_it_over_theirs_when_asked(
    platform: Rehearsal, proxy: Proxy, api: httpx.Client, made: Pipeline, tmp_path: Path
) -> None:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        page = await studio_on(at, made)
        await at.until(lambda: page.trial.whole and page.trial.records, tries=1500)
        first = page.work.pairs[0]
        await at.press("e", "ctrl+u")
        await at.type(f"upper({first.source})")
        await at.press("enter")
        await at.until(lambda: page.trial.revision == page.work.revision, tries=1500)
        await at.press("escape")  # and again: nothing is lost by leaving
        page = await studio_on(at, made)
        assert page.work.pairs[0] == Pair(f"upper({first.source})", first.destination, "expression")

        describe(api, made, "Somebody else was here")
        saved_by_another(api, made)
        before = len(proxy.writes)
        await at.press("ctrl+g")
        await at.until(lambda: isinstance(at.app.screen, RemapPlan))
        await at.sees("Save another version", "Move the flow", "PUT /data/foundation")
        assert not [each for each in proxy.writes[before:] if each.method in ("PUT", "PATCH")]
        turn_off(api, made)
        await at.press("ctrl+g")
        await at.sees("is disabling just now; waiting")
        platform.advance(minutes=1)
        await at.sees("Somebody saved version 1 meanwhile", "theirs nothing, mine Description")
        assert not [each for each in proxy.writes[before:] if each.method in ("PUT", "PATCH")]
        await at.press("y")
        await at.sees("Somebody else changed it first")
        await at.press("y")
        await at.until(lambda: at.app.screen is at.app.home, tries=1500)
        await at.sees("Saved as version 2")
    sent = [each.method for each in proxy.writes if each.method in ("PUT", "PATCH")]
    assert sent == ["PUT", "PATCH", "PATCH"]
    after = the_flow(api, made)
    assert after["description"] == "Somebody else was here"
    mapping = next(each for each in after["transformations"] if each["name"] == "Mapping")
    assert mapping["params"]["mappingVersion"] == 2
    held = got(
        api, f"/data/foundation/conversion/mappingSets/{mapping['params']['mappingId']}?version=2"
    )
    assert held["mappings"][0]["source"] == f"upper({first.source})"
