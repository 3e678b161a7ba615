"""The plan of the house, executed: which room may import which, and the ceilings on files, functions and names."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"

# A room may import itself and the rooms beside it here, nothing else of ours. Longest name wins: "zaffre.server.api" is
# judged by its own row, not by that of "zaffre.server". "zaffre" itself holds the version number and imports nothing.
ROOMS: dict[str, tuple[str, ...]] = {
    "zaffre": (),
    "zaffre.core": (),
    "zaffre.docker": ("zaffre.core",),
    "zaffre.environments": ("zaffre.core", "zaffre.docker"),
    "zaffre.launch": ("zaffre.core", "zaffre.docker"),
    "zaffre.serving": ("zaffre.core",),
    "zaffre.routing": ("zaffre.core", "zaffre.serving"),
    "zaffre.sdk": ("zaffre.core", "zaffre.docker", "zaffre.environments", "zaffre.launch"),
    "zaffre.runner": (
        "zaffre.core",
        "zaffre.docker",
        "zaffre.environments",
        "zaffre.launch",
        "zaffre.routing",
        "zaffre.sdk",
    ),
    "zaffre.cli": ("zaffre.core", "zaffre.sdk"),
    "zaffre.mlflow_plugin": ("zaffre.core", "zaffre.sdk"),
    "azureml": ("zaffre.sdk", "zaffre.mlflow_plugin"),
}
BELOW_SERVER = ("zaffre.core", "zaffre.docker", "zaffre.environments", "zaffre.launch")
SERVER_ROOMS: dict[str, tuple[str, ...]] = {
    "settings": (),
    "notifier": (),
    "wakefulness": (),
    "store": (),
    "artifacts": (),
    "accounts": ("store",),
    "tracking": ("store", "artifacts"),
    "registry": ("store", "artifacts", "tracking"),
    "runs": ("store", "artifacts", "tracking", "registry"),
    "deployments": ("store", "artifacts", "registry"),
    "webhooks": ("store",),
}
LEAVES = ("settings", "notifier", "wakefulness")  # what every room of the server may import
DOORS = ("api", "mlflow")

# What a room may import of other people's packages at the top of a file.
PACKAGES: dict[str, tuple[str, ...]] = {
    "zaffre.core": ("msgspec", "pathspec", "yaml"),
    "zaffre.docker": (),
    "zaffre.environments": ("msgspec", "yaml"),
    "zaffre.launch": ("msgspec",),
    "zaffre.serving": ("httptools",),
    "zaffre.routing": ("httptools",),
    "zaffre.sdk": ("msgspec", "yaml", "pathspec"),
    "zaffre.runner": ("msgspec", "yaml", "pathspec"),
    "zaffre.cli": ("cyclopts", "rich"),
    "zaffre.mlflow_plugin": ("mlflow", "yaml"),
    "zaffre.server": (
        "msgspec",
        "fastapi",
        "pydantic",
        "starlette",
        "uvicorn",
        "sqlalchemy",
        "alembic",
        "yaml",
        "httpx",
    ),
    "azureml": (),
}

# The one module that owns a heavy library, and imports it inside functions: importing the module stays cheap.
OPTIONAL: dict[str, tuple[str, ...]] = {
    "zaffre.sdk.transport": ("httpx",),
    # These of the standard library take a third of the time that a serving process needs to start.
    "zaffre.core.rawhttp": ("email",),
    "zaffre.serving.model_folder": ("importlib",),
    "zaffre.serving.command": ("logging",),
    "zaffre.serving.coroutines": ("asyncio",),
    # A scoring server does without it: without batches, and with Python's own json.loads.
    "zaffre.serving.batching": ("msgspec",),
    "zaffre.serving.json_loads": ("msgspec",),
    "zaffre.sdk.migration.source": ("mlflow",),
    "zaffre.sdk.collected_data": ("pandas",),
    "zaffre.environments.solver": ("uv",),  # only to ask where its program is
    "zaffre.environments.conda": ("rattler", "asyncio"),
    "zaffre.server.store.migrate": ("alembic",),
    "zaffre.server.mlflow.otlp": ("google", "opentelemetry"),  # what spans are packed in
    "zaffre.server.store.postgresql": ("psycopg", "sqlalchemy"),  # SQLAlchemy's dialect of it
    "zaffre.server.accounts.passwords": ("argon2",),
    "zaffre.server.webhooks.seal": ("cryptography",),
}

# Scripts as users write them, which the demo and deployments send into an environment of their own.
USER_SCRIPTS = ("zaffre/cli/demo/project", "zaffre/sdk/entry_scripts")

BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "tools"}
FILE_LINES = 500
FUNCTION_LINES = 60


def server_rows() -> dict[str, tuple[str, ...]]:
    """The rows of the server's rooms, in the shape of ``ROOMS``."""
    rooms = {
        f"zaffre.server.{room}": (*BELOW_SERVER, *(f"zaffre.server.{other}" for other in (*LEAVES, *others)))
        for room, others in SERVER_ROOMS.items()
    }
    for door in DOORS:
        rooms[f"zaffre.server.{door}"] = (*BELOW_SERVER, *(f"zaffre.server.{other}" for other in SERVER_ROOMS))
    rooms["zaffre.server"] = (*BELOW_SERVER, *rooms)  # app, __main__: the composition root sees every room
    return rooms


