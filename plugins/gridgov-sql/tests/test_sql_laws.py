"""However commits are cut into groups, each is told the same and the store holds the same as one by one in memory."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov.errors import AppendConflictError
from gridgov.store import Commit, Condition, MemoryStore, every_record, verify_chain
from gridgov.testing._store_contract import draft, outcome, private
from gridgov_sql import open_sqlite
from gridgov_sql._group import Waiting

names = st.sampled_from(["a", "b", "c"])
tags = st.sampled_from(["a", "x", "y"])
refs = st.sampled_from(["p", "q"])
conditions = st.builds(
    Condition,
    tags=st.frozensets(tags, max_size=2),
    after=st.integers(0, 12),
    streams=st.dictionaries(names, st.integers(0, 3), max_size=1),
)
commits = st.builds(
    Commit,
    drafts=st.lists(st.builds(lambda name, more: draft(name, *more), names, st.lists(tags, max_size=2)), max_size=3),
    condition=conditions,
    outcomes=st.lists(st.sampled_from(["c1", "c2", "c3", "c4"]), max_size=1).map(lambda ids: [outcome(i) for i in ids]),
    private=st.lists(st.builds(private, refs, names), max_size=2),
    erase=st.lists(refs, max_size=1),
)


def one_by_one(store, wanted):
    for commit in wanted:
        try:
            yield store.append(commit)
        except AppendConflictError as error:
            yield str(error)


def told(group):
    return [each.position if each.error is None else str(each.error) for each in group]


def held(store):
    return [
        list(store.read()),
        *(list(store.read(tag=tag)) for tag in ("a", "b", "x", "y")),
        *(store.portion(part, store.keys(part)) for part in ("outcomes", "private")),
        store.keys("outcomes", since=5),
    ]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(commits, min_size=1, max_size=5), max_size=5))
def test_groups_are_told_and_hold_the_same_as_one_by_one(groups):
    plain = MemoryStore()
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{Path(folder) / 'street.db'}?synchronous=NORMAL"
        with closing(open_sqlite(address)) as store:
            for wanted in groups:
                together = [Waiting(commit) for commit in wanted]
                store._write_group(together)
                for found, meant in zip(told(together), one_by_one(plain, wanted), strict=True):
                    # Which of several broken conditions is named is not promised.
                    assert type(found) is type(meant)
                    assert found == meant or isinstance(meant, str)
            assert held(store) == held(plain)
            assert verify_chain(every_record(store)) == len(plain.read())
