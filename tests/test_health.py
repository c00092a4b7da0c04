"""Whether a street is well: told by an office, and by the command line without one."""

import datetime as dt
import subprocess
import sys
import threading
from pathlib import Path

import attrs
import pytest

from gridgov import hookimpl, load_setup, open_office
from gridgov.cases import OpenCase
from gridgov.delivery import ChannelError
from gridgov.errors import SetupMismatchError, StoreBusyError
from gridgov.office import store_health
from gridgov.store import MemoryStore
from gridgov.testing import NOON, SimulatedClock, small_setup

ROOT = Path(__file__).parent.parent
STREET = "150203005"
REPORT = OpenCase(kind="noise", place="150203005008-B001", source="resident", reporter="resident:00001")


@pytest.fixture
def clock():
    return SimulatedClock(NOON)


def opened(store, clock, **more):
    return open_office(small_setup(), store, discover=False, clock=clock, **more)


class Sick(MemoryStore):
    """A store that goes down: whatever it is asked, it raises."""

    down = False

    def read(self, **how):
        if self.down:
            raise StoreBusyError("password=geheim")
        return super().read(**how)

    def head(self):
        if self.down:
            raise ConnectionResetError("10.0.0.7")
        return super().head()


def test_a_street_that_was_just_opened_is_well(clock):
    with opened(None, clock) as office:
        health = office.health()
        assert (health.ok, health.open, health.store, health.amended) == (True, True, "", False)
        assert (health.position, health.behind, health.overdue, health.last_tick) == (1, 0, 0, None)
        assert (health.waiting, health.dead, health.faults, health.set_aside) == (0, 0, 0, ())


def test_what_is_overdue_is_counted_and_after_a_quarter_of_an_hour_the_clock_stands(clock):
    with opened(None, clock) as office:
        office.handle(REPORT, by="resident:00001", id="a")
        clock.now += dt.timedelta(days=1)
        before = office.health()
        assert (before.ok, before.overdue > 0, before.overdue_since < clock.now) == (False, True, True)
        office.tick()
        after = office.health()
        assert (after.ok, after.overdue, after.overdue_since, after.last_tick) == (True, 0, None, clock.now)


def test_what_is_overdue_for_a_minute_is_no_reason_to_ring(clock):
    with opened(None, clock) as office:
        office.handle(REPORT, by="resident:00001", id="a")
        (_, first), *_ = office._memory.overdue(("case:a",), clock.now + dt.timedelta(days=9))
        clock.now = first.at + dt.timedelta(minutes=1)
        health = office.health()
        assert (health.ok, health.overdue, health.overdue_since) == (True, 1, first.at)


def test_what_another_office_has_stored_lies_before_us_until_the_next_call(clock):
    store = MemoryStore()
    with opened(store, clock) as one, opened(store, clock) as other:
        position = other.handle(REPORT, by="resident:00001", id="a").position
        assert one.health().behind == position - one.health().position > 0
        one.tick()
        assert one.health().behind == 0


def test_an_office_under_another_setup_than_the_one_in_force_is_not_well(clock):
    store = MemoryStore()
    with opened(store, clock) as one, opened(store, clock) as other:
        longer = attrs.evolve(small_setup(), effective_on=dt.date(2026, 1, 2))
        other.amend(longer, by="desk-1", reason="x")
        health = one.health()
        assert (health.ok, health.amended) == (False, True)
        with pytest.raises(SetupMismatchError):
            one.tick()
        assert other.health().ok
        one._setup = longer  # so that it can save what it has when it closes
        one._adopted = None


def test_a_store_that_is_down_is_told_by_the_name_of_its_error_and_nothing_is_raised(clock):
    store = Sick()
    with opened(store, clock) as office:
        store.down = True
        health = office.health()
        store.down = False
        assert (health.ok, health.store) == (False, "StoreBusyError")
        assert "geheim" not in repr(health)


def test_an_office_that_was_closed_says_so(clock):
    office = opened(None, clock)
    office.close()
    assert (office.health().ok, office.health().open) == (False, False)


def test_messages_that_wait_and_dead_letters_are_counted(clock):
    class Shut:
        name = "file"

        def send(self, notice, /):
            raise ChannelError("shut", final=notice.to.startswith("resident"))

    with opened(None, clock, channels=[Shut()]) as office:
        office.handle(REPORT, by="resident:00001", id="a")
        office.deliver()
        health = office.health()
        assert (health.ok, health.waiting, health.dead) == (True, 1, 0)
        assert health.next_delivery_at > NOON


