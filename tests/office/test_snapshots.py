"""A snapshot is only a cache, a batch that fails leaves no trace, a vault hides and gives back."""

import datetime as dt
import pickle
from collections import Counter
from contextlib import suppress

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgov import open_office
from gridgov.cases import Board, OpenCase, Resolve
from gridgov.errors import AppendConflictError, NotFoundError, RefusalError, StoreDamagedError, StoreError
from gridgov.office._snapshot import read_fold, shape, write_fold
from gridgov.proofs import Ed25519Signer
from gridgov.store import Commit, MemoryStore, PrivateEntry, Vault, checkpoint, copy, every_record, read_checkpoint
from gridgov.testing import NOON, small_setup
from gridgov.testing._store_contract import draft

HOUSE = "150203005008-B001"
DAY = dt.timedelta(days=1)


class KeptStore(MemoryStore):
    """A store in memory that outlives its offices, so that a snapshot is worth something."""

    def __init__(self):
        super().__init__()
        self.reads = []

    def read(self, **wanted):
        found = super().read(**wanted)
        self.reads.append(len(found))
        return found


def report(text="", **more):
    return OpenCase(kind="noise", place=HOUSE, source="resident", reporter="resident:1", text=text, **more)


def opened(store, now=NOON, **more):
    return open_office(small_setup(), store, discover=False, clock=lambda: now, **more)


@pytest.fixture
def store():
    return KeptStore()


def a_few_days(store, count=20):
    """Cases that are open, resolved, warned of and escalated."""
    with opened(store) as office:
        for number in range(count):
            office.handle(report(), by="desk-1", id=f"c{number}")
        for number in range(0, count, 3):
            office.handle(Resolve(f"c{number}"), by="lead-81", id=f"r{number}")
        office.tick(NOON)


def known(office):
    fold = office._memory.fold()
    return office.ask(Board(), by="desk-1"), {**fold, "live": dict(fold["live"])}


def test_with_a_snapshot_only_what_is_newer_is_read(store):
    a_few_days(store)
    store.reads.clear()
    with opened(store) as office:
        assert sum(store.reads) <= 1
        assert office.position == store.head()
        assert office.verify(snapshot=True) == store.head()


def test_thrown_away_the_answers_are_the_same_and_time_goes_on_alike(store):
    a_few_days(store)
    with opened(store, NOON + 9 * DAY) as office:
        with_one = known(office)
        office.tick()
        later = known(office)
    other = KeptStore()
    a_few_days(other)
    other._snapshots.clear()
    with opened(other, NOON + 9 * DAY) as office:
        assert known(office)[0] == with_one[0]
        assert known(office)[1]["live"] == with_one[1]["live"]
        office.tick()
        assert known(office)[0] == later[0]
        assert known(office)[1]["live"] == later[1]["live"]
    assert [r.head for r in every_record(store)][: store.head()] == [r.head for r in every_record(other)]


def test_one_of_other_code_is_worth_nothing(store, monkeypatch):
    a_few_days(store)
    monkeypatch.setattr("gridgov.office._engine.shape", lambda: "of another version")
    store.reads.clear()
    with opened(store) as office:
        assert sum(store.reads) >= store.head()
        assert office.verify(snapshot=True) == store.head()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_snapshot_are_refused(body):
    with pytest.raises(StoreError, match="no snapshot"):
        read_fold(body)


class Evil:
    def __reduce__(self):
        return print, ("this was run",)


@pytest.mark.parametrize("value", [Evil(), print, pickle.Pickler, RefusalError, Commit.__init__])
def test_a_snapshot_that_names_anything_but_our_values_is_refused_and_nothing_runs(value, capsys):
    with pytest.raises(StoreError):
        read_fold(pickle.dumps(value))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "body",
    [
        b"\x80\x04ccollections\nCounter\nN}\x8c\x09zz_hackedK\x01s\x86b.",  # sets an attribute of a class
        b"\x80\x04cdatetime\ndatetime\n}\x8c\x05_makeK\x01sb.",  # sets one of a maker
        b"\x80\x04cgridgov.cases._state\nCaseFile\n.",
        b"\x80\x04cbuiltins\neval\n(\x8c\x031+1tR.",
        b"\x80\x04cgridgov.office._snapshot\n_value\n(\x8c\x0aos:systemzztR.",
    ],
)
def test_a_snapshot_that_was_forged_to_change_a_class_is_refused(body):
    with pytest.raises(StoreError, match="no snapshot"):
        read_fold(body)
    assert not hasattr(Counter, "zz_hacked")
    assert read_fold(write_fold((NOON, Counter("ab")))) == (NOON, Counter("ab"))


