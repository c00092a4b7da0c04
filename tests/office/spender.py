"""Redeems as often as it can, in a process of its own: python spender.py STORE NUMBER; prints how often it could."""

import datetime as dt
import sys

import attrs

from gridgov.errors import RefusalError
from gridgov.office import open_office
from gridgov.points import Good, Redeem
from gridgov.policy import Timeline
from gridgov.testing import NOON, SimulatedClock, small_setup
from gridgov_sql import open_sqlite

ONE = "resident:00007"
LATER = NOON + dt.timedelta(days=8)
UNLIMITED = {"goods": {"soap": Good(id="soap", outlet="shop", zh="肥皂", en="soap", price=3)}}


def spend(url, number):
    setup = small_setup()
    policy = attrs.evolve(setup.points_policy.on(NOON.date()), **UNLIMITED)
    setup = attrs.evolve(setup, points_policy=Timeline.always(policy))
    taken = 0
    with open_office(setup, store=open_sqlite(url), clock=SimulatedClock(LATER), discover=False) as office:
        for attempt in range(6):
            try:
                office.handle(Redeem(account=ONE, good="soap"), by=ONE, id=f"v-{number}-{attempt}")
                taken += 1
            except RefusalError:
                pass
    return taken


if __name__ == "__main__":
    print(spend(*sys.argv[1:]))
