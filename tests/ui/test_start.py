"""What is loaded before the first paint: a start-up time is kept by what is left out of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import aeptui

AFTER_THE_FIRST_PAINT = (
    "httpx",
    "httpcore",
    "jsonschema",
    "rapidfuzz",
    "lark",
    "starlette",
    "uvicorn",
    "tomli_w",
    "shtab",
    "keyring",
    "aeptui.forms.form",
    "aeptui.forms.schema",
    "aeptui.forms.suggest",
    "aeptui.forms.values",
    "aeptui.pipelines",
    "aeptui.emulator",
    "aeptui.ui.screens.form",
    "aeptui.ui.screens.wizard",
    "aeptui.ui.screens.help",
    "aeptui.ui.screens.why",
    "aeptui.ui.screens.raw",
)

SCRIPT = """
import asyncio, os, sys
from aeptui.config_load import load
from aeptui.session import open_session
from aeptui.ui.app import AepApp

loaded = []
AepApp.begin = lambda app: loaded.extend(sys.modules)

async def main():
    session = await open_session(load(os.environ))
    async with AepApp(session).run_test(size=(80, 24)) as pilot:
        while not loaded:
            await pilot.pause(0.02)
    await session.close()
    sys.__stdout__.write("\\n".join(loaded))

asyncio.run(main())
"""


LAUNCHING = ("__main__", "compiled", "saved_screen", "state_folder")
LAUNCHER = """
import os, sys
before = set(sys.modules)
import aeptui.__main__
sys.stdout.write(" ".join(set(sys.modules) - before))
"""


def test_the_saved_screen_is_drawn_before_anything_is_loaded() -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(aeptui.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER], env=env, capture_output=True, text=True, check=True
    )
    ours = {"aeptui", *(f"aeptui.{name}" for name in LAUNCHING)}
    assert set(done.stdout.split()) == ours | {"__future__", "termios", "zlib"}


def test_a_read_only_installation_is_compiled_once_and_not_at_every_start(tmp_path: Path) -> None:
    source, state = tmp_path / "aeptui", tmp_path / "state"
    source.mkdir()
    for module in Path(aeptui.__file__).parent.glob("*.py"):
        shutil.copy(module, source)
    (source / "__pycache__").touch()  # no folder can be made there, not even by root
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"}
    env["AEPTUI_STATE_DIR"] = str(state)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "aeptui", "--version"]

    subprocess.run(command, env={**env, "PYTHONDONTWRITEBYTECODE": "1"}, check=True)
    assert not state.exists()
    subprocess.run(command, env=env, check=True)
    (kept,) = state.rglob("cli.*.pyc")
    assert kept.is_relative_to(state / "compiled")
    before = kept.stat().st_mtime_ns
    subprocess.run(command, env=env, check=True)
    assert kept.stat().st_mtime_ns == before


def test_the_first_paint_loads_neither_the_network_nor_the_forms(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    env |= {
        "AEPTUI_STATE_DIR": str(tmp_path),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "AEPTUI_PLATFORM_URL": "http://127.0.0.1:9",
        "AEPTUI_IMS_URL": "http://127.0.0.1:9",
        "AEPTUI_ORG_ID": "A@AdobeOrg",
        "AEPTUI_CLIENT_ID": "a",
        "AEPTUI_CLIENT_SECRET": "b",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=False
    )
    loaded = set(done.stdout.split())
    assert "aeptui.ui.screens.home" in loaded, done.stderr
    assert not [
        name
        for name in sorted(loaded)
        if any(name == late or name.startswith(f"{late}.") for late in AFTER_THE_FIRST_PAINT)
    ]
