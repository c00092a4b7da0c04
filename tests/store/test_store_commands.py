"""``python -m gridgov``: verify, checkpoint, copy and backup look after a store and say clearly what is wrong."""

import contextlib
import io
import sqlite3
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
