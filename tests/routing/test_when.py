import json
import math
import pickle
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from gridgov.routing._when import WhenError, WhenFault, parse_when

TYPES = {
    "departments": "int",
    "repeats": "int",
    "kind": "text",
    "size": "text",
    "night": "bool",
    "tag": "texts",
}
FACTS = {
    "departments": 2,
    "repeats": 0,
    "kind": "gas.smell",
    "size": "small",
    "night": False,
    "tag": ("lift", "school"),
}
INT_MIN, INT_MAX = -(2**63), 2**63 - 1

# -- the conformance tests of CEL itself

HEAD, *CASES = map(json.loads, (Path(__file__).parent / "cel_conformance.jsonl").read_text("utf-8").splitlines())
BOUND = {bool: "bool", int: "int", str: "text"}


def test_the_conformance_tests_say_where_they_come_from():
    assert HEAD["license"] == "Apache-2.0"
    assert len(HEAD["commit"]) == 40
    assert HEAD["count"] == len(CASES) == len({(case["file"], case["section"], case["name"]) for case in CASES})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}/{case['section']}/{case['name']}")
def test_what_lies_in_the_subset_gives_what_cel_gives(case):
    bound = case.get("bindings", {})
    types = {name: BOUND[type(value)] for name, value in bound.items()}
    if case.get("error"):
        with pytest.raises((WhenError, WhenFault)):
            parse_when(f"[{case['expr']}] == [{case['expr']}]", types).holds(bound)
        return
    assert parse_when(f"[{case['expr']}] == [{written(case['value'])}]", types).holds(bound)
    assert not parse_when(f"[{case['expr']}] != [{written(case['value'])}]", types).holds(bound)
    if isinstance(case["value"], bool):
        assert parse_when(case["expr"], types).holds(bound) is case["value"]


def written(value):
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    return json.dumps(value, ensure_ascii=False)


# -- an interpreter of its own: a tree is a tuple (operation, parts...)

NUMBERS = st.sampled_from([0, 1, -1, 2, 3, -7, 1000, 2**32, INT_MAX, INT_MIN]) | st.integers(INT_MIN, INT_MAX)
TEXTS = st.sampled_from(["", "gas", "gas.smell", "school", "'", '"', "\\", "大\n", "🐱"])
COMPARED = ["==", "!=", "<", "<=", ">", ">="]
LITERALS = {"int": NUMBERS, "text": TEXTS, "bool": st.booleans(), "texts": st.lists(TEXTS, max_size=3).map(tuple)}


def leaf(kind):
    names = [name for name, of in TYPES.items() if of == kind]
    return LITERALS[kind].map(lambda value: ("literal", value)) | st.sampled_from(names).map(
        lambda name: ("fact", name)
    )


def node(op, *parts):
    return st.tuples(st.just(op) if isinstance(op, str) else st.sampled_from(op), *parts)


TEXT = leaf("text")
LIST = leaf("texts") | st.lists(TEXT, max_size=3).map(lambda parts: ("list", *parts))
INT = st.recursive(
    leaf("int") | node("size", TEXT | LIST),
    lambda inner: node(["+", "-", "*", "/", "%"], inner, inner) | node("negate", inner),
    max_leaves=5,
)
RELATION = (
    node(COMPARED, INT, INT)
    | node(COMPARED, TEXT, TEXT)
    | node(["==", "!="], LIST, LIST)
    | node("in", TEXT, LIST)
    | node("in", INT, st.lists(INT, max_size=3).map(lambda parts: ("list", *parts)))
    | node("startsWith", TEXT, TEXT)
)
BOOL = st.recursive(
    leaf("bool") | RELATION | st.sampled_from(sorted(TYPES)).map(lambda name: ("has", name)),
    lambda inner: node(["&&", "||"], inner, inner) | node("!", inner) | node(COMPARED, inner, inner),
    max_leaves=8,
)
VALUES = {name: LITERALS[kind] for name, kind in TYPES.items()}
STATED = st.fixed_dictionaries(VALUES) | st.fixed_dictionaries({}, optional=VALUES)


