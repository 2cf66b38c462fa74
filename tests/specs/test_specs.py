"""Every answer of the emulator against what the published specifications say about it."""

from __future__ import annotations

import os
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.emulated import Rehearsal
from tests.specs.conversation import Conversation
from tests.specs.defects import DEFECTS
from tests.specs.published import FILES, Document, Exchange, Fault, Published

FOLDER = os.environ.get("AEPTUI_SPECS", "")

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="AEPTUI_SPECS names no folder with the published specifications."
)


@pytest.fixture(scope="module")
def published() -> Published:
    return Published(Path(FOLDER))


@pytest.fixture(scope="module")
def exchanges(emulator: Rehearsal) -> list[Exchange]:
    return Conversation(emulator).hold()


def test_every_answer_is_what_its_specification_says(
    published: Published, exchanges: list[Exchange], capsys: pytest.CaptureFixture[str]
) -> None:
    run, undeclared = 0, Counter[str]()
    used: set[str] = set()
    wrong: list[Fault] = []
    for exchange in exchanges:
        faults = published.faults(exchange)
        if faults is None:
            operation = published.operation(exchange)
            undeclared[f"{operation.name if operation else exchange.path} {exchange.status}"] += 1
            continue
        run += 1
        for fault in faults:
            excuse = next((each for each in DEFECTS if each.excuses(fault)), None)
            if excuse is None:
                wrong.append(fault)
            else:
                used.add(excuse.reason)
    with capsys.disabled():
        print(
            f"\nspecifications: {run} answers checked, {undeclared.total()} skipped (their status"
            f" has no schema), {len(DEFECTS)} known defects of the specifications excused"
        )
    assert not wrong, "\n".join(sorted({str(each) for each in wrong}))
    assert run > 150
    assert [each.reason for each in DEFECTS if each.reason not in used] == []


def test_no_call_of_the_conversation_is_unknown_to_the_specifications_or_to_the_emulator(
    published: Published, exchanges: list[Exchange]
) -> None:
    unknown = {each.path for each in exchanges if published.operation(each) is None}
    # Documented, and used by every client, but in no specification.
    assert {path for path in unknown if "/dataSetFiles" not in path} == set()
    assert [each for each in exchanges if each.status >= 500 or each.status == 405] == []


def test_every_operation_of_the_ingestion_interfaces_is_called_or_said_to_be_left_out(
    published: Published, exchanges: list[Exchange]
) -> None:
    called = {found.name for each in exchanges if (found := published.operation(each)) is not None}
    every = {
        operation.name for name in FILES for operation in Document(name, Path(FOLDER)).operations
    }
    left = {name for name in every - called if not any(fnmatch(name, one) for one in LEFT_OUT)}
    assert left == set()


LEFT_OUT = (
    # Packages, which carry sandboxes from one to another, and the writing of sandboxes.
    *(f"sandbox * /{what}*" for what in ("exim", "handshake", "transfer", "packages", "tools")),
    *(f"sandbox {method} /sandbox-management/*" for method in ("POST", "PUT", "DELETE", "PATCH")),
    # Batches are written by runs; Catalog's own index, tags and credentials fill no form.
    *(f"catalog {method} /batches*" for method in ("POST", "PUT", "DELETE", "PATCH")),
    *("catalog GET /batches/uniques/*", "catalog * /", "catalog GET */credentials"),
    "catalog GET /tags/*",
    # For the provider of a source, and for destinations.
    *("flow-service POST /*Specs", "flow-service PUT /*Specs/*", "flow-service PUT /runs/*"),
    "flow-service GET /connectionSpecs/*/*",
    # The older name of field groups, of which the list is called.
    *("schema-registry * /tenant/mixins*", "schema-registry GET /{CONTAINER_ID}/mixins/*"),
)
