"""The laws of the clock as people read them, against a minute-by-minute oracle that shares no code with it."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov.worktime import (
    Calendar,
    Clock,
    Counting,
    Limit,
    LimitKind,
    Pause,
    PublishedDays,
    Session,
    due,
    parse_limit,
    used,
    weekly,
)

LAWS = settings.get_profile("laws")
CHINA = ZoneInfo("Asia/Shanghai")
MINUTE = dt.timedelta(minutes=1)
FIRST = dt.datetime(2026, 9, 1, tzinfo=CHINA)
DAYS = 120
HOLIDAYS = frozenset(dt.date(2026, 9, 25) + dt.timedelta(days=n) for n in (0, 6, 7, 10, 11, 12))
MOVED = frozenset({dt.date(2026, 9, 20), dt.date(2026, 10, 10)})
CALENDAR = Calendar(holidays=HOLIDAYS, moved=MOVED)
# Works through the lunch break, on Saturdays too, and on one of the holidays.
LONGER = Calendar(
    week=weekly((Session(480, 1080),), (0, 1, 2, 3, 4, 5)), holidays=HOLIDAYS - {dt.date(2026, 9, 25)}, moved=MOVED
)


def works(minute):
    day = FIRST.date() + dt.timedelta(days=minute // 1440)
    rests = day in HOLIDAYS or (day.weekday() >= 5 and day not in MOVED)
    return not rests and (480 <= minute % 1440 < 720 or 840 <= minute % 1440 < 1080)


WORKING = bytes(works(minute) for minute in range(DAYS * 1440))
ALWAYS = bytes([1]) * (DAYS * 1440)


def running(kind, pauses):
    """Give for each minute whether the clock runs in it."""
    found = bytearray(WORKING if kind in (LimitKind.WORKING_HOURS, LimitKind.WORKING_DAYS) else ALWAYS)
    for begin, end in pauses:
        found[begin : max(begin, end)] = bytes(max(0, end - begin))
    return found


def oracle(kind, minutes, start, pauses):
    """Count minutes until the limit is used."""
    runs = running(kind, pauses)
    at = start
    while minutes:
        minutes -= runs[at]
        at += 1
    return at


def at(minute):
    return FIRST + minute * MINUTE


starts = st.integers(0, 40 * 1440)
limits = st.one_of(
    st.builds(Limit, st.integers(1, 30), st.sampled_from([LimitKind.URGENT_HOURS, LimitKind.WORKING_HOURS])),
    st.builds(Limit, st.integers(1, 5), st.sampled_from([LimitKind.WORKING_DAYS, LimitKind.CALENDAR_DAYS])),
)
spans = st.lists(
    st.tuples(starts, st.integers(0, 4000)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=4
).map(tuple)


def pauses_of(found):
    return tuple(Pause(at(begin), at(end)) for begin, end in found)


@LAWS
@given(limits, starts, spans)
def test_due_is_the_earliest_instant_at_which_used_equals_the_limit(limit, start, found):
    """到期时刻 = 已用时间第一次等于时限的时刻."""
    expected = oracle(limit.kind, limit.seconds // 60, start, found)
    answer = due(limit, at(start), CALENDAR, pauses=pauses_of(found)).at
    assert answer == at(expected)
    assert used(limit, at(start), answer, CALENDAR, pauses=pauses_of(found)).total_seconds() == limit.seconds
    assert used(limit, at(start), answer - MINUTE, CALENDAR, pauses=pauses_of(found)).total_seconds() < limit.seconds


@LAWS
@given(limits, starts, spans, st.integers(0, 60 * 1440), st.integers(1, 3))
def test_used_and_remaining_are_the_limit_and_its_extensions_at_every_instant(limit, start, found, later, extensions):
    """已用 + 剩余 = 时限 + 延期."""
    unit = LimitKind.WORKING_HOURS if limit.kind.in_sessions else LimitKind.URGENT_HOURS
    clock = played(limit, start, found)
    for number in range(extensions):
        clock = clock.extend(Limit(number + 1, unit), clock.marks[-1].at)
    whole = dt.timedelta(seconds=limit.seconds + sum(3600 * (number + 1) for number in range(extensions)))
    instant = at(start + later)
    assert clock.used(instant, CALENDAR) + clock.remaining(instant, CALENDAR) == whole
    answer = clock.due(CALENDAR).at
    assert clock.remaining(answer, CALENDAR) == dt.timedelta(0)
    assert clock.remaining(answer - MINUTE, CALENDAR) > dt.timedelta(0)


def played(limit, start, found):
    """Give a clock that was paused in these spans, as far as they follow each other after the start."""
    clock, end = Clock.start(limit, at(start)), start
    for begin, stop in sorted(found):
        if begin >= end:
            clock, end = clock.pause(at(begin)).resume(at(stop)), stop
    return clock


@LAWS
@given(limits, starts, spans)
def test_a_clock_of_marks_answers_as_its_pauses_do(limit, start, found):
    """暂停、恢复的记录与区间等价."""
    clock = played(limit, start, found)
    assert clock.due(CALENDAR) == due(limit, at(start), CALENDAR, pauses=clock.pauses)


@LAWS
@given(limits, starts, starts)
def test_pausing_and_resuming_at_once_changes_nothing(limit, start, instant):
    """暂停后立即恢复不改变期限."""
    assert due(limit, at(start), CALENDAR, pauses=[Pause(at(instant), at(instant))]) == due(limit, at(start), CALENDAR)


@LAWS
@given(limits.filter(lambda limit: limit.kind.in_sessions), starts, starts, st.integers(1, 5000))
def test_a_pause_outside_the_running_time_moves_nothing(limit, start, begin, length):
    """不在计时时间内的暂停不影响期限: the part of a pause in which nothing runs takes nothing."""
    rests = [minute for minute in range(begin, min(begin + length, len(WORKING))) if not WORKING[minute]]
    if not rests:
        return
    first = rests[0]
    last = first
    while last + 1 < begin + length and last + 1 < len(WORKING) and not WORKING[last + 1]:
        last += 1
    pause = Pause(at(first), at(last + 1))
    assert due(limit, at(start), CALENDAR, pauses=[pause]) == due(limit, at(start), CALENDAR)


@LAWS
@given(limits, starts, spans, st.integers(0, 3000), st.integers(0, 10))
def test_due_never_comes_earlier_for_a_later_start_a_longer_limit_or_a_calendar_that_works_less(
    limit, start, found, shift, more
):
    """期限随起点、时限单调不减；工作时间越少到期越晚."""
    pauses = pauses_of(found)
    answer = due(limit, at(start), CALENDAR, pauses=pauses).at
    assert due(limit, at(start + shift), CALENDAR, pauses=pauses).at >= answer
    assert due(attrs.evolve(limit, amount=limit.amount + more), at(start), CALENDAR, pauses=pauses).at >= answer
    assert due(limit, at(start), LONGER, pauses=pauses).at <= answer


@LAWS
@given(limits, starts, starts, st.integers(2, 4000), st.integers(1, 3999))
def test_splitting_a_pause_in_two_changes_nothing(limit, start, begin, length, cut):
    """一段暂停拆成两段不改变期限."""
    end, middle = begin + length, begin + min(cut, length - 1)
    whole = due(limit, at(start), CALENDAR, pauses=[Pause(at(begin), at(end))])
    assert due(limit, at(start), CALENDAR, pauses=[Pause(at(middle), at(end)), Pause(at(begin), at(middle))]) == whole


@LAWS
@given(st.lists(st.tuples(limits, starts), min_size=2, max_size=6), st.randoms())
def test_the_order_of_questions_changes_nothing(asked, random):
    """查询的先后不影响结果: whatever a calendar was asked before, it answers the same."""
    fresh = attrs.evolve(CALENDAR)
    answers = {(limit, start): due(limit, at(start), fresh) for limit, start in asked}
    turned = list(asked)
    random.shuffle(turned)
    other = attrs.evolve(CALENDAR)
    assert {(limit, start): due(limit, at(start), other) for limit, start in turned} == answers


def on_the_wall(midnight, minute):
    """Give when the wall clock shows a minute; where the clocks jump over it, the minute of the jump."""
    wall = midnight + minute * MINUTE
    found = wall.astimezone(dt.UTC)
    offset = found.astimezone(midnight.tzinfo).utcoffset()
    if found.astimezone(midnight.tzinfo).replace(tzinfo=None) != wall.replace(tzinfo=None):
        while (found - MINUTE).astimezone(midnight.tzinfo).utcoffset() == offset:
            found -= MINUTE
    return found


def walk(limit, start, calendar):
    """The plain version: day after day, session after session, on the wall clock."""
    zone = ZoneInfo(calendar.zone)
    left = dt.timedelta(seconds=limit.seconds)
    day = start.astimezone(zone).date()
    done = start
    while True:
        midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
        for session in calendar.sessions(day):
            begin, end = on_the_wall(midnight, session.start), on_the_wall(midnight, session.end)
            # An hour that the clocks leave out lies in no session, and none is counted twice.
            begin, done = max(begin, done), max(end, done)
            if end - begin >= left:
                return begin + left
            left -= max(dt.timedelta(0), end - begin)
        day += dt.timedelta(days=1)


sessions = (
    st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True)
    .map(
        lambda cuts: tuple(Session(*pair) for pair in zip(*[iter(sorted(cuts)[: len(cuts) // 2 * 2])] * 2, strict=True))
    )
    .filter(lambda found: sum(session.end - session.start for session in found) >= 120)
)


@LAWS
@given(
    sessions,
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.timedeltas(dt.timedelta(0), dt.timedelta(days=65 * 365)).map(
        lambda t: dt.datetime(1995, 1, 1, tzinfo=dt.UTC) + t
    ),
    st.integers(1, 60),
    st.sampled_from([LimitKind.WORKING_HOURS, LimitKind.WORKING_DAYS]),
)
def test_the_sums_answer_as_the_plain_walk_does_in_any_zone_week_and_century(
    found, weekdays, zone, start, amount, kind
):
    """前缀和与逐日推算一致, also where a zone changes its clocks and to the microsecond."""
    calendar = Calendar(zone=zone, week=weekly(found, tuple(weekdays)))
    limit = Limit(amount, kind)
    assert due(limit, start, calendar).at == walk(limit, start, calendar)


def test_a_matter_of_the_same_day_ends_with_the_local_day_and_one_by_a_date_with_that():
    """当日办结; 限期: midnight in China is 16:00 UTC."""
    start = dt.datetime(2026, 9, 1, 15, 30, tzinfo=dt.UTC)  # half past eleven at night
    assert due(parse_limit("当日"), start, CALENDAR).at == dt.datetime(2026, 9, 1, 16, tzinfo=dt.UTC)
    assert due(parse_limit("next day"), start, CALENDAR).at == dt.datetime(2026, 9, 2, 16, tzinfo=dt.UTC)
    assert due(parse_limit("2026-09-10前"), start, CALENDAR).at == dt.datetime(2026, 9, 10, 16, tzinfo=dt.UTC)
    assert due(parse_limit("2026-08-10前"), start, CALENDAR).at == start


def test_a_held_matter_of_the_same_day_gets_back_what_the_hold_took():
    start = dt.datetime(2026, 9, 1, 1, tzinfo=dt.UTC)
    clock = Clock.start(parse_limit("当日"), start).pause(start + 60 * MINUTE)
    assert clock.due(CALENDAR) is None
    assert clock.resume(start + 180 * MINUTE).due(CALENDAR).at == dt.datetime(2026, 9, 1, 18, tzinfo=dt.UTC)


def test_a_restarted_clock_begins_from_nothing_and_keeps_its_history():
    limit = parse_limit("4工作时")
    start = dt.datetime(2026, 9, 1, 0, tzinfo=dt.UTC)
    clock = Clock.start(limit, start).pause(start + 60 * MINUTE).resume(start + 90 * MINUTE)
    again = clock.extend(parse_limit("1工作时"), start + 100 * MINUTE).restart(start + 120 * MINUTE)
    assert [mark.kind for mark in again.marks] == ["start", "pause", "resume", "extend", "restart"]
    assert (again.start_at, again.pauses, again.extension) == (start + 120 * MINUTE, (), 0)
    assert again.due(CALENDAR) == due(limit, start + 120 * MINUTE, CALENDAR)


def test_a_clock_refuses_what_would_rewrite_it():
    start = dt.datetime(2026, 9, 1, 0, tzinfo=dt.UTC)
    clock = Clock.start(parse_limit("4工作时"), start)
    with pytest.raises(ValueError, match="never changed in its past"):
        clock.pause(start - MINUTE)
    with pytest.raises(ValueError, match="nothing to resume"):
        clock.resume(start)
    with pytest.raises(ValueError, match="stands still already"):
        clock.pause(start).pause(start)
    with pytest.raises(ValueError, match="do not run in the same hours"):
        clock.extend(parse_limit("1自然日"), start)
    with pytest.raises(ValueError, match="aware"):
        Clock.start(parse_limit("4工作时"), dt.datetime(2026, 9, 1))  # noqa: DTZ001


def test_a_deadline_before_the_first_published_day_is_provisional_too():
    known = Calendar(known_from=dt.date(2026, 1, 1), known_through=dt.date(2026, 12, 24))
    limit = parse_limit("1工作日")
    early, late = dt.datetime(2025, 12, 31, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 4, 1, tzinfo=dt.UTC)
    assert (due(limit, early, known).provisional, due(limit, late, known).provisional) == (True, False)


def test_an_unknown_weekend_before_a_known_moved_day_makes_a_deadline_provisional():
    """The Saturday might be worked: nobody knows yet."""
    short = Calendar(known_through=dt.date(2026, 9, 4), moved=frozenset({dt.date(2026, 9, 6)}))
    start = dt.datetime(2026, 9, 4, 9, 30, tzinfo=dt.UTC)  # Friday 17:30
    assert due(parse_limit("1工作日"), start, short).provisional


def test_a_limit_that_outlives_the_calendar_has_no_end():
    rarely = Calendar(week=weekly((Session(0, 1),), (0,)))
    assert due(Limit(10_000, LimitKind.WORKING_DAYS), FIRST, rarely) is None
    assert due(Limit(10_000, LimitKind.CALENDAR_DAYS), FIRST, rarely).at.year == 2054


def test_a_session_that_begins_where_the_clocks_jump_begins_with_the_jump():
    """London leaves out one to two o'clock on 29 March 2026."""
    london = Calendar(zone="Europe/London", week=weekly((Session(90, 150), Session(540, 1080)), tuple(range(7))))
    start = dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC)
    # Half an hour, from two to half past two in summer time, is all that the night's session has.
    assert due(Limit(1, LimitKind.WORKING_HOURS), start, london).at == dt.datetime(2026, 3, 29, 8, 30, tzinfo=dt.UTC)


