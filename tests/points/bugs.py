"""Mistakes that a ledger of points could have, planted one at a time to see that the oracle finds them.

An oracle that agrees with the room proves nothing by itself: it may agree because it never looks where they could
differ. So each rule that matters is broken here once, in the way in which a person would break it, and
``test_bugs.py`` asks whether anybody notices. A bug replaces one text, which stands in its module exactly once.

Run as a program it plants bugs (all of them, or those whose numbers are given), two at a time, each in a process of its
own, and prints one line for each: ``found`` or ``missed``, the seconds, and what the bug is.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import shutil
import sys
import tempfile
import time
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
WALKS = 30
"""How many times each of the machines walks in search of a bug."""
AT_ONCE = int(os.environ.get("GRIDGOV_AT_ONCE", "2"))
"""How many processes look at a time."""


@dataclass(frozen=True)
class Bug:
    module: str
    old: str
    new: str
    what: str


BUGS = (
    # --- claims and sittings
    Bug(
        "_awards",
        "counted + points > cap.points",
        "counted + points >= cap.points",
        "a cap cannot be reached",
    ),
    Bug(
        "_evolve",
        "    e.AwardProposed: lambda event: event.asked,\n    e.AwardReviewed: lambda event: event.given - event.asked,\n",
        "    e.AwardProposed: lambda event: 0,\n    e.AwardReviewed: lambda event: event.given,\n",
        "caps ignore what is only asked for",
    ),
    Bug("_awards", 'elif cap.of == "household" and household:', "elif False:", "caps ignore the household"),
    Bug("_awards", 'elif cap.of == "community" and community:', "elif False:", "caps ignore the community"),
    Bug(
        "_awards",
        "before[each] = before.get(each, 0) + points",
        "before[each] = 0",
        "a list of claims forgets what those before it on the list ask for",
    ),
    Bug(
        "_awards",
        "deed.cooldown_days + 1 if deed.cooldown_days",
        "deed.cooldown_days if deed.cooldown_days",
        "the cool-down does not look at the last day after",
    ),
    Bug("_awards", "range(-deed.cooldown_days,", "range(0,", "the cool-down looks forward only"),
    Bug(
        "_awards",
        "missing = [kind for kind in deed.evidence if kind not in brought]",
        "missing = []",
        "no evidence is asked for",
    ),
    Bug("_awards", "<= asked.on <= deed.until_on", "<= asked.on < deed.until_on", "a deed ends a day early"),
    Bug("_awards", "if not any(not role.paid for role in roles):", "if not roles:", "paid workers earn"),
    Bug(
        "_awards",
        "    if account_of(account, subjects).closed:",
        "    if False:",
        "points are claimed for a closed account",
    ),
    Bug("_awards", "    if claim is not None:", "    if False:", "a deed is claimed twice at one occasion"),
    Bug(
        "_awards",
        'payee=_pool_of(house, subjects) if given.policy.pool else "",',
        'payee="",',
        "the household's pool gets nothing",
    ),
    Bug(
        "_given",
        "if who == account or (house is not None and who in house.members_on(given.day)):",
        "if who == account:",
        "members of a household vote on each other's awards",
    ),
    Bug(
        "_given",
        "gaining = {file.account, file.payee, account_of(",
        "gaining = {file.account, account_of(",
        "members vote on what their pool gets",
    ),
    Bug(
        "_given",
        "            gaining.add(heir)\n",
        "            gaining.add(account)\n",
        "heirs decide about what comes to them",
    ),
    Bug("_awards", "2 * for_ > present", "2 * for_ >= present", "half of those present are an absolute majority"),
    Bug("_awards", "3 * for_ >= 2 * votes", "3 * for_ > 2 * votes", "exactly two thirds are not enough"),
    Bug("_awards", "return 2 * for_ > votes", "return 2 * for_ >= votes", "a tie approves"),
    Bug(
        "_given",
        "    spent[community, unit] = spent.get((community, unit), 0) + points",
        "    spent.clear()",
        "the budget is checked for each award and not for the sitting",
    ),
    Bug(
        "_awards",
        "isinstance(award, UnderReview) and award.sitting == called",
        "isinstance(award, UnderReview)",
        "a sitting judges what is on the agenda of another",
    ),
    Bug(
        "_awards",
        "if not 0 <= judgment.points <= file.asked:",
        "if judgment.points < 0:",
        "a panel gives more than asked",
    ),
    # --- publication, objections, appeals
    Bug(
        "_publicity",
        "given.at > award.window_ends_at",
        "given.at >= award.window_ends_at",
        "the window excludes its end",
    ),
    Bug(
        "_publicity",
        "return who in file.judges or who == raised_by",
        "return who == raised_by",
        "who voted decides the objection",
    ),
    Bug("_publicity", "who in file.judges or who == raised_by or", "who in file.judges or", "who objected decides it"),
    Bug(
        "_publicity",
        "if not 0 < command.points < file.given:",
        "if command.points < 1:",
        "amended, an award gives more",
    ),
    Bug(
        "_publicity",
        "return (entry(file.unit, file.source, bucket, points),",
        'return (entry(file.unit, "book:issued", "issued", points),',
        "what was voided does not go back to the budget",
    ),
    Bug(
        "_publicity",
        "confirm_at = max(award.window_ends_at, given.at)",
        "confirm_at = given.at",
        "a decision inside the window ends it",
    ),
    Bug("_stages", "    if left:", "    if False:", "an award counts while another objection is open"),
    Bug(
        "_publicity",
        "if file.appealed or file.appeal is not None:",
        "if file.appeal is not None:",
        "a decision is appealed again and again",
    ),
    Bug("_publicity", "if not 1 <= points <= most:", "if points < 1:", "an appeal brings more than was asked for"),
    Bug(
        "_publicity",
        " if account_of(each, subjects).shows_name) if",
        ") if",
        "a list names those who have not agreed to it",
    ),
    # --- confirmation, reversal, lots
    Bug(
        "_lots",
        "award.confirm_at != command.due_at or given.at < award.confirm_at:",
        "award.confirm_at != command.due_at:",
        "an award is confirmed inside the window",
    ),
    Bug("_lots", "owed = min(file.given, -payee.debts.get(file.unit, 0))", "owed = 0", "debt is not paid first"),
    Bug(
        "_lots",
        'bucket = "frozen" if payee.is_frozen else "posted"',
        'bucket = "posted"',
        "what a frozen account earns is free",
    ),
    Bug("_lots", "    while account.heir:", "    while False:", "the heir is ignored"),
    Bug("_lots", "    if own is not None:", "    if False:", "a reversal takes other lots and leaves its own"),
    Bug(
        "_lots",
        'take(own, "frozen", own.frozen)',
        'take(own, "frozen", 0)',
        "a reversal leaves the frozen part of its own lot",
    ),
    Bug(
        "_lots",
        "if lot.id != file.id and lot.unit == file.unit]",
        "if lot.id != file.id]",
        "a reversal takes points of another book",
    ),
    Bug("_lots", "given.day > last:", "given.day >= last:", "the last day for a reversal is left out"),
    Bug("_lots", "    left = file.given - file.reversed", "    left = file.given", "more is reversed than is left"),
    Bug(
        "_lots",
        'entry(lot.unit, "book:expired", "expired", lot.posted),',
        'entry(lot.unit, account.id, "held", -lot.held, lot.id),\n'
        '                entry(lot.unit, "book:expired", "expired", lot.posted + lot.held),',
        "held points expire",
    ),
    Bug(
        "_lots",
        "if lot.posted and not is_over(lot, at) and",
        "if lot.posted and",
        "a lot past its end is spent where the clock has not come yet",
    ),
    Bug(
        "_lots", "key=lambda lot: (not lot.only,", "key=lambda lot: (bool(lot.only),", "restricted lots are spent last"
    ),
    Bug(
        "_lots",
        "lot.expires_on or END, lot.earned_at, lot.id",
        "-(lot.expires_on or END).toordinal(), lot.earned_at, lot.id",
        "what ends last is spent first",
    ),
    Bug(
        "_lots",
        "return not lot.only or good.id in lot.only or good.outlet in lot.only",
        "return True",
        "restricted lots pay for everything",
    ),
    Bug("_lots", "    if good.books and", "    if False and", "a good takes points of every book"),
    Bug(
        "_lots",
        "given.policy.grace_days if grace else 0",
        "given.policy.grace_days - 1 if grace else 0",
        "the days of grace are one too few",
    ),
    Bug(
        "_lots",
        '"frozen" if still else "posted", points, lot_id',
        '"posted", points, lot_id',
        "what comes back to a frozen account is free",
    ),
    # --- redemption
    Bug("_spending", "    if shelf < quantity:", "    if False:", "nobody looks at the shelf"),
    Bug(
        "_spending",
        "if good.household_limit and house is not None and",
        "if False and good.household_limit and house is not None and",
        "the limit ignores the household",
    ),
    Bug(
        "_spending",
        "    _not_held(voucher)\n    if voucher.valid_through",
        "    if voucher.valid_through",
        "a frozen voucher is collected",
    ),
    Bug(
        "_spending",
        '    if found.state != "reserved":',
        '    if found.state not in ("reserved", "collected"):',
        "a voucher is collected twice",
    ),
    Bug(
        "_spending",
        'held = [each for each in voucher.entries if each.bucket == "held"]',
        'held = [each for each in voucher.entries if each.bucket == "held"][:1]',
        "canceling forgets all lots but the first",
    ),
    Bug(
        "_spending",
        'if each.bucket not in ("held", "posted")',
        'if each.bucket not in ("held", "posted", "shelf", "reserved")',
        "canceled goods do not go back to the shelf",
    ),
    Bug(
        "_spending",
        "given.day > voucher.valid_through:",
        "given.day >= voucher.valid_through:",
        "a voucher cannot be collected on its last day",
    ),
    Bug(
        "_spending",
        "given.calendar.end_of(last + dt.timedelta(days=policy.offline_days))",
        "given.calendar.end_of(last + dt.timedelta(days=policy.offline_days - 1))",
        "vouchers lapse a day early",
    ),
    Bug("_spending", " or voucher.id in taken:", ":", "a voucher twice in one report is not found"),
    Bug("_spending", '> last else ""', '>= last else ""', "what was used on the last day counts as too late"),
    Bug(
        "_evolve",
        "return Outlet(id=name, settled=settled)",
        "return Outlet(id=name, settled=settled, points=outlet.points)",
        "what was settled is settled once more with what comes after it",
    ),
    Bug(
        "_evolve",
        "added(house.taken, taken_key(event), -event.quantity)",
        "house.taken",
        "what a household gave back still counts against its limit",
    ),
    Bug(
        "_evolve",
        "lapses_at = before.lapses_at and max(before.lapses_at, event.at)",
        "lapses_at = before.lapses_at",
        "a voucher that was frozen lapses before its release",
    ),
    Bug("_spending", "grace=not mine", "grace=True", "a member's own cancel puts the end of their points off"),
    Bug(
        "_spending",
        "subjects, given, grace=False)",
        "subjects, given, grace=True)",
        "a lapse puts the end of points off",
    ),
    # --- accounts
    Bug(
        "_accounts",
        "if member.until_on is None or command.from_on <= member.until_on:",
        "if member.until_on is None:",
        "a person belongs to two households on one day",
    ),
    Bug(
        "_accounts",
        'if lot.posted and command.lot in ("", lot.id)]',
        "if lot.posted]",
        "a freeze of one lot freezes all of them",
    ),
    Bug(
        "_evolve",
        "tuple(f for f in account.freezes if f.id != event.freeze)",
        "()",
        "a release ends every freeze of the account",
    ),
    Bug(
        "_accounts",
        "until_at=given.calendar.end_of(command.until_on),",
        "until_at=given.calendar.end_of(command.until_on - DAY),",
        "a freeze ends a day early",
    ),
    Bug(
        "_evolve",
        "            expires_at=moved.expires_at,",
        "            expires_at=None,",
        "what an heir gets never ends",
    ),
    Bug("_evolve", '"shows_name": event.agrees', '"shows_name": True', "consent to a name cannot be withdrawn"),
    # --- months
    Bug(
        "_given",
        "        if not by_the_clock(given):\n            refuse(",
        "        if False:\n            refuse(",
        "a closed month is written into",
    ),
    Bug(
        "_given",
        "        period = month_after(periods.closed)\n",
        "        pass\n",
        "what the clock does late is booked in a closed month",
    ),
    Bug(
        "_months",
        'if month >= f"{given.day:%Y-%m}":',
        'if month > f"{given.day:%Y-%m}":',
        "a month is closed in its middle",
    ),
    Bug("_months", "if closed and month != month_after(closed):", "if False:", "a month is left out"),
    Bug(
        "_months",
        "[each for each in account.figures if each.period <= month]",
        "[each for each in account.figures if each.period == month]",
        "the first close forgets the months before it",
    ),
    Bug(
        "_months",
        "opening, debt = account.closings.get(unit, (0, 0))",
        "opening, debt = 0, 0",
        "a month does not open with what the one before closed with",
    ),
    Bug("_evolve", '    e.RedemptionCollected: "spent",\n', "", "statements forget what was spent"),
    Bug(
        "_evolve",
        """        deltas[entry.unit] = deltas.get(entry.unit, 0) + entry.delta
        if entry.bucket == "debt":
            debts = changes["debts"] = added(debts, entry.unit, entry.delta)
        else:
