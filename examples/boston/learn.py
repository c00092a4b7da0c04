"""Learn a routing table from a city's requests and try it on the month after.

python examples/boston/learn.py requests.csv.gz --out FOLDER

Two tables, from nothing but the columns of the requests: type → department; type and public-works
district → queue, where there is such a district, else type → queue. The last month of the file (by
the day on which a request was opened) is only looked at when the tables stand; the months before it
are what they are learned from. Of July to September: learned from July and August, tried on September.

- A rule says what most of its requests went to. In a **tie** the name that comes first in the
  alphabet wins, so that the same file gives the same table.
- A type with a district comes before the type alone, and is believed only with enough requests
  behind it. How many is found inside the months to learn from: learned from all but their last one,
  tried on that one, by queue; the best wins, and of equals the smallest.
- A **type that was never seen** goes where most of all requests went, by the last rule; how many
  fell back to it is printed. (In an office, name the desk there and let a person decide.)
- A district that is empty asks no district rule. ``9`` and ``09`` are one, and so are types that differ
  in case or punctuation only.
- A rule that says the same as the one behind it is left out.

Beside it stands the same vote as a plain dictionary; the two must agree on every request.
The type is the one that the request had when the city exported it; had it been changed on the way,
this could not be seen.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs
from run import district, slug

from gridgov.documents import read_rules, write_rules
from gridgov.reports import text_table
from gridgov.routing import FACTS, Catalog, Fact, Kind, Names, Rule, Rulebook, Table, Then, check_table, parse_cell
from gridgov.staffing import Organization, Roster
from gridgov.territory import Level, Node, Territory
from gridgov.worktime import parse_limit

NEEDED = ("open_dt", "type", "department", "queue", "pwd_district")
DISTRICT = Fact("pwd_district", "code", "公共工程区", "public-works district")
ASKED = {**FACTS, DISTRICT.name: DISTRICT}
LIMIT = parse_limit("30 calendar days")  # chosen: who handles it is learned here, by when is not
SUPPORTS = (1, 2, 3, 5, 8, 13, 21)
BY_DISTRICT, BY_TYPE = 10, 100
MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-", re.ASCII)

Request = tuple[str, str]
"""Type and district, as the facts of a case."""


# --- what was asked, and where it went -------------------------------------------------------------


@attrs.frozen
class Month:
    """The requests that were opened in one month.

    :param department: (type, district, department) → how many; :param queue: the same with the queue.
    """

    name: str
    department: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)
    queue: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)


@attrs.define
class Requests:
    """The whole file, counted; grows with the city, not with the requests."""

    months: dict[str, Month] = attrs.field(factory=dict)
    names: dict[str, str] = attrs.field(factory=dict)

    def see(self, row: dict[str, str]) -> None:
        month = self.months.setdefault(row["open_dt"][:7], Month(row["open_dt"][:7]))
        asked = (slug(row["type"]), district(row))
        for counts, target in ((month.department, row["department"]), (month.queue, row["queue"])):
            counts[*asked, slug(target)] += 1
            self.names.setdefault(slug(target), target)
        self.names.setdefault(asked[0], row["type"])


def read(path: Path) -> Requests:
    """Count the rows of a file.

    :raises SystemExit: where it is no export of requests, a date is none, or there are fewer than three months.
    """
    found = Requests()
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, restval="")
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise SystemExit(f"{path} has no column {', '.join(missing)}; is it the city's export of requests?")
        for row in reader:
            if not MONTH.match(row["open_dt"]):
                raise SystemExit(
                    f"{path}:{reader.line_num}: open_dt is {row['open_dt']!r}, not a date as in 2011-07-31"
                )
            found.see(row)
    if len(found.months) < 3:
        raise SystemExit(f"{path} has {len(found.months)} months; two or more to learn from and one to try are needed")
    return found


# --- the vote --------------------------------------------------------------------------------------


def winner(counts: Counter[str]) -> str:
    """Give what has most; in a tie the first one of the alphabet."""
    return min(counts, key=lambda name: (-counts[name], name))


@attrs.frozen
class Vote:
    """The plain dictionary: where most went, by type and district, by type, and of all."""

    pairs: Mapping[Request, str]
    types: Mapping[str, str]
    most: str

    def answer(self, asked: Request) -> str:
        return self.pairs.get(asked) or self.types.get(asked[0]) or self.most


def vote(counted: Sequence[Counter[tuple[str, str, str]]], support: int | None) -> Vote:
    """Count the votes.

    :param support: how many requests a type must have had in a district; None for no districts at all.
    """
    pairs: dict[Request, Counter[str]] = {}
    types: dict[str, Counter[str]] = {}
    everything: Counter[str] = Counter()
    for counts in counted:
        for (kind, where, target), count in counts.items():
            types.setdefault(kind, Counter())[target] += count
            everything[target] += count
            if where:
                pairs.setdefault((kind, where), Counter())[target] += count
    enough = {} if support is None else {asked: seen for asked, seen in pairs.items() if seen.total() >= support}
    return Vote(
        {asked: winner(seen) for asked, seen in enough.items()},
        {kind: winner(seen) for kind, seen in types.items()},
        winner(everything),
    )


def share(vote: Vote, counts: Counter[tuple[str, str, str]]) -> float:
    right = sum(count for (kind, where, target), count in counts.items() if vote.answer((kind, where)) == target)
    return right / counts.total()


def choose_support(months: Sequence[Month]) -> tuple[int, dict[int, float]]:
    """Find the support on the months to learn from alone; give it, and what each one reached."""
    *before, last = months
    reached = {each: share(vote([month.queue for month in before], each), last.queue) for each in SUPPORTS}
    return max(SUPPORTS, key=lambda each: (reached[each], -each)), reached


# --- the tables ------------------------------------------------------------------------------------


def rules_of(vote: Vote) -> Iterator[Rule]:
    """Write the vote as rules, without those that say what the one behind them says."""
    for (kind, where), lead in sorted(vote.pairs.items()):
        if lead != vote.types[kind]:
            yield _rule(f"{kind}/{where}", BY_DISTRICT, lead, kind=kind, pwd_district=where)
    for kind, lead in sorted(vote.types.items()):
        yield _rule(kind, BY_TYPE, lead, kind=kind)
    yield _rule("(never seen)", BY_TYPE, vote.most, band="default")


def _rule(name: str, priority: int, lead: str, *, band: str = "category", **written: str) -> Rule:
    cells = (parse_cell(ASKED[fact], text) for fact, text in written.items())
    then = Then(lead=f"org:{lead}", limit=LIMIT)
    return Rule(id=name, band=band, priority=priority, cells=tuple(cell for cell in cells if cell), then=then)


def written(path: Path, vote: Vote) -> Table:
    """Write the rules and read the file again: what is tried below is what was written."""
    write_rules(Rulebook(Table.build(list(rules_of(vote)), facts=ASKED)), path)
    return read_rules(path, facts=ASKED).book.rules


def check(table: Table, kinds: Sequence[str], names: Mapping[str, str], territory: Territory) -> None:
    """Check the table as an office would.

    :raises SystemExit: with the first mistakes; a rule that no case reaches would be one.
    """
    unseen = Kind(code="(never seen)", zh="没见过的类型", en="a type that was never seen")  # what the last rule is for
    catalog = Catalog.build([unseen, *(Kind(code=kind, zh=names[kind], en=names[kind]) for kind in kinds)])
    leads = {rule.then.lead.removeprefix("org:") for rule in table.rules}
    organizations = [Organization(id=lead, zh=names[lead], en=names[lead], kind="department") for lead in sorted(leads)]
    roster = Roster.build(territory=territory, organizations=organizations)
    checked = check_table(table, Names(catalog=catalog, territory=territory, roster=roster))
    if checked.grave:
        raise SystemExit("\n".join(str(finding) for finding in checked.grave[:10]))


# --- trying them -----------------------------------------------------------------------------------


@attrs.define
class Tally:
    """How the requests of a month were routed.

    :param by: whether type and district had been seen together (often enough), the type alone, or neither.
    """

    requests: int = 0
    right: int = 0
    dictionary_right: int = 0
    differ: int = 0
    known: int = 0
    known_right: int = 0
    by: Counter[str] = attrs.field(factory=Counter)


def attempt(table: Table, vote: Vote, counts: Counter[tuple[str, str, str]], territory: Territory) -> Tally:
    """Route every request of a month, each distinct one once."""
    tally = Tally()
    for (kind, where, target), count in counts.items():
        found = table.router(territory).decide({"kind": kind, DISTRICT.name: where})
        assert found is not None, "the last rule takes everything"
        rule = found.rule
        lead = rule.then.lead.removeprefix("org:")
        tally.requests += count
        tally.right += count * (lead == target)
        tally.dictionary_right += count * (vote.answer((kind, where)) == target)
        tally.differ += count * (vote.answer((kind, where)) != lead)
        seen = "never seen" if rule.band == "default" else "pair" if (kind, where) in vote.pairs else "type"
        tally.by[seen] += count
        if kind in vote.types:
            tally.known += count
            tally.known_right += count * (lead == target)
    return tally


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"


def report(tallies: Mapping[str, Tally], rules: Mapping[str, int]) -> None:
    header = (
        "table",
        "rules",
        "requests",
        "right",
        "dictionary",
        "known types",
        "right",
        "never seen",
        "right",
        "by type and district",
        "by type alone",
    )
    rows = []
    for name, tally in tallies.items():
        unknown, unknown_right = tally.requests - tally.known, tally.right - tally.known_right
        right, same = percent(tally.right, tally.requests), percent(tally.dictionary_right, tally.requests)
        known = (tally.known, percent(tally.known_right, tally.known))
        unseen = (unknown, percent(unknown_right, unknown))
        by = (tally.by["pair"], tally.by["type"])
        rows.append((name, rules[name], tally.requests, right, same, *known, *unseen, *by))
    print(text_table(header, rows))
    for name, tally in tallies.items():
        print(
            f"{name}: {tally.by['never seen']} fell back to the last rule; table and dictionary differ on {tally.differ}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", type=Path, help="the city's export of requests, .csv or .csv.gz")
    parser.add_argument("--out", type=Path, default=Path("build/boston"), help="where the rules are written")
    arguments = parser.parse_args()
    if not arguments.requests.is_file():
        sys.exit(
            f"there is no file {arguments.requests}; give the city's export of requests (README.md says where from)"
        )
    arguments.out.mkdir(parents=True, exist_ok=True)
    found = read(arguments.requests)
    *months, last = (found.months[name] for name in sorted(found.months))
    support, reached = choose_support(months)
    print(f"learned from {', '.join(month.name for month in months)}, tried on {last.name}")
    print(f"a district rule wants {support} requests or more, chosen on {months[-1].name}: "
          + ", ".join(f"{each} → {100 * right:.2f} %" for each, right in reached.items()))  # fmt: skip
    territory = Territory.build([Level("city", "市", "city")], [Node(code="boston", level="city", name="Boston")])
    tallies: dict[str, Tally] = {}
    rules: dict[str, int] = {}
    for name, learned, tried in (
        ("department", vote([month.department for month in months], None), last.department),
        ("queue", vote([month.queue for month in months], support), last.queue),
    ):
        table = written(arguments.out / f"{name}-rules.csv", learned)
        check(table, sorted(learned.types), found.names, territory)
        tallies[name], rules[name] = attempt(table, learned, tried, territory), len(table.rules)
    report(tallies, rules)
    print(f"written: {', '.join(str(arguments.out / f'{name}-rules.csv') for name in rules)}")


if __name__ == "__main__":
    main()
