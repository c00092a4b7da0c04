"""``python -m gridgov``: verify, checkpoint, copy and backup look after a store and say clearly what is wrong."""

import contextlib
import io
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from gridgov import open_office
from gridgov.__main__ import main
from gridgov.cases import OpenCase
from gridgov.proofs import Ed25519Signer
from gridgov.testing import NOON, small_setup
from gridgov_sql import open_sqlite

HOUSE = "150203005008-B001"
SEED = bytes(range(32))


class Plan:
    def summary(self, _language):
        return "a plan"


def run(folder, *arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def fill(folder, first, count):
    store = open_sqlite(f"sqlite:///{folder / 'street.db'}")
    with open_office(small_setup(), store, discover=False, clock=lambda: NOON) as office:
        for number in range(first, first + count):
            office.handle(OpenCase(kind="noise", place=HOUSE, source="hotline"), by="desk-1", id=f"c{number}")
    store.close()


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path, 0, 5)
    (tmp_path / "seed").write_text(SEED.hex())
    (tmp_path / "public").write_text(Ed25519Signer("youyi", SEED).public.hex())
    return tmp_path


def test_a_signed_checkpoint_finds_a_tail_that_was_cut_off(folder):
    marked = run(folder, "checkpoint", "sqlite:///street.db", "--key", "youyi=seed", "--out", "mark.txt")
    assert (marked.returncode, marked.stdout) == (0, "mark.txt\n")
    again = run(folder, "checkpoint", "sqlite:///street.db", "--out", "mark.txt")
    assert again.returncode == 1
    good = run(folder, "verify", "sqlite:///street.db", "--against", "mark.txt", "--public", "youyi=public")
    assert (good.returncode, good.stdout) == (
        0,
        "sqlite:///street.db: 11 records, every chain holds, and 1 checkpoints match\n",
    )
    with sqlite3.connect(folder / "street.db") as raw:
        raw.execute("DELETE FROM gridgov_records WHERE position = 11")
    raw.close()
    assert run(folder, "verify", "sqlite:///street.db").returncode == 0
    cut = run(folder, "verify", "sqlite:///street.db", "--against", "mark.txt")
    assert cut.returncode == 1
    assert "the end is cut off: a checkpoint stands at 11" in cut.stderr
    (folder / "mark.txt").write_text((folder / "mark.txt").read_text().replace("position 11", "position 10"))
    forged = run(folder, "verify", "sqlite:///street.db", "--against", "mark.txt", "--public", "youyi=public")
    assert "no right signature of youyi" in forged.stderr


def test_a_copy_takes_everything_and_then_the_tail_and_a_backup_is_a_store(folder):
    first = run(folder, "copy", "sqlite:///street.db", "sqlite:///other.db")
    assert (first.returncode, "stands at 11" in first.stdout) == (0, True), first.stderr
    fill(folder, 5, 2)
    tail = run(folder, "copy", "sqlite:///street.db", "sqlite:///other.db")
    assert "came over: 4 records" in tail.stdout
    saved = run(folder, "backup", "sqlite:///other.db", "saved.db")
    assert (saved.returncode, saved.stdout) == (0, "saved.db\n"), saved.stderr
    for name in ("other.db", "saved.db"):
        assert run(folder, "verify", f"sqlite:///{name}").stdout == f"sqlite:///{name}: 15 records, every chain holds\n"
    assert run(folder, "backup", "sqlite:///other.db", "saved.db").returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "sqlite:///empty.db"),
        ("checkpoint", "sqlite:///empty.db", "--out", "mark.txt"),
        ("copy", "sqlite:///empty.db", "sqlite:///other.db"),
        ("backup", "sqlite:///empty.db", "saved.db"),
    ],
)
def test_a_store_without_any_record_is_not_called_sound_and_nothing_is_made_of_it(folder, arguments):
    open_sqlite(f"sqlite:///{folder / 'empty.db'}").close()
    before = sorted(path.name for path in folder.iterdir())
    found = run(folder, *arguments)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == "sqlite:///empty.db: it holds no record; is the address right?\n"
    assert sorted(path.name for path in folder.iterdir()) == before


def test_an_extra_that_is_not_installed_is_said_on_one_line(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    found = run(folder, "checkpoint", "sqlite:///street.db", "--key", "youyi=seed", "--out", "mark.txt")
    assert (found.returncode, len(found.stderr.splitlines())) == (1, 1)
    assert "gridgov[sign]" in found.stderr
    assert not (folder / "mark.txt").exists()


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_module_that_is_missing_is_said_with_the_extra_that_brings_it(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "gridgov.reports._sheets", raising=False)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    setup = Path(__file__).parents[2] / "examples/youyi/setup"
    monkeypatch.setattr("gridgov.merging.merge", lambda *_given, **_more: Plan())
    found = run(tmp_path, "merge", setup, "--workbook", "plan.xlsx")
    assert (found.returncode, "gridgov[sheets]" in found.stderr) == (1, True)
    assert len(found.stderr.splitlines()) == 1


def test_a_key_file_made_as_the_reference_says_signs_and_its_public_part_checks(folder):
    page = (Path(__file__).parents[2] / "docs/reference/stores.md").read_text("utf-8")
    (block,) = [each for each in re.findall(r"```sh\n(.*?)```", page, re.S) if "youyi.key" in each]
    made = subprocess.run(
        ["bash", "-ec", f"PATH={Path(sys.executable).parent}:$PATH\n{block}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (made.returncode, made.stderr) == (0, "")
    assert "1 checkpoints match" in made.stdout
    assert (folder / "youyi.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "sqlite:///absent.db"),
        ("copy", "sqlite:///absent.db", "sqlite:///other.db"),
        ("checkpoint", "sqlite:///absent.db"),
        ("backup", "sqlite:///absent.db", "x.db"),
        ("verify", "sqlite:///street.db", "--against", "absent.txt"),
        ("verify", "sqlite:///street.db", "--against", "seed"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_made(folder, arguments):
    before = sorted(path.name for path in folder.iterdir())
    found = run(folder, *arguments)
    assert found.returncode == 1
    assert len(found.stderr.splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == before