""",
        """        if entry.bucket == "debt":
            debts = changes["debts"] = added(debts, entry.unit, entry.delta)
        else:
            deltas[entry.unit] = deltas.get(entry.unit, 0) + entry.delta
""",
        "statements forget a reversal that became debt",
    ),
    Bug("_evolve", "debt = -debts.get(unit, 0)", "debt = 0", "statements do not say what is owed"),
)


def planted(bug: Bug) -> str:
    """Give the source of a module with a bug in it."""
    source = _source(bug.module).read_text("utf-8")
    if source.count(bug.old) != 1:
        raise ValueError(f"{bug.old!r} stands {source.count(bug.old)} times in {bug.module}, not once: {bug.what}")
    changed = source.replace(bug.old, bug.new)
    compile(changed, bug.module, "exec")
    return changed


def _source(module: str) -> Path:
    package = importlib.util.find_spec("gridgov")
    return Path(package.submodule_search_locations[0]) / "points" / f"{module}.py"


class _Planting(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Hands out one module with the bug in it; everything else is as it is."""

    def __init__(self, bug: Bug) -> None:
        self.name = f"gridgov.points.{bug.module}"
        self.source, self.path = planted(bug), str(_source(bug.module))

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> object:
        return importlib.machinery.ModuleSpec(name, self, origin=self.path) if name == self.name else None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(compile(self.source, self.path, "exec"), module.__dict__)


