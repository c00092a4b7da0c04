import pytest
from hypothesis import given

from gridgov.errors import NotFoundError, SetupError
from gridgov.territory import Adjacency, Ground, Level, Node, Territory, check_code, grid_code
from gridgov.testing import strategies

LEVELS = [
    Level("street", "街道", "street"),
    Level("community", "社区", "community"),
    Level("grid", "网格", "grid"),
    Level("building", "楼栋", "building"),
]
STREET = Node(code="150203005", level="street", name="街道")
COMMUNITY = Node(code="150203005008", level="community", name="社区", parent="150203005")


def codes(nodes):
    return sorted(finding.code for finding in Territory.check(LEVELS, nodes))


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (Node(code="150203005008", level="community", name="再一个", parent="150203005"), "territory.code-twice"),
        (Node(code="15020300509", level="community", name="短", parent="150203005"), "territory.bad-code"),
        (Node(code="150203006009", level="community", name="外", parent="150203005"), "territory.bad-code"),
        (Node(code="150203005009", level="village", name="村", parent="150203005"), "territory.unknown-level"),
        (Node(code="150203005009", level="community", name="孤", parent="150203999"), "territory.orphan"),
        (
            Node(code="B1", level="building", name="楼", parent="150203005008", households=-1),
            "territory.negative-households",
        ),
        (Node(code="B1", level="building", name="楼", parent="150203005008", kind="flat"), "territory.unknown-kind"),
        (Node(code="150203006", level="street", name="二", parent=None), "territory.second-root"),
        (
            Node(code="150203005009", level="community", name="倒", parent="150203005008"),
            "territory.level-out-of-order",
        ),
        (Node(code="150203005009", level="community", name="圈", parent="150203005009"), "territory.cycle"),
    ],
)
def test_each_mistake_of_a_tree_is_found_and_named_once(extra, code):
    assert code in codes([STREET, COMMUNITY, extra])


def test_a_cycle_is_told_once_with_its_members_and_buries_nothing_else():
    one = Node(code="150203005050", level="community", name="甲", parent="150203005051")
    other = Node(code="150203005051", level="community", name="乙", parent="150203005050")
    assert codes([STREET, one, other]) == ["territory.cycle"]


def test_building_a_wrong_tree_raises_with_every_mistake():
    with pytest.raises(SetupError) as wrong:
        Territory.build(LEVELS, [STREET, COMMUNITY, COMMUNITY, Node(code="x", level="y", name="z", parent="w")])
    assert len(wrong.value.findings) >= 3


def test_an_unknown_place_is_refused_with_the_closest_code():
    tree = Territory.build(LEVELS, [STREET, COMMUNITY])
    with pytest.raises(NotFoundError, match="150203005008"):
        tree["150203005088"]


def test_households_are_the_own_count_or_the_sum_of_what_lies_in_the_place():
    houses = [Node(code=f"B{n}", level="building", name="楼", parent="150203005008", households=n) for n in (3, 4)]
    tree = Territory.build(LEVELS, [STREET, COMMUNITY, *houses])
    assert tree.households("150203005") == 7


def test_grid_codes_take_the_next_free_number_and_none_is_used_again():
    """首次编码后，新增网格取下一个号，旧号不再使用."""
    assert grid_code("150203005008", []) == "150203005008001"
    assert grid_code("150203005008", ["150203005008001", "150203005008007"]) == "150203005008008"
    with pytest.raises(ValueError, match="used up"):
        grid_code("150203005008", ["150203005008999"])


@pytest.mark.parametrize(("level", "code"), [("district", "150203"), ("grid", "150203005008001"), ("building", "B-1")])
def test_codes_of_the_right_length_pass(level, code):
    assert check_code(level, code, None) is None


@given(strategies.territories())
def test_every_place_lies_in_its_ancestors_and_below_finds_it_again(tree):
    """层级: the path of a place ends at the top, and walking down from each of its places meets it."""
    for node in tree:
        path = tree.path(node.code)
        assert path[0] == node.code
        assert path[-1] == tree.root
        for ancestor in path:
            assert tree.within(node.code, ancestor)
            assert node in tree.below(ancestor)


@given(strategies.territories())
def test_the_whole_tree_is_below_its_top_exactly_once(tree):
    """不重不漏: no place is missed and none is met twice."""
    assert sorted(node.code for node in tree.below(tree.root)) == sorted(tree.nodes)


def test_the_ground_names_what_is_wrong_with_its_adjacency():
    houses = [Node(code=f"B{n}", level="building", name="楼", parent="150203005008", households=n) for n in (1, 2)]
    bare = Node(code="B3", level="building", name="楼", parent="150203005008")
    tree = Territory.build(LEVELS, [STREET, COMMUNITY, *houses, bare])
    ground = Ground(tree, (Adjacency("B1", "B9"), Adjacency("B1", "B1"), Adjacency("B1", "B2", 0)))
    assert sorted(finding.code for finding in ground.check()) == [
        "ground.adjoins-itself",
        "ground.households-missing",
        "ground.no-border",
        "ground.unknown-place",
    ]