def test_a_street_where_nobody_delivers_is_seen_by_what_lies_before_the_delivery(clock):
    store = MemoryStore()
    with opened(store, clock) as office:
        for id_ in "abc":
            office.handle(REPORT, by="resident:00001", id=id_)
        health = office.health()
        assert (health.ok, health.waiting, health.notices_behind) == (True, 0, store.head())
        assert store_health(store, small_setup(), NOON).notices_behind == store.head()
        office.deliver()
        assert (office.health().notices_behind, store_health(store, small_setup(), NOON).notices_behind) == (0, 0)
        office.handle(REPORT, by="resident:00001", id="d")
        assert office.health().notices_behind == store.head() - health.position > 0


def test_where_nobody_is_to_be_told_anything_nothing_lies_before_the_delivery(clock):
    quiet = attrs.evolve(small_setup(), subscriptions=())
    with open_office(quiet, discover=False, clock=clock) as office:
        office.handle(REPORT, by="resident:00001", id="a")
        assert office.health().notices_behind == 0


def test_a_message_that_no_worker_takes_has_its_next_attempt_behind_it(clock):
    class Away:
        name = "file"

        def send(self, notice, /):
            raise ChannelError("away")

    with opened(None, clock, channels=[Away()]) as office:
        office.handle(REPORT, by="resident:00001", id="a")
        office.deliver()
        first = office.health().next_delivery_at
        assert first > clock.now
        clock.now += dt.timedelta(hours=1)
        assert office.health().next_delivery_at == first < clock.now


def test_a_plugin_that_was_set_aside_is_named(clock):
    class Stuck:
        @hookimpl
        def gridgov_validate(self, command, by):
            never.wait(5)

    never = threading.Event()
    with opened(None, clock, plugins=[("stuck", Stuck())]) as office:
        office._host._patience = 0.05
        office.handle(REPORT, by="resident:00001", id="a")
        never.set()
        health = office.health()
        assert (health.ok, health.set_aside, health.faults) == (True, ("stuck",), 1)


def test_while_a_call_holds_the_office_the_rest_is_told_all_the_same(clock, monkeypatch):
    monkeypatch.setattr("gridgov.office._office.HEALTH_SECONDS", 0.01)
    begun, done = threading.Event(), threading.Event()
    with opened(None, clock) as office:

        def hold():
            with office._lock:
                begun.set()
                done.wait(5)

        thread = threading.Thread(target=hold)
        thread.start()
        begun.wait(5)
        health = office.health()
        done.set()
        thread.join()
        assert (health.ok, health.overdue, health.behind) == (True, None, 0)


def test_a_store_is_looked_at_without_an_office_and_nothing_is_written(clock):
    store = MemoryStore()
    assert store_health(store, small_setup(), NOON) is None
    with opened(store, clock) as office:
        office.handle(REPORT, by="resident:00001", id="a")
    head = store.head()
    late = store_health(store, small_setup(), NOON + dt.timedelta(days=2))
    assert (late.ok, late.position, late.overdue > 0, store.head()) == (False, head, True, head)
    assert store_health(store, small_setup(), NOON).ok


def test_the_command_line_says_how_a_street_is(tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "gridgov", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    folder, url = ROOT / "examples/youyi/setup", "sqlite:///street.db"
    nowhere = run("health", folder, url)
    assert (nowhere.returncode, "no such file" in nowhere.stderr) == (1, True)
    assert not (tmp_path / "street.db").exists()
    some = ["sql", "days-cn"]
    with open_office(load_setup(folder), f"sqlite:///{tmp_path / 'street.db'}", discover=some) as office:
        position = office.position
    well = run("health", folder, url, "--plugins", ",".join(some))
    assert (well.returncode, well.stderr) == (0, "")
    assert f"position {position}\n" in well.stdout
    assert f"notices_behind {position}\n" in well.stdout
    (tmp_path / "other").mkdir()
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        (tmp_path / "other" / path.name).write_text(text.replace("voucher_days: 30", "voucher_days: 31"), "utf-8")
    other = run("health", "other", url, "--plugins", ",".join(some))
    assert (other.returncode, other.stderr) == (1, "")
    assert "not ok" in other.stdout
    assert "mismatch points\n" in other.stdout
    poor = run("health", folder, url, "--plugins", "sql")
    assert (poor.returncode, "which no plugin offers" in poor.stderr) == (1, True)