def text(tree, *, spaced=True):
    """Write a tree with all parentheses."""
    op, *parts = tree
    gap = " " if spaced else ""
    match op:
        case "literal":
            return written(parts[0])
        case "fact":
            return parts[0]
        case "has":
            return f"has({gap}{parts[0]}{gap})"
    inner = [text(part, spaced=spaced) for part in parts]
    match op:
        case "list":
            return f"[{','.join(inner)}]"
        case "size":
            return f"size({inner[0]})"
        case "startsWith":
            return f"({inner[0]}).startsWith({inner[1]})"
        case "!" | "negate":
            return f"({'-' if op == 'negate' else '!'}({inner[0]}))"
        case "in":
            return f"({inner[0]} in {inner[1]})"
        case _:
            return f"({inner[0]}{gap}{op}{gap}{inner[1]})"


class FailedError(Exception):
    pass


class MissingError(FailedError):
    pass


def outcome(tree, facts):
    try:
        return value(tree, facts)
    except FailedError as error:
        return error


def value(tree, facts):
    op, *parts = tree
    match op:
        case "literal":
            return parts[0]
        case "has":
            return parts[0] in facts
        case "fact":
            if parts[0] not in facts:
                raise MissingError
            return facts[parts[0]]
        case "&&" | "||":
            both = [outcome(part, facts) for part in parts]
            if any(one is (op == "||") for one in both):
                return op == "||"
            for one in both:
                if isinstance(one, FailedError):
                    raise one
            return op == "&&"
    return plain(op, [value(part, facts) for part in parts])


