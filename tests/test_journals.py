"""Journals of every released version replay for ever: same shapes, same chains, same answers."""

import datetime as dt
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from gridgov.cases import CASES, Closed, Declined, is_open
from gridgov.documents import SHAPES, Codec
from gridgov.office._memory import Memory
from gridgov.outreach import OUTREACH
from gridgov.points import POINTS, PointsEvent, audit
from gridgov.store import Commit, Draft, MemoryStore, verify_chain

HERE = Path(__file__).parent / "journals"
LATER = frozenset(
    name
    for name, shape in CASES.events.items()
    if name in (
        "case-accepted", "case-declined", "case-corrected", "case-linked", "case-duplicate-found", "case-unlinked",
        "case-duplicate-lost", "case-followed", "case-unfollowed", "case-split", "case-part-joined", "case-part-handled",
        "case-hold-asked", "case-extension-asked", "case-held", "case-deadline-extended", "case-request-denied",
        "case-hold-ended", "case-handed-over", "case-receipt-confirmed", "case-outcome-recorded", "case-urged",
        "case-supervised", "case-reporter-called", "case-published", "case-clock-paused", "case-clock-resumed",
        "case-deadline-reviewed", "case-shadowed", "mode-switched", "mode-ended",
    )
) | frozenset(OUTREACH.events) | frozenset(POINTS.events) - {
    "award-proposed", "award-reviewed", "awards-published", "awards-publication-confirmed", "award-objected",
    "award-objection-dismissed", "award-amended", "award-voided", "award-confirmed", "lot-expired", "goods-stocked",
    "redemption-reserved", "redemption-collected", "redemption-canceled",
}  # fmt: skip
"""Names that came after 0.1.0."""


def rows(name):
    with gzip.open(HERE / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def read(row):
    return Codec().read(row["name"], row["shape"], row["body"].encode())


def restored(name):
    """Append a journal to a fresh store; its heads must come out as they were written."""
    store = MemoryStore()
    heads = []
    for row in rows(name):
        heads.append(row["head"])
        store.append(
            Commit(
                drafts=[
                    Draft(
                        stream=row["stream"],
                        name=row["name"],
                        shape=row["shape"],
                        body=row["body"].encode(),
                        tags=tuple(row["tags"]),
                        occurred_at=dt.datetime.fromisoformat(row["occurred_at"]),
                        recorded_at=dt.datetime.fromisoformat(row["recorded_at"]),
                        by=row["by"],
                        command_id=row["command_id"],
                    )
                ]
            )
        )
    return store, heads


@pytest.mark.parametrize(
    ("name", "opened", "closed", "confirmed"), [("street-0.1.0", 873, 861, 1004), ("cases-0.1.0", 888, 861, 1003)]
)
def test_a_journal_of_an_earlier_version_replays_to_the_same_heads_and_figures(name, opened, closed, confirmed):
    store, heads = restored(name)
    assert [record.head.hex() for record in store.read()] == heads
    assert verify_chain(store.read()) == len(heads)
    memory = Memory(store, Codec(), "150203005")
    memory.follow()
    assert memory.tally["opened",] == opened
    assert memory.tally["closed",] - memory.tally["closed-again",] == closed
    assert memory.tally["award-confirmed",] == confirmed
    ended = sum(memory.tally[name,] for name in ("linked", "declined", "withdrawn")) - memory.tally["unlinked",]
    upheld = memory.tally["declined",] - sum(isinstance(memory.subject(f"case:X{n:03}"), Declined) for n in (1, 2, 3))
    back = upheld if memory.tally["declined",] else 0
    open_ = [s for tag, s in memory.live.items() if tag.startswith("case:") and is_open(s)]
    assert len(open_) == opened - closed - ended + back
    assert isinstance(memory.subject("case:M0001"), Closed)


def test_the_ledger_of_the_journal_keeps_every_promise():
    codec = Codec()
    events = [codec.read(row["name"], row["shape"], row["body"].encode()) for row in rows("street-0.1.0")]
    points = [event for event in events if isinstance(event, PointsEvent)]
    assert len(points) > 3000
    assert list(audit(points)) == []


def test_a_quarter_of_points_replays_to_the_same_heads_and_the_same_accounts():
    store, heads = restored("points-0.1.0")
    assert [record.head.hex() for record in store.read()] == heads
    memory = Memory(store, Codec(), "150203005")
    memory.follow()
    accounts = {tag: account for tag, account in memory.live.items() if tag.startswith("account:")}
    balances = [account.balance() for account in accounts.values()]
    assert sum(balance.posted for balance in balances) == 3777
    assert sum(balance.pending for balance in balances) == sum(balance.debt for balance in balances) == 0
    written = [event for event in map(read, rows("points-0.1.0")) if isinstance(event, PointsEvent)]
    assert list(audit(written)) == []
    missing = set(POINTS.events) - {row["name"] for row in rows("points-0.1.0")}
    assert missing == {"award-deadlines-reviewed", "budget-allotted", "lot-expired"}


def test_the_quarter_holds_no_personal_data():
    text = "".join(row["body"] for row in rows("points-0.1.0"))
    for private in ("没有见到", "一致", "朱英娟", "徐艳英", "郭"):
        assert private not in text


def test_the_journal_holds_most_kinds_of_event_and_no_personal_data():
    names, text = Counter(), []
    for row in rows("street-0.1.0"):
        names[row["name"]] += 1
        text.append(row["body"])
    missing = {name for name in SHAPES if name not in LATER} - set(names)
    assert missing == {
        "setup-amended", "private-read", "private-erased", "case-withdrawn", "award-objection-dismissed", "award-voided",
        "lot-expired", "redemption-canceled",
    }  # fmt: skip
    whole = "".join(text)
    for private in ("楼道口堆了垃圾", "问题没有真正解决", "不属于本单位职责", "没有见到本人"):
        assert private not in whole


def test_the_journal_of_the_deepened_cases_holds_nearly_everything_that_can_happen_to_one():
    names = {row["name"] for row in rows("cases-0.1.0")}
    missing = {name for name in CASES.events if name not in names}
    assert missing == {"case-accepted", "case-unfollowed", "case-deadline-reviewed", "case-shadowed"}
    text = "".join(row["body"] for row in rows("cases-0.1.0"))
    for private in ("已解决，感谢", "停电两天", "等待配件", "配件需从外地调运", "已立案查处"):
        assert private not in text
