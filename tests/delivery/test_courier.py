"""Notices: none lost, retried with patience, dead letters looked at by a person."""

import datetime as dt

import pytest

from gridgov import open_office
from gridgov.cases import Acknowledge, Answer, OpenCase, Resolve
from gridgov.delivery import ChannelError, ConsoleChannel, FileChannel
from gridgov.notices import Notice
from gridgov.store import MemoryStore, every_record
from gridgov.testing import NOON, ChannelContract, small_setup

RESIDENT = "resident:00001"
REPORT = OpenCase(kind="question", place="150203005008-B001", source="resident", reporter=RESIDENT, text="张三问")


class TestFileChannel(ChannelContract):
    def make(self, tmp_path):
        return FileChannel(tmp_path / "notices.jsonl")

    def received(self, channel):
        return channel.path.read_text("utf-8").splitlines()

    def break_it(self, channel):
        channel.path.unlink(missing_ok=True)
        channel.path.mkdir()


class TestConsoleChannel(ChannelContract):
    def make(self, tmp_path):
        self.lines = []
        self.broken = False

        def write(line):
            if self.broken:
                raise OSError("closed")
            self.lines.append(line)

        return ConsoleChannel(write=write)

    def received(self, channel):
        return self.lines

    def break_it(self, channel):
        self.broken = True


def test_a_file_channel_knows_what_it_wrote_before_and_survives_a_line_cut_off(tmp_path):
    path = tmp_path / "n.jsonl"
    notice = Notice(id="1", channel="file", to="gas", subject="a", text="x")
    FileChannel(path).send(notice)
    with path.open("a") as file:
        file.write('{"id": "2", "te')
    again = FileChannel(path)
    again.send(notice)
    again.send(Notice(id="2", channel="file", to="gas", subject="a", text="y"))
    lines = path.read_text("utf-8").splitlines()
    assert (len(lines), '"2"' in lines[-1], lines[-1].endswith("}")) == (3, True, True)


class Flaky:
    name = "file"

    def __init__(self, failures=0, final=False):
        self.failures = failures
        self.final = final
        self.sent = []

    def send(self, notice, /):
        if self.failures:
            self.failures -= 1
            raise ChannelError("away", final=self.final)
        self.sent.append(notice)


def street(store, channel):
    return open_office(small_setup(), store, channels=[channel], discover=False, clock=lambda: NOON)


def minutes(count):
    return NOON + dt.timedelta(minutes=count)


def test_lead_and_reporter_are_told_once_without_personal_data():
    channel = Flaky()
    with street(MemoryStore(), channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        office.handle(Resolve("a"), by="lead-81", at=NOON)
        office.handle(Answer("a", text="张三，好了"), by="desk-1", at=NOON)
        assert office.deliver(NOON).sent == 2
        assert office.deliver(NOON).sent == 0
    assert [notice.to for notice in channel.sent] == ["lead-81", RESIDENT]
    assert not any("张三" in notice.text for notice in channel.sent)


def test_what_was_not_taken_is_tried_again_after_a_growing_pause():
    channel = Flaky(failures=2)
    with street(MemoryStore(), channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        assert office.deliver(NOON).waiting == 1
        assert office.deliver(minutes(0.9)).failed == 0
        assert office.deliver(minutes(1)).failed == 1
        assert office.deliver(minutes(2.9)).failed == 0
        assert office.deliver(minutes(3)).sent == 1
        assert office.undelivered() == ()
    assert len({notice.id for notice in channel.sent}) == 1


@pytest.mark.parametrize("channel", [Flaky(failures=1, final=True), Flaky(failures=99)])
def test_what_is_refused_for_good_or_too_often_becomes_a_dead_letter_that_can_be_sent_again(channel):
    with street(MemoryStore(), channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        for hour in range(24):
            office.deliver(minutes(60 * hour))
        (letter,) = office.undelivered()
        assert (letter.dead, letter.error) == (True, "away")
        assert office.deliver(minutes(99999)).failed == 0
        channel.failures = 0
        office.resend(letter.notice.id)
        assert office.deliver(minutes(99999)).sent == 1


def test_an_unknown_channel_is_a_dead_letter_and_not_silence():
    channel = Flaky()
    channel.name = "other"
    with street(MemoryStore(), channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        assert office.deliver(NOON).dead == 1
        assert "no channel 'file'" in office.undelivered()[0].error


def test_what_broke_inside_a_channel_is_not_kept_word_for_word():
    class Leaky(Flaky):
        def send(self, notice, /):
            raise RuntimeError("no route to +86 139 1234 5678 (张三)")

    store = MemoryStore()
    with street(store, Leaky()) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        office.deliver(NOON)
        assert office.undelivered()[0].error == "RuntimeError"


def test_a_crash_loses_no_notice_and_repeats_one_only_with_the_same_id():
    store, channel = MemoryStore(), Flaky()
    office = street(store, channel)
    office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
    cursor = store.cursor("150203005/delivery")
    office.deliver(NOON)
    store.save_cursor(cursor)  # as if the process had died before the cursor was saved
    with street(store, channel) as again:
        again.handle(Acknowledge("a"), by="lead-81", at=NOON)
        again.deliver(NOON)
    assert [notice.to for notice in channel.sent] == ["lead-81", "lead-81"]
    assert len({notice.id for notice in channel.sent}) == 1


def test_waiting_notices_survive_a_restart():
    store = MemoryStore()
    with street(store, Flaky(failures=1)) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        office.deliver(NOON)
    channel = Flaky()
    with street(store, channel) as again:
        assert again.deliver(minutes(5)).sent == 1
    assert not any("张三".encode() in record.body for record in every_record(store))


def test_a_notice_is_dead_after_exactly_eight_attempts_and_a_restart_sends_nothing_again():
    store, channel = MemoryStore(), Flaky(failures=99)
    with street(store, channel) as office:
        office.handle(REPORT, by=RESIDENT, id="a", at=NOON)
        tried = [office.deliver(minutes(10_000 * n)).failed for n in range(10)]
        assert tried == [1] * 8 + [0, 0]
        channel.failures = 0
        office.resend(office.undelivered()[0].notice.id)
    with street(store, channel) as again:
        assert again.undelivered()[0].attempts == 0
        assert again.deliver(minutes(200_000)).sent == 1
    with street(store, channel) as once_more:
        assert once_more.deliver(minutes(300_000)).sent == 0
    assert len(channel.sent) == 1
