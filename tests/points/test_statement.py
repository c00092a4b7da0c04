"""Published months: every statement is under the root, nothing else is, and a log of months only grows."""

import base64
import datetime as dt
import hashlib
import os
import random
from time import perf_counter

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.__main__ import main
from gridgov.errors import NotFoundError, RefusalError
from gridgov.points import (
    WORDS,
    MonthLog,
    MonthNote,
    StatementProof,
    adds_up,
    check_statement,
    publish_month,
    read_note,
    read_root,
    read_statement,
    reopen_month,
    statement_bytes,
    statement_leaf,
    statement_salt,
    verify_growth,
    verify_log,
    words_of,
)
from gridgov.points._events import PeriodLine, PeriodPublished
from gridgov.proofs import Ed25519Signer, SM2Signer, leaf_hash

HEAD = "ab" * 32
MONTHS = ["2026-07", "2026-08", "2026-09", "2026-10", "2026-12", "2027-01", "2027-02"]
MUTATIONS = 20_000
DEEP_MUTATIONS = 200_000


def entropy(seed=0):
    draw = random.Random(seed)
    return draw.randbytes


def line(number, **changes):
    facts = {
        "account": f"resident:{number:05}",
        "unit": "points",
        "opening": 100 + number,
        "earned": {"help": 5, "邻里": 3},
        "moved": -4,
        "spent": 2,
        "next_on": dt.date(2027, 12, 31),
        "next_points": 40,
    }
    facts |= changes
    facts.setdefault("closing", facts["opening"] + 8 - 4 - 2)
    return PeriodLine(**facts)


def published(size, month="2026-09", log=None, secrets=None):
    return publish_month(
        month,
        [line(n) for n in range(size)],
        {} if secrets is None else secrets,
        entropy(),
        log=log,
        head=HEAD,
        position=7,
    )


def codes(findings):
    return [finding.code for finding in findings]


@pytest.fixture(scope="module")
def month():
    return published(300)


# --- words --------------------------------------------------------------------------------------


def test_the_words_are_256_different_characters_from_the_thousand_character_classic():
    """Each of the first 12 bytes of the root as one of 256 distinct characters."""
    assert len(WORDS) == len(set(WORDS)) == 256
    assert WORDS.startswith("天地玄黄宇宙洪荒日月盈昃辰宿列张")
    assert "曰" not in WORDS


def test_the_words_are_the_first_twelve_bytes_in_groups_of_four():
    assert words_of(bytes(range(32)).hex()) == "天地玄黄 宇宙洪荒 日月盈昃"
    assert words_of("ff" * 32).split(" ") == ["深深深深"] * 3
    assert words_of("00" * 12 + "ff" * 20) == words_of("00" * 32)


@pytest.mark.parametrize(
    "typed", ["天地玄黄宇宙洪荒日月盈昃", " 天地玄黄，宇宙洪荒，\n日月盈昃。", "天地玄黄·宇宙洪荒·日月盈昃"]
)
def test_words_are_read_however_they_are_grouped(typed):
    assert read_root(typed) == "天地玄黄 宇宙洪荒 日月盈昃"


def test_a_whole_root_is_read_in_either_case():
    assert read_root(f" {'AB' * 16}\n{'cd' * 16} ") == "ab" * 16 + "cd" * 16


@pytest.mark.parametrize(
    "typed", ["", "天地玄黄", "天地玄黄宇宙洪荒日月盈曰", "ab" * 31, "ab" * 33, "zz" * 32, "天" * 13]
)
def test_what_is_neither_is_refused(typed):
    with pytest.raises(RefusalError) as caught:
        read_root(typed)
    assert caught.value.code == "points.unreadable-root"


# --- the leaf -----------------------------------------------------------------------------------


def test_the_bytes_of_a_line_are_canonical_and_hold_strings_and_whole_numbers_only():
    """Sorted keys, ints and strings only: dates as ISO strings."""
    text = statement_bytes("2026-09", line(1, earned={"邻里": 3, "help": 5}))
    assert text == statement_bytes("2026-09", line(1))
    assert text.decode() == (
        '{"account":"resident:00001","closing":103,"debt":0,"donated":0,"earned":{"help":5,"邻里":3},"expired":0,'
        '"month":"2026-09","moved":-4,"next_on":"2027-12-31","next_points":40,"opening":101,"reversed":0,"spent":2,'
        '"unit":"points"}'
    )
    assert b'"next_on":""' in statement_bytes("2026-09", line(1, next_on=None))


