"""The pages for authors of plugins: signatures as in the code, contracts that run, three paths from an empty folder."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gridgov.hooks import FAILURES, VERSION, Hooks

ROOT = Path(__file__).parents[2]
HERE = ROOT / "docs/howto/plugins"
PAGES = sorted(path for path in HERE.glob("*.md") if not path.name.startswith("path-"))
PATHS = sorted(HERE.glob("path-*.md"))
HOOKS = [name for name in vars(Hooks) if name.startswith("gridgov_")]


def signature(name):
    told = str(inspect.signature(getattr(Hooks, name))).replace("(self, ", "(").replace("(self)", "()")
    return f"{name}{told}".replace("'", "")


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_stands_on_one_page_with_its_exact_signature(name):
    headings = [
        line for page in PAGES for line in page.read_text("utf-8").splitlines() if line.startswith("## `gridgov_")
    ]
    assert headings.count(f"## `{signature(name)}`") == 1
    assert len(headings) == len(HOOKS)


def test_each_page_states_the_version_of_the_hooks_and_the_overview_leads_to_all_of_them():
    overview = (ROOT / "docs/howto/plugin.md").read_text("utf-8")
    for page in PAGES:
        assert f"gridgov_hooks = {VERSION}\n" in page.read_text("utf-8")
    for page in [*PAGES, *PATHS]:
        assert f"(plugins/{page.name})" in overview
    for name in HOOKS:
        assert f"`{name}`" in overview


def test_the_reference_has_the_whole_table_of_failures():
    page = (ROOT / "docs/reference/hooks.md").read_text("utf-8")
    for name, failure in FAILURES.items():
        told = f"`{name}`" if name.startswith("gridgov_") else name
        assert f"| {told} | {failure.asked} |" in page


def run(*arguments, cwd, **environment):
    """Run Python in a folder, with gridgov as it is here."""
    paths = os.pathsep.join([*environment.pop("paths", ()), str(ROOT / "src"), *sys.path])
    given = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=given, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_the_contracts_on_the_pages_hold_for_the_plugins_on_them(tmp_path):
    tried = 0
    for page in PAGES:
        code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S))
        if "Contract)" in code:
            (tmp_path / f"test_{page.stem.replace('-', '_')}.py").write_text(code, "utf-8")
            tried += 1
    assert tried == len(PAGES) - 1  # nothing rests on what listens
    ended = run("-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout


def files_of(page):
    """Give path → text of every file that a walkthrough shows."""
    shown = re.findall(
        r"^`([\w./]+)`:[^\n]*\n(?:[^\n`][^\n]*\n|\n|`(?!``)[^\n]*\n)*?```\w+\n(.*?)^```", page, re.S | re.M
    )
    return dict(shown)


def lay_out(page, folder):
    """Write the files of a walkthrough, and make its source folder look installed."""
    files = files_of(page.read_text("utf-8"))
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    project = files["pyproject.toml"]
    name, version = re.search(r'^name = "(.*)"$', project, re.M)[1], re.search(r'^version = "(.*)"$', project, re.M)[1]
    metadata = folder / f"src/{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    points = re.search(r"^\[project.entry-points.gridgov\]\n(.*?)\n\n", project, re.S | re.M)[1]
    (metadata / "entry_points.txt").write_text("[gridgov]\n" + points.replace('"', "") + "\n", "utf-8")
    return files


@pytest.mark.slow
@pytest.mark.parametrize("page", PATHS, ids=lambda page: page.stem)
def test_an_authors_path_leads_from_an_empty_folder_to_a_plugin_in_the_listing(page, tmp_path):
    files = lay_out(page, tmp_path)
    assert {"pyproject.toml", "show.py"} < files.keys()
    assert len(files) == 4
    source = tmp_path / "src"
    tested = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=tmp_path, paths=[str(source)])
    assert tested.returncode == 0, tested.stdout
    shown = run("show.py", cwd=tmp_path, paths=[str(source)], HALL_SCREEN_FOLDER=".")
    expected = re.search(r"It prints:\n\n```text\n(.*?)```", page.read_text("utf-8"), re.S)[1]
    assert (shown.stdout, shown.stderr) == (expected, "")
