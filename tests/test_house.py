"""The rules of the house, read off the code: who may import whom, and what the light half may load."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "core": {"core"},
    "store": {"core", "store"},
    "ui": {"core", "store", "ui"},
    "pages": {"core", "store", "ui"},
    "verbs": {"core", "store", "verbs"},
}
FORBIDDEN = {"core": {"streamlit", "plotly", "duckdb"}, "store": {"torch", "streamlit", "transformers"}}
OURS = {*MAY_IMPORT, "app", "cli", "tests", "bench"}
LIGHT = ["core.launch", "core.worker", "core.findings.results", "core.predictor", "core.candidates", "core.doctor",
         "core.data.importing", "core.data.audit", "core.estimating.estimate", "core.progress", "store.db",
         "store.ingest", "store.queries", "store.sandbox", "ui.routes", "cli"]  # fmt: skip


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_point_one_way(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        names = imported(path)
        assert not (names & OURS) - MAY_IMPORT[room], f"{path} imports {(names & OURS) - MAY_IMPORT[room]}"
        assert not names & FORBIDDEN.get(room, set()), f"{path} imports {names & FORBIDDEN[room]}"


def test_the_light_half_never_loads_torch() -> None:
    code = (
        f"import sys, importlib\nfor name in {LIGHT!r}: importlib.import_module(name)\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'peft'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_pickle_and_no_remote_code() -> None:
    for room in ("core", "store", "ui", "pages"):
        for path in (ROOT / room).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            assert not imported(path) & {"pickle", "joblib", "dill", "cloudpickle"}, path
            assert "trust_remote_code=True" not in source, path
            assert not re.search(r"torch\.load\((?!.*weights_only=True)", source), path


def test_every_dependency_is_pinned_and_earns_its_place() -> None:
    told = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    for path in sorted(ROOT.glob("requirements*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                package, pinned, _ = line.partition("==")
                assert pinned, f"{line} in {path.name} is not pinned"
                assert f"`{package.lower()}`" in told, f"{package} is missing in docs/dependencies.md"


def test_benches_do_not_find_each_other_in_place_of_a_library() -> None:
    for path in (ROOT / "bench").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "sys.path" not in source or "sys.path[0] = " in source, f"{path}: Python's statistics would be hidden"