def test_every_value_that_a_street_knows_comes_back_as_it_was(store):
    a_few_days(store)
    with opened(store, NOON + 9 * DAY) as office:
        office.tick()
        fold = office._memory.fold()
        again = read_fold(write_fold(fold))
        assert again == fold
        assert {tag: type(subject) for tag, subject in again["live"].items()} == {
            tag: type(subject) for tag, subject in fold["live"].items()
        }


def test_a_damaged_snapshot_is_passed_over_and_the_history_read(store):
    a_few_days(store)
    (name,) = store._snapshots
    kept = store._snapshots[name]
    for body in (b"", kept.body[:-40], write_fold((kept.body, {"position": 3})), write_fold([1, 2, 3])):
        store.save_snapshot(type(kept)(name=name, shape=shape(), position=kept.position, body=body))
        with opened(store) as office:
            assert office.verify(snapshot=True) == store.head()


def test_a_snapshot_that_lies_is_found_when_asked(store):
    a_few_days(store)
    (name,) = store._snapshots
    kept = store._snapshots[name]
    head, fold = read_fold(kept.body)
    fold["live"] = {tag: subject for tag, subject in fold["live"].items() if tag != "case:c1"}
    store.save_snapshot(type(kept)(name=name, shape=kept.shape, position=kept.position, body=write_fold((head, fold))))
    office = opened(store)
    with pytest.raises(StoreDamagedError, match="snapshot"):
        office.verify(snapshot=True)


def test_a_snapshot_of_a_history_that_was_replaced_is_passed_over(store):
    a_few_days(store)
    other = KeptStore()
    a_few_days(other, count=21)
    other._snapshots = dict(store._snapshots)
    with opened(other) as office:
        assert office.verify(snapshot=True) == other.head()


def test_a_disk_that_is_full_for_the_snapshot_does_not_keep_the_office_from_closing(store):
    def full(snapshot, /):
        raise StoreError("the disk is full")

    store.save_snapshot = full
    a_few_days(store)
    assert not store._snapshots
    assert store.head() > 20


def test_a_long_tail_is_kept_at_once_by_who_reads_it_and_by_the_tick(store, monkeypatch):
    monkeypatch.setattr("gridgov.office._engine.SNAPSHOT_RECORDS", 10)
    a_few_days(store)
    store._snapshots.clear()
    office = opened(store)  # never closed: killed, say
    assert [kept.position for kept in store._snapshots.values()] == [store.head()]
    for number in range(8):
        office.handle(report(), by="desk-1", id=f"d{number}")
    office.tick(NOON)
    assert [kept.position for kept in store._snapshots.values()] == [store.head()]


# --- a batch that comes to nothing --------------------------------------------------------------


def broken_batch(office, steps):
    with office.batch():
        for number, step in enumerate(steps):
            command = report() if step == "open" else Resolve(step[1])
            with suppress(RefusalError):
                office.handle(command, by="lead-81", id=f"b{number}")
        raise ZeroDivisionError


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_batch_that_breaks_leaves_everything_as_if_it_had_never_begun(data):
    """撤销：批次失败后，一切如初. What is known, counted and due is what it was before."""
    store = KeptStore()
    count = data.draw(st.integers(1, 6))
    a_few_days(store, count)
    twin = KeptStore()
    copy(store, twin)
    with opened(store, NOON + data.draw(st.integers(0, 12)) * DAY) as office:
        ids = st.sampled_from([f"c{n}" for n in range(count)])
        steps = data.draw(st.lists(st.one_of(st.just("open"), ids.map(lambda id_: ("resolve", id_))), max_size=6))
        with pytest.raises(ZeroDivisionError):
            broken_batch(office, steps)
        assert office.verify(snapshot=True) == store.head()
        # What was due before the batch is due after it, no more and no less.
        with opened(twin) as untouched:
            wanted = untouched.tick(NOON + 60 * DAY).done
        assert office.tick(NOON + 60 * DAY).done == wanted
        assert office.verify(snapshot=True) == store.head()
        with opened(store) as another:
            assert another.tick(NOON + 60 * DAY).done == 0


