"""The notice board, the printed statement, and the page that checks one against the other without network."""

import base64
import datetime as dt
import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from urllib.parse import quote

import attrs
import pytest
import quickjs

from gridgov.errors import RefusalError
from gridgov.points import WORDS, check_statement, publish_month, read_root, read_statement
from gridgov.points._events import PeriodLine
from gridgov.proofs import Ed25519Signer, canonical
from gridgov.reports import notice_page, statement_page, verifier_page
from gridgov.wording import Text

SIZE = 700
SIGNER = Ed25519Signer("youyi.street", bytes(range(32)))
# Sums that a double does not hold exactly, names that are escaped in JSON, and nothing at all.
ODD = {
    3: {"earned": {f"c{n}": 10**15 - 1 for n in range(12)}, "opening": -(10**15) + 1},
    4: {"earned": {"a": 1, "𠮷": 2, "邻里": 3, "ￕ": 4, '"\\/<b>': 5}, "unit": "good:<米>"},
    5: {"earned": {}, "moved": 0, "spent": 0, "opening": 0, "next_on": None, "next_points": 0},
    6: {"debt": 12, "opening": -30, "next_on": dt.date(2028, 2, 29)},
    7: {"next_on": dt.date(1, 1, 1)},
    8: {"next_on": dt.date(9999, 12, 31)},
}


def line(number):
    facts = {
        "account": f"household:{number:05}",
        "unit": "points",
        "opening": 1200 + number,
        "earned": {"help": 60, "patrol": 25},
        "moved": -3,
        "spent": 30,
        "expired": 10,
        "next_on": dt.date(2027, 12, 31),
        "next_points": 40,
    } | ODD.get(number, {})
    came = facts["opening"] + sum(facts["earned"].values()) + facts["moved"]
    facts["closing"] = came - facts["spent"] - facts["expired"]
    return PeriodLine(**{"closing": 0} | facts if abs(facts["closing"]) < 10**15 else facts | {"closing": 10**15 - 1})


@pytest.fixture(scope="module")
def month():
    lines = [line(number) for number in range(SIZE)]
    return publish_month("2026-09", lines, {}, random.Random(5).randbytes, head="ab" * 32, position=88_123)


def copy_of(month, number):
    return month.statement(month.lines[number].account, month.lines[number].unit)


def resealed(body):
    """Give the text of packed bytes with a right check sum: damage that only the reader can find."""
    packed = bytes(body) + hashlib.sha256(bytes(body)).digest()[:4]
    return "GG1:" + base64.b32encode(packed).decode().rstrip("=")


# --- the pages ------------------------------------------------------------------------------------


def test_the_notice_shows_the_words_large_the_signed_note_and_its_code(month):
    note = month.note.signed(SIGNER)
    page = notice_page(note, month.note.words, street="友谊街道", roll=[(1, "张**", 320, "五星"), (2, "<李>", 280, "")])
    for group in month.note.words.split(" "):
        assert f"<span>{group}</span>" in page
    for part in ("友谊街道", month.note.root, note.splitlines()[-1], "张**", "&lt;李&gt;", "光荣榜", "<svg", "2026-09"):
        assert part in page
    assert page.count("<svg") == 1
    assert "<script" not in page
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_a_notice_without_a_roll_has_no_table_and_one_with_a_title_shows_it(month):
    note = month.note.signed(SIGNER)
    assert "<table" not in notice_page(note, month.note.words)
    titled = notice_page(note, month.note.words, roll=[(1, "张", 1, "")], roll_title=Text("第三季度", "Third quarter"))
    assert "第三季度" in titled


@pytest.mark.parametrize("words", ["", "天地玄黄 宇宙洪荒 日月盈昃"])
def test_a_notice_never_shows_words_that_the_note_does_not_say(month, words):
    with pytest.raises(ValueError, match="does not say"):
        notice_page(month.note.signed(SIGNER), words)


def test_the_printed_statement_shows_the_figures_and_the_whole_copy_and_not_the_words(month):
    proof = copy_of(month, 4)
    page = statement_page(proof, street="友谊街道", name="王 & 家")
    for part in (
        "友谊街道",
        "王 &amp; 家",
        proof.text(),
        str(proof.line.opening),
        "&lt;米&gt;",
        "5 / 700",
        "2027-12-31",
    ):
        assert part in page
    assert month.note.words not in page
    assert "其中欠" not in page
    assert "12 are owed" in statement_page(copy_of(month, 6))


def test_the_code_holds_the_whole_copy(month):
    """Fits one QR code; alphanumeric, which holds most."""
    import segno

    drawn = segno.make_qr(copy_of(month, 100).text(), error="l")
    assert drawn.mode == "alphanumeric"
    assert drawn.version <= 18
    assert segno.make_qr(month.note.signed(SIGNER), error="l").version <= 16


