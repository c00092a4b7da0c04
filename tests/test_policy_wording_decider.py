import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgov.decider import Watched, changed
from gridgov.errors import NotFoundError
from gridgov.policy import Dated, Timeline
from gridgov.wording import Phrasebook

DAY = dt.date(2026, 9, 1)


@given(st.dictionaries(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(), min_size=1), st.dates())
def test_the_value_of_a_day_is_the_newest_one_that_holds_on_it(values, day):
    """按日生效: a case of last March is judged by the value of last March."""
    timeline = Timeline(tuple(Dated(value, since) for since, value in values.items()))
    fitting = [since for since in values if since <= day]
    if fitting:
        assert timeline.on(day) == values[max(fitting)]
    else:
        with pytest.raises(NotFoundError):
            timeline.on(day)


def test_a_change_takes_effect_later_and_the_past_stays():
    timeline = Timeline.always(1).changed(2, DAY)
    assert (timeline.on(DAY - dt.timedelta(days=1)), timeline.on(DAY)) == (1, 2)
    with pytest.raises(ValueError, match="takes effect after"):
        timeline.changed(3, DAY)


def test_a_timeline_without_values_or_with_two_of_one_day_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Timeline(())
    with pytest.raises(ValueError, match="same day"):
        Timeline((Dated(1, DAY), Dated(2, DAY)))


def test_a_phrase_that_loses_a_fact_in_translation_is_found_when_the_book_is_made():
    with pytest.raises(ValueError, match="different blanks"):
        Phrasebook({"due": ("{when}前", "soon")})
    book = Phrasebook({"due": ("{when}前", "by {when}")})
    assert (book.say("due", "zh", when="3点"), book.say("due", "en", when="3")) == ("3点前", "by 3")
    with pytest.raises(ValueError, match="zh, en"):
        book.say("due", "fr", when="3")


def test_subjects_remember_who_was_asked_for_absent_ones_too():
    watched = Watched({"case:a": 1})
    assert (watched.get("case:a"), watched.get("case:b"), "case:c" in watched) == (1, None, False)
    assert watched.read == {"case:a", "case:b", "case:c"}
    with pytest.raises(TypeError, match="by tag"):
        list(watched)
    with pytest.raises(TypeError, match="by tag"):
        len(watched)


def test_a_changed_copy_is_what_evolve_gives_and_the_value_stays_as_it_was():
    from gridgov.points import Account

    before = Account(id="resident:1", expiries=2)
    after = changed(before, expiries=3, closed="moved-away")
    assert after == attrs.evolve(before, expiries=3, closed="moved-away")
    assert before == Account(id="resident:1", expiries=2)
    with pytest.raises(TypeError, match="no spent"):
        changed(before, spent=1)