def test_a_leaf_holds_salt_place_and_line():
    """A leaf says nothing without the salt; the place is bound, as the root alone does not bind the size."""
    salt = statement_salt(b"s" * 32, "2026-09", "points")
    made = statement_leaf("2026-09", line(1), salt=salt, index=3, size=9)
    assert made == leaf_hash(salt + bytes([0, 0, 0, 3, 0, 0, 0, 9]) + statement_bytes("2026-09", line(1)))


def test_the_salt_is_another_for_each_secret_month_and_unit():
    given = [(b"s" * 32, "2026-09", "points"), (b"t" * 32, "2026-09", "points"), (b"s" * 32, "2026-10", "points")]
    given.append((b"s" * 32, "2026-09", "good:rice"))
    salts = {statement_salt(*each) for each in given}
    assert len(salts) == 4
    assert {len(salt) for salt in salts} == {32}


figures = st.integers(-(10**15) + 1, 10**15 - 1)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=30
)
lines = st.builds(
    PeriodLine,
    account=names,
    unit=names,
    opening=figures,
    closing=figures,
    earned=st.dictionaries(names, figures, max_size=4),
    moved=figures,
    spent=figures,
    expired=figures,
    reversed=figures,
    donated=figures,
    debt=figures,
    next_on=st.none() | st.dates(),
    next_points=figures,
)


@given(st.lists(lines, min_size=1, max_size=9, unique_by=lambda each: (each.account, each.unit)), st.data())
def test_every_line_of_a_month_is_under_its_root_and_reads_back_as_it_was(given_lines, data):
    """M3: "it can be published ... with the root of all statements"."""
    done = publish_month("2026-09", given_lines, {}, entropy(), head=HEAD, position=1)
    picked = data.draw(st.sampled_from(given_lines))
    proof = done.statement(picked.account, picked.unit)
    assert proof.line == picked
    assert proof.root == done.note.root
    assert read_statement(proof.text()) == read_statement(proof.packed()) == proof
    sums = [] if adds_up(picked) else ["points.does-not-add-up"]
    assert codes(check_statement(proof, done.note.root)) == codes(check_statement(proof, done.note.words)) == sums
    with_one_more = attrs.evolve(proof, line=attrs.evolve(picked, closing=picked.closing + 1))
    assert "points.not-in-the-root" in codes(check_statement(with_one_more, done.note.root))


# --- publishing ---------------------------------------------------------------------------------


def test_the_order_in_which_lines_come_does_not_matter_and_the_secrets_do():
    secrets = {}
    one = published(40, secrets=secrets)
    shuffled = random.Random(1).sample(one.lines, 40)
    again = publish_month("2026-09", shuffled, secrets, entropy(9), head=HEAD, position=7)
    assert again.note == one.note
    assert sorted(secrets) == [each.account for each in one.lines]
    other = publish_month("2026-09", shuffled, {}, entropy(9), head=HEAD, position=7)
    assert other.note.root != one.note.root


def test_secrets_are_made_only_for_accounts_that_have_none():
    secrets = {"resident:00001": b"k" * 32}
    two_units = [line(1), line(1, unit="good:rice"), line(2)]
    publish_month("2026-09", two_units, secrets, entropy(), head=HEAD, position=1)
    assert secrets["resident:00001"] == b"k" * 32
    assert secrets["resident:00002"] == entropy()(32)
    with pytest.raises(ValueError, match="32 random bytes"):
        publish_month("2026-09", two_units, {}, lambda count: b"short", head=HEAD, position=1)


def test_a_month_without_lines_has_the_root_of_nothing():
    done = published(0)
    assert done.note.size == 0
    assert done.note.root.startswith("e3b0c44298fc1c14")
    with pytest.raises(NotFoundError, match="has no line"):
        done.statement("resident:00001", "points")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"opening": 10**15}, "points.too-large"),
        ({"earned": {"help": -(10**15)}}, "points.too-large"),
        ({"account": ""}, "points.bad-name"),
        ({"unit": "字" * 86}, "points.bad-name"),
        ({"earned": {"a\u202eb": 1}}, "points.bad-name"),
        ({"account": "a\nb"}, "points.bad-name"),
        ({"account": "a\ud800"}, "points.bad-name"),
    ],
)
def test_a_line_that_no_copy_could_hold_is_refused(changes, code):
    with pytest.raises(RefusalError) as caught:
        publish_month("2026-09", [line(1, **changes)], {}, entropy(), head=HEAD, position=1)
    assert caught.value.code == code


