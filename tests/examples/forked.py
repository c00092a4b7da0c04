"""A process that opens the office of the Django example, forks, and works on both sides; run by test_web.py."""

import json
import os
import sys

import gridgov
from gridgov.cases import Board, OpenCase

os.environ["DJANGO_SETTINGS_MODULE"] = "street.settings"

import django

django.setup()

from street.offices import close, office  # noqa: E402

REPORT = OpenCase(kind="noise", place="150203005008-B001", source="resident")


def told_after_fork(before: gridgov.Office) -> str:
    try:
        before.handle(REPORT, by="resident:00001", id="across")
    except RuntimeError as error:
        before.close()
        return str(error)
    return "nothing"


before = office()
before.handle(REPORT, by="resident:00001", id="parent-1")
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    told = {"across": told_after_fork(before), "anew": office() is not before}
    office().handle(REPORT, by="resident:00001", id="child-1")
    close()
    os.write(writing, json.dumps(told).encode())
    os._exit(0)
_, status = os.waitpid(child, 0)
assert office() is before
before.handle(REPORT, by="resident:00001", id="parent-2")
told = json.loads(os.read(reading, 10_000)) | {"opened": before.ask(Board(), by="desk-1").opened, "status": status}
json.dump(told, sys.stdout)
