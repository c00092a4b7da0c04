"""Apprise against a local server: what arrives, whom it cannot hear, and what must not be logged."""

import contextlib
import http.server
import json
import logging
import socket
import threading
import time
from unittest import mock

import apprise
import pytest
import requests

from gridgov.delivery import ChannelError, Limit, Pace, Secret
from gridgov.errors import PluginError
from gridgov.hooks import Host
from gridgov.notices import Notice
from gridgov.testing import ChannelContract
from gridgov_apprise import DEAF, AppriseChannel, plugin
from gridgov_apprise import _channel as channel_module

# Apprise loads its email service, and that one a module which Python has put on its list.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

TOKEN = "token8f1cInThePath"
PASSWORD = "pass4711word"


def notice(text="燃气异味", *, to="gas", subject="app-4711", id_="150203005/case:a@2:lead:gas:apprise"):
    return Notice(id=id_, channel="apprise", to=to, subject=subject, text=text)


class Service:
    """Some service of the world, as far as Apprise's json:// sees it."""

    def __init__(self):
        self.taken = []
        self.status = 200
        self.before = None

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if self.before is not None:
            self.before()
        if self.status == 200:
            self.taken.append((handler.path, json.loads(body)))
        handler.send_response(self.status)
        handler.end_headers()


@contextlib.contextmanager
def web_server(service):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            with contextlib.suppress(OSError):  # who asks may be gone already
                service.take(self)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def port(service):
    with web_server(service) as port:
        yield port


def url_of(port, path=TOKEN):
    return f"json://grid:{PASSWORD}@127.0.0.1:{port}/{path}"


def channel_to(port, **options):
    given = {"url": Secret(lambda: url_of(port)), "timeout": 5, **options}
    return AppriseChannel(**given)


def refused(channel, sent=None):
    with pytest.raises(ChannelError) as caught:
        channel.send(sent or notice())
    return caught.value


class TestAppriseContract(ChannelContract):
    timeout = 5.0
    secrets = (TOKEN, PASSWORD)

    @pytest.fixture(autouse=True)
    def server(self):
        self.service = Service()
        self.ends = threading.Event()
        with web_server(self.service) as port:
            self.port = port
            yield
            self.ends.set()

    def make(self, tmp_path):
        return channel_to(self.port, timeout=1)

    def received(self, channel):
        return [body["message"] for _, body in self.service.taken]

    def break_it(self, channel):
        self.service.status = 503

    def mend_it(self, channel):
        self.service.status = 200

    def hang_it(self, channel):
        self.service.before = lambda: self.ends.wait(10)


def test_subject_and_text_arrive_and_nothing_in_them_is_interpreted(service, port):
    text = "一\n二 <b>&amp; \\n :smile: *x* ${HOME}"
    channel_to(port).send(notice(text))
    ((path, body),) = service.taken
    assert (path, body["title"], body["message"]) == (f"/{TOKEN}", "app-4711", text)


def test_where_a_service_shows_html_the_text_is_still_text(service, port):
    channel_to(port, url=url_of(port) + "?format=html").send(notice('<a href="x">一</a>'))
    assert "<a" not in service.taken[0][1]["message"]
    assert "&lt;a" in service.taken[0][1]["message"]


def test_what_was_not_taken_is_tried_again_and_then_remembered(service, port):
    channel = channel_to(port)
    service.status = 500
    error = refused(channel)
    assert (error.final, str(error)) == (False, "the service did not take the notice")
    service.status = 200
    channel.send(notice())
    channel.send(notice())
    assert len(service.taken) == 1