def test_two_lines_of_one_account_and_unit_are_refused():
    with pytest.raises(RefusalError) as caught:
        publish_month("2026-09", [line(1), line(1, opening=5)], {}, entropy(), head=HEAD, position=1)
    assert caught.value.code == "points.line-twice"


def test_a_published_month_is_opened_again_and_only_as_it_was():
    secrets = {}
    done = published(30, secrets=secrets)
    again = reopen_month(done.note, done.lines, secrets, log=done.log)
    assert again.statement("resident:00007", "points") == done.statement("resident:00007", "points")
    changed = [attrs.evolve(each, donated=1) if each.account.endswith("7") else each for each in done.lines]
    wrong = [
        (changed, secrets, b""),
        (changed, secrets, done.leaves),
        (done.lines[1:], secrets, b""),
        (done.lines[1:], secrets, done.leaves),
        (done.lines, secrets | {"resident:00007": b"x" * 32}, b""),
        (done.lines, secrets, done.leaves[:-32]),
        (done.lines, secrets, done.leaves[:-1]),
        (done.lines, {}, bytes(32 * 30)),
        (done.lines, {}, b""),
    ]
    for given_lines, known, leaves in wrong:
        with pytest.raises(RefusalError) as caught:
            reopen_month(done.note, given_lines, known, log=done.log, leaves=leaves)
        assert caught.value.code == "points.not-in-the-root"


def test_once_a_secret_is_erased_the_others_still_get_their_copies():
    """When a secret is erased, the leaves of that account say nothing to anybody any more."""
    secrets = {}
    done = published(30, secrets=secrets)
    del secrets["resident:00007"]
    again = reopen_month(done.note, done.lines, secrets, log=done.log, leaves=done.leaves)
    assert check_statement(again.statement("resident:00008", "points"), done.note.root) == []
    with pytest.raises(NotFoundError, match="erased"):
        again.statement("resident:00007", "points")


# --- reading and checking a copy ------------------------------------------------------------------


def test_a_copy_is_read_whatever_its_line_ends_and_letters(month):
    proof = month.statement("resident:00123", "points")
    text = proof.text()
    broken = "\r\n ".join(text[start : start + 40].lower() for start in range(0, len(text), 40))
    assert read_statement(f"  {broken}\u3000\n") == proof
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567GG1:")


def test_the_copy_of_one_of_fifty_thousand_fits_one_code():
    """About 720 bytes for 50,000 statements (16 hashes), and one QR code."""
    line_ = line(1, account="household:150203005008-0412", earned={"help": 50, "patrol": 25, "sorting": 30})
    proof = StatementProof(
        month="2026-09", line=line_, salt=b"s" * 32, index=31_234, size=50_000, path=(b"h" * 32,) * 16
    )
    assert len(proof.packed()) < 720
    segno = pytest.importorskip("segno")
    assert segno.make_qr(proof.text(), error="m").version <= 23


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GG1:",
        "GG1:AAAA",
        "GG2:AAAA",
        "hello",
        "GG1:" + "A" * 9,
        "GG1:é",
        "GG1:ab=c",
        "ＧＧ1:AAAA",
        "gg1:18",
        "\ud800",
    ],
)
def test_text_that_is_no_statement_gives_one_clear_error(text):
    """Bad text gives one clear error, never a stray exception."""
    with pytest.raises(RefusalError) as caught:
        read_statement(text)
    assert caught.value.code == "points.unreadable-statement"


@given(st.text(max_size=60) | st.binary(max_size=300), st.booleans())
def test_nothing_that_is_typed_or_scanned_gives_a_stray_exception(given_, sealed):
    if isinstance(given_, bytes) and sealed:
        given_ += hashlib.sha256(given_).digest()[:4]
        given_ = "GG1:" + base64.b32encode(given_).decode().rstrip("=")
    try:
        proof = read_statement(given_)
    except RefusalError:
        return
    assert proof.packed() == read_statement(proof.text()).packed()