def test_an_extended_limit_of_the_same_day_loses_no_part_of_a_second():
    start = dt.datetime(2026, 9, 1, 1, 0, 0, 500_000, tzinfo=dt.UTC)
    clock = Clock.start(parse_limit("当日"), start).extend(parse_limit("2紧急工作时"), start)
    answer = clock.due(CALENDAR).at
    assert answer == dt.datetime(2026, 9, 1, 18, tzinfo=dt.UTC)
    assert clock.remaining(answer, CALENDAR) == dt.timedelta(0)


def test_threads_that_share_a_calendar_get_the_answers_that_one_would_get():
    asked = [(Limit(1 + n % 40, LimitKind.WORKING_DAYS), at(n * 9000 % (50 * 1440))) for n in range(60)]
    asked += [(limit, start - dt.timedelta(days=900)) for limit, start in asked]
    alone = attrs.evolve(CALENDAR)
    expected = [due(limit, start, alone) for limit, start in asked]
    for _ in range(20):
        shared = attrs.evolve(CALENDAR)
        with ThreadPoolExecutor(6) as pool:
            answers = [list(pool.map(lambda each, c=shared: due(*each, c), turn)) for turn in (asked, asked[::-1])]
        assert answers == [expected, expected[::-1]]


def test_a_date_beyond_reason_is_no_limit():
    with pytest.raises(ValueError, match="the years 1900 to 3000"):
        Limit.by(dt.date(9999, 12, 31))


