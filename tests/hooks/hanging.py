"""A process whose plugins hang wherever they can; it must come to its end all the same. Run by test_hostile.py."""

import sys
import threading

from gridgov import hookimpl, open_office
from gridgov.cases import OpenCase
from gridgov.errors import PluginError
from gridgov.hooks import Host
from gridgov.office import Office
from gridgov.store import MemoryStore
from gridgov.testing import NOON, small_setup


def hangs(*_):
    threading.Event().wait()


def spins(*_):
    while True:
        pass


class Hanging:
    @hookimpl
    def gridgov_validate(self, command, by, at):
        hangs()

    @hookimpl
    def gridgov_committed(self, happenings):
        hangs()


class Spinning:
    @hookimpl
    def gridgov_reactions(self):
        return {"case-opened": spins}


class Opening:
    @hookimpl
    def gridgov_rules(self, catalog, territory):
        hangs()


try:
    open_office(small_setup(), plugins=[Opening()], discover=False)
except PluginError as error:
    print("refused:", error.plugin)
host = Host([Hanging(), Spinning()], patience=0.1)
with Office(small_setup(), MemoryStore(), host=host, clock=lambda: NOON) as office:
    report = OpenCase(kind="noise", place="150203005008-B001", source="hotline")
    print("events:", len(office.handle(report, by="desk-1").events))
    print("aside:", *sorted(each.name for each in office.plugins if each.state == "set aside"))
sys.exit(0)