def test_two_threads_with_one_notice_send_it_once(service, port):
    service.before = lambda: time.sleep(0.05)
    channel = channel_to(port)
    threads = [threading.Thread(target=channel.send, args=(notice(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(service.taken) == 1


def test_the_memory_of_ids_is_bounded(service, port, monkeypatch):
    monkeypatch.setattr(channel_module, "REMEMBERED", 2)
    channel = channel_to(port)
    for id_ in ("1", "2", "3", "3", "1"):
        channel.send(notice(id_=id_))
    assert len(service.taken) == 4


def test_a_directory_gives_the_place_of_the_receiver_in_the_url(service, port):
    url = url_of(port, f"{TOKEN}/{{to}}")
    channel_to(port, url=url, directory={"gas": "room 7/x?y"}.get).send(notice())
    channel_to(port, url=url).send(notice(to="org:gas"))
    assert [path for path, _ in service.taken] == [f"/{TOKEN}/room%207%2Fx%3Fy", f"/{TOKEN}/org:gas"]
    error = refused(channel_to(port, url=url, directory={}.get))
    assert (error.final, str(error)) == (True, "the directory knows nobody for this receiver")


def test_a_notice_with_nothing_to_show_is_final(service, port):
    error = refused(channel_to(port), notice(" \n", subject=""))
    assert (error.final, service.taken) == (True, [])


def test_a_service_that_hangs_is_left_after_the_timeout(service, port):
    ends = threading.Event()
    service.before = lambda: ends.wait(10)
    begun = time.monotonic()
    error = refused(channel_to(port, timeout=0.2))
    took = time.monotonic() - begun
    ends.set()
    assert (took < 3, error.final) == (True, False)


DEAF_URLS = {
    "dingtalk": "dingtalk://" + "a" * 64,
    "wecombot": "wecombot://693a91f6-7abc-4bc4-97a0-0ec2sifa5aaa",
    "feishu": "feishu://" + "abcdefgh12345678" * 2,
    "lark": "lark://" + "abcdefgh12345678" * 2,
    "schan": "schan://SCT12345678abcdef",
    "pushdeer": "pushdeer://localhost/pushkey",
    "pushdeers": "pushdeers://localhost/pushkey",
    "spugpush": "spugpush://" + "a" * 32,
    "qq": "qq://" + "a" * 32,
    "pushme": "pushme://" + "a" * 20,
}


def failing(*_args, **_kwargs):
    """Answer as these platforms do: HTTP 200, and no."""
    answer = requests.Response()
    answer.status_code = 200
    answer._content = b'{"errcode":310000,"code":19021,"success":false,"msg":"sign not match"}'
    return answer


def test_every_deaf_scheme_is_tried():
    assert set(DEAF_URLS) == DEAF


@pytest.mark.parametrize("scheme", sorted(DEAF))
def test_a_service_that_apprise_cannot_hear_is_refused_and_the_way_out_is_named(scheme):
    """HTTP 200 with a non-zero errcode is a failure; Apprise calls it a success."""
    url = DEAF_URLS[scheme]
    with pytest.raises(ValueError, match="gridgov-im") as caught:
        AppriseChannel(url=url)
    assert url not in str(caught.value)
    with mock.patch("requests.post", failing), mock.patch("requests.get", failing):
        control = apprise.Apprise.instantiate(url)
        control.request_rate_per_sec = 0
        assert control.notify(body="x")  # where this fails, Apprise has learned to hear
        error = refused(AppriseChannel(url=Secret(lambda: url)))
    assert ("gridgov-im" in str(error), error.final, error.pause_seconds) == (True, False, 600)


def test_the_platforms_own_https_url_is_no_way_around():
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7abc-4bc4-97a0-0ec2sifa5aaa"
    with mock.patch("requests.post", failing):
        assert "wecombot" in str(refused(AppriseChannel(url=url)))


@pytest.mark.parametrize("url", ["nonsense", "unknown://x", "tgram://", "json://", ""])
def test_a_url_that_apprise_does_not_know_lets_the_channel_rest(url):
    error = refused(AppriseChannel(url=url))
    assert ("apprise knows no service" in str(error), error.final, error.pause_seconds) == (True, False, 600)


class Breaking(apprise.NotifyBase):
    secure_protocol = "breaking"

    def send(self, body, **kwargs):
        logging.getLogger("some.library.made.late").error("%s", TOKEN)
        raise RuntimeError(f"{TOKEN} {PASSWORD}")


def hurt(how, service, port):
    """Give a channel that fails in one of the ways there are."""
    match how:
        case "away":
            with socket.create_server(("127.0.0.1", 0)) as listening:
                return channel_to(listening.getsockname()[1])
        case "unknown":
            return channel_to(port, url=Secret(lambda: f"unknown://{TOKEN}:{PASSWORD}@x"))
        case "incomplete":
            return channel_to(port, url=Secret(lambda: f"slack://{TOKEN}"))
        case "deaf":
            return channel_to(port, url=Secret(lambda: f"schan://{TOKEN}"))
        case "no tls":
            return channel_to(port, url=Secret(lambda: url_of(port).replace("json:", "jsons:")))
        case "no secret":
            return channel_to(port, url=Secret("NOT_SET_ANYWHERE"))
        case "leaky secret":
            return channel_to(port, url=Secret(lambda: (_ for _ in ()).throw(LookupError(TOKEN))))
        case "leaky directory":
            leaky = {"directory": lambda _: (_ for _ in ()).throw(LookupError(TOKEN))}
            return channel_to(port, url=Secret(lambda: url_of(port, "{to}")), **leaky)
        case "breaking":
            apprise.plugins.N_MGR["breaking"] = Breaking
            return channel_to(port, url=Secret(lambda: f"breaking://{TOKEN}"))
        case _:
            service.status = int(how)
    return channel_to(port)


WAYS = ["away", "unknown", "incomplete", "deaf", "no tls", "no secret", "leaky secret", "leaky directory", "breaking"]


@pytest.mark.parametrize("how", [*WAYS, "403", "500"])
def test_nothing_of_the_url_is_in_any_error_its_chain_or_the_log(how, service, port, caplog):
    caplog.set_level(0)
    logging.getLogger("apprise").setLevel(1)
    channel = hurt(how, service, port)
    error = refused(channel)
    assert (error.__cause__, error.__context__) == (None, None)
    for shown in (str(error), repr(error), repr(channel), str(vars(error)), str(vars(channel)), caplog.text):
        assert not any(secret in shown for secret in (TOKEN, PASSWORD))


def test_nothing_of_the_url_is_logged_when_all_goes_well_though_apprise_itself_would(service, port, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    channel_to(port).send(notice())
    assert caplog.text == ""
    apprise.Apprise.instantiate(url_of(port)).notify(body="x")
    assert TOKEN in caplog.text  # the control: without it the test above sees nothing because there is nothing


class Chatty(apprise.NotifyBase):
    """Has a logger of its own, which comes up with it and hands nothing on to the root."""

    secure_protocol = "chatty"
    heard: list[str] = []  # noqa: RUF012

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        handler = logging.Handler()
        handler.emit = lambda record: self.heard.append(record.getMessage())
        self.own = logging.getLogger("gridgov.tests.chatty.logger")
        self.own.propagate = False
        self.own.handlers = [handler]

    def send(self, body, **kwargs):
        self.own.error("%s", TOKEN)
        return True


def test_a_logger_that_comes_up_with_the_service_is_silent_as_well():
    apprise.plugins.N_MGR["chatty"] = Chatty
    AppriseChannel(url=f"chatty://{TOKEN}").send(notice())
    assert Chatty.heard == []
    logging.getLogger("gridgov.tests.chatty.logger").error("after")
    assert Chatty.heard == ["after"]


def test_others_go_on_logging_meanwhile_and_no_filter_is_left_behind(service, port, caplog):
    caplog.set_level(logging.INFO)
    service.before = lambda: logging.getLogger("somebody.else").info("heard")
    channel_to(port).send(notice())
    assert caplog.messages == ["heard"]
    assert logging.getLogger("somebody.else").filters == logging.getLogger("apprise").filters == []


def test_there_is_no_pace_unless_it_is_given_and_no_timeout_of_nothing():
    assert AppriseChannel(url="json://x").pace == Pace()
    slow = Pace((Limit(count=5, seconds=1),))
    assert AppriseChannel(url="json://x", pace=slow).pace is slow
    with pytest.raises(ValueError, match="timeout"):
        AppriseChannel(url="json://x", timeout=0)


def channels():
    host = Host([("apprise", plugin)])
    try:
        return host.channels()
    finally:
        host.close()


def test_the_environment_gives_a_channel_or_none_and_refuses_the_deaf_ones_at_once(monkeypatch, service, port):
    assert channels() == []
    monkeypatch.setenv("GRIDGOV_APPRISE_URL", url_of(port))
    (channel,) = channels()
    channel.send(notice())
    assert (channel.name, len(service.taken)) == ("apprise", 1)
    monkeypatch.setenv("GRIDGOV_APPRISE_URL", DEAF_URLS["feishu"])
    with pytest.raises(PluginError, match="gridgov-im"):
        channels()