def test_a_line_that_does_not_add_up_is_found_even_under_the_root():
    """closing = opening + earned + moved − spent − expired − reversed − donated (M3)."""
    done = publish_month("2026-09", [line(1, closing=9)], {}, entropy(), head=HEAD, position=1)
    proof = done.statement("resident:00001", "points")
    assert codes(check_statement(proof, done.note.root)) == ["points.does-not-add-up"]


@pytest.mark.parametrize("name", ["opening", "closing", "moved", "spent", "expired", "reversed", "donated"])
def test_each_figure_counts_in_the_sum(name):
    balanced = line(1, expired=3, reversed=2, donated=1, closing=97)
    assert adds_up(balanced)
    assert not adds_up(attrs.evolve(balanced, **{name: getattr(balanced, name) + 1}))
    assert not adds_up(attrs.evolve(balanced, earned={"help": 9}))


def test_the_root_of_another_month_is_told_as_such(month):
    later = published(300, "2026-10", log=month.log)
    proof = month.statement("resident:00123", "points")
    found = codes(check_statement(proof, later.note.root, month="2026-10"))
    assert found == ["points.wrong-month", "points.not-in-the-root"]
    assert check_statement(proof, month.note.words, month="2026-09") == []
    assert "points.not-in-the-root" in str(check_statement(proof, later.note.words)[0])