def is_noticed(bug: Bug | None) -> bool:
    """Plant a bug, or none, and say whether the oracle, or else the plain tests of the ledger, notice it."""
    import pytest

    if bug is not None:
        sys.meta_path.insert(0, _Planting(bug))
    package = types.ModuleType("points_with_a_bug")
    package.__path__ = [str(HERE)]
    sys.modules[package.__name__] = package
    tests = importlib.import_module(f"{package.__name__}.test_oracle")
    for number in range(WALKS):
        for name, machine in tests.MACHINES.items():
            try:
                tests.walk(machine, f"{name} {number}")
            except Exception:
                return True
    arguments = [str(HERE / "test_ledger.py"), "-q", "-x", "-p", "no:cacheprovider", "-W", "ignore"]
    return pytest.main(arguments) == pytest.ExitCode.TESTS_FAILED


def _in_a_process(bug: Bug | None) -> int:
    """Look for a bug in a process of its own; what is imported by now costs it nothing."""
    process = os.fork()
    if process:
        return process
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    code = 3
    try:
        code = 0 if is_noticed(bug) else 1
    finally:
        os._exit(code)


def main(numbers: Sequence[str]) -> int:
    """Plant bugs, two at a time, in a copy of the package that nobody changes meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(_source("_decide").parent.parent, Path(folder) / "gridgov")
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        _import_what_has_no_bug()
        return _plant(numbers)


def _plant(numbers: Sequence[str]) -> int:
    # Where something is found without a bug, finding it with one says nothing.
    _, status = os.waitpid(_in_a_process(None), 0)
    if os.waitstatus_to_exitcode(status) != 1:
        print("unsound: the tests find something where nothing was planted", flush=True)
        return 2
    chosen = [int(number) for number in numbers] or list(range(len(BUGS)))
    waiting, running, missed = list(reversed(chosen)), {}, 0
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number = waiting.pop()
            running[_in_a_process(BUGS[number])] = (number, time.monotonic())
        process, status = os.wait()
        number, since = running.pop(process)
        code = os.waitstatus_to_exitcode(status)
        missed += code != 0
        verdict = {0: "found", 1: "missed"}.get(code, "broken")
        print(f"{verdict} {number} {time.monotonic() - since:.1f} s: {BUGS[number].what}", flush=True)
    return 1 if missed else 0


def _import_what_has_no_bug() -> None:
    """Import what every process needs and what does not rest on the room of points."""
    for name in ("pytest", "hypothesis.stateful", "gridgov.cases", "gridgov.merging", "gridgov.store", "msgspec"):
        importlib.import_module(name)
    if "gridgov.points" in sys.modules:
        raise RuntimeError("the room of points is there already, without a bug in it")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
