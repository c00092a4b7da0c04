"""The how-tos for FastAPI and Django: the same street behind both, driven as a browser would."""

import json
import os
import re
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WEB = ROOT / "examples/web"
HOUSE = "150203005008-B001"
RESIDENT, LEAD, DESK = "resident:00001", "lead-81", "desk-1"
REPORT = {"kind": "noise", "place": HOUSE, "text": "楼上太吵", "contact": "138"}
FIRST, SECOND, THIRD = "key-0001", "key-0002", "key-0003"


class FastApiClient:
    """Asks the FastAPI app."""

    def __init__(self, client):
        self._client = client

    def ask(self, method, path, by=None, key=None, body=None):
        headers = {"Idempotency-Key": key} if key else {}
        headers |= {"Authorization": f"Bearer token of {by}"} if by else {}
        answer = self._client.request(method, path, headers=headers, json=body)
        return answer.status_code, answer.json(), answer.headers


class DjangoClient:
    """Asks the Django project."""

    def ask(self, method, path, by=None, key=None, body=None):
        from django.core.signing import TimestampSigner
        from django.test import Client

        headers = {"Idempotency-Key": key} if key else {}
        headers |= {"Authorization": f"Bearer {TimestampSigner(salt='street').sign(by)}"} if by else {}
        more = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        answer = Client(raise_request_exception=False).generic(method, path, headers=headers, **more)
        return answer.status_code, json.loads(answer.content), answer.headers


@pytest.fixture
def fastapi_street(monkeypatch):
    monkeypatch.syspath_prepend(str(WEB))
    import fastapi_street

    return fastapi_street


def make_app(module, tmp_path, **more):
    from gridgov.testing import small_setup

    actors = {f"token of {by}": by for by in (RESIDENT, LEAD, DESK, "lead-82", "resident:00002")}
    return module.make_app(more.pop("setup", small_setup), f"sqlite:///{tmp_path / 'street.db'}", actors=actors, **more)


def browser(app, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for the successor of httpx, where that is there
        from fastapi.testclient import TestClient
    return TestClient(app, **how)


@pytest.fixture
def fastapi_client(fastapi_street, tmp_path):
    with browser(make_app(fastapi_street, tmp_path), raise_server_exceptions=False) as client:
        yield FastApiClient(client)


@pytest.fixture
def django_client(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(WEB / "django_street"))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "street.settings")
    import django

    django.setup()
    from django.conf import settings
    from street import offices

    monkeypatch.setattr(settings, "STREET_STORE", f"sqlite:///{tmp_path / 'street.db'}")
    yield DjangoClient()
    offices.close()


@pytest.fixture(params=["fastapi", "django"])
def web(request):
    return request.getfixturevalue(f"{request.param}_client")


def test_a_report_becomes_a_case_that_its_reporter_and_its_handler_see(web):
    status, told, _ = web.ask("POST", "/cases", RESIDENT, FIRST, REPORT)
    assert (status, told["case"], told["state"]) == (201, f"web-{FIRST}", "dispatched")
    for by in (RESIDENT, LEAD):
        assert web.ask("GET", f"/cases/{told['case']}", by)[1]["state"] == "dispatched"
    listed = web.ask("GET", "/work-list", LEAD)[1]
    entries = listed if isinstance(listed, list) else listed["entries"]
    assert [entry["case"] for entry in entries] == [told["case"]]


def test_a_retry_with_the_same_key_gives_the_same_answer_and_opens_no_second_case(web):
    first = web.ask("POST", "/cases", RESIDENT, FIRST, REPORT)[:2]
    assert web.ask("POST", "/cases", RESIDENT, FIRST, REPORT)[:2] == first
    listed = web.ask("GET", "/work-list", LEAD)[1]
    assert len(listed if isinstance(listed, list) else listed["entries"]) == 1


@pytest.mark.parametrize("changed", [{"text": "anders"}, {"kind": "clutter"}])
def test_the_same_key_for_another_request_is_a_conflict(web, changed):
    web.ask("POST", "/cases", RESIDENT, FIRST, REPORT)
    status, told, _ = web.ask("POST", "/cases", RESIDENT, FIRST, REPORT | changed)
    assert (status, told["code"]) == (409, "key-used")
    assert web.ask("POST", "/cases", "resident:00002", FIRST, REPORT)[0] == 409


def test_a_refusal_has_its_code_and_its_sentence_and_is_the_same_again(web):
    case = web.ask("POST", "/cases", RESIDENT, FIRST, REPORT)[1]["case"]
    refused = web.ask("POST", f"/cases/{case}/resolve", "lead-82", SECOND, {"result": "x"})[:2]
    assert (refused[0], refused[1]["code"]) == (409, "case.not-the-lead")
    assert "only lead-81 can" in refused[1]["message"]
    assert web.ask("POST", f"/cases/{case}/resolve", "lead-82", SECOND, {"result": "x"})[:2] == refused
    done = web.ask("POST", f"/cases/{case}/resolve", LEAD, THIRD, {"result": "x"})
    assert (done[0], done[1]["state"]) == (200, "resolved")


def test_what_is_not_there_is_not_found_and_who_is_not_logged_in_is_told_so(web):
    assert web.ask("GET", "/cases/nothing", LEAD)[0] == 404
    assert web.ask("GET", "/work-list")[0] == 401


@pytest.mark.parametrize("key", [None, "short", "gridgov:adopt"])
def test_a_command_needs_a_key_that_can_be_one(web, key):
    assert web.ask("POST", "/cases", RESIDENT, key, REPORT)[0] in (400, 422)


