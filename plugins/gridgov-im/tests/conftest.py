"""The three platforms as local servers, written from their documentation and not from our code.

Each knows its robot's token and secret, a keyword if it asks for one, its limit and what it does beyond it;
and answers HTTP 200 with a code to whatever it refuses, in the words of the real ones.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from gridgov.delivery import Secret
from gridgov_im import DingTalkRobot, FeishuRobot, WeComRobot

NOON = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
CALLS_EVERYBODY = re.compile(r"@\s*(所有人|all|everyone)|<[^>]*(@|at\b)", re.IGNORECASE)


class Clock:
    """The time of both sides, as far as they agree."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += dt.timedelta(seconds=seconds)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        platform = self.server.platform
        body = self.rfile.read(int(self.headers["Content-Length"]))
        platform.requests.append((self.path, dict(self.headers), body))
        self.close_connection = True
        if platform.misbehave is not None:
            platform.misbehave(self, platform)
            return
        status, answer, headers = platform.answer(self.path, self.headers, body)
        self.reply(status, json.dumps(answer, ensure_ascii=False).encode(), headers)

    def reply(self, status, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Platform:
    """What the three have in common; subclasses say how each refuses."""

    token = "t0k3n-of-the-robot-6f1c"
    count, seconds, shut_out = 20, 60, 0

    def __init__(self):
        self.clock = Clock()
        self.secret = ""
        self.keyword = ""
        self.stopped = threading.Event()
        self.clean()

    def clean(self):
        self.shown, self.mentioned, self.requests, self.taken_at = [], [], [], []
        self.everybody = 0
        self.shut_until = None
        self.refuse = None
        self.misbehave = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def answer(self, target, headers, body):
        assert headers["Content-Type"].startswith("application/json")
        if self.refuse is not None:
            return self.refuse
        refusal = self.check(target, body) or self.too_fast()
        if refusal:
            return refusal
        self.taken_at.append(self.clock())
        self.show(json.loads(body))
        return self.success()

    def too_fast(self):
        now = self.clock()
        if self.shut_until is not None and now < self.shut_until:
            return self.limit_answer()
        if sum(1 for at in self.taken_at if (now - at).total_seconds() < self.seconds) >= self.count:
            self.shut_until = now + dt.timedelta(seconds=self.shut_out)
            return self.limit_answer()
        return None

    def show_text(self, text, mentioned, everybody):
        self.shown.append(text)
        self.mentioned.append(mentioned)
        self.everybody += bool(everybody or CALLS_EVERYBODY.search(text))

    def robot(self, secret=None, url=None, **more):
        given = {"clock": self.clock, "allow_plain": True, **more}
        if secret or self.secret:
            given["secret"] = Secret(lambda: secret or self.secret)
        return self.kind(self.name, Secret(lambda: url or self.url), **given)


class DingTalk(Platform):
    name, kind = "dingtalk", DingTalkRobot
    shut_out = 600

    @property
    def path(self):
        return f"/robot/send?access_token={self.token}"

    def check(self, target, body):
        query = parse_qs(urlsplit(target).query, strict_parsing=True)
        if urlsplit(target).path != "/robot/send" or query.get("access_token") != [self.token]:
            return self.no(300005, "token is not exist")
        if self.secret and not self.signed(query):
            return self.no(310000, "sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]")
        if len(body) > 20000:
            return self.no(460101, "message too long, exceed 20000 bytes")
        if self.keyword not in json.loads(body)["text"]["content"]:
            return self.no(310000, "keywords not in content, more: [https://ding-doc.dingtalk.com/doc]")
        return None

    def signed(self, query):
        (timestamp,), (sign,) = query.get("timestamp", [""]), query.get("sign", [""])
        if not timestamp.isdigit() or abs(self.clock().timestamp() * 1000 - int(timestamp)) > 3_600_000:
            return False
        digest = hmac.new(self.secret.encode(), f"{timestamp}\n{self.secret}".encode(), hashlib.sha256).digest()
        return sign == base64.b64encode(digest).decode()

    def show(self, message):
        assert message["msgtype"] == "text"
        called = message["at"].get("atMobiles", []) + message["at"].get("atUserIds", [])
        self.show_text(message["text"]["content"], called, message["at"].get("isAtAll"))

    def no(self, code, words):
        return 200, {"errcode": code, "errmsg": words}, {}

    def limit_answer(self):
        return self.no(130101, "send too fast, exceed 20 times per minute")

    def success(self):
        return 200, {"errcode": 0, "errmsg": "ok"}, {}


class WeCom(Platform):
    name, kind = "wecom", WeComRobot

    @property
    def path(self):
        return f"/cgi-bin/webhook/send?key={self.token}"

    def check(self, target, body):
        query = parse_qs(urlsplit(target).query, strict_parsing=True)
        if urlsplit(target).path != "/cgi-bin/webhook/send" or query != {"key": [self.token]}:
            return self.no(93000, "invalid webhook url, hint: [1600000000000000000000000], from ip: 192.0.2.1")
        if len(json.loads(body)["text"]["content"].encode()) > 2048:
            return self.no(40058, "text.content exceed max length 2048. invalid Request Parameter")
        return None

    def show(self, message):
        assert message["msgtype"] == "text"
        text = message["text"]
        called = text.get("mentioned_mobile_list", []) + text.get("mentioned_list", [])
        self.show_text(text["content"], called, "@all" in called)

    def no(self, code, words):
        return 200, {"errcode": code, "errmsg": words}, {}

    def limit_answer(self):
        return self.no(45009, "api freq out of limit, hint: [1600000000000000000000000], from ip: 192.0.2.1")

    def success(self):
        return 200, {"errcode": 0, "errmsg": "ok"}, {}


class Feishu(Platform):
    name, kind = "feishu", FeishuRobot
    count = 100

    @property
    def path(self):
        return f"/open-apis/bot/v2/hook/{self.token}"

    def check(self, target, body):
        message = json.loads(body)
        if target != self.path:
            return self.no(19001, "param invalid: incoming webhook access token invalid")
        if self.secret and not self.signed(message):
            return self.no(19021, "sign match fail or timestamp is not within one hour from current time")
        if len(body) > 20000:
            return 400, {"code": 9499, "msg": "Bad Request", "data": {}}, {}
        if self.keyword not in message["content"]["text"]:
            return self.no(19024, "Key Words Not Found")
        return None

    def too_fast(self):
        now = self.clock()
        if sum(1 for at in self.taken_at if (now - at).total_seconds() < 1) >= 5:
            return 400, {"code": 9499, "msg": "too many request", "data": {}}, {}
        return super().too_fast()

    def signed(self, message):
        timestamp = message.get("timestamp", "")
        assert isinstance(timestamp, str)
        if not timestamp.isdigit() or abs(self.clock().timestamp() - int(timestamp)) > 3600:
            return False
        digest = hmac.new(f"{timestamp}\n{self.secret}".encode(), b"", digestmod=hashlib.sha256).digest()
        return message.get("sign") == base64.b64encode(digest).decode()

    def show(self, message):
        assert message["msg_type"] == "text"
        text = message["content"]["text"]
        called = re.findall(r'<at user_id="(ou_\w+)"></at> ', text)
        self.show_text(re.sub(r'<at user_id="ou_\w+"></at> ', "", text), called, False)

    def no(self, code, words):
        return 200, {"code": code, "msg": words, "data": {}}, {}

    def limit_answer(self):
        return self.no(11232, "create message service trigger rate limit")

    def success(self):
        new = {"code": 0, "msg": "success", "data": {}}
        return 200, {"StatusCode": 0, "StatusMessage": "success", "Extra": None, **new}, {}


PLATFORMS = {"dingtalk": DingTalk, "wecom": WeCom, "feishu": Feishu}


@contextmanager
def running(platform, tls=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # the other side may hang up; that is what is tested
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.platform = platform
    platform.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    server.daemon_threads = False  # so that closing waits for the last answer
    thread.start()
    try:
        yield platform
    finally:
        platform.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module", params=sorted(PLATFORMS))
def any_server(request):
    with running(PLATFORMS[request.param]()) as platform:
        yield platform


@pytest.fixture
def platform(any_server):
    """Any of the three, with nothing sent yet."""
    any_server.clean()
    any_server.clock.now = NOON
    any_server.secret = any_server.keyword = ""
    return any_server


@pytest.fixture
def dingtalk():
    with running(DingTalk()) as platform:
        yield platform


@pytest.fixture
def wecom():
    with running(WeCom()) as platform:
        yield platform


@pytest.fixture
def feishu():
    with running(Feishu()) as platform:
        yield platform


@pytest.fixture
def any_of(request):
    """Give a running platform by its name."""
    return request.getfixturevalue


@pytest.fixture
def serve():
    """Run a platform of one's own: with serve(platform, tls): ..."""
    return running