@dataclass(frozen=True)
class Import:
    """One import statement's target, e.g. ``zaffre.sdk.client``, where it stands, and whether inside a function."""

    module: str
    importer: str
    line: int
    in_function: bool = False
    for_types: bool = False  # under ``if TYPE_CHECKING``: costs nothing at run time, but still draws an arrow

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.module}"


def module_name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, source: Path) -> Iterator[Import]:
    importer = module_name(path, source)
    package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]

    def walk(node: ast.AST, in_function: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, importer, child.lineno, in_function, for_types)
            elif isinstance(child, ast.ImportFrom):
                parents = package.split(".")[: len(package.split(".")) - child.level + 1] if child.level else []
                base = ".".join([*parents, *([child.module] if child.module else [])])
                # "from zaffre.server import api" names a room, so each imported name is judged as a module of its own.
                for alias in child.names:
                    yield Import(f"{base}.{alias.name}", importer, child.lineno, in_function, for_types)
            inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing = for_types or (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"))
            yield from walk(child, inside, typing)

    yield from walk(ast.parse(path.read_text()), in_function=False, for_types=False)


def is_within(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def room_of(module: str, rooms: dict[str, tuple[str, ...]]) -> str | None:
    held = [room for room in rooms if is_within(module, room)]
    return max(held, key=len) if held else None


def judge(found: Import, rooms: dict[str, tuple[str, ...]]) -> str | None:
    """Why an import is forbidden, or None."""
    top = found.module.partition(".")[0]
    if found.in_function and top not in OPTIONAL.get(found.importer, ()):
        return f"{found}, inside a function"
    if top == "azureml" and not is_within(found.importer, "azureml"):
        return f"{found}, which nothing of ours may"
    if top in ("zaffre", "azureml"):
        mine, theirs = room_of(found.importer, rooms), room_of(found.module, rooms)
        if mine is None or theirs is None:
            return f"{found}, and one of them stands in no room"
        if theirs not in ("zaffre", mine, *rooms[mine]):
            return f"{found}, but {mine} may not import {theirs}"
        return None
    if found.for_types or top in sys.stdlib_module_names or top in OPTIONAL.get(found.importer, ()):
        return None
    room = room_of(found.importer, PACKAGES)
    if room is None or top not in PACKAGES[room]:
        return f"{found}, a package that {room} may not need at import time"
    return None


def forbidden_imports(source: Path) -> list[str]:
    rooms = {**ROOMS, **server_rows()}
    judged = (
        judge(found, rooms)
        for package in ("zaffre", "azureml")
        for path in sorted((source / package).rglob("*.py"))
        if not path.relative_to(source).as_posix().startswith(USER_SCRIPTS)
        for found in imports_of(path, source)
    )
    return [reason for reason in judged if reason]


def python_files() -> list[Path]:
    folders = ("src", "tests", "bench", "scripts")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [*files, ROOT / "hatch_build.py"]


def over_ceiling(path: Path) -> list[str]:
    """The file and the functions in it that are longer than allowed."""
    text = path.read_text()
    lines = len(text.splitlines())
    found = [f"{path}: {lines} lines"] if lines > FILE_LINES else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(f"{path}:{node.lineno} {node.name}: {length} lines")
    return found


def test_no_room_imports_what_the_plan_does_not_list() -> None:
    assert forbidden_imports(SOURCE) == []


def test_no_file_or_function_is_over_its_ceiling() -> None:
    assert [found for path in python_files() for found in over_ceiling(path)] == []


def test_no_module_is_named_after_nothing() -> None:
    assert [str(path) for path in python_files() if {path.stem, path.parent.name} & BANNED_NAMES] == []


@pytest.mark.parametrize(
    ("path", "statement", "reason"),
    [
        ("zaffre/core/runs.py", "import zaffre.sdk", "zaffre.core may not import zaffre.sdk"),
        ("zaffre/sdk/run.py", "from zaffre import server", "zaffre.sdk may not import zaffre.server"),
        ("zaffre/sdk/run.py", "from ..cli import main", "zaffre.sdk may not import zaffre.cli"),
        ("zaffre/server/store/runs.py", "import zaffre.server.api", "may not import zaffre.server.api"),
        ("zaffre/server/api/runs.py", "import zaffre.server.mlflow", "may not import zaffre.server.mlflow"),
        ("zaffre/server/runs/loop.py", "import zaffre.server.deployments", "may not import zaffre.server.deployments"),
        ("zaffre/serving/app.py", "def f():\n    import zaffre.core.names", "inside a function"),
        ("zaffre/core/runs.py", "if TYPE_CHECKING:\n    import zaffre.sdk", "zaffre.core may not import zaffre.sdk"),
        ("zaffre/cli/main.py", "import httpx", "a package that zaffre.cli may not need"),
        ("zaffre/sdk/run.py", "import azureml.core", "which nothing of ours may"),
        ("zaffre/attic/box.py", "import zaffre.core", "zaffre may not import zaffre.core"),
        ("azureml/core/run.py", "from zaffre.core import errors", "azureml may not import zaffre.core"),
    ],
)
def test_the_map_sees_what_it_forbids(tmp_path: Path, path: str, statement: str, reason: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(statement + "\n")

    (found,) = forbidden_imports(tmp_path)

    assert reason in found


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("zaffre/sdk/run.py", "from zaffre.core.errors import NotFound"),
        ("zaffre/sdk/transport.py", "def f():\n    import httpx"),
        ("zaffre/sdk/client.py", "if TYPE_CHECKING:\n    import httpx"),
        ("zaffre/server/api/runs.py", "from zaffre.server.tracking import acts"),
        (
            "zaffre/server/app.py",
            "from zaffre.server.api import routes\nfrom zaffre.server.mlflow import routes as more",
        ),
        ("azureml/core/run.py", "from zaffre.sdk.run import Run"),
        ("zaffre/cli/main.py", "import rich.table\nfrom zaffre import __version__"),
    ],
)
def test_the_map_lets_the_plan_through(tmp_path: Path, path: str, statement: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(statement + "\n")

    assert forbidden_imports(tmp_path) == []


def test_the_ceilings_see_what_is_over_them(tmp_path: Path) -> None:
    long_file = tmp_path / "long.py"
    long_file.write_text("def f():\n" + "    pass\n" * FUNCTION_LINES + "\n" * FILE_LINES)

    assert [found.split(": ")[1] for found in over_ceiling(long_file)] == ["561 lines", "61 lines"]