def test_a_batch_beside_another_writer_reads_only_what_is_new(store):
    a_few_days(store)
    with opened(store) as office:
        with office.batch():
            office.handle(report(), by="desk-1", id="mine")
            store.append(Commit(drafts=[draft("150203999/case:theirs", command="theirs")]))
            store.reads.clear()
        assert sum(store.reads) <= 10
        assert office.verify(snapshot=True) == store.head()


# --- verify against what was kept elsewhere -----------------------------------------------------


def cut(store, count):
    other = KeptStore()
    records = store.read()[: len(store.read()) - count]
    other._keep(records)
    return other


def test_a_cut_tail_is_found_against_a_checkpoint_and_only_then(store):
    a_few_days(store)
    kept = checkpoint(every_record(store))
    short = cut(store, 2)
    with opened(short) as office:
        assert office.verify() == short.head()
        with pytest.raises(StoreDamagedError, match="cut off"):
            office.verify(kept)


def test_a_whole_stream_that_is_gone_is_found_between_two_checkpoints(store):
    a_few_days(store)
    early, late = checkpoint(every_record(store), through=5), checkpoint(every_record(store))
    other = KeptStore()
    other._keep([record for record in store.read() if not record.stream.endswith("case:c7")])
    with opened(other) as office:
        office.verify(early)
        with pytest.raises(StoreDamagedError, match=f"checkpoint at {late.position} does not match: after 5 "):
            office.verify(early, late)


def test_the_record_at_the_checkpoint_itself_that_is_gone_is_found(store):
    a_few_days(store)
    last = store.read()[-1]
    kept = checkpoint(every_record(store), through=last.position)
    other = KeptStore()
    other._keep(store.read()[:-1])
    other._keep([attrs.evolve(last, position=last.position + 1)])
    with opened(other) as office, pytest.raises(StoreDamagedError, match="does not match"):
        office.verify(kept)


def test_a_checkpoint_is_a_text_that_can_be_signed_and_read_again(store):
    a_few_days(store)
    signer = Ed25519Signer("youyi.street", bytes(range(32)))
    other = Ed25519Signer("youyi.street", bytes(reversed(range(32))))
    with opened(store) as office:
        kept = office.checkpoint()
        text = kept.text(signer)
        assert read_checkpoint(text, signer.verifier()) == kept
        assert read_checkpoint(kept.text()) == kept
        for wrong in (text.replace("position", "Position"), text.replace(kept.digest[:4], "0000"), kept.text()):
            with pytest.raises(StoreError):
                read_checkpoint(wrong, signer.verifier())
        with pytest.raises(StoreError, match=r"no right signature of youyi\.street"):
            read_checkpoint(text, other.verifier())


# --- the vault ----------------------------------------------------------------------------------


SECRET = "三楼漏水，张先生 13800000000"


def private_reader(office, id_):
    return office.read_private(f"150203005/{id_}/text", by="desk-1", purpose="case-handling")


def test_with_a_vault_the_store_never_sees_a_private_text_and_the_office_reads_it(store):
    vault = Vault({"k1": bytes(32)})
    with opened(store, vault=vault) as office:
        office.handle(report(text=SECRET), by="desk-1", id="a")
        assert private_reader(office, "a") == SECRET
        # A retry is compared with what was locked up.
        assert office.handle(report(text=SECRET), by="desk-1", id="a").id == "a"
        with office.batch():
            office.handle(report(text=SECRET), by="desk-1", id="b")
    for entry in store._private.values():
        assert SECRET.encode() not in entry.body
        assert b"13800000000" not in entry.body
        assert entry.salt == b""


