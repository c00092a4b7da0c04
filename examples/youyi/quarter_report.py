"""What became of the quarter of points, from the events that are stored."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from gridgov.points import (
    AccountClosed,
    AppealDismissed,
    AppealUpheld,
    AwardAmended,
    AwardConfirmed,
    AwardObjected,
    AwardObjectionDismissed,
    AwardPressed,
    AwardProposed,
    AwardReversed,
    AwardReviewed,
    AwardsPublished,
    AwardVoided,
    Frozen,
    HouseholdBalanceAnswer,
    HouseholdsMerged,
    LiabilitiesAnswer,
    NameConsented,
    OfflineUseRefused,
    OutletSettled,
    PeriodPublished,
    PeriodSealed,
    PointsDonated,
    PointsEvent,
    RedemptionCanceled,
    RedemptionCollected,
    RedemptionLapsed,
    RedemptionReserved,
    Released,
    RollPublished,
    check_statement,
    read_statement,
    words_of,
)
from gridgov.reports import mask_name, text_table
from gridgov.setup import Setup

ZONE = dt.timezone(dt.timedelta(hours=8))


def who_agreed(events: Iterable[PointsEvent]) -> set[str]:
    """Whose full name may hang."""
    last = {event.account: event.agrees for event in events if isinstance(event, NameConsented)}
    return {account for account, agrees in last.items() if agrees}


def shown_name(account: str, setup: Setup, agreed: set[str]) -> str:
    """A name as it may hang: a person's masked unless they agreed; of residents the street knows ids only."""
    if account in setup.roster.organizations:
        return setup.roster.organizations[account].zh
    if account not in setup.roster.persons:
        return account
    name = setup.roster.persons[account].name
    return name if account in agreed else mask_name(name)


def of(events: Iterable[PointsEvent], *shapes: type) -> list[Any]:
    return [event for event in events if isinstance(event, shapes)]


def booked(event: PointsEvent, bucket: str) -> int:
    """How many points an event has put into a bucket of members."""
    return sum(entry.delta for entry in event.entries if entry.bucket == bucket)


def print_work(events: list[PointsEvent]) -> None:
    rows = []
    for month in sorted({event.period for event in events}):
        mine = [event for event in events if event.period == month]
        reviewed = of(mine, AwardReviewed)
        counts = Counter("no" if not e.given else "less" if e.given < e.asked else "full" for e in reviewed)
        confirmed = of(mine, AwardConfirmed)
        earned, spent = sum(e.given for e in confirmed), sum(e.points for e in of(mine, RedemptionCollected))
        rows.append((month, len(of(mine, AwardProposed)), counts["full"], counts["less"], counts["no"],
                     len(confirmed), earned, spent))  # fmt: skip
    header = (
        "月 month",
        "申报 claimed",
        "通过 as asked",
        "减 cut",
        "未通过 rejected",
        "生效 confirmed",
        "得分 earned",
        "兑换 spent",
    )
    print(text_table(header, rows))
    lists = of(events, AwardsPublished)
    print(f"公示 lists {len(lists)}, of {sum(len(e.awards) for e in lists)} awards, "
          f"实名 with full names {len({name for e in lists for name in e.full_names})} who agreed")  # fmt: skip


def print_stories(events: list[PointsEvent]) -> None:
    objected, pressed = of(events, AwardObjected), of(events, AwardPressed)
    ends = [len(of(events, shape)) for shape in (AwardObjectionDismissed, AwardAmended, AwardVoided)]
    ladder = " → ".join(
        f"{e.step_at.astimezone(ZONE):%m-%d %H:%M} {e.kind}{' ' * bool(e.target)}{e.target}" for e in pressed
    )
    print(f"异议 objections {len(objected)}: 驳回 dismissed {ends[0]}, 减 amended {ends[1]}, 撤销 voided {ends[2]}")
    print(f"  搁置的一件由时钟催办 the one left lying was pressed: {ladder}")
    upheld = of(events, AppealUpheld)
    print(f"申诉 appeals: 驳回 dismissed {len(of(events, AppealDismissed))}, 支持 upheld {len(upheld)}")
    for event in upheld:
        counts = [e for e in of(events, AwardConfirmed) if e.award == event.compensation]
        print(
            f"  {event.award} → {event.compensation} +{event.points}, 生效 confirmed {counts[0].step_at.astimezone(ZONE):%m-%d}"
        )
    for event in of(events, AwardReversed):
        print(f"更正 reversed {event.points} ({event.ground}): 欠 owed {-booked(event, 'debt')}")
    for event in of(events, AwardConfirmed):
        if booked(event, "debt"):
            print(f"  后来还清 paid off by {event.award}: {booked(event, 'debt')} of {event.given}")
    for event in of(events, Frozen, Released):
        print(
            f"冻结 {type(event).__name__.lower()} {event.account}: {abs(booked(event, 'frozen'))} points, {event.at.astimezone(ZONE):%m-%d}"
        )
    for event in of(events, AccountClosed, HouseholdsMerged):
        who = (event.account, event.to) if isinstance(event, AccountClosed) else (event.household, event.into)
        moved = sum(entry.delta for entry in event.entries if entry.delta > 0)
        print(f"户 {type(event).__name__} {who[0]} → {who[1]}: {moved} points in {len(event.lots)} lots")
    for event in of(events, PointsDonated):
        print(f"捐赠 donated {event.points} ({event.cause})")


