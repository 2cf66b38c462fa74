"""Plans and requests as values: the same bytes each time, whole as JSON, no secret in sight."""

from __future__ import annotations

import json
import pickle
import subprocess
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.pipelines.plan import Json, Made, Plan, Ref, SecretRef, Secrets, Step, dumps, loads
from aeptui.pipelines.request import (
    MissingSecret,
    UnknownAnswer,
    as_text,
    curl,
    preview,
    render,
    to_bytes,
)
from tests.pipelines import crm

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
CONNECTIONS = f"{crm.FLOWS}/connections"

keys = st.text(max_size=8) | st.sampled_from(
    ["aeptui:answer", "aeptui:secret", "aeptui:literal", "$ref"]
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.builds(Ref, st.just("first"), st.sampled_from(["id", "version", "etag"]))
    | st.builds(SecretRef, st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True))
)
bodies = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)


def plan(*steps: Step) -> Plan:
    return Plan("t", steps, "p", "http://127.0.0.1:1", "o@AdobeOrg", "dev", AT)


def first() -> Step:
    return Step("first", "First", "flows", "POST", f"{crm.FLOWS}/flows", body={})


def second(body: Json) -> Step:
    return Step("second", "Second", "flows", "POST", f"{crm.FLOWS}/flows", body=body)


@given(bodies)
def test_any_body_survives_being_written_down(body: Json) -> None:
    made = plan(first(), second(body))
    assert loads(dumps(made)) == made


@given(bodies)
def test_any_request_is_the_same_each_time_and_is_what_is_sent_but_for_secrets(body: Json) -> None:
    step = second(body)
    known = {"first": Made("an id", "an etag", 3)}
    secrets = Secrets({name: f"${name}" for name in step.secret_names()})
    shown = preview(step, known)
    sent = render(step, known, secrets)
    assert (sent.method, sent.path, sent.headers, sent.body) == (
        *(shown.method, shown.path, shown.headers),
        shown.body,
    )
    assert render(loads(dumps(plan(first(), step))).steps[1], known, secrets).body == sent.body


def test_what_is_not_known_yet_is_shown_in_words() -> None:
    shown = as_text(preview(crm.target()))
    assert '"dataSetId": "<id of the dataset>"' in shown
    assert '"id": "<id of the schema>"' in shown


def test_nothing_is_made_up_for_what_is_not_known() -> None:
    with pytest.raises(UnknownAnswer):
        render(crm.source(), {}, Secrets())
    with pytest.raises(MissingSecret, match="CRM_PASSWORD"):
        render(crm.base(), {}, Secrets({"CRM_PASSWORD": "", "CRM_TOKEN": "x"}))


def test_a_version_of_nought_is_known() -> None:
    step = second({"mappingVersion": Ref("mapping", "version")})
    body = render(step, {"mapping": Made("m", version=0)}, Secrets()).body
    assert json.loads(body or b"") == {"mappingVersion": 0}


def test_a_plan_refers_only_to_what_comes_before() -> None:
    with pytest.raises(ValueError, match="not before it"):
        plan(crm.source(), crm.base())
    with pytest.raises(ValueError, match="two steps"):
        plan(first(), first())


def test_secrets_show_and_give_away_nothing() -> None:
    secrets = crm.SECRETS
    made = plan(crm.base())
    request = render(crm.base(), {}, secrets)
    told = [repr(secrets), str(secrets), repr(made), dumps(made), curl(made, crm.base())]
    told += [repr(request), as_text(preview(crm.base()))]
    for text in told:
        assert crm.TOKEN not in text
        assert "pl@nted" not in text
    assert json.dumps(crm.TOKEN).encode() in (request.body or b"")
    with pytest.raises(TypeError):
        pickle.dumps(secrets)


def test_the_curl_line_sends_what_is_shown(tmp_path: Path) -> None:
    """The line is given to a shell, with a `curl` that writes down its arguments."""
    stub = tmp_path / "curl"
    stub.write_text('#!/bin/sh\nfor each in "$@"; do printf \'%s\\0\' "$each"; done\n')
    stub.chmod(0o700)
    step = crm.base()
    step.body["name"] = 'O\'Brien $HOME `id` "x" \\ 日本\n'
    env = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "AEP_TOKEN": "the-token",
        "AEP_API_KEY": "the-key",
        "CRM_PASSWORD": "p4ss",
        "CRM_TOKEN": "t0ken",
    }
    line = curl(plan(step), step)
    done = subprocess.run(["/bin/sh", "-c", line], env=env, capture_output=True, check=True)
    words = done.stdout.decode().split("\0")[:-1]
    request = render(step, {}, Secrets({"CRM_PASSWORD": "p4ss", "CRM_TOKEN": "t0ken"}))
    assert words[:3] == ["-X", "POST", f"http://127.0.0.1:1{CONNECTIONS}"]
    assert words[-2:] == ["--data-binary", (request.body or b"").decode()]
    headers = [word for before, word in pairwise(words) if before == "-H"]
    assert headers == [
        "Authorization: Bearer the-token",
        "x-api-key: the-key",
        "x-gw-ims-org-id: o@AdobeOrg",
        "x-sandbox-name: dev",
        "Content-Type: application/json",
    ]


def test_json_that_no_platform_reads_is_not_sent() -> None:
    with pytest.raises(ValueError):
        to_bytes({"percent": float("nan")})
