"""The house rules that a machine can hold: format, lint, types, import order, sizes, environment, lock."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SOURCES = ("app", "tools", "tests", "infra")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 80

PRODUCT = sorted(path for folder in ("app", "tools") for path in (ROOT / folder).rglob("*.py"))
MAY_READ_THE_ENVIRONMENT = {"app/settings/__init__.py", "app/commands/serve.py", "app/metrics.py"}
"""`metrics` looks whether prometheus-client shares figures between processes, which it takes from the environment."""

WRONG_IMPORTS = [
    ("app/errors.py", "import app.clock", "app.errors is not allowed to import app.clock"),
    ("app/clock.py", "import app.metrics", "app.clock -> app.metrics"),
    ("app/booking/business.py", "import app.calls.model", "app.booking is not allowed to import app.calls"),
    ("app/calls/model.py", "import app.dialects", "app.calls is not allowed to import app.dialects"),
    ("app/db/__init__.py", "import app.audit", "app.db is not allowed to import app.audit"),
    ("app/web/__init__.py", "import app.adapters", "app.web is not allowed to import app.adapters"),
    ("app/dashboard/__init__.py", "import app.web", "app.dashboard is not allowed to import app.web"),
    ("app/dialects/__init__.py", "import app.settings", "Illegal imports of protected package app.settings"),
    ("app/watch/__init__.py", "import tools", "Illegal imports of protected package tools"),
    ("app/audit/__init__.py", "import httpx", "app.audit is not allowed to import httpx"),
    ("app/provisioning/merge.py", "import httpx", "app.provisioning is not allowed to import httpx"),
    ("app/clock.py", "import starlette.responses", "app.clock is not allowed to import starlette"),
    ("app/booking/store.py", "import dbos", "app.booking is not allowed to import dbos"),
    ("tools/__init__.py", "import app.db", "tools is not allowed to import app.db"),
    ("app/attic.py", '"""A room nobody drew."""', "The following modules are not listed as layers"),
]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def run(*command: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.timeout(900)  # it may have a busy machine, and nothing to compare with
@pytest.mark.parametrize(
    "command",
    [("ruff", "format", "--check", *SOURCES), ("ruff", "check", *SOURCES), ("mypy",), ("lint-imports",)],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_sources_pass(command: tuple[str, ...]) -> None:
    answer = run(BIN / command[0], *command[1:])

    assert answer.returncode == 0, answer.stdout + answer.stderr


def copied(folder: Path) -> Path:
    """A copy of the product, to spoil."""
    for name in ("app", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def verdict_on_wrong_imports(tmp_path_factory: pytest.TempPathFactory) -> str:
    spoilt = copied(tmp_path_factory.mktemp("spoilt"))
    for file, line, _ in WRONG_IMPORTS:
        with (spoilt / file).open("a", encoding="utf-8") as opened:
            opened.write(f"\n{line}\n")
    answer = run(BIN / "lint-imports", "--no-cache", folder=spoilt)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    return answer.stdout


def test_a_copy_without_wrong_imports_passes(tmp_path: Path) -> None:
    assert run(BIN / "lint-imports", "--no-cache", folder=copied(tmp_path)).returncode == 0


@pytest.mark.parametrize(("file", "line", "refusal"), WRONG_IMPORTS, ids=lambda value: value)
def test_a_wrong_import_is_refused(file: str, line: str, refusal: str, verdict_on_wrong_imports: str) -> None:
    assert refusal in verdict_on_wrong_imports


def test_every_part_of_the_product_has_its_line_in_the_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    lines = {name.strip(" ()") for line in contract["layers"] for name in line.split("|")}
    parts = {path.stem if path.is_file() else path.name for path in (ROOT / "app").iterdir()}

    assert contract["exhaustive"]
    assert parts - {"__init__", "__pycache__"} <= lines


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_and_functions_stay_small() -> None:
    long = [name(path) for path in PRODUCT if len(path.read_text(encoding="utf-8").splitlines()) > MAX_FILE_LINES]
    long += [
        f"{name(path)}: {function.name}"
        for path in PRODUCT
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= MAX_FUNCTION_LINES
    ]

    assert long == []


def test_only_settings_reads_the_environment() -> None:
    reading = re.compile(r"\bos\.(environ|getenv)|\benviron\b.*import|import.*\benviron\b")
    readers = {name(path) for path in PRODUCT if reading.search(path.read_text(encoding="utf-8"))}

    assert readers <= MAY_READ_THE_ENVIRONMENT


def test_every_ignore_says_why() -> None:
    ignoring = re.compile(r"#\s*(noqa|type:\s*ignore)\b(:\s*[A-Z0-9, ]+|\[[a-z-, ]+\])?(.*)$")
    silent = [
        f"{name(path)}:{number}"
        for path in PRODUCT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (marker := ignoring.search(line)) and not (marker[2] and len(marker[3].strip(" -#—")) > 5)
    ]

    assert silent == [], "ignores everything, or does not say why"


def locked() -> dict[str, str]:
    """Version by canonical name, from requirements.lock."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", (ROOT / "requirements.lock").read_text(), re.M)
    return {canonicalize_name(name): version for name, version in pins}


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    versions = locked()
    for text in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), text


def test_the_lock_has_hashes_and_no_addresses() -> None:
    text = (ROOT / "requirements.lock").read_text()

    assert "://" not in text
    assert "--index" not in text
    assert text.count("--hash=sha256:") >= len(locked())


def test_what_an_installation_may_do_without_is_loaded_only_where_it_is_used() -> None:
    unused = "psycopg redis aiohttp googleapiclient pydantic_ai openai anthropic apprise icalendar alembic dbos"
    program = f"import sys, app.main.process, app.main.server; print(*sys.modules.keys() & set('{unused}'.split()))"

    loaded = subprocess.run((sys.executable, "-c", program), cwd=ROOT, capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []
