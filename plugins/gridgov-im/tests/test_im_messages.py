"""What arrives: signed, whole or honestly cut, for the right person, once, and no faster than allowed."""

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridgov.delivery import ChannelError, Limit, Pace
from gridgov.notices import Notice
from gridgov_im import DingTalkRobot, FeishuRobot, WeComRobot, dingtalk_signature, feishu_signature
from gridgov_im._wording import fitting, inert

SECRET = "SEC000000000000000000000000000000000000000000000000000000000000000"


def notice(text="您有一件新的工单", *, number=1, to="org:gas"):
    return Notice(id=f"150203005/case:a@{number}:lead:{to}:x", channel="x", to=to, subject="app-4711", text=text)


def test_the_signature_of_dingtalk_is_the_one_that_its_page_computes():
    """Made once with openssl from the page's recipe: the secret is the key, time and secret are what is signed."""
    assert dingtalk_signature("this is secret", 1_700_000_000_000) == "sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0="


def test_the_signature_of_feishu_has_time_and_secret_as_the_key_and_signs_nothing():
    assert feishu_signature("mysecret", 1_700_000_000) == "Jp33/xXhCipDEpjyHvEyc7mRSyXWHbNz6J8+C3qQKNo="


@given(secret=st.text(min_size=1, max_size=40), seconds=st.integers(0, 4_000_000_000))
def test_the_two_signatures_are_what_their_pages_say_for_any_secret_and_time(secret, seconds):
    text = f"{seconds}\n{secret}".encode()
    dingtalk = hmac.new(secret.encode("utf-8"), text, hashlib.sha256)
    assert base64.b64decode(dingtalk_signature(secret, seconds)) == dingtalk.digest()
    assert base64.b64decode(feishu_signature(secret, seconds)) == hmac.new(text, b"", hashlib.sha256).digest()


def test_a_signed_notice_is_taken_by_dingtalk_and_its_signature_is_quoted_once(dingtalk):
    dingtalk.secret = SECRET
    for minute in range(10):  # some of ten signatures have a + or a / in them
        dingtalk.clock.advance(61)
        dingtalk.robot().send(notice(number=minute))
    assert len(dingtalk.shown) == 10
    signs = [parse_qs(urlsplit(target).query)["sign"][0] for target, _, _ in dingtalk.requests]
    assert any(set(sign) & set("+/") for sign in signs)
    assert "%25" not in "".join(target for target, _, _ in dingtalk.requests)


def test_a_signed_notice_is_taken_by_feishu(feishu):
    feishu.secret = "0vNNDOuRbpbGFkMsYVGmzg"
    feishu.robot().send(notice())
    assert len(feishu.shown) == 1
    assert json.loads(feishu.requests[0][2])["timestamp"] == str(int(feishu.clock().timestamp()))


@pytest.mark.parametrize("name", ["dingtalk", "feishu"])
def test_a_clock_that_is_an_hour_off_is_refused_for_good_and_named(name, request):
    platform = request.getfixturevalue(name)
    platform.secret = SECRET
    late = platform.clock() + dt.timedelta(seconds=3602)
    with pytest.raises(ChannelError, match="clock") as caught:
        platform.robot(clock=lambda: late).send(notice())
    assert caught.value.final
    assert platform.shown == []


@pytest.mark.parametrize("name", ["dingtalk", "feishu"])
def test_a_wrong_secret_is_refused_for_good(name, request):
    platform = request.getfixturevalue(name)
    platform.secret = SECRET
    with pytest.raises(ChannelError, match="signature is wrong") as caught:
        platform.robot(secret=SECRET[:-1] + "1").send(notice())
    assert caught.value.final
    assert platform.shown == []


@pytest.mark.parametrize("name", ["dingtalk", "feishu"])
def test_a_robot_without_the_secret_that_its_group_asks_for_is_refused_for_good(name, request):
    platform = request.getfixturevalue(name)
    robot = platform.robot()
    platform.secret = SECRET
    with pytest.raises(ChannelError, match="signature is wrong") as caught:
        robot.send(notice())
    assert caught.value.final


def test_a_changed_secret_holds_at_once(dingtalk):
    dingtalk.secret = "SEC-before"
    robot = dingtalk.robot()
    robot.send(notice(number=1))
    dingtalk.secret = "SEC-after"
    robot.send(notice(number=2))
    assert len(dingtalk.shown) == 2


def test_a_notice_shows_its_case_its_text_and_its_mark(platform):
    platform.robot().send(notice("第一行\n第二行 🧯👨‍👩‍👧‍👦"))
    (text,) = platform.shown
    assert re.fullmatch(r"\[app-4711\] 第一行\n第二行 🧯👨‍👩‍👧‍👦\n· [0-9a-f]{6}", text)


def test_the_mark_is_the_same_each_time_and_another_for_another_receiver(platform):
    for receiver in ("org:gas", "org:gas", "resident:0412"):
        platform.robot().send(notice(to=receiver))
        platform.clock.advance(10)
    first, again, other = (text[-6:] for text in platform.shown)
    assert first == again != other


def test_a_mark_does_not_tell_for_whom_a_notice_was(platform):
    platform.robot().send(notice())
    assert hashlib.sha256(notice().id.encode()).hexdigest()[:6] != platform.shown[0][-6:]
    platform.token, held = "another-token-of-a-robot", platform.token
    try:
        platform.robot().send(notice())
    finally:
        platform.token = held
    assert platform.shown[0][-6:] != platform.shown[1][-6:]


def test_without_a_mark_the_text_ends_with_the_text(platform):
    platform.robot(mark=False).send(notice())
    assert platform.shown == ["[app-4711] 您有一件新的工单"]


def test_the_same_notice_is_sent_once_by_one_robot_and_a_failed_one_again(platform):
    robot = platform.robot()
    platform.refuse = (500, {}, {})
    with pytest.raises(ChannelError):
        robot.send(notice())
    platform.refuse = None
    robot.send(notice())
    robot.send(notice())
    assert len(platform.shown) == 1


def test_what_is_remembered_is_bounded(platform, monkeypatch):
    monkeypatch.setattr("gridgov_im._robots.REMEMBERED_MAX", 3)
    robot = platform.robot()
    for number in (1, 2, 3, 4):
        robot.send(notice(number=number))
    robot.send(notice(number=4))
    assert len(platform.shown) == 4
    platform.clock.advance(60)
    robot.send(notice(number=1))
    assert len(platform.shown) == 5


@pytest.mark.parametrize("by", ["mobile", "user"])
def test_whom_the_directory_knows_is_mentioned_and_not_written_out(dingtalk, wecom, by):
    for platform in (dingtalk, wecom):
        known = {"mobile": "13800001111", "user": "zhangsan.1"}[by]
        platform.robot(directory={"org:gas": known}.get, mention_by=by, label=lambda to: "燃气公司").send(notice())
        assert platform.mentioned == [[known]]
        assert known not in platform.shown[0]
        assert "燃气公司" not in platform.shown[0]


def test_feishu_mentions_by_its_own_id(feishu):
    feishu.robot(directory={"org:gas": "ou_5ad573a6411d72b8"}.get).send(notice())
    assert feishu.mentioned == [["ou_5ad573a6411d72b8"]]


def test_whom_the_directory_does_not_know_is_addressed_by_label_or_not_at_all(platform):
    robot = platform.robot(directory={}.get, label={"org:gas": "燃气公司"}.get, mark=False)
    robot.send(notice(number=1))
    robot.send(notice(number=2, to="resident:0412"))
    assert platform.shown == ["燃气公司 [app-4711] 您有一件新的工单", "[app-4711] 您有一件新的工单"]
    assert platform.mentioned == [[], []]


@pytest.mark.parametrize("found", ["all", "@all", "ALL", '"></at><at user_id="all">', "张三", "138 0000", "x" * 65])
def test_a_directory_cannot_call_everybody_or_give_what_is_nobody(platform, found):
    more = {} if platform.name == "feishu" else {"mention_by": "user"}
    with pytest.raises(ChannelError, match="no user id") as caught:
        platform.robot(directory=lambda to: found, **more).send(notice())
    assert caught.value.final
    assert platform.requests == []


def test_a_directory_that_fails_is_asked_again_later(platform):
    def broken(to):
        raise LookupError(to)

    with pytest.raises(ChannelError, match=r"^the directory raised LookupError$") as caught:
        platform.robot(directory=broken).send(notice())
    assert not caught.value.final
    with pytest.raises(ChannelError, match="the label gives a int") as caught:
        platform.robot(label=lambda to: 13800001111).send(notice())
    assert caught.value.final


CALLS = [
    "@所有人 速回",
    "@all",
    "@ALL now",
    "@everyone",
    "<at user_id='all'>所有人</at>",
    "<AT id=all></AT>",
    "<@all>",
    "x@all",
]


@pytest.mark.parametrize("text", [*CALLS, '< at user_id="all">', "@ all", "<at\nuser_id=all>"])
def test_a_text_calls_nobody(platform, text):
    platform.robot(label=lambda to: text).send(notice(text))
    assert len(platform.shown) == 1
    assert platform.everybody == 0
    assert platform.mentioned == [[]]


