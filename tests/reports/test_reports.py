from itertools import pairwise

import pytest

from gridgov.reports import Bars, Page, Rows, grid_map, mask_name, render_page, text_table
from gridgov.territory import Node
from gridgov.wording import Text


def square(code, x, y, name="楼"):
    return Node(code=code, level="building", name=name, outline=(x, y, x + 10, y, x + 10, y + 10, x, y + 10))


def test_a_table_lines_up_chinese_and_latin_letters_and_sets_numbers_right():
    lines = text_table(("名称", "n"), [("甲", 1), ("abc", 100)]).splitlines()
    assert lines == ["名称    n", "────  ───", "甲      1", "abc   100"]
    with pytest.raises(ValueError, match="cells"):
        text_table(("a",), [(1, 2)])


@pytest.mark.parametrize(("name", "shown"), [("张三", "张*"), ("欧阳修远", "欧***"), ("李", "李*"), ("", "")])
def test_names_are_masked_without_consent(name, shown):
    assert mask_name(name) == shown


def test_a_map_draws_every_place_and_a_border_exactly_where_two_grids_meet():
    places = [square("a", 0, 0), square("b", 10, 0), square("c", 20, 0)]
    svg = grid_map(places, {"a": "G1", "b": "G1", "c": "G2"}, labels={"G1": "一\n2户"})
    assert svg.count("<polygon") == 3
    # Eight outer edges and one between b and c; none between a and b.
    assert svg.count("<line") == 9
    assert svg.count("<text") == 2


def test_neighboring_grids_have_different_colors():
    import re

    places = [square(f"p{n}", 10 * n, 0) for n in range(12)]
    svg = grid_map(places, {f"p{n}": f"G{n}" for n in range(12)})
    colors = re.findall(r"<polygon[^>]*fill='(#\w+)'", svg)
    assert all(one != other for one, other in pairwise(colors))


def test_what_people_wrote_is_escaped_on_maps_and_pages():
    evil = "<script>alert(1)</script>"
    svg = grid_map([square("a", 0, 0, evil)], {"a": "G"}, labels={"G": evil})
    page = Page(
        title=Text(evil, "t"),
        subtitle=Text("s", "s"),
        figures=[(Text("户", "households"), 3)],
        maps=[(Text("图", "map"), svg)],
        parts=[
            Rows(title=Text("表", "table"), header=(Text("名", "name"),), rows=[(evil,)]),
            Bars(
                title=Text("条", "bars"), rows=[(Text("甲", "a"), 3, 1)], first=Text("一", "1"), second=Text("二", "2")
            ),
        ],
        footer=evil,
    )
    html = render_page(page)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 5
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "75.00%" in html


def test_a_map_without_outlines_is_empty_and_not_broken():
    assert "<polygon" not in grid_map([Node(code="a", level="building", name="x")], {})
