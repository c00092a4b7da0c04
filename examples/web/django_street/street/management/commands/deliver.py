"""python manage.py deliver --every 30: send the notices that are due."""

import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from gridgov.errors import GridgovError
from street.offices import office


class Command(BaseCommand):
    """A process of its own beside the workers; two of them do no harm."""

    help = "send the notices that are due"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="again and again; without it once, for cron")

    def handle(self, *args: Any, **options: Any) -> None:
        every = options["every"]
        pause = threading.Event()
        while True:
            try:
                done = office().deliver()
                self.stdout.write(f"{done.sent} sent, {done.waiting} waiting, {done.dead} dead")
            except GridgovError as error:
                if every is None or not error.temporary:
                    raise
                self.stderr.write(f"{type(error).__name__}; trying again")
            if every is None:
                return
            pause.wait(every)
