"""The arrows between packages: each room knows only what it may know.

Read off the imports of each module, and, for what must not be loaded at all,
off a fresh interpreter: one convenience import is how layers begin to melt.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "aeptui"
ROOMS = (
    "api",
    "mirror",
    "monitor",
    "resources",
    "forms",
    "pipelines",
    "headless",
    "ui",
    "emulator",
)

# Who may import whom, inside the package. A room may always import itself, and what knows
# nothing of ours: the search for a name near a typo, files and folders that are kept, a moment,
# a cell of CSV.
LEAVES = {"nearest", "csv_cells", "kept_file", "moment", "sqlite_file", "state_folder"}
MAY: dict[str, set[str]] = {
    "api": set(),
    "mirror": {"api"},
    "monitor": {"api", "mirror"},
    "resources": {"api", "mirror", "monitor", "session"},
    "forms": {"api", "mirror", "monitor", "session", "pipelines"},  # of pipelines, its plan alone
    "pipelines": {
        *("api", "mirror", "monitor", "resources", "session", "forms"),
        *("credentials", "tomlfile"),  # a pipeline file is read as the configuration is
    },
    "emulator": set(),
}
FOREIGN = {
    "api": {"textual", "rich", "sqlite3"},
    "mirror": {"textual", "rich", "httpx"},
    "monitor": {"textual", "rich", "httpx"},
    "resources": {"textual", "rich", "httpx"},
    "forms": {"textual", "rich", "httpx"},
    "pipelines": {"textual", "rich", "httpx"},
    "headless": {"textual"},
    "ui": {"httpx"},
}


def modules(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The dotted names that a module imports, those for type checking included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def rooms_of(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("aeptui.")}


@pytest.mark.parametrize("room", sorted(MAY))
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    allowed = MAY[room] | {room} | (LEAVES if room != "emulator" else set())
    strangers = {
        (str(path.relative_to(PACKAGE)), other)
        for path in modules(room)
        for other in rooms_of(imported(path)) - allowed
        if (PACKAGE / other).is_dir() or (PACKAGE / f"{other}.py").exists()
    }
    assert not strangers


@pytest.mark.parametrize("room", sorted(FOREIGN))
def test_a_room_imports_no_library_that_is_not_its_own(room: str) -> None:
    found = {
        (str(path.relative_to(PACKAGE)), name)
        for path in modules(room)
        for name in imported(path)
        if name.split(".")[0] in FOREIGN[room]
    }
    assert not found


def test_only_the_command_line_and_the_tests_know_the_emulator() -> None:
    knowing = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "emulator" not in path.relative_to(PACKAGE).parts[:1]
        and "emulator" in rooms_of(imported(path))
    }
    # `aeptui demo` is composed in a module of its own, which starts the emulator as a child.
    assert knowing <= {"arguments.py", "cli.py", "rehearsal.py"}


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in ("ui", "emulator")])
def test_nothing_below_the_screen_loads_textual(room: str) -> None:
    names = [
        ".".join(("aeptui", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in modules(room)
        if path.name != "__init__.py"
    ]
    code = f"import sys, importlib\nfor n in {names!r}: importlib.import_module(n)\n"
    code += "print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
