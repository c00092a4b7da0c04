import datetime as dt

import pytest

from gridgov.worktime import Limit, LimitKind, parse_limit


@pytest.mark.parametrize(
    ("text", "amount", "kind"),
    [
        ("2紧急工作时", 2, LimitKind.URGENT_HOURS),
        ("4 工作时", 4, LimitKind.WORKING_HOURS),
        ("3个工作日", 3, LimitKind.WORKING_DAYS),
        ("15自然日", 15, LimitKind.CALENDAR_DAYS),
        ("2 urgent working hours", 2, LimitKind.URGENT_HOURS),
        ("1 working hour", 1, LimitKind.WORKING_HOURS),
        ("3 Working Days", 3, LimitKind.WORKING_DAYS),
        ("1 calendar day", 1, LimitKind.CALENDAR_DAYS),
        ("三个工作日", 3, LimitKind.WORKING_DAYS),
        ("两工作时", 2, LimitKind.WORKING_HOURS),
        ("当日", 1, LimitKind.DAY_END),
        ("Same day", 1, LimitKind.DAY_END),
        ("by end of day", 1, LimitKind.DAY_END),
        ("次日", 2, LimitKind.DAY_END),
        ("2026-12-31前", 20261231, LimitKind.SET_DATE),
        ("by 2026-12-31", 20261231, LimitKind.SET_DATE),
    ],
)
def test_a_limit_is_read_as_people_write_it(text, amount, kind):
    assert parse_limit(text) == Limit(amount, kind)


@pytest.mark.parametrize("kind", list(LimitKind))
@pytest.mark.parametrize("amount", [1, 2, 7])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_is_read_back(kind, amount, language):
    limit = Limit(20260100 + amount, kind) if kind is LimitKind.SET_DATE else Limit(amount, kind)
    assert parse_limit(limit.in_(language)) == limit


def test_a_date_that_does_not_exist_is_no_limit():
    for text in ("2026-02-30前", "by 2026-13-01"):
        with pytest.raises(ValueError, match="not a date"):
            parse_limit(text)


def test_a_limit_of_running_time_ends_with_no_day_and_one_by_date_with_its_own():
    assert Limit.by(dt.date(2026, 12, 31)).last_day(dt.date(2026, 1, 1)) == dt.date(2026, 12, 31)
    assert parse_limit("次日").last_day(dt.date(2026, 12, 31)) == dt.date(2027, 1, 1)
    with pytest.raises(ValueError, match="ends at an instant"):
        parse_limit("1工作日").last_day(dt.date(2026, 1, 1))


@pytest.mark.parametrize("text", ["0工作日", "-1 working days", "10001工作日"])
def test_a_limit_of_zero_or_below_or_beyond_reason_is_refused(text):
    with pytest.raises(ValueError, match="time limit is"):
        parse_limit(text)


@pytest.mark.parametrize("text", ["", "soon", "3", "工作日", "3 weeks", "1.5工作日"])
def test_what_is_no_limit_is_refused_with_what_would_be_right(text):
    with pytest.raises(ValueError, match="紧急工作时, 工作时, 工作日, 自然日"):
        parse_limit(text)


def test_a_working_day_is_eight_working_hours():
    assert Limit(1, LimitKind.WORKING_DAYS).seconds == Limit(8, LimitKind.WORKING_HOURS).seconds


def test_a_limit_is_written_in_the_words_of_its_language_and_number():
    days = LimitKind.WORKING_DAYS
    assert [Limit(1, days).in_("en"), Limit(2, days).in_("en")] == ["1 working day", "2 working days"]
    assert (Limit(2, days).in_("zh"), str(Limit(2, days))) == ("2工作日", "2 working days")
