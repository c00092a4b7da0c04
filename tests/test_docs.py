"""The documentation is true: its code runs, its reference follows from the code, its lists are complete."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parent.parent
PAGES = [
    "docs/tutorial.md",
    "docs/howto/cases.md",
    "docs/howto/deadlines.md",
    "docs/howto/rules.md",
    "docs/howto/merge.md",
    "docs/howto/adjust.md",
    "docs/howto/plugin.md",
    "docs/howto/plugins/calendar.md",
    "docs/howto/plugins/channel.md",
    "docs/howto/plugins/code-lists.md",
    "docs/howto/plugins/exporters.md",
    "docs/howto/plugins/importers.md",
    "docs/howto/plugins/listening.md",
    "docs/howto/plugins/reactions.md",
    "docs/howto/plugins/rules.md",
    "docs/howto/plugins/store.md",
    "docs/howto/plugins/validation.md",
    "docs/howto/store.md",
    "docs/howto/dialects.md",
    "docs/howto/notices.md",
    "docs/howto/deliver.md",
    "docs/howto/points.md",
    "docs/howto/privacy.md",
    "docs/howto/access.md",
    "docs/howto/operate.md",
]


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT)).parse(ROOT / page)
    examples = list(document.examples())
    assert examples
    for example in examples:
        example.evaluate()


def test_every_page_with_python_in_it_is_among_those_that_run():
    found = [
        str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md") if "```python" in path.read_text("utf-8")
    ]
    assert sorted(found) == sorted(PAGES)


def readme():
    return (ROOT / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_the_readmes_code_runs_and_says_who_by_when_and_why(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    code = re.search(r"```python\n(.*?)```", readme(), re.S)[1]
    exec(compile(code, "README.md", "exec"), {})
    shown = capsys.readouterr().out
    for part in ("39 个基础网格", "燃气公司", "gas-smell", "app-4711"):
        assert part in shown


def test_the_readme_shows_its_code_in_thirty_lines_and_the_two_commands():
    text = readme()
    assert len(re.search(r"```python\n(.*?)```", text, re.S)[1].splitlines()) <= 30
    assert "python -m pip install nox && python -m nox -s street" in text
    assert "python -m nox -s tests" in text


def test_every_link_of_the_readme_and_the_docs_leads_somewhere():
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")] + list((ROOT / "docs").rglob("*.md"))
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_tiny_example_fits_on_forty_lines_and_runs(capsys):
    path = ROOT / "examples/tiny.py"
    assert len(path.read_text("utf-8").splitlines()) <= 40
    runpy.run_path(str(path), run_name="__main__")
    assert "QuietHours" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["commands.md", "events.md", "hooks.md", "setup-files.md", "life.md", "life.svg"])
def test_the_generated_reference_follows_from_the_code(page):
    pages = runpy.run_path(str(ROOT / "docs/generate.py"))["PAGES"]
    written = (ROOT / "docs/reference" / page).read_text("utf-8")
    assert written == pages[page]().rstrip() + "\n", "run python docs/generate.py"


def codes_in_the_code():
    found = set()
    for path in (ROOT / "src/gridgov").rglob("*.py"):
        text = path.read_text("utf-8")
        prefix = "points." if path.parent.name == "points" else ""
        found |= {prefix + code for code in re.findall(r'_?refuse\(\s*"([a-z.-]+)"', text)}
        found |= set(re.findall(r'RefusalError\(\s*"([a-z.-]+)"', text))
    return found


def test_every_refusal_of_the_code_is_in_the_reference_and_the_other_way_round():
    page = (ROOT / "docs/reference/refusals.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z.-]+)` \|", page, re.M)
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == codes_in_the_code()


def test_every_guarantee_of_the_ledger_names_a_test_that_there_is():
    page = (ROOT / "docs/reference/ledger.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) >= 18
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text("utf-8"), test


def test_every_guarantee_of_the_stores_names_a_test_that_there_is():
    page = (ROOT / "docs/reference/stores.md").read_text("utf-8")
    shipped = "".join(path.read_text("utf-8") for path in (ROOT / "src/gridgov/testing").glob("_*contract*.py"))
    table = page.partition("## Tamper")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "held by" not in line]
    assert len(rows) >= 14
    for row in rows:
        named = re.findall(r"`([\w/.]+)::(\w+)`", row)
        assert named, row
        for place, test in named:
            text = shipped if place.endswith("Contract") else (ROOT / place).read_text("utf-8")
            assert f"def {test}(" in text, test


def test_every_word_that_stored_names_use_is_in_the_glossary():
    from gridgov.documents import SHAPES

    glossary = (ROOT / "docs/reference/glossary.md").read_text("utf-8").lower()
    nouns = {name.partition("-")[0].rstrip("s") for name in SHAPES} - {
        "setup",
        "private",
        "goods",
        "good",
        "redemption",
    }
    for noun in nouns:
        assert f"| {noun}" in glossary, noun


def test_the_command_line_checks_merges_and_writes_schemas(tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "gridgov", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    good = run("check", ROOT / "examples/youyi/setup")
    assert (good.returncode, "29 rules" in good.stdout) == (0, True)
    bad = run("check", tmp_path)
    assert bad.returncode == 1
    assert "setup.yaml is missing" in bad.stderr
    assert run("schema", tmp_path / "schemas").returncode == 0
    assert (tmp_path / "schemas/setup.yaml.schema.json").exists()
    assert run("fly").returncode == 2
    nothing = run("verify", "sqlite:///nowhere.db")
    assert (nothing.returncode, "no such file" in nothing.stderr) == (1, True)
    assert not (tmp_path / "nowhere.db").exists()
