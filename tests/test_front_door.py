"""The front door: names only, lazily, and nothing heavy behind it."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import gridgov


def test_every_exported_name_exists_and_nothing_else_is_promised():
    assert sorted(gridgov._HOMES) == gridgov.__all__ == dir(gridgov)
    for name in gridgov.__all__:
        assert getattr(gridgov, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        gridgov.nonsense  # noqa: B018


def test_importing_gridgov_loads_nothing_heavy():
    script = (
        "import sys, gridgov\n"
        "heavy = {'networkx', 'pydantic', 'yaml', 'pluggy', 'msgspec', 'attr', 'jinja2', 'sqlalchemy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_opening_an_office_needs_neither_networkx_nor_pydantic():
    script = (
        "import sys\n"
        "from gridgov.testing import small_setup\n"
        "import gridgov\n"
        "gridgov.open_office(small_setup(), discover=False).close()\n"
        "print(sorted({'networkx', 'pydantic', 'yaml', 'pytest', 'hypothesis'} & set(sys.modules)))\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


ROOMS = [module.name for module in pkgutil.iter_modules(gridgov.__path__) if module.name != "__main__"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_names_what_it_offers_and_offers_what_it_names(room):
    module = importlib.import_module(f"gridgov.{room}")
    assert module.__doc__
    assert sorted(set(module.__all__)) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_every_value_that_can_be_stored_is_frozen_and_holds_no_float():
    import typing

    import attrs

    from gridgov.documents import ROOMS as DECIDERS

    def shapes(shape, seen):
        if attrs.has(shape) and shape not in seen:
            seen.add(shape)
            for annotation in typing.get_type_hints(shape).values():
                walk(annotation, seen)
        return seen

    def walk(annotation, seen):
        assert annotation is not float
        for part in typing.get_args(annotation):
            walk(part, seen)
        if isinstance(annotation, type):
            shapes(annotation, seen)

    found = set()
    for decider in DECIDERS:
        for shape in (*decider.events.values(), *decider.commands):
            shapes(shape, found)
    assert len(found) > 70
    for shape in found:
        assert shape.__setattr__ is attrs.exceptions.FrozenInstanceError or "frozen" in repr(shape.__setattr__).lower()


def test_the_merge_command_writes_map_shapes_and_workbook_and_proves_what_it_can(tmp_path, capsys):
    from pathlib import Path

    from gridgov.__main__ import main

    setup = Path(__file__).parent.parent / "examples/youyi/setup"
    files = {"--map": "map.svg", "--geojson": "map.json", "--workbook": "plan.xlsx"}
    wanted = [part for option, name in files.items() for part in (option, str(tmp_path / name))]
    pytest.importorskip("xlsxwriter")
    assert main(["merge", str(setup), "--certify", "--language", "en", *wanted]) == 0
    shown = capsys.readouterr().out
    assert "Merged into 39 base grids" in shown
    assert "any plan has at least 0 grids outside the window" in shown
    assert all((tmp_path / name).stat().st_size > 10_000 for name in files.values())