def test_requests_at_the_same_time_each_get_their_own_answer_and_one_key_one_case(web):
    keys = [f"key-at-once-{number % 8}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda key: web.ask("POST", "/cases", RESIDENT, key, REPORT)[:2], keys))
    assert [each[1]["case"] for each in told] == [f"web-{key}" for key in keys]
    assert {each[0] for each in told} == {201}
    listed = web.ask("GET", "/work-list", LEAD)[1]
    assert len(listed if isinstance(listed, list) else listed["entries"]) == 8


def test_the_health_of_a_street_is_an_address(web):
    status, told, _ = web.ask("GET", "/health")
    assert (status, told["ok"], told["store"], told["dead"]) == (200, True, "", 0)


def failing(error):
    def handle(self, *_args, **_more):
        raise error

    return handle


@pytest.mark.parametrize("pause", ["1", "30"])
def test_a_store_that_is_held_is_asked_again_later_and_tells_nothing_of_itself(web, monkeypatch, pause):
    from gridgov.errors import StoreBusyError, StoreError
    from gridgov.office import Office

    error = StoreBusyError("host=10.0.0.7") if pause == "1" else StoreError("host=10.0.0.7")
    monkeypatch.setattr(Office, "handle", failing(error))
    status, told, headers = web.ask("POST", "/cases", RESIDENT, FIRST, REPORT)
    assert (status, headers["Retry-After"]) == (503, pause)
    assert "10.0.0.7" not in str(told)


def test_what_no_grant_allows_is_forbidden_and_says_why(fastapi_street, tmp_path):
    from gridgov.access import AccessPolicy, Grant
    from gridgov.testing import small_setup

    policy = AccessPolicy((Grant(role="area-lead", names=frozenset({"*"})),))
    with browser(make_app(fastapi_street, tmp_path, setup=lambda: small_setup(access=policy))) as client:
        status, told, _ = FastApiClient(client).ask("POST", "/cases", RESIDENT, FIRST, REPORT)
    assert (status, told["code"], told["why"]) == (403, "access.denied", "no-grant")


# --- FastAPI alone --------------------------------------------------------------------------------


def test_the_apps_threads_tick_and_deliver_and_end_with_the_app(fastapi_street, tmp_path, monkeypatch):
    from gridgov.delivery import Delivered
    from gridgov.errors import StoreBusyError
    from gridgov.office import Office

    delivered, ticked, ticks = threading.Event(), threading.Event(), []

    def tick(self, now=None):
        ticks.append(1)
        if len(ticks) == 1:
            raise StoreBusyError("once")
        ticked.set()

    monkeypatch.setattr(Office, "tick", tick)
    monkeypatch.setattr(Office, "deliver", lambda self, **how: delivered.set() or Delivered())
    with browser(make_app(fastapi_street, tmp_path, seconds=0.01)):
        assert delivered.wait(10)
        assert ticked.wait(10)
    assert len(ticks) >= 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("street", "delivery"))]


def test_a_street_goes_on_after_the_app_was_started_anew(fastapi_street, tmp_path):
    for _ in range(2):
        with browser(make_app(fastapi_street, tmp_path)) as client:
            told = FastApiClient(client).ask("POST", "/cases", RESIDENT, FIRST, REPORT)[1]
            assert told["case"] == f"web-{FIRST}"


# --- Django alone ---------------------------------------------------------------------------------


def test_the_commands_tick_and_deliver_once_for_cron(django_client):
    import io

    from django.core.management import call_command

    django_client.ask("POST", "/cases", RESIDENT, FIRST, REPORT)
    told = io.StringIO()
    call_command("tick", stdout=told)
    call_command("deliver", stdout=told)
    assert re.fullmatch(r"\d+ things done\n\d+ sent, \d+ waiting, \d+ dead\n", told.getvalue())


def test_after_an_amendment_elsewhere_the_office_is_opened_anew(django_client, monkeypatch):
    import attrs
    from django.conf import settings

    from gridgov import open_office
    from gridgov.testing import small_setup

    django_client.ask("POST", "/cases", RESIDENT, FIRST, REPORT)
    import datetime as dt

    fresh = attrs.evolve(small_setup(), effective_on=dt.date(2026, 1, 2))
    with open_office(small_setup(), settings.STREET_STORE) as elsewhere:
        elsewhere.amend(fresh, by=DESK, reason="x")
    monkeypatch.setattr(settings, "STREET_SETUP", lambda: fresh)
    assert django_client.ask("POST", "/cases", RESIDENT, SECOND, REPORT)[0] == 503
    assert django_client.ask("POST", "/cases", RESIDENT, SECOND, REPORT)[0] == 201


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_an_office_does_not_cross_a_fork_and_each_side_goes_on_with_its_own(tmp_path):
    paths = os.pathsep.join([str(WEB / "django_street"), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": paths, "STREET_STORE": f"sqlite:///{tmp_path / 'street.db'}"}
    command = [sys.executable, "-W", "ignore", str(Path(__file__).parent / "forked.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "does not cross a fork" in told["across"]
    assert (told["anew"], told["opened"], told["status"]) == (True, 3, 0)


# --- the pages ------------------------------------------------------------------------------------


def test_the_page_shows_the_fastapi_app_as_it_is():
    page = (ROOT / "docs/howto/fastapi.md").read_text("utf-8")
    assert (WEB / "fastapi_street.py").read_text("utf-8") in page


@pytest.mark.parametrize("name", ["offices", "errors", "views"])
def test_the_page_shows_the_django_project_as_it_is(name):
    page = (ROOT / "docs/howto/django.md").read_text("utf-8")
    assert (WEB / f"django_street/street/{name}.py").read_text("utf-8") in page