def plain(op, values):
    left, right = values[0] if values else None, values[-1] if values else None
    match op:
        case "list":
            return tuple(values)
        case "!":
            return not left
        case "size":
            return len(left)
        case "startsWith":
            return left[: len(right)] == right
        case "in":
            return any(one == left for one in right)
        case "==" | "!=":
            return (left == right) == (op == "==")
        case "<" | "<=" | ">" | ">=":
            sign = (left > right) - (left < right)
            return sign in {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[op]
    return number(op, left, right)


def number(op, left, right):
    if op in ("/", "%"):
        if right == 0:
            raise FailedError
        whole = math.trunc(Fraction(left, right))
        exact = whole if op == "/" or whole > INT_MAX else left - whole * right
    else:
        exact = -left if op == "negate" else {"+": left + right, "-": left - right, "*": left * right}[op]
    if abs(2 * exact + 1) > 2**64:
        raise FailedError
    return exact


def answer(when, facts):
    try:
        return when.holds(facts)
    except WhenFault:
        return WhenFault


@given(BOOL, STATED, st.booleans())
def test_closures_give_what_a_plain_interpreter_gives(tree, facts, spaced):
    expected = outcome(tree, facts)
    event(type(expected).__name__)
    got = answer(parse_when(text(tree, spaced=spaced), TYPES), facts)
    assert got is (WhenFault if isinstance(expected, FailedError) else expected)


@given(BOOL, STATED)
def test_the_normal_form_is_its_own_and_means_the_same(tree, facts):
    when = parse_when(text(tree), TYPES)
    again = parse_when(when.canonical, TYPES)
    assert again.canonical == when.canonical
    assert (again.required, again.optional) == (when.required, when.optional)
    assert answer(again, facts) is answer(when, facts)


@given(BOOL, BOOL, STATED)
def test_and_and_or_do_not_care_for_the_order_of_their_sides(one, other, facts):
    """cel-spec, Logical Operators: "if any of their operands uniquely determines the result [...] the other operand
    may or may not be evaluated, and if that evaluation produces a runtime error, it will be ignored. This makes
    those operators commutative."
    """
    for op in ("&&", "||"):
        forth, back = (parse_when(text((op, *sides)), TYPES) for sides in ((one, other), (other, one)))
        assert answer(forth, facts) is answer(back, facts)
        assert forth.required == back.required


@given(BOOL, STATED)
def test_where_all_required_facts_are_stated_none_is_missed(tree, facts):
    """A missing fact is never silently false: what is not required is asked for under a guard only.

    缺少的事实不得默认为"否"：非必填的事实只在 has() 之后才会被用到。
    """
    when = parse_when(text(tree), TYPES)
    assert not when.required & when.optional
    stated = {name: facts.get(name, FACTS[name]) for name in {*facts, *when.required}}
    assert not isinstance(outcome(tree, stated), MissingError)


@given(st.lists(st.sampled_from([*"()[]!-,.+*/%<>=&|'\"\\大（", "&&", "||", "==", " in ", "has(", "size(", "tag", "1", '"a"', "true", " not ", ".startsWith("]), max_size=30).map("".join))  # fmt: skip
def test_any_text_is_read_or_refused_at_one_of_its_columns(spelled):
    column = refusal(spelled)
    assert column is None or 1 <= column <= len(spelled) + 1


def refusal(spelled):
    try:
        parse_when(spelled, TYPES)
    except WhenError as error:
        return error.column
    return None


# -- examples


@pytest.mark.parametrize(
    ("spelled", "holds"),
    [
        ('departments >= 2 && "school" in tag', True),
        ('departments >= 2 && "bridge" in tag', False),
        ("kind.startsWith('gas.') || night", True),
        ("!night && size(tag) == 2 && repeats + 1 < departments", True),
        ('size == "large" || size in ["small", "tiny"]', True),
        ('tag == ["lift", "school"]', True),
        ("-departments < 0 && 7 / -2 == -3 && -7 % 2 == -1", True),
        ("departments - 1 - 1 == 0", True),
        ("departments * 3 % 4 == 2", True),
        ("false && 1 / repeats > 0", False),
        ("1 / repeats > 0 && false", False),
        ("true || 1 / repeats > 0", True),
        ("1 / repeats > 0 || true", True),
        ("1 / repeats > 0 || 1 % repeats > 0 || true", True),
        ("unknown == 1 || true", True),
        ("true || true && false", True),
        ("!night == true", True),
        ("1 < departments == false", False),
    ],
)
def test_a_condition_holds_or_not(spelled, holds):
    assert parse_when(spelled, {**TYPES, "unknown": "int"}).holds(FACTS) is holds


def test_a_list_of_facts_is_accepted_as_well_as_a_tuple():
    when = parse_when('tag == ["lift", "school"] && "lift" in tag && size(tag) == 2', TYPES)
    assert when.holds({"tag": ["lift", "school"]})


def test_spellings_of_one_condition_have_one_normal_form():
    spellings = ("((departments)>=2)&&('a' in tag&&!( night ))", 'departments >= 0x2 && "a" in tag && !night')
    first, second = (parse_when(spelled, TYPES) for spelled in spellings)
    assert first.canonical == second.canonical == 'departments >= 2 && "a" in tag && !night'
    assert first != second
    assert first == parse_when(spellings[0], TYPES)
    assert hash(first) == hash(parse_when(spellings[0], TYPES))


@pytest.mark.parametrize(
    "normal",
    [
        "(night || departments > 1) && !(night || night)",
        "departments - (repeats - 1) == -(-5) && -(departments + 1) < 0",
        "departments * (repeats + 1) / 2 % 3 > -9223372036854775808",
        "night == (departments > 1 == night)",
        r'kind == "a\"b\\c\n" || has(kind) || kind.startsWith("大型") || size("") == 0 || [] == [[]]',
    ],
)
def test_needed_parentheses_stay(normal):
    assert parse_when(normal, TYPES).canonical == normal


def test_a_condition_can_be_pickled():
    when = parse_when("has(night) && night", TYPES)
    again = pickle.loads(pickle.dumps(when))
    assert again == when
    assert again.holds({"night": True})
    assert when.types == {"night": "bool"}


@pytest.mark.parametrize(
    ("spelled", "required", "optional"),
    [
        ('departments >= 2 && "school" in tag', {"departments", "tag"}, set()),
        ("has(repeats) && repeats > 1", set(), {"repeats"}),
        ("repeats > 1 && has(repeats)", set(), {"repeats"}),
        ("!has(repeats) || repeats > 1", set(), {"repeats"}),
        ("!(has(repeats) && night) || repeats > 1", {"night"}, {"repeats"}),
        ("!(has(repeats) || night) || repeats > 1", {"night", "repeats"}, set()),
        ("!(!has(repeats) || night) && repeats > 1", {"night"}, {"repeats"}),
        ("has(repeats) || repeats > 1", {"repeats"}, set()),
        ("has(repeats) && night || repeats > 1", {"repeats", "night"}, set()),
        ("has(repeats) && (night || repeats > departments)", {"night", "departments"}, {"repeats"}),
        ("(has(repeats) && repeats > 1 || has(departments) && departments > 1) && !night", {"night"}, {"repeats", "departments"}),
        ("(has(kind) || has(size)) && kind == size", {"kind", "size"}, set()),
        ("has(night)", set(), {"night"}),
        ("true", set(), set()),
    ],
)  # fmt: skip
def test_a_fact_is_required_unless_a_guard_stands_beside_it(spelled, required, optional):
    when = parse_when(spelled, TYPES)
    assert (when.required, when.optional) == (required, optional)


def test_a_guarded_fact_that_is_missing_decides_by_its_guard():
    assert parse_when("!has(repeats) || repeats > 1", TYPES).holds({})
    assert not parse_when("has(repeats) && repeats > 1", TYPES).holds({})
    assert not parse_when("repeats > 1 && has(repeats)", TYPES).holds({})


@pytest.mark.parametrize(
    ("spelled", "changed", "says"),
    [
        ("repeats > 1", {}, "asks at column 1 for the fact 'repeats', which is not stated"),
        ("true && !night", {}, "asks at column 10 for the fact 'night', which is not stated"),
        ("repeats > 1", {"repeats": "2"}, "the fact 'repeats' is int, and the case states str"),
        ("repeats > 1", {"repeats": True}, "the fact 'repeats' is int, and the case states bool"),
        ("repeats > 1", {"repeats": None}, "the fact 'repeats' is int, and the case states NoneType"),
        ("repeats > 1", {"repeats": 1.5}, "the fact 'repeats' is int, and the case states float"),
        ("repeats > 1", {"repeats": 2**63}, "the fact 'repeats' is int, and the case states a number beyond 64 bits"),
        ("night", {"night": 1}, "the fact 'night' is bool, and the case states int"),
        ('kind == "a"', {"kind": 1}, "the fact 'kind' is text, and the case states int"),
        ('"a" in tag', {"tag": "a"}, "the fact 'tag' is a tuple of text, and the case states str"),
        ('"a" in tag', {"tag": {"a"}}, "the fact 'tag' is a tuple of text, and the case states set"),
        ('"a" in tag', {"tag": ("a", 1)}, "the fact 'tag' is a tuple of text, and the case states tuple"),
        ("1 / repeats > 0", {"repeats": 0}, "the / at column 3 divides by zero"),
        ("1 % repeats > 0", {"repeats": 0}, "the % at column 3 divides by zero"),
        ("repeats + 1 > 0", {"repeats": INT_MAX}, "the + at column 9 gives a number beyond 64 bits"),
        ("-repeats > 0", {"repeats": INT_MIN}, "the - at column 1 gives a number beyond 64 bits"),
        ("repeats / -1 > 0", {"repeats": INT_MIN}, "the / at column 9 gives a number beyond 64 bits"),
        ("repeats % -1 == 0", {"repeats": INT_MIN}, "the % at column 9 gives a number beyond 64 bits"),
        ("1 / repeats > 0 && night", {"repeats": 0}, "the / at column 3 divides by zero"),
    ],
)
def test_a_case_without_an_answer_is_a_fault_that_says_why(spelled, changed, says):
    with pytest.raises(WhenFault) as caught:
        parse_when(spelled, TYPES).holds(changed)
    assert says in str(caught.value)


REFUSED = [
    ("departmens > 1", 1, "no fact 'departmens'; did you mean departments?"),
    ("has(nigth)", 5, "no fact 'nigth'; did you mean night?"),
    ("kind == gas", 9, 'A text stands in quotes: "gas"'),
    ("True", 1, "did you mean true?"),
    ("", 1, "the condition ends here, but a value was expected"),
    ("night &&", 9, "the condition ends here, but a value was expected"),
    ("departments", 1, "a condition is true or false, and this is int; compare it"),
    ("tag", 1, "a condition is true or false, and this is list(text)"),
    ('departments >= "2"', 13, 'int >= text has no meaning; no value is converted: a number is written 2, a text "2"'),
    ("night == 1", 7, "bool == int has no meaning"),
    ("1 < departments < 5", 17, "bool < int has no meaning; for a range write 1 <= x && x <= 5"),
    ("tag < tag", 5, "a list is compared by == and != only"),
    ('tag == "school"', 5, "list(text) == text has no meaning; for one of a list write x in y"),
    ('tag == [["a"]]', 5, "list(text) == list(list(text)) has no meaning"),
    ('"gas" in kind', 7, "text in text has no meaning; write in between a value and a list of such values"),
    ("1 in tag", 3, "int in list(text) has no meaning"),
    ('[1, "a"] == []', 5, "a list holds values of one type; this is text, the one before it int"),
    ("[[1], [true]] == []", 7, "a list holds values of one type; this is list(bool), the one before it list(int)"),
    ("night && departments", 10, "&& takes bool, and this is int; compare it, as in x == y"),
    ("night || tag", 10, "|| takes bool, and this is list(text); ask for one of the list"),
    ("!departments", 2, "! takes bool, and this is int"),
    ("-kind == 1", 2, "- takes int, and this is text"),
    ('kind + "a" == "b"', 1, "+ takes int, and this is text; a text is not joined"),
    ('tag.startsWith("a")', 1, "startsWith takes text, and this is list(text)"),
    ("kind.startsWith(1)", 17, "startsWith takes text, and this is int"),
    ("size(1) == 1", 6, "size takes a text or a list, and this is int"),
    ("night and night", 7, "'and' is no operator; write &&"),
    ("(night OR night)", 8, "'OR' is no operator; write ||"),
    ("not night", 1, "'not' is no operator; write !"),
    ("not(night)", 1, "'not' is no operator; write !"),
    ('"a" not in tag', 5, "'not' is no operator; write !(x in y)"),
    ("departments = 2", 13, "= means nothing here; write =="),
    ("departments => 2", 13, "=> means nothing here; write >="),
    ("departments =< 2", 13, "=< means nothing here; write <="),
    ("departments <> 2", 13, "<> means nothing here; write !="),
    ("night & night", 7, "& means nothing here; write &&"),
    ("night | night", 7, "| means nothing here; write ||"),
    ("departments // 2 == 1", 13, "// means nothing here; write /"),
    ("departments == 2.5", 16, "2.5 is no whole number"),
    ("departments == 2u", 16, "2u is no whole number"),
    ("departments == 9223372036854775808", 16, "does not fit into 64 bits"),
    ("departments == -9223372036854775809", 16, "does not fit into 64 bits"),
    ("(night", 1, "the ( that opens here is not closed; write )"),
    ("size(tag == 1", 5, "the ( that opens here is not closed; write )"),
    ('"a" in ["a"', 8, "the [ that opens here is not closed; write ]"),
    ("(night]", 7, "an operator or ) was expected here, not ]"),
    ("night)", 6, "an operator or the end was expected here, not )"),
    ("night night", 7, "an operator or the end was expected here, not night"),
    ("== 1", 1, "a value was expected here, not =="),
    ('kind == "gas', 9, 'the text that begins here is not closed; write a second "'),
    ("kind == “gas”", 9, '“ is no part of a condition; write " in half width'),
    ("（night）", 1, "（ is no part of a condition; write ( in half width"),
    ("kind == 大", 9, "'大' is no part of a condition; a text stands in quotes"),
    ("night ? night : night", 7, "'?' is no part of a condition"),
    (r'kind == "a\s"', 11, r"\s stands for no character; for a backslash write \\"),
    (r'kind == "\U00110000"', 10, r"\U00110000 stands for no character"),
    (r'kind == "\ud83d"', 9, "half of a surrogate pair is no character"),
    ("night == null", 10, "there is no null; whether a fact is not stated is asked by !has(fact)"),
    ("package == 1", 1, "'package' is a reserved word of CEL"),
    ("len(tag) == 1", 1, "there is no function 'len'; there are has(fact) and size(x)"),
    ('startsWith(kind, "a")', 1, "there is no function 'startsWith'; write x.startsWith(y)"),
    ("tag.size() == 1", 5, "there is no .size here; write size(tag)"),
    ('kind.endsWith("a")', 6, "there is no .endsWith here; there is x.startsWith(y)"),
    ("kind.startsWith", 16, "the condition ends here, but ( was expected"),
    ('kind.startsWith "a"', 17, "( was expected here, not"),
    ('has("night")', 5, "has takes the name of a fact; write has(fact)"),
    ("tag[0] == kind", 4, "an operator or the end was expected here, not ["),
    ("(" * 51 + "night" + ")" * 51, 51, "the condition is nested more than 50 deep here; make two rules of it"),
    ("!" * 1000, 51, "nested more than 50 deep"),
    ("-" * 1000, 51, "nested more than 50 deep"),
    ("[" * 1000, 51, "nested more than 50 deep"),
    ("size(" * 200, 251, "nested more than 50 deep"),
    ("1" + "+1" * 499, 100, "nested more than 50 deep"),
    ("true" + "==true" * 100, 299, "nested more than 50 deep"),
    (" " * 996 + "night", 1001, "a condition ends here, after 1000 characters; make two rules of it"),
]


@pytest.mark.parametrize(
    ("spelled", "column", "says"), REFUSED, ids=[spelled[:30].strip() for spelled, _, _ in REFUSED]
)
def test_a_refusal_says_what_is_wrong_where_and_what_would_be_right(spelled, column, says):
    with pytest.raises(WhenError) as caught:
        parse_when(spelled, TYPES)
    assert says in str(caught.value)
    assert caught.value.column == column


def test_a_long_list_of_alternatives_is_not_deep():
    alternatives = " || ".join(f'kind=="k{number}"' for number in range(55))
    assert len(alternatives) < 1000
    assert not parse_when(alternatives, TYPES).holds(FACTS)
    assert parse_when(f'{alternatives} || kind=="gas.smell"', TYPES).holds(FACTS)


def test_the_deepest_condition_is_read_and_decided():
    assert parse_when("(" * 49 + "night" + ")" * 49, TYPES).holds({"night": True})
    assert not parse_when("!" * 49 + "night", TYPES).holds({"night": True})
    assert parse_when("0" + "+1" * 48 + "==48", TYPES).holds({})


def test_the_most_levels_at_every_depth_are_refused_without_a_recursion_error():
    with pytest.raises(WhenError, match="nested more than 50 deep"):
        parse_when("1||1&&1==1+1*(" * 49 + "1" + ")" * 49, TYPES)