def print_outlets(events: list[PointsEvent], setup: Setup) -> None:
    policy = setup.points_policy.on(events[0].at.date())
    rows = []
    for good in policy.goods.values():
        mine = [
            e
            for e in of(events, RedemptionReserved, RedemptionCollected, RedemptionCanceled, RedemptionLapsed)
            if e.good == good.id
        ]
        counts = Counter(type(e) for e in mine)
        points = sum(e.points for e in of(mine, RedemptionCollected))
        settled = sum(e.goods.get(good.id, 0) for e in of(events, OutletSettled))
        rows.append((setup.roster.organizations[good.outlet].zh, good.zh, counts[RedemptionReserved], counts[RedemptionCollected],
                     counts[RedemptionCanceled], counts[RedemptionLapsed], points, settled))  # fmt: skip
    header = (
        "兑换点 outlet",
        "商品 good",
        "兑 taken",
        "领 fetched",
        "退 canceled",
        "过期 lapsed",
        "分 points",
        "结算 settled",
    )
    print(text_table(header, rows))
    found = Counter(e.why for e in of(events, OfflineUseRefused))
    offline = sum(e.used_at is not None for e in of(events, RedemptionCollected))
    print(f"断网一日 a day offline: {offline} uses taken over, 重复 found: {dict(found)}; "
          f"已结算 settled {sum(e.points for e in of(events, OutletSettled))} points")  # fmt: skip


def print_months(events: list[PointsEvent], out: Path) -> None:
    sealed = {event.month: event for event in of(events, PeriodSealed)}
    for event in of(events, PeriodPublished):
        closing = sum(sealed[event.month].closing.values())
        print(f"{event.month}: {event.size} 份对账单 statements, 期末 closing {closing}, 公示栏 {words_of(event.root)} "
              f"({event.root[:12]}…)")  # fmt: skip
        copy = read_statement((out / f"statement-{event.month}.txt").read_text("utf-8"))
        assert not check_statement(copy, words_of(event.root), month=event.month)
    bent = attrs.evolve(copy, line=attrs.evolve(copy.line, closing=copy.line.closing + 10, moved=copy.line.moved + 10))
    line, codes = copy.line, [finding.code for finding in check_statement(bent, words_of(event.root))]
    print(f"  {line.account} {copy.month}: {line.opening} + {sum(line.earned.values())} − {line.spent} − {line.donated} = "
          f"{line.closing} 与公示相符 is under the root; 改过的 a changed one: {', '.join(codes)}")  # fmt: skip


def print_rolls(events: list[PointsEvent], setup: Setup) -> None:
    agreed = who_agreed(events)
    for event in of(events, RollPublished):
        shown = [f"{row.rank} {shown_name(row.account, setup, agreed)} {row.points}" for row in event.rows]
        print(f"光荣榜 roll {event.quarter} {event.league}: {', '.join(shown)}")


def print_answers(home: str, balance: HouseholdBalanceAnswer, owed: LiabilitiesAnswer) -> None:
    parts = ", ".join(f"{who} {each.available}" for who, each in balance.members.items() if who != home)
    print(f"一户合计 {home}: {balance.balance.available} ({parts})")
    print(f"待兑 liabilities: 待生效 pending {owed.pending}, 可用 posted {owed.posted}, 占用 held {owed.held}, 欠 debt {owed.debt}, "
          f"月均兑换 spent a month {owed.spent_monthly}, 够 lasts {owed.months_left} months; "
          f"最早到期 first to end {next(iter(owed.ending.items()))}")  # fmt: skip