@pytest.mark.parametrize(("hidden", "extra"), [("segno", "gridgov[reports,notice]"), ("jinja2", "gridgov[reports]")])
def test_without_the_extra_the_error_names_it(hidden, extra):
    script = (
        f"import sys; sys.modules[{hidden!r}] = None\n"
        "from gridgov.reports import notice_page\n"
        "notice_page('words 天\\n\\n', '天')"
    )
    ran = subprocess.run([sys.executable, "-X", "utf8", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert extra in ran.stderr.splitlines()[-1]


# --- the page that checks: its logic, against that of gridgov -------------------------------------


@pytest.fixture(scope="module")
def engine():
    context = quickjs.Context()
    context.eval(re.search(r'<script id="logic">(.*?)</script>', verifier_page(), re.S)[1])
    return context


def judged(engine, text, typed):
    return json.loads(engine.eval(f"JSON.stringify(judge({json.dumps(text)}, {json.dumps(typed)}))"))


def judged_here(text, typed):
    """Give the codes that gridgov itself gives."""
    try:
        return [finding.code for finding in check_statement(read_statement(text), typed)]
    except RefusalError as error:
        return [error.code]


def test_the_page_knows_the_same_words(engine):
    assert engine.eval("WORDS") == WORDS


@pytest.mark.parametrize("length", [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 300])
def test_the_page_hashes_as_everybody_does(engine, length):
    data = random.Random(length).randbytes(length)
    assert engine.eval(f"toHex(sha256({list(data)}))") == hashlib.sha256(data).hexdigest()


def test_the_page_writes_every_letter_as_canonical_bytes_do(engine):
    letters = [chr(code) for code in [*range(0x3000), *range(0x1F600, 0x1F640), 0xFFFD, 0xFFFE, 0xFFFF, 0x10FFFF]]
    for start in range(0, len(letters), 512):
        text = "".join(letters[start : start + 512])
        assert engine.eval(f"toHex(utf8(JSON.stringify({json.dumps(text)})))") == canonical(text).hex()


def test_the_page_finds_every_valid_statement_right(engine, month):
    """Same answer as Python for valid statements."""
    for number in [*range(40), 511, 512, 640, 698, 699]:
        proof = copy_of(month, number)
        for typed in (month.note.words, month.note.root):
            answer = judged(engine, proof.text(), typed)
            assert (
                answer["codes"]
                == judged_here(proof.text(), typed)
                == (["points.does-not-add-up"] if number == 3 else [])
            )
        shown = answer["statement"]
        assert (answer["root"], answer["words"]) == (month.note.root, month.note.words)
        assert dict(shown["earned"]) == proof.line.earned
        assert shown["next_on"] == (proof.line.next_on.isoformat() if proof.line.next_on else "")
        for name in ("account", "unit", "opening", "closing", "moved", "spent", "expired", "debt", "next_points"):
            assert shown[name] == getattr(proof.line, name)
        assert (shown["month"], shown["index"], shown["size"]) == (proof.month, proof.index, proof.size)


def forged_texts(month, count):
    """Give texts that anybody could make: changed figures, and damage below a right check sum."""
    draw = random.Random(11)
    for _ in range(count):
        proof, other = (copy_of(month, number) for number in draw.sample(range(9, SIZE), 2))
        body = bytearray(proof.packed()[:-4])
        at = draw.choice([draw.randrange(70), draw.randrange(len(body))])
        match draw.randrange(7):
            case 0:
                by = draw.choice([-500, 1, 500, 10**14])
                grown = attrs.evolve(proof.line, opening=proof.line.opening + by, closing=proof.line.closing + by)
                yield attrs.evolve(proof, line=grown).text()
            case 1:
                yield attrs.evolve(proof, line=attrs.evolve(proof.line, closing=proof.line.closing + 1)).text()
            case 2:
                yield attrs.evolve(proof, index=other.index, path=draw.choice([other.path, proof.path])).text()
            case 3:
                yield attrs.evolve(proof, size=draw.choice([0, 1, proof.index, 699, 701, 1024, 2**32, 2**40])).text()
            case 4:
                body[at] ^= 1 << draw.randrange(8)
                yield resealed(body)
            case 5:
                yield resealed(
                    body[:at] + draw.randbytes(draw.choice([0, 1, 2, 32])) + body[at + draw.choice([0, 1, 32]) :]
                )
            case _:
                text = proof.text()
                place = draw.randrange(len(text))
                yield text[:place] + draw.choice("ABZ27189=é \x1f-") + text[place + 1 :]


def test_the_page_gives_the_same_answer_as_python_for_forged_statements(engine, month):
    """Same answer as Python for 500 forged statements; and none of them is found right."""
    seen = set()
    valid = {copy_of(month, number).text() for number in range(SIZE)}
    for text in forged_texts(month, 500):
        if "".join(text.split(" ")) in valid:
            continue
        for typed in (month.note.words, month.note.root):
            answer = judged(engine, text, typed)["codes"]
            assert answer == judged_here(text, typed), text
            assert answer
        seen.update(answer)
    assert seen == {"points.unreadable-statement", "points.does-not-add-up", "points.not-in-the-root"}


@pytest.mark.parametrize(
    "head",
    [
        "02",  # another version
        "01" + "00",  # no month
        "01" + "c0a907",  # the month 10000-01
        "01" + "8000",  # a number with a needless byte
        "01" + "ff" * 12 + "01",  # a number without end
        "01" + "80" * 160 + "01",
        "01" + "a2bd01" + "0100" + "00",  # no name
        "01" + "a2bd01" + "0100" + "02c0af",  # an overlong letter
        "01" + "a2bd01" + "0100" + "03eda080",  # half a letter
        "01" + "a2bd01" + "0100" + "01" + "07",  # a letter that is not seen
        "01" + "a2bd01" + "0100" + "03e280ae",  # one that turns others around
        "01" + "a2bd01" + "0100" + "0161" + "0162" + "02" + "016200" + "016100",  # categories out of order
        "01" + "a2bd01" + "0100" + "0161" + "0162" + "02" + "016100" + "016100",  # one twice
    ],
)
def test_the_page_refuses_to_read_what_python_refuses_to_read(engine, head):
    text = resealed(bytes.fromhex(head) + bytes(48))
    assert judged(engine, text, "")["codes"] == judged_here(text, "00" * 32) == ["points.unreadable-statement"]


@pytest.mark.parametrize(
    "day",
    [0, 1, 372, 373, 403, 404, 754_000, 754_028, 754_029, 754_030, 754_031, 3_719_999, 3_720_000, 3_720_372, 10**14],
)
def test_the_page_knows_the_same_days(engine, day):
    def number(value):
        parts = []
        while value > 127:
            parts.append(value & 127 | 128)
            value >>= 7
        return bytes([*parts, value])

    text = resealed(bytes.fromhex("01a2bd0101000161016200" + "00" * 9) + number(day) + bytes(32))
    here = judged_here(text, "00" * 32)
    answer = judged(engine, text, "00" * 32)
    assert answer["codes"] == here
    if here != ["points.unreadable-statement"]:
        found = read_statement(text).line.next_on
        assert answer["statement"]["next_on"] == (found.isoformat() if found else "")


@pytest.mark.parametrize(
    "typed", ["天地", "ab", "天地玄黄宇宙洪荒日月盈曰", "天地玄黄宇宙洪荒日月盈昃天", "𠮷" * 6, "zz" * 32]
)
def test_the_page_says_what_cannot_be_a_root(engine, month, typed):
    text = copy_of(month, 20).text()
    assert judged(engine, text, typed)["codes"] == judged_here(text, typed) == ["points.unreadable-root"]


@pytest.mark.parametrize("typed", ["天地玄黄，宇宙洪荒。\n日月盈昃", "AB" * 32, " " + "0f" * 32 + "\u3000"])
def test_the_page_reads_a_root_however_it_is_grouped(engine, month, typed):
    assert engine.eval(f"readRoot({json.dumps(typed)})") == read_root(typed)
    assert judged(engine, copy_of(month, 20).text(), typed)["codes"] == ["points.not-in-the-root"]


def test_without_words_the_page_says_that_nothing_was_compared(engine, month):
    answer = judged(engine, copy_of(month, 20).text(), " ")
    assert (answer["codes"], answer["compared"], answer["words"]) == ([], False, month.note.words)


# --- the page that checks: as it stands -----------------------------------------------------------


def test_the_page_reaches_for_nothing_outside():
    """A single file, no network, and a policy that forbids whatever is not written in it."""
    page = verifier_page()
    assert "default-src 'none'" in page
    assert not re.search(r"https?:|\bsrc=|href=|fetch\(|XMLHttp|import\(|innerHTML|crypto\.subtle|eval\(", page)
    assert files("gridgov.reports").joinpath("verify.html").is_file()
    assert page.isprintable() or set(re.findall(r"[^\x20-\uffff]", page)) == {"\n"}


CHROMIUM = shutil.which("chromium")


def shown(page, text, typed):
    address = f"{page.as_uri()}#statement={quote(text)}&words={quote(typed)}"
    command = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={page.parent / 'profile'}",
        "--dump-dom",
        address,
    ]
    out = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True, timeout=90).stdout
    verdict = re.search(r'<section id="verdict" aria-live="polite" class="(\w+)">(.*?)</section>', out, re.S)
    return verdict[1], verdict[2], out


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")
def test_a_browser_says_that_a_valid_statement_matches_and_a_forged_one_does_not(tmp_path, month):
    page = tmp_path / "verify.html"
    page.write_text(verifier_page(), encoding="utf-8")
    proof = copy_of(month, 4)
    kind, said, out = shown(page, proof.text(), month.note.words)
    assert (kind, "相符" in said) == ("good", True)
    assert "good:&lt;米&gt;" in out
    forged = attrs.evolve(proof, line=attrs.evolve(proof.line, closing=proof.line.closing + 500))
    kind, said, out = shown(page, forged.text(), month.note.words)
    assert (kind, "不符" in said, "算不平" in said) == ("bad", True, True)
    kind, said, out = shown(page, proof.text()[:-7], month.note.words)
    assert (kind, "无法核对" in said) == ("open", True)
    kind, said, out = shown(page, proof.text(), "")
    assert (kind, "还未核对" in said) == ("open", True)
    assert month.note.words not in out  # They are to come from the board.
