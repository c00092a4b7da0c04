"""The worker: in a loop, in threads, as a process; it stops cleanly, and a slow channel keeps no other waiting."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import attrs
import pytest

from gridgov import load_setup, open_office
from gridgov.cases import OpenCase
from gridgov.delivery import ChannelError, Delivered, Limit, Pace, Worker
from gridgov.errors import StoreBusyError, StoreError
from gridgov.outreach import Announce
from gridgov.setup import Subscription
from gridgov.store import MemoryStore, Vault
from gridgov.testing import small_setup

ROOT = Path(__file__).parent.parent.parent
REPORT = OpenCase(kind="question", place="150203005008-B001", source="hotline")


def now():
    return dt.datetime.now(dt.UTC)


class Kept:
    def __init__(self, name="file", *, pace=None):
        self.name = name
        self.sent = []
        self.came = threading.Event()
        if pace is not None:
            self.pace = pace

    def send(self, notice, /):
        self.sent.append(notice)
        self.came.set()


def street(*channels, store=None):
    rows = tuple(Subscription(event="case-routed", audience="lead", channel=each.name) for each in channels)
    setup = attrs.evolve(small_setup(), subscriptions=rows)
    return open_office(setup, store or MemoryStore(), channels=channels, discover=False, clock=now)


def test_in_the_callers_own_loop_each_step_says_how_long_nothing_is_to_do():
    channel = Kept(pace=Pace((Limit(count=1, seconds=1),)))
    with street(channel) as office:
        worker = Worker(office.deliver, poll_seconds=3)
        assert worker.step() == 3
        office.handle(REPORT, by="desk-1", id="a")
        office.handle(REPORT, by="desk-1", id="b")
        assert 0.5 < worker.step() <= 1
        assert worker.sent == 1


def test_a_thread_delivers_what_comes_and_ends_when_it_is_told_to():
    channel = Kept()
    with street(channel) as office, Worker(office.deliver, poll_seconds=0.05) as worker:
        office.handle(REPORT, by="desk-1", id="a")
        assert channel.came.wait(5)
        assert worker.running
    assert not worker.running
    assert worker.sent == 1


@pytest.mark.parametrize("pace", [Pace((Limit(count=1, seconds=3600),)), Pace()])
def test_it_stops_within_a_second_even_while_it_waits_for_its_turn(pace):
    channel = Kept(pace=pace)
    with street(channel) as office:
        for id_ in "ab":
            office.handle(REPORT, by="desk-1", id=id_)
        worker = Worker(office.deliver, poll_seconds=60)
        worker.start()
        assert channel.came.wait(5)
        started = time.monotonic()
        assert worker.stop()
        assert time.monotonic() - started < 1


def test_it_stops_between_two_of_ten_thousand():
    class Steady(Kept):
        def send(self, notice, /):
            super().send(notice)
            time.sleep(0.001)

    channel = Steady()
    with street(channel) as office:
        with office.batch():
            for n in range(1500):
                office.handle(REPORT, by="desk-1", id=f"c{n}")
        worker = Worker(office.deliver, channels=office.channels)
        worker.start()
        assert channel.came.wait(5)
        started = time.monotonic()
        assert worker.stop(timeout=1)
        assert time.monotonic() - started < 1
        assert 0 < len(channel.sent) < 1500


def test_a_slow_channel_keeps_neither_another_channel_nor_a_command_waiting():
    stuck, ending = threading.Event(), threading.Event()

    class Stuck(Kept):
        def send(self, notice, /):
            stuck.set()
            assert ending.wait(20)
            super().send(notice)

    slow, quick = Stuck("slow"), Kept("quick")
    with street(slow, quick) as office:
        with Worker(office.deliver, channels=office.channels, poll_seconds=0.05):
            office.handle(REPORT, by="desk-1", id="a")
            assert stuck.wait(5)
            assert quick.came.wait(5)
            quick.came.clear()
            started = time.monotonic()
            office.handle(REPORT, by="desk-1", id="b")
            assert time.monotonic() - started < 2
            assert quick.came.wait(5)
            ending.set()
        assert [each.subject for each in quick.sent] == ["a", "b"]


def test_a_dead_channel_keeps_no_other_waiting_in_one_thread_either():
    class Dead(Kept):
        def send(self, notice, /):
            self.sent.append(notice)
            raise ChannelError("away")

    dead, quick = Dead("dead"), Kept("quick")
    with street(dead, quick) as office:
        for n in range(50):
            office.handle(REPORT, by="desk-1", id=f"c{n}")
        assert office.deliver().sent == 50
        assert len(dead.sent) == 3


def test_what_may_pass_is_told_and_tried_again():
    told, passes = [], []

    def deliver(**_more):
        passes.append(1)
        if len(passes) < 3:
            raise StoreBusyError("locked")
        return Delivered()

    with Worker(deliver, poll_seconds=0.01, failed=told.append):
        deadline = time.monotonic() + 5
        while len(passes) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [str(each) for each in told] == ["locked", "locked"]


def test_what_does_not_pass_ends_the_worker_and_is_raised_where_it_is_stopped():
    def deliver(**_more):
        raise StoreError("another setup")

    worker = Worker(deliver, poll_seconds=0.01)
    worker.start()
    worker.wait(5)
    assert not worker.running
    with pytest.raises(StoreError, match="another setup"):
        worker.stop()
    assert worker.stop()


def test_a_worker_begins_once_and_can_begin_again_after_it_has_ended():
    worker = Worker(lambda **_more: Delivered(), poll_seconds=0.01)
    worker.start()
    with pytest.raises(RuntimeError, match="at work already"):
        worker.start()
    worker.stop()
    with worker:
        assert worker.running


def test_a_worker_that_never_looks_is_refused():
    with pytest.raises(ValueError, match="more than 0"):
        Worker(lambda **_more: Delivered(), poll_seconds=0)


def test_in_its_own_thread_it_runs_until_another_one_stops_it():
    passes = threading.Event()

    def deliver(**_more):
        passes.set()
        return Delivered()

    worker = Worker(deliver, poll_seconds=30)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert passes.wait(5)
    worker.stop_soon()
    thread.join(1)
    assert not thread.is_alive()


def test_all_threads_together_are_waited_for_no_longer_than_was_said():
    ending = threading.Event()

    def deliver(**_more):
        ending.wait(10)
        return Delivered()

    worker = Worker(deliver, channels=("a", "b", "c", "d"))
    worker.start()
    started = time.monotonic()
    assert not worker.stop(0.2)
    assert time.monotonic() - started < 0.7
    ending.set()
    assert worker.stop(5)


def test_a_worker_that_was_told_to_stop_says_so_when_it_is_asked_for_a_pass():
    worker = Worker(lambda **_more: Delivered(), poll_seconds=0.01)
    worker.stop_soon()
    with pytest.raises(RuntimeError, match="told to stop"):
        worker.step()
    worker.run()  # it was told so before it began
    assert worker.step() == 0.01
    worker.start()
    assert worker.stop()
    assert worker.step() == 0.01


def test_a_listener_that_breaks_stops_no_delivery_and_is_heard_of_in_the_end():
    passes = threading.Semaphore(0)

    def deliver(**_more):
        passes.release()
        raise StoreBusyError("locked")

    def failed(error):
        raise OSError("no room for the log")

    worker = Worker(deliver, poll_seconds=0.01, failed=failed)
    worker.start()
    for _ in range(3):
        assert passes.acquire(timeout=5)
    assert worker.running
    with pytest.raises(OSError, match="no room"):
        worker.stop()


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
def test_no_thread_ends_without_a_word(error):
    told = []

    def deliver(**_more):
        raise error

    worker = Worker(deliver, poll_seconds=0.01, failed=told.append)
    worker.start()
    worker.wait(5)
    with pytest.raises(type(error)):
        worker.stop()
    assert told == [error]


# --- as a process -------------------------------------------------------------------------------

PLUGIN = """
import os
import gridgov
from gridgov.delivery import ChannelError, FileChannel, Limit, Pace

