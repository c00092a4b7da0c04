"""Looks at a store after something went wrong: what is there, and whether all of it is whole."""

from collections import Counter
from collections.abc import Collection

from gridgov.cases import CaseOpened
from gridgov.store import every_record, verify_chain

from . import appender


def found(url: str, numbers: Collection[int]) -> set[int]:
    """Give which of some commands are stored; every one of them has to be whole."""
    store = appender.open_store(url)
    try:
        records = list(every_record(store))
        verify_chain(records)
        counts = Counter(record.command_id for record in records)
        stored = {number for number in numbers if store.outcome(f"c{number}") is not None}
        for number in numbers:
            commit = appender.commit(f"c{number}")
            assert counts[f"c{number}"] == (len(commit.drafts) if number in stored else 0), f"half of c{number}"
            kept = [store.private(entry.ref) for entry in commit.private]
            assert kept == (list(commit.private) if number in stored else [None] * len(kept)), f"half of c{number}"
        for number in numbers:
            appender.append(store, number)  # a retry, whether it was stored or not
        again = Counter(record.command_id for record in every_record(store))
        assert all(again[f"c{number}"] == len(appender.commit(f"c{number}").drafts) for number in numbers)
        return stored
    finally:
        store.close()


def found_by_an_office(url: str, numbers: Collection[int]) -> set[int]:
    """The same by the answers of an office, whose commands are cases."""
    with appender.opened_office(url) as office:
        office.verify()
        stored = {number for number in numbers if office.knows(f"c{number}")}
        before = Counter(event.case for event in office.events("cases") if isinstance(event, CaseOpened))
        assert all(before[f"c{number}"] == (number in stored) for number in numbers)
        events = {}
        for number in numbers:
            events[number] = office.handle(appender.report(number), by="builder-81", id=f"c{number}").events
        position = office.position
        for number in numbers:
            again = office.handle(appender.report(number), by="builder-81", id=f"c{number}")
            assert again.events == events[number]
        assert office.position == position
        opened = Counter(event.case for event in office.events("cases") if isinstance(event, CaseOpened))
        assert all(opened[f"c{number}"] == 1 for number in numbers)
        return stored