def flipped(data, draw):
    bit = draw.randrange(8 * len(data))
    return (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")


def forge(proof, other, draw):
    """Change something about a valid copy; what comes back is never the same copy."""
    moved, path = proof.line, proof.path
    at, name = draw.randrange(len(path)), draw.choice(["opening", "closing", "spent", "moved", "debt", "next_points"])
    swap = (at + 1) % len(path)
    turned = list(path)
    turned[at], turned[swap] = path[swap], path[at]
    by = draw.choice([-100, -1, 1, 7, 1000])
    return draw.choice(
        [
            lambda: attrs.evolve(proof, salt=flipped(proof.salt, draw)),
            lambda: attrs.evolve(proof, path=(*path[:at], flipped(path[at], draw), *path[at + 1 :])),
            lambda: attrs.evolve(proof, path=tuple(turned)),
            lambda: attrs.evolve(proof, path=path[:at] + path[at + 1 :]),
            lambda: attrs.evolve(proof, path=(*path[:at], draw.randbytes(32), *path[at:])),
            lambda: attrs.evolve(proof, path=other.path, index=other.index),
            lambda: attrs.evolve(proof, index=(proof.index + draw.randrange(1, proof.size)) % proof.size),
            lambda: attrs.evolve(proof, size=proof.size + draw.choice([-2, -1, 1, 2, 3, 300, 2**32])),
            lambda: attrs.evolve(proof, index=proof.index + proof.size),
            lambda: attrs.evolve(proof, line=attrs.evolve(moved, **{name: getattr(moved, name) + by})),
            lambda: attrs.evolve(
                proof, line=attrs.evolve(moved, opening=moved.opening + by, closing=moved.closing + by)
            ),
            lambda: attrs.evolve(proof, line=attrs.evolve(moved, earned={"help": 5 + by, "邻里": 3 - by})),
            lambda: attrs.evolve(proof, line=attrs.evolve(moved, account=other.line.account)),
            lambda: attrs.evolve(proof, line=attrs.evolve(moved, next_on=None)),
            lambda: attrs.evolve(proof, line=other.line),
            lambda: attrs.evolve(proof, month="2026-10"),
            lambda: attrs.evolve(proof, salt=other.salt),
            lambda: attrs.evolve(proof, salt=proof.salt[:-1]),
        ]
    )()


def accepted_forgeries(count, month):
    draw = random.Random(count)
    size, accepted = month.note.size, 0
    for _ in range(count):
        one, two = draw.sample(range(size), 2)
        proof, other = (month.statement(month.lines[place].account, "points") for place in (one, two))
        forged = forge(proof, other, draw)
        if forged != proof:
            accepted += not check_statement(forged, draw.choice([month.note.root, month.note.words]))
        packed = bytearray(proof.packed())
        spoiled = flipped(packed, draw) if draw.random() < 0.8 else bytes(packed[: draw.randrange(len(packed))])
        try:
            read_statement(spoiled)
        except RefusalError:
            continue
        accepted += 1
    return accepted


def test_no_forgery_is_accepted(month):
    """0 forgeries accepted: bit flips, swapped paths, another index, a changed line, a changed size."""
    assert accepted_forgeries(MUTATIONS // 2, month) == 0


@pytest.mark.deep
def test_no_forgery_is_accepted_in_many():
    done = published(1000)
    assert accepted_forgeries(DEEP_MUTATIONS // 2, done) == 0


@pytest.mark.slow
def test_fifty_thousand_statements_are_published_in_seconds():
    """Measured 0.5 s for the tree and 0.2 s for the copies; the bound leaves room for CI."""
    start = perf_counter()
    done = published(50_000)
    proofs = [done.statement(each.account, "points") for each in done.lines]
    assert perf_counter() - start < 20
    assert {len(proof.path) for proof in proofs} <= set(range(17))
    assert not any(check_statement(proof, done.note.root) for proof in proofs[::500])


# --- the note -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Ed25519Signer, SM2Signer])
def test_a_note_is_text_and_reads_back_with_the_key_of_its_signer(month, kind):
    signer = kind("youyi.street", bytes(range(32)))
    text = month.note.signed(signer)
    assert read_note(text, signer.verifier()) == month.note
    lines_ = text.splitlines()
    assert lines_[:3] == ["gridgov month", "month 2026-09", f"words {month.note.words}"]
    assert lines_[4] == "statements 300"
    assert lines_[-1].startswith("— youyi.street ")


def test_the_bytes_of_a_note_are_always_the_same():
    note = published(3).note
    signer = Ed25519Signer("youyi.street", bytes(32))
    assert note.signed(signer) == published(3).note.signed(signer)
    assert note.signed_as((signer.name, note.signature(signer))) == note.signed(signer)


def test_several_may_sign_and_each_key_finds_its_own(month):
    street, county = Ed25519Signer("street", b"1" * 32), SM2Signer("county", b"2" * 32)
    text = month.note.signed(street, county)
    assert read_note(text, street.verifier()) == read_note(text, county.verifier()) == month.note
    with pytest.raises(RefusalError) as caught:
        read_note(text, Ed25519Signer("street", b"3" * 32).verifier())
    assert caught.value.code == "points.not-signed"


def test_a_note_of_which_a_letter_was_changed_is_refused(month):
    signer = Ed25519Signer("youyi.street", bytes(32))
    text, draw = month.note.signed(signer), random.Random(3)
    for _ in range(400):
        at = draw.randrange(len(text))
        letter = draw.choice("0123456789abcdef\n \r—天-xZ")
        changed = text[:at] + letter + text[at + 1 :]
        # The line end after the last signature is the only letter that says nothing.
        if changed.rstrip() != text.rstrip():
            with pytest.raises(RefusalError, match=r"points\.(unreadable-note|not-signed)"):
                read_note(changed, signer.verifier())


@pytest.mark.parametrize("text", ["", "\n\n", "gridgov month\n", "gridgov month\nmonth 2026-13\n\n", "\ud800\n\n"])
def test_what_is_no_note_is_refused(text):
    with pytest.raises(RefusalError) as caught:
        read_note(text, Ed25519Signer("a", bytes(32)).verifier())
    assert caught.value.code == "points.unreadable-note"


@pytest.mark.parametrize(
    "changes",
    [{"month": "2026-13"}, {"root": "AB" * 32}, {"previous": "-"}, {"head": "ab"}, {"size": -1}, {"log_root": ""}],
)
def test_what_no_note_can_say_is_refused(month, changes):
    with pytest.raises(ValueError, match=next(iter(changes)) + r"|a month is|in"):
        attrs.evolve(month.note, **changes)


# --- the log --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def notes():
    log = None
    for number, name in enumerate(MONTHS):
        log = published(number + 1, name, log).log
    return log.notes


def test_a_log_grows_month_by_month(notes):
    """Consistency between two publications can be proved."""
    log = MonthLog(notes)
    assert verify_log(notes) == []
    assert [note.log_size for note in notes] == list(range(1, 8))
    assert [note.previous for note in notes] == ["", *(note.root for note in notes[:-1])]
    for old in notes:
        path = log.consistency(old.log_size)
        assert verify_growth(old, notes[-1], path)
        assert not verify_growth(notes[-1], old, path) or old == notes[-1]
        assert not verify_growth(old, notes[-1], (*path, b"x" * 32))


def test_a_log_is_rebuilt_from_the_events_that_were_stored(notes):
    def event(note):
        facts = {name: getattr(note, name) for name in ("month", "root", "size", "previous", "head", "position")}
        at = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
        return PeriodPublished(at=at, by="clerk", channel="board", receipt="r", **facts)

    assert MonthLog.of(map(event, notes)).notes == notes
    assert MonthLog.of(map(event, notes)).root == notes[-1].log_root


def test_an_exchanged_month_breaks_the_log(notes):
    other = published(9, MONTHS[2], MonthLog(notes[:2])).note
    exchanged = (*notes[:2], other, *notes[3:])
    found = verify_log(exchanged)
    assert set(codes(found)) == {"points.log-broken"}
    assert {finding.subject for finding in found} == set(MONTHS[3:])
    assert verify_log(notes[1:])
    assert not verify_growth(other, notes[-1], MonthLog(notes).consistency(3))
    assert any("not after" in finding.message for finding in verify_log((*notes[:3], notes[1])))
    with pytest.raises(RefusalError) as caught:
        MonthLog(notes[:4]).append(notes[5])
    assert caught.value.code == "points.log-broken"


def test_months_are_published_in_order(notes):
    for name in ("2027-02", "2026-01"):
        with pytest.raises(RefusalError) as caught:
            published(1, name, MonthLog(notes))
        assert caught.value.code == "points.period-out-of-order"


def test_an_empty_log_has_the_root_of_nothing():
    assert len(MonthLog()) == 0
    assert MonthLog().root.startswith("e3b0c44298fc1c14")


def test_a_note_says_no_month_that_is_none():
    with pytest.raises(ValueError, match="written as 2026-09"):
        MonthNote(month="September", root=HEAD, size=1, previous="", head=HEAD, position=1, log_size=1, log_root=HEAD)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path, month):
    path = tmp_path / "statement.txt"
    path.write_text(month.statement("resident:00123", "points").text() + "\n", encoding="utf-8")
    return path


def test_a_copy_that_matches_gives_zero_and_the_figures(copy, month, capsys):
    assert main(["statement", str(copy), "--words", month.note.words]) == 0
    assert main(["statement", str(copy), "--root", month.note.root.upper()]) == 0
    out = capsys.readouterr().out
    for part in ("2026-09: resident:00123, points; number 124 of 300", "邻里", "225", "2027-12-31", "相符"):
        assert part in out


def test_a_copy_that_does_not_match_gives_one_and_why(copy, month, capsys):
    assert main(["statement", str(copy), "--root", HEAD]) == 1
    assert "points.not-in-the-root" in capsys.readouterr().out
    proof = month.statement("resident:00123", "points")
    forged = attrs.evolve(proof, line=attrs.evolve(proof.line, closing=9999))
    copy.write_text(forged.text(), encoding="utf-8")
    assert main(["statement", str(copy), "--words", month.note.words]) == 1
    out = capsys.readouterr().out
    assert "points.does-not-add-up" in out
    assert "9999" in out
    assert "不符" in out


def test_a_copy_that_cannot_be_read_gives_one_on_the_other_stream(copy, month, tmp_path, capsys):
    copy.write_bytes(b"GG1:\xff\xfe")
    assert main(["statement", str(copy), "--words", month.note.words]) == 1
    assert main(["statement", str(tmp_path / "nothing"), "--words", month.note.words]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "points.unreadable-statement" in shown.err
    assert "no such file" in shown.err


@pytest.mark.parametrize("more", [[], ["--words", "天地"], ["--root", "ab"], ["--root", HEAD, "--words", "天" * 12]])
def test_wrong_usage_gives_two(copy, more, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["statement", str(copy), *more])
    assert caught.value.code == 2


def test_the_page_that_checks_is_written(tmp_path, capsys):
    assert main(["verifier", str(tmp_path / "verify.html")]) == 0
    assert "相符" in (tmp_path / "verify.html").read_text("utf-8")
    assert os.fspath(tmp_path / "verify.html") in capsys.readouterr().out