def test_a_report_after_hours_counts_from_the_next_working_day():
    """次日起算."""
    late = Calendar(holidays=HOLIDAYS, moved=MOVED, counting=Counting(cutoff=16 * 60 + 30, resumes=8 * 60 + 30))

    def counts(day, hour, minute=0, calendar=late):
        start = dt.datetime(2026, 9, day, hour, minute, tzinfo=CHINA)
        found = calendar.counts_from(start).astimezone(CHINA)
        return found.day, found.hour, found.minute

    assert counts(1, 16, 30) == (1, 16, 30)
    assert counts(1, 16, 31) == (2, 8, 30)
    assert counts(5, 10) == (7, 8, 30)  # a Saturday
    assert counts(19, 10) == (20, 8, 30)  # before a Sunday that is worked
    assert counts(24, 17) == (28, 8, 30)  # before Mid-Autumn
    city = attrs.evolve(late, counting=Counting(cutoff=17 * 60, resumes=510, same_time=True))
    assert counts(5, 10, calendar=city) == (7, 10, 0)
    assert counts(5, 18, calendar=city) == (8, 8, 30)  # moves to Monday, and then it is too late
    assert counts(1, 3, calendar=CALENDAR) == (1, 3, 0)
    with pytest.raises(ValueError, match="0 to 1440"):
        Counting(cutoff=1441, resumes=0)


def test_a_calendar_says_whether_work_is_done_at_an_instant():
    instants = {(1, 8): True, (1, 12): False, (1, 14): True, (1, 18): False, (20, 9): True, (25, 9): False}
    found = {key: CALENDAR.is_running(dt.datetime(2026, 9, *key, tzinfo=CHINA)) for key in instants}
    assert found == instants


def test_sources_of_days_that_contradict_themselves_are_refused():
    day = dt.date(2026, 9, 20)
    with pytest.raises(ValueError, match="both a holiday and a moved"):
        PublishedDays(source="s", holidays=frozenset({day}), moved=frozenset({day}), known_from=day, known_through=day)
    with pytest.raises(ValueError, match="a later day"):
        PublishedDays(
            source="s", holidays=frozenset(), moved=frozenset(), known_from=day, known_through=day - dt.timedelta(1)
        )