def test_without_the_key_it_stays_closed_and_with_an_old_one_it_opens(store):
    with opened(store) as office:
        office.handle(report(text="plain"), by="desk-1", id="p")
    with opened(store, vault=Vault({"k1": bytes(32)})) as office:
        office.handle(report(text=SECRET), by="desk-1", id="a")
        assert private_reader(office, "p") == "plain"
    with opened(store, vault=Vault({"k1": bytes(32), "k2": bytes([1]) * 32})) as office:
        office.handle(report(text=SECRET), by="desk-1", id="b")
        assert private_reader(office, "a") == private_reader(office, "b") == SECRET
    with opened(store, vault=Vault({"k1": bytes([9]) * 32, "k2": bytes([1]) * 32})) as office:
        assert private_reader(office, "b") == SECRET
        with pytest.raises(StoreError, match="not what was locked"):
            private_reader(office, "a")
    with opened(store, vault=Vault({"k3": bytes(32)})) as office, pytest.raises(StoreError, match="not in the vault"):
        private_reader(office, "a")


@pytest.mark.parametrize("changed", [{"subject": "150203005/case:z"}, {"purpose": "publication"}, {"ref": "r"}])
def test_a_text_is_locked_together_with_what_it_is_about_and_for(changed):
    vault = Vault({"k": bytes(32)})
    entry = PrivateEntry(
        ref="150203005/a/text",
        subject="150203005/case:a",
        purpose="case-handling",
        basis="law",
        ends_on=NOON.date(),
        salt=b"s",
        body=SECRET.encode(),
    )
    assert vault.open(vault.lock(entry)) == entry
    with pytest.raises(StoreError, match="not what was locked"):
        vault.open(attrs.evolve(vault.lock(entry), **changed))


@pytest.mark.parametrize("vault", [None, Vault({"k1": bytes(32)})])
def test_a_text_that_somebody_has_put_in_the_place_of_another_is_not_given_out(store, vault):
    with opened(store, vault=vault) as office:
        office.handle(report(text="mine"), by="desk-1", id="a")
        ref = "150203005/a/text"
        plain = attrs.evolve(store._private[ref], body=b"forged", salt=b"x")
        store._private[ref] = plain
        with pytest.raises(StoreDamagedError, match="not the one that was sealed"):
            private_reader(office, "a")


def test_what_is_locked_cannot_be_put_in_another_ones_place_and_can_be_erased(store):
    vault = Vault({"k1": bytes(32)})
    with opened(store, vault=vault) as office:
        office.handle(report(text="one"), by="desk-1", id="a")
        office.handle(report(text="two"), by="desk-1", id="b")
        one, two = (store._private[f"150203005/{id_}/text"] for id_ in "ab")
        store._private[one.ref] = type(one)(
            ref=one.ref,
            subject=one.subject,
            purpose=one.purpose,
            basis=one.basis,
            ends_on=one.ends_on,
            salt=two.salt,
            body=two.body,
        )
        with pytest.raises(StoreError, match="not what was locked"):
            private_reader(office, "a")
        assert office.erase("case:b", by="desk-1") == 1
        with pytest.raises(NotFoundError):
            private_reader(office, "b")


@pytest.mark.parametrize(
    ("keys", "current", "what"),
    [
        ({}, None, "needs a key"),
        ({"k": b"short"}, None, "32"),
        ({"k": bytes(32)}, "x", "no key"),
        ({"k:": bytes(32)}, None, "letters"),
    ],
)
def test_a_vault_that_could_not_be_opened_again_is_refused(keys, current, what):
    with pytest.raises(ValueError, match=what):
        Vault(keys, current=current)


def test_a_vault_does_not_show_its_keys():
    assert "AAAA" not in repr(Vault({"k": b"A" * 32})) + str(vars(Vault({"k": b"A" * 32})))


def test_a_conflict_error_names_what_moved():
    assert AppendConflictError("tag 'x'").temporary
