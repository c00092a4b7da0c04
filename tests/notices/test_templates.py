"""The place's own words for a notice."""

import re
import shutil
from pathlib import Path

import attrs
import pytest

from gridgov import load_setup, open_office
from gridgov.cases import OpenCase
from gridgov.errors import SetupError
from gridgov.notices import PLACEHOLDERS, check_template
from gridgov.points import ProposeAward
from gridgov.setup import Subscription, Template
from gridgov.testing import NOON, small_setup

ROOT = Path(__file__).parent.parent.parent


class Kept:
    name = "file"

    def __init__(self):
        self.texts = {}

    def send(self, notice, /):
        self.texts[notice.to] = notice.text


def texts(*templates, event="case-routed", audiences=("lead", "desk"), language="zh"):
    rows = tuple(Subscription(event=event, audience=each, channel="file", language=language) for each in audiences)
    setup = attrs.evolve(small_setup(), subscriptions=rows, templates=templates)
    channel = Kept()
    with open_office(setup, channels=[channel], discover=False, clock=lambda: NOON) as office:
        report = OpenCase(kind="noise", place="150203005008-B001", source="hotline")
        office.handle(report, by="desk-1", id="a", at=NOON)
        office.handle(
            ProposeAward(account="builder-81", deed="help", on=NOON.date(), occasion="o1"), by="builder-81", id="w"
        )
        office.deliver(NOON)
    return channel.texts


def template(text, **more):
    return Template(**{"event": "case-routed", "language": "zh", "text": text, **more})


def test_a_template_says_it_in_the_words_of_the_place():
    found = texts(template("【$subject】$place（$code）$kind，$stage，$due 前办结。$at：$text"))
    assert found["lead-81"] == (
        "【a】001号楼（150203005008-B001）噪音，任务派遣，2026-09-02 12:00 前办结。2026-09-01 12:00："
        "自动派单给 片长 lead-81（规则 noise），2026-09-02 12:00 前"
    )


def test_the_template_for_an_audience_comes_before_the_one_for_all():
    found = texts(template("all"), template("desk", audience="desk"))
    assert found == {"lead-81": "all", "desk": "desk"}


def test_without_a_template_for_the_language_the_usual_line_stands():
    found = texts(template("中文"), language="en")
    assert found["lead-81"].startswith("Routed to area lead")


def test_an_award_has_its_deed_and_no_deadline():
    found = texts(
        template("$kind/$due/$subject", event="award-proposed"), event="award-proposed", audiences=("member",)
    )
    assert found == {"builder-81": "帮助他人//w"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("dear $name", "nothing called $name; there are $text"),
        ("costs 5$", "a dollar sign stands alone"),
        ("  ", "without a text"),
    ],
)
def test_a_template_that_cannot_be_filled_says_what_would_be_right(text, part):
    assert part in check_template(text)


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_every_placeholder_can_be_used(name):
    assert check_template(f"x ${name} y ${{{name}}} $$") == ""
    assert "$" not in texts(template(f"x ${name}"))["lead-81"]


def test_a_template_that_comes_out_empty_gives_way_to_the_usual_line():
    usual = texts(event="case-opened", audiences=("desk",))
    assert usual["desk"].strip()
    assert (
        texts(attrs.evolve(template("$due "), event="case-opened"), event="case-opened", audiences=("desk",)) == usual
    )


def folder(tmp_path, notices="", templates=""):
    path = tmp_path / "setup"
    shutil.copytree(ROOT / "examples/youyi/setup", path)
    if notices:
        (path / "notices.csv").write_text(notices, encoding="utf-8")
    if templates:
        (path / "templates.csv").write_text(templates, encoding="utf-8")
    return path


def test_templates_and_times_are_read_from_their_tables(tmp_path):
    notices = (
        "event,audience,channel,language,quiet,digest\n"
        "case-routed,lead,file,zh,22:00-07:00,\n"
        "case-closed,owners:community,file,zh,,mon 08:30\n"
        "announcement-made,addressed,file,zh,22:00-07:00,\n"
    )
    setup = load_setup(folder(tmp_path, notices, "event,language,audience,text\ncase-routed,zh,lead,请接单：$text\n"))
    assert [(each.quiet, each.digest) for each in setup.subscriptions] == [
        ("22:00-07:00", ""),
        ("", "mon 08:30"),
        ("22:00-07:00", ""),
    ]
    assert setup.templates == (template("请接单：$text", audience="lead"),)


def test_every_mistake_in_the_tables_is_found_with_its_row(tmp_path):
    notices = (
        "event,audience,channel,language,quiet,digest\n"
        "case-rooted,lead,file,zh,,\n"
        "case-routed,leader,file,zh,,\n"
        "case-routed,role:mayor,file,zh,,\n"
        "case-routed,lead,file,fr,,\n"
        "case-routed,lead,file,zh,at night,\n"
        "case-routed,lead,file,zh,,weekly\n"
        "award-confirmed,members,file,zh,,\n"
        "case-closed,lead,file,zh,,\n"
        "case-closed,lead,file,zh,,\n"
        "case-closed,lead,file,en,,\n"
        "case-closed,lead,file,zh,,18:00\n"
    )
    templates = (
        "event,language,audience,text\n"
        "case-routed,zh,,亲爱的$name\n"
        "case-routed,zh,,又一个\n"
        "announcement-made,zh,addressed,$text\n"
        "case-routed,zh,boss,x\n"
    )
    with pytest.raises(SetupError) as wrong:
        load_setup(folder(tmp_path, notices, templates))
    found = [(each.file, each.row, each.column, each.code) for each in wrong.value.findings]
    assert found == [
        ("notices.csv", 2, "event", "notices.unknown-event"),
        ("notices.csv", 3, "audience", "notices.unknown-audience"),
        ("notices.csv", 4, "audience", "notices.unknown-audience"),
        ("notices.csv", 5, "language", "notices.unknown-language"),
        ("notices.csv", 6, "quiet", "notices.bad-quiet"),
        ("notices.csv", 7, "digest", "notices.bad-digest"),
        ("notices.csv", 8, "audience", "notices.unknown-audience"),
        ("notices.csv", 11, "channel", "notices.twice"),
        ("notices.csv", 12, "channel", "notices.twice"),
        ("templates.csv", 2, "text", "notices.bad-template"),
        ("templates.csv", 3, "event", "notices.template-twice"),
        ("templates.csv", 4, "event", "notices.bad-template"),
        ("templates.csv", 5, "audience", "notices.unknown-audience"),
    ]
    assert "did you mean 'case-routed'?" in str(wrong.value)
    assert "row 9 tells the same audience" in str(wrong.value)


def test_a_template_changes_the_setup_and_its_section_says_so():
    before = small_setup()
    after = attrs.evolve(before, templates=(template("x"),))
    assert set(after.sections) - set(before.sections) == {"templates"}


def test_the_documented_placeholders_are_those_of_the_code():
    page = (ROOT / "docs/howto/notices.md").read_text("utf-8")
    assert set(re.findall(r"^\| `\$(\w+)` \|", page, re.M)) == set(PLACEHOLDERS)