def test_an_email_address_stays_as_it_is():
    assert inert("写信 desk@street.example.cn 或 @desk") == "写信 desk@street.example.cn 或 ＠desk"


@given(st.text(), st.sampled_from(CALLS), st.text())
@example("0", "@everyone", ".A")
@example("desk", "@all", ".cn")
def test_no_text_keeps_a_call_whatever_stands_around_it(before, call, after):
    found = inert(before + call + after)
    assert "<" not in found
    assert not re.search(r"@\s*(所有人|everyone\b|all\b)", found, re.IGNORECASE)
    assert inert(found) == found
    found.encode()


@given(st.text(st.characters(codec="utf-8", exclude_characters="@<\r", exclude_categories=["Cc", "Cs"])))
def test_a_harmless_text_is_left_alone(text):
    assert inert(text + "\n") == text + "\n"


def test_ten_thousand_characters_are_cut_and_say_so(platform):
    text = "风" * 10_000
    platform.robot().send(notice(text))
    (shown,) = platform.shown
    assert shown.endswith(f"\n· {shown[-6:]}")
    kept, missing = shown.count("风"), int(re.search(r"…（还有([0-9]+)字未显示）", shown)[1])
    assert kept + missing == 10_000
    # As much as there is room for, to the character.
    room = 2048 - len(shown.encode()) if platform.name == "wecom" else 20_000 - len(platform.requests[0][2])
    assert 0 <= room < 6


def test_a_long_english_text_says_so_in_english(wecom):
    wecom.robot(mark=False).send(notice("abc " * 1000))
    assert re.search(r"… \(\d+ more characters not shown\)$", wecom.shown[0])


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(40, 200))
def test_a_cut_text_fits_and_counts_what_is_missing(text, room):
    cut = fitting(text, lambda part: len(part.encode("utf-8", "replace")) <= room)
    assert len(cut.encode("utf-8", "replace")) <= room
    if cut != text:
        kept, _, told = cut.rpartition("…")
        assert text.startswith(kept)
        assert len(kept) + int(re.search("[0-9]+", told)[0]) == len(text)


def test_a_family_is_not_cut_in_two():
    family = "👨‍👩‍👧‍👦"
    for room in range(40, 140):
        kept = fitting("a" + family * 20, lambda part, room=room: len(part.encode()) <= room).rpartition("…")[0]
        assert kept == "a" + family * (len(kept) // len(family)) or not kept


def test_a_keyword_that_the_robot_asks_for_is_put_before_and_only_once(dingtalk, feishu):
    for platform in (dingtalk, feishu):
        platform.keyword = "网格"
        platform.robot(keyword="网格", mark=False).send(notice(number=1))
        platform.robot(keyword="网格", mark=False).send(notice("网格员已到场", number=2))
        assert platform.shown == ["网格 [app-4711] 您有一件新的工单", "[app-4711] 网格员已到场"]
        with pytest.raises(ChannelError, match="keyword=") as caught:
            platform.robot().send(notice(number=3))
        assert caught.value.final


def test_the_pace_is_what_the_platforms_publish():
    assert DingTalkRobot.pace == WeComRobot.pace == Pace((Limit(count=20, seconds=60),))
    assert FeishuRobot.pace == Pace((Limit(count=100, seconds=60), Limit(count=5, seconds=1)))


def test_whoever_keeps_the_pace_is_never_shut_out(platform):
    robot, sent = platform.robot(), []
    for number in range(2 * platform.count + 5):
        platform.clock.now = robot.pace.next_at(sent, platform.clock())
        robot.send(notice(number=number))
        sent.append(platform.clock())
    assert len(platform.shown) == 2 * platform.count + 5


def test_too_fast_shuts_dingtalk_out_for_ten_minutes_and_the_robot_says_so(dingtalk):
    robot = dingtalk.robot()
    for number in range(20):
        robot.send(notice(number=number))
    with pytest.raises(ChannelError, match="130101") as caught:
        robot.send(notice(number=20))
    assert (caught.value.final, caught.value.pause_seconds) == (False, 600)
    dingtalk.clock.advance(599)
    with pytest.raises(ChannelError):
        robot.send(notice(number=20))
    dingtalk.clock.advance(2)
    robot.send(notice(number=20))
    assert len(dingtalk.shown) == 21


def test_too_fast_is_not_for_good_at_wecom_and_feishu(wecom, feishu):
    for platform, number, code in ((wecom, 20, "45009"), (feishu, 5, "9499")):
        robot = platform.robot()
        for each in range(number):
            robot.send(notice(number=each))
        with pytest.raises(ChannelError, match=code) as caught:
            robot.send(notice(number=number))
        assert (caught.value.final, caught.value.pause_seconds) == (False, 60)