class Paper(FileChannel):
    pace = Pace((Limit(count=5, seconds=3600),))

@gridgov.hookimpl
def gridgov_channels():
    return [Paper(os.environ["PAPER"]), FileChannel(os.environ["PAPER"] + ".console", "console")]
"""


def offer(site):
    """Install a plugin that offers two channels."""
    about = site / "paper_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "paper_plugin.py").write_text(PLUGIN, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: paper-plugin\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[gridgov]\npaper = paper_plugin\n", encoding="utf-8")


@pytest.fixture
def process(tmp_path):
    """Give a function that starts the command line with a plugin that offers two channels."""
    pytest.importorskip("gridgov_sql")
    site = tmp_path / "site"
    offer(site)
    url = f"sqlite:///{tmp_path / 'street.db'}"
    folder = ROOT / "examples/youyi/setup"
    with open_office(load_setup(folder), url) as office:
        place = next(node.code for node in office.setup.territory if node.level == "building")
        with office.batch():
            for n in range(12):
                office.handle(OpenCase(kind="utility.gas.smell", place=place, source="hotline"), by="desk", id=f"c{n}")
    paths = [str(site), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PAPER": str(tmp_path / "paper.jsonl"), "PYTHONPATH": os.pathsep.join(filter(None, paths))}

    def start(name, *more):
        command = [sys.executable, "-m", "gridgov", name, str(folder), url, *more]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=env, cwd=tmp_path)

    return start


@pytest.mark.slow
def test_one_pass_from_the_command_line_sends_what_is_due_and_ends(process, tmp_path):
    out, err = process("deliver", "--once").communicate(timeout=60)
    assert (out.splitlines()[-1:], err) == (["sent 12, failed 0, waiting 0, dead 0"], "")
    assert len((tmp_path / "paper.jsonl.console").read_text("utf-8").splitlines()) == 12
    listed, _ = process("outbox").communicate(timeout=60)
    assert listed.splitlines()[-1] == "0 not delivered, of which dead: 0"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_delivers_until_a_signal_and_then_stops_cleanly(process, tmp_path, number):
    running = process("deliver", "--poll", "0.2")
    console = tmp_path / "paper.jsonl.console"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not console.exists() or len(console.read_text("utf-8").splitlines()) < 12):
        time.sleep(0.1)
        assert running.poll() is None, running.communicate()
    running.send_signal(number)
    started = time.monotonic()
    out, err = running.communicate(timeout=30)
    assert time.monotonic() - started < 3
    assert (running.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "stopped; sent 12, failed 0"


@pytest.mark.slow
def test_what_was_announced_in_a_street_with_a_vault_goes_out_with_its_key(tmp_path):
    pytest.importorskip("gridgov_sql")
    folder, url, key = tmp_path / "setup", f"sqlite:///{tmp_path / 'street.db'}", tmp_path / "key"
    shutil.copytree(ROOT / "examples/youyi/setup", folder)
    with (folder / "notices.csv").open("a", encoding="utf-8") as file:
        file.write("announcement-made,addressed,console,zh\n")
    with (folder / "access.csv").open("a", encoding="utf-8") as file:
        file.write("anyone,Announce|Mend,all\n")
    key.write_text("31" * 32, encoding="ascii")
    with open_office(load_setup(folder), url, vault=Vault({"k": b"1" * 32})) as office:
        street, somebody = office.setup.jurisdiction, office.setup.case_policy.on(office.setup.effective_on).desk
        office.handle(Announce(street, text="明日停水"), by=somebody, id="n1")
    site = tmp_path / "site"
    offer(site)
    env = {
        **os.environ,
        "PAPER": str(tmp_path / "paper"),
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT / "src")]),
    }

    def deliver(*more):
        command = [sys.executable, "-m", "gridgov", "deliver", str(folder), url, "--once", *more]
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)

    without = deliver()
    assert (without.returncode, "sent 0" in without.stdout) == (0, True), without.stderr
    wrong = deliver("--vault", f"k={tmp_path / 'none'}")
    assert (wrong.returncode, "64 hexadecimal digits" in wrong.stderr) == (2, True)
    with open_office(load_setup(folder), url) as office:
        assert "was opened without a vault" in office.undelivered()[0].error
        for each in office.undelivered():
            office.mend(each.notice.id, by=somebody)
    told = deliver("--vault", f"k={key}")
    assert "明日停水" in (tmp_path / "paper.console").read_text("utf-8"), told.stdout + told.stderr


@pytest.mark.slow
def test_a_wrong_interval_is_wrong_usage(process):
    running = process("deliver", "--poll", "never")
    _, err = running.communicate(timeout=60)
    assert (running.returncode, "is no number of seconds" in err) == (2, True)


@pytest.mark.slow
def test_the_command_line_asks_who_wants_a_dead_letter_to_be_tried_again_and_which(tmp_path, capsys):
    from gridgov.__main__ import main

    setup = Path(__file__).parents[2] / "examples/youyi/setup"
    url = f"sqlite:///{tmp_path / 'street.db'}"
    plugins = "days-cn,sql"
    assert main(["outbox", str(setup), url, "--plugins", plugins, "--resend", "x"]) == 2
    assert "--by" in capsys.readouterr().err
    assert main(["outbox", str(setup), url, "--plugins", plugins, "--resend", "x", "--by", "DESK1"]) == 1
    assert "no message with this id" in capsys.readouterr().err
