"""Pacing: no window of the other side exceeds its limit, nothing waits longer than it must, and back-off is bounded."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.delivery import Limit, Pace, Usage, back_off
from gridgov.testing import NOON

PACES = st.lists(st.builds(Limit, count=st.integers(1, 5), seconds=st.integers(1, 90)), min_size=1, max_size=3).map(
    lambda limits: Pace(tuple(limits))
)
ARRIVALS = st.lists(st.integers(0, 300), max_size=40).map(sorted)
LASTING = st.lists(st.integers(0, 5), min_size=40, max_size=40)


def seconds(count):
    return dt.timedelta(seconds=count)


def fastest(arrivals, lasting, pace):
    """Send each message as soon as its turn and the pace allow; give when each was begun and when it was through."""
    usage, now, times = Usage(), NOON, []
    for arrival, lasts in zip(arrivals, lasting, strict=False):
        ready = max(now, NOON + seconds(arrival))
        begun = usage.free_at(pace, ready)
        now = begun + seconds(lasts)
        usage = Usage.read(usage.begun(pace, begun).ended(now).memo, now)
        times.append((ready, begun, now))
    return times


@given(ARRIVALS, LASTING, PACES)
def test_no_window_of_the_other_side_exceeds_any_limit(arrivals, lasting, pace):
    """每个窗口内不超过平台公布的条数 / within any window no more than the platform says, whenever within a
    sending it counts it."""
    times = fastest(arrivals, lasting, pace)
    for limit in pace.limits:
        for (_, _, earlier), (_, later, _) in zip(times, times[limit.count :], strict=False):
            # The earlier one may be counted when it was through, the later one when it was begun.
            assert later - earlier >= seconds(limit.seconds)


@given(ARRIVALS, LASTING, PACES)
def test_nothing_waits_longer_than_it_must(arrivals, lasting, pace):
    """不多等一秒 / whatever waited could not have gone out a moment before."""
    times = fastest(arrivals, lasting, pace)
    for place, (ready, begun, _) in enumerate(times):
        if begun > ready:
            through = [end for _, _, end in times[:place]]
            full = [
                limit
                for limit in pace.limits
                if len(through) >= limit.count and begun - through[-limit.count] == seconds(limit.seconds)
            ]
            assert full


@given(ARRIVALS, PACES)
def test_a_channel_remembers_no_more_than_its_limits_need(arrivals, pace):
    usage, now = Usage(), NOON
    for arrival in arrivals:
        now = usage.free_at(pace, max(now, NOON + seconds(arrival)))
        usage = usage.begun(pace, now).ended(now)
        assert all(now - each <= pace.memory for each in usage.sent)
        assert len(usage.sent) <= max(limit.count for limit in pace.limits) + 1 or len(pace.limits) > 1


def test_what_had_only_begun_counts_as_late_as_it_may_have_arrived():
    pace = Pace((Limit(count=1, seconds=60),))
    left = Usage().begun(pace, NOON).memo
    assert Usage.read(left, NOON + seconds(40)).free_at(pace, NOON + seconds(40)) == NOON + seconds(100)


def test_what_took_long_counts_from_when_it_was_through():
    pace = Pace((Limit(count=1, seconds=60),))
    usage = Usage().begun(pace, NOON).ended(NOON + seconds(20))
    assert usage.free_at(pace, NOON + seconds(20)) == NOON + seconds(80)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6).map(sorted), st.integers(-10, 10), st.integers(0, 200))
def test_what_another_worker_sent_counts_as_late_as_its_clock_allows_and_never_later_than_now(arrivals, skew, later):
    """两个工作进程的时钟最多相差十秒 / the clocks of two workers differ by ten seconds at most."""
    pace, usage = Pace((Limit(count=1, seconds=60),)), Usage(holder="a")
    for arrival in arrivals:
        usage = usage.begun(pace, NOON + seconds(arrival)).ended(NOON + seconds(arrival))
    now = NOON + seconds(arrivals[-1] + skew + later)  # by the clock of the other one
    free_at = Usage.read(usage.memo, now, "b").free_at(pace, now)
    assert free_at >= NOON + seconds(arrivals[-1] + skew + 60)
    assert free_at <= max(now, min(now, NOON + seconds(arrivals[-1] + 10)) + seconds(60))
    # To the one who sent it, nothing has changed.
    assert Usage.read(usage.memo, now, "a").free_at(pace, now) <= max(now, NOON + seconds(arrivals[-1] + 60))


def test_handing_a_channel_to_and_fro_puts_nothing_off_again_and_again():
    pace = Pace((Limit(count=1, seconds=60),))
    usage = Usage(holder="a").begun(pace, NOON).ended(NOON).resting(NOON + seconds(5))
    for second in range(69):
        usage = Usage.read(usage.memo, NOON + seconds(second), "ab"[second % 2])
        assert usage.free_at(pace, NOON + seconds(second)) > NOON + seconds(second) or second >= 60
    assert usage.sent == (NOON,)
    assert Usage.read(usage.memo, NOON + seconds(70), "b").free_at(pace, NOON + seconds(70)) == NOON + seconds(70)


def test_what_an_earlier_version_has_left_counts_as_sent_by_another_one():
    left = b'{"sent":["2026-09-01T04:00:00Z"],"under_way":false}'
    pace = Pace((Limit(count=1, seconds=60),))
    assert Usage.read(left, NOON + seconds(20), "b").free_at(pace, NOON + seconds(20)) == NOON + seconds(70)


def test_a_channel_that_rests_is_left_alone_until_then():
    usage = Usage.read(Usage().resting(NOON + seconds(600)).memo, NOON)
    assert usage.free_at(Pace(), NOON) == NOON + seconds(600)
    assert usage.free_at(Pace(), NOON + seconds(700)) == NOON + seconds(700)


@given(st.integers(0, 7), st.binary(min_size=2, max_size=2))
def test_a_pause_doubles_and_its_jitter_is_at_most_half_of_it(attempts, noise):
    """失败后等待时间逐次加倍 / the pause doubles with each attempt, between half and one and a half of the step."""
    pause = back_off(attempts, lambda count: noise[:count]).total_seconds()
    assert 0.5 <= pause / (60 * 2**attempts) <= 1.5


@pytest.mark.parametrize(("count", "length"), [(0, 60), (1, 0)])
def test_a_limit_that_allows_nothing_or_lasts_no_time_is_refused(count, length):
    with pytest.raises(ValueError, match="must be"):
        Limit(count=count, seconds=length)
