"""Webhooks against a server that behaves like a receiver: checks, refuses, hangs, drips and lies."""

import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import http.server
import ipaddress
import json
import logging
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from gridgov.delivery import ChannelError, Limit, Pace, Secret
from gridgov.errors import PluginError
from gridgov.hooks import Host
from gridgov.notices import Notice
from gridgov.testing import ChannelContract
from gridgov_webhook import SignatureError, WebhookChannel, delivery_id, plugin, sign, verify
from gridgov_webhook._target import judged

KEY = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
TOKEN = "token-in-the-path-8f1c"
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def notice(text="燃气异味", *, to="gas", subject="app-4711", id_="150203005/case:a.b@2:lead:gas:webhook"):
    return Notice(id=id_, channel="webhook", to=to, subject=subject, text=text)


class Receiver:
    """The other side: it checks the signature as its documentation says, and shows each id once."""

    def __init__(self):
        self.requests = []
        self.shown = {}
        self.answers = []
        self.before = None

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = dict(handler.headers)
        self.requests.append((handler.path, headers, body))
        if self.before is not None:
            return self.before(handler)
        if self.answers:
            status, more = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        elif not self.signed(headers, body):
            status, more = 401, {}
        else:
            self.shown.setdefault(headers["webhook-id"], json.loads(body))
            status, more = 204, {}
        handler.send_response(status)
        for name, value in more.items():
            handler.send_header(name, value)
        handler.end_headers()
        return None

    @staticmethod
    def signed(headers, body):
        told = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = hmac.new(base64.b64decode(KEY[6:]), told, hashlib.sha256).digest()
        fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
        return fresh and headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()


@contextlib.contextmanager
def web_server(receiver, context=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            with contextlib.suppress(OSError):  # who asks may be gone already
                receiver.take(self)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def port(receiver):
    with web_server(receiver) as port:
        yield port


def channel_to(port, **options):
    given = {"key": Secret(lambda: KEY), "allow_private": True, "allow_plain": True, "timeout": 5, **options}
    url = given.pop("url", None) or Secret(lambda: f"http://127.0.0.1:{port}/hooks/{TOKEN}?for=街道")
    return WebhookChannel(url=url, **given)


def refused(channel, sent=None):
    with pytest.raises(ChannelError) as caught:
        channel.send(sent or notice())
    return caught.value


class TestWebhookContract(ChannelContract):
    timeout = 5.0
    secrets = (KEY, TOKEN)

    @pytest.fixture(autouse=True)
    def server(self):
        self.receiver = Receiver()
        self.ends = threading.Event()
        with web_server(self.receiver) as port:
            self.port = port
            yield
            self.ends.set()

    def make(self, tmp_path):
        return channel_to(self.port, timeout=1)

    def received(self, channel):
        return [shown["text"] for shown in self.receiver.shown.values()]

    def break_it(self, channel):
        self.receiver.answers = [(503, {})]

    def mend_it(self, channel):
        self.receiver.answers = []

    def refuse_it(self, channel):
        self.receiver.answers = [(410, {})]

    def hang_it(self, channel):
        self.receiver.before = lambda handler: self.ends.wait(10)


def test_what_is_posted_is_the_notice_signed_as_the_standard_says(receiver, port):
    channel_to(port).send(notice())
    ((path, headers, body),) = receiver.requests
    assert path == f"/hooks/{TOKEN}?for=%E8%A1%97%E9%81%93"
    assert json.loads(body) == {"id": notice().id, "to": "gas", "subject": "app-4711", "text": "燃气异味"}
    assert headers["webhook-id"] == delivery_id(notice().id)
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    received = verify(headers, body, KEY, now=dt.datetime.now(dt.UTC))
    assert (received.id, received.to, received.text) == (notice().id, "gas", "燃气异味")


def test_the_same_notice_has_the_same_id_and_body_each_time(receiver, port):
    for _ in range(3):
        channel_to(port).send(notice())
    assert len({(headers["webhook-id"], body) for _, headers, body in receiver.requests}) == 1
    assert len(receiver.shown) == 1


def test_the_published_vector_of_standard_webhooks_comes_out():
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("150203005/case:a.b@2")
def test_a_delivery_id_is_plain_ascii_without_a_dot_whatever_the_notice_is_called(id_):
    made = delivery_id(id_)
    assert made.isascii()
    assert made.replace("_", "").isalnum()


def signed(body=b'{"id":"1","to":"gas","subject":"a","text":"x"}', *, at=NOW, key=KEY, delivery="d1"):
    timestamp = int(at.timestamp())
    headers = {"Webhook-Id": delivery, "Webhook-Timestamp": str(timestamp)}
    return headers | {"Webhook-Signature": sign(key, delivery, timestamp, body)}, body


def test_what_was_signed_is_read_again():
    headers, body = signed()
    received = verify(headers, body, Secret(lambda: KEY), now=NOW + dt.timedelta(minutes=5))
    assert (received.delivery, received.id, received.subject) == ("d1", "1", "a")


OTHER_KEY = "another key that is long enough to be one"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Webhook-Id": "d2"}, "no signature fits"),
        ({"Webhook-Timestamp": str(int(NOW.timestamp()) + 1)}, "no signature fits"),
        ({"Webhook-Timestamp": "soon"}, "not a number"),
        ({"Webhook-Timestamp": "9" * 5000}, "not a number"),
        ({"Webhook-Timestamp": "-1"}, "not a number"),
        ({"Webhook-Signature": ""}, "webhook-signature is missing"),
        ({"Webhook-Signature": "v1,"}, "no signature fits"),
        ({"Webhook-Signature": "v1,???? v1a,abcd v2,"}, "no signature fits"),
        ({"Webhook-Id": ""}, "webhook-id is missing"),
    ],
)
def test_whatever_is_changed_on_the_way_is_noticed(change, told):
    headers, body = signed()
    with pytest.raises(SignatureError, match=told):
        verify(headers | change, body, KEY, now=NOW)


@given(st.binary(max_size=40), st.integers(0, 39), st.integers(1, 255))
def test_no_byte_of_the_body_can_be_changed(body, place, change):
    headers, body = signed(body or b"{}")
    place %= len(body)
    changed = bytes([*body[:place], body[place] ^ change, *body[place + 1 :]])
    with pytest.raises(SignatureError, match="no signature fits"):
        verify(headers, changed, KEY, now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_is_too_old_or_from_the_future_is_refused(seconds):
    headers, body = signed(at=NOW + dt.timedelta(seconds=seconds))
    with pytest.raises(SignatureError, match="clocks"):
        verify(headers, body, KEY, now=NOW)


def test_a_key_is_changed_without_a_gap():
    headers, body = signed(key=OTHER_KEY)
    assert verify(headers, body, [KEY, OTHER_KEY], now=NOW).id == "1"
    two = headers | {"Webhook-Signature": headers["Webhook-Signature"] + " " + signed()[0]["Webhook-Signature"]}
    assert verify(two, body, KEY, now=NOW).id == "1"
    with pytest.raises(SignatureError, match="no signature fits"):
        verify(headers, body, [], now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"id":"1"}', b'{"id":1,"to":"","subject":"","text":""}', b"\xff"])
def test_what_is_well_signed_and_no_notice_is_refused(body):
    headers, body = signed(body)
    with pytest.raises(SignatureError, match="no notice"):
        verify(headers, body, KEY, now=NOW)


@pytest.mark.parametrize(
    ("key", "told"),
    [("short", "too short"), ("whsec_é", "base64"), ("whsec_YQ==", "too short"), ("\udc80" * 30, "UTF-8")],
)
def test_a_key_that_is_none_is_refused_and_not_quoted(port, key, told):
    error = refused(channel_to(port, key=Secret(lambda: key)))
    assert (told in str(error), error.final, error.pause_seconds) == (True, False, 600)
    assert key not in str(error).replace("too short", "")


@pytest.mark.parametrize(
    ("status", "final"),
    [
        (400, True),
        (401, True),
        (404, True),
        (409, True),
        (410, True),
        (413, True),
        (422, True),
        (301, True),
        (307, True),
        (408, False),
        (425, False),
        (429, False),
        (500, False),
        (502, False),
        (503, False),
        (599, False),
    ],
)
def test_what_an_answer_means(receiver, port, status, final):
    receiver.answers = [(status, {})]
    error = refused(channel_to(port))
    assert (error.final, str(status) in str(error), error.pause_seconds) == (final, True, None)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_means_taken(receiver, port, status):
    receiver.answers = [(status, {})]
    channel_to(port).send(notice())
    assert len(receiver.requests) == 1


def test_409_means_taken_only_where_it_names_the_same_id(receiver, port):
    receiver.answers = [(409, {"webhook-id": delivery_id(notice().id)})]
    channel_to(port).send(notice())
    receiver.answers = [(409, {"webhook-id": delivery_id("another")})]
    assert refused(channel_to(port)).final


@pytest.mark.parametrize(
    ("written", "pause"),
    [
        ("30", 30),
        ("999999999", 86400),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1e3", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("9" * 400, 86400),
    ],
)
def test_retry_after_is_kept_within_reason(receiver, port, written, pause):
    receiver.answers = [(429, {"Retry-After": written})]
    assert refused(channel_to(port)).pause_seconds == pause


def test_a_redirect_is_not_followed(receiver, port):
    receiver.answers = [(307, {"Location": f"http://127.0.0.1:{port}/other"}), (204, {})]
    assert "redirects are not followed" in str(refused(channel_to(port)))
    assert len(receiver.requests) == 1


def within(seconds):
    begun = time.monotonic()

    def check():
        assert time.monotonic() - begun < seconds

    return check


def test_a_receiver_that_hangs_is_left_after_the_timeout(receiver, port):
    ends = threading.Event()
    receiver.before = lambda handler: ends.wait(10)
    check = within(2)
    error = refused(channel_to(port, timeout=0.2))
    ends.set()
    check()
    assert (error.final, str(error)) == (False, "the webhook cannot be reached: TimeoutError")


def drip(handler):
    for _ in range(200):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.02)


def test_a_receiver_that_drips_is_left_after_the_timeout_as_well(receiver, port):
    receiver.before = drip
    check = within(2)
    assert not refused(channel_to(port, timeout=0.3)).final
    check()


@pytest.mark.parametrize(
    "answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 2", b"HTTP/1.1 999999 x\r\n\r\n", b"\x00" * 100_000]
)
def test_what_is_no_http_is_temporary(receiver, port, answer):
    def lie(handler):
        handler.wfile.write(answer)
        handler.close_connection = True

    receiver.before = lie
    assert not refused(channel_to(port)).final


def test_an_answer_without_end_is_not_read(receiver, port):
    def flood(handler):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100_000):
                handler.wfile.write(b"x" * 10_000)

    receiver.before = flood
    check = within(2)
    channel_to(port).send(notice())
    check()


def test_nobody_there_is_temporary():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert str(refused(channel_to(port))) == "the webhook cannot be reached: ConnectionRefusedError"


def test_half_a_character_is_refused_and_nothing_is_posted(receiver, port):
    error = refused(channel_to(port), notice("\ud800"))
    assert (error.final, "half a character" in str(error), receiver.requests) == (True, True, [])


def test_a_directory_says_what_the_other_side_calls_a_receiver(receiver, port):
    channel_to(port, directory={"gas": "dept-7"}.get).send(notice())
    told = json.loads(receiver.requests[0][2])
    # The id of a notice names its receiver, whom the directory is there to replace.
    assert (told["to"], told["id"]) == ("dept-7", delivery_id(notice().id))
    error = refused(channel_to(port, directory={}.get))
    assert (error.final, str(error)) == (True, "the directory knows nobody for this receiver")
    assert str(refused(channel_to(port, directory={}.__getitem__))) == "the directory raised KeyError"


NEVER = ["169.254.169.254", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "fe80::1", "::", "ff02::1"]
NEVER += ["100.100.100.200", "::ffff:100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"]
NEVER += ["::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1"]
PRIVATE = ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fc00::1", "fd12::1"]
PRIVATE += ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "fec0::1"]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::93.184.216.34"]


@pytest.mark.parametrize(
    ("addresses", "usual", "allowed"), [(NEVER, False, False), (PRIVATE, False, True), (PUBLIC, True, True)]
)
def test_which_addresses_a_webhook_may_go_to(addresses, usual, allowed):
    for address in map(ipaddress.ip_address, addresses):
        assert (judged(address, allow_private=False), judged(address, allow_private=True)) == (usual, allowed), address


@given(
    st.ip_addresses(v=4, network="10.0.0.0/8")
    | st.ip_addresses(v=4, network="127.0.0.0/8")
    | st.ip_addresses(v=6, network="fc00::/7")
)
def test_no_private_address_is_ever_judged_good(address):
    """RFC 1918 and 4193."""
    assert not judged(address, allow_private=False)
    if address.version == 4:
        assert not judged(ipaddress.IPv6Address(f"::ffff:{address}"), allow_private=False)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0x7f.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "0",
    ],
)
def test_this_machine_is_refused_in_every_spelling_and_never_called(receiver, port, host):
    url = f"http://{host}:{port}/{TOKEN}"
    error = refused(channel_to(port, url=url, allow_private=False))
    assert ("not of the Internet" in str(error) or "no address" in str(error), error.final) == (True, False)
    assert receiver.requests == []


def answering(*answers):
    """Give a resolver that answers differently each time it is asked for a name."""
    real, left = socket.getaddrinfo, list(answers)

    def resolve(host, port, *args, **kwargs):
        if host != "hooks.example":
            return real(host, port, *args, **kwargs)
        return [info for address in left.pop(0) for info in real(address, port, *args, **kwargs)]

    return resolve


def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch):
    """DNS rebinding: the connection goes to the address that was judged; nobody asks a second time."""
    called = []

    def connect(address, timeout):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", answering(["93.184.216.34"], ["127.0.0.1"]))
    monkeypatch.setattr(socket, "create_connection", connect)
    refused(channel_to(0, url="https://hooks.example/x", allow_private=False))
    assert called == [("93.184.216.34", 443)]


def test_a_name_with_one_private_address_among_others_is_refused(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answering(["93.184.216.34", "10.0.0.1"]))
    error = refused(channel_to(0, url="https://hooks.example/x", allow_private=False))
    assert "not of the Internet" in str(error)


def test_the_next_address_is_tried_where_the_first_takes_no_connection(monkeypatch, receiver, port):
    monkeypatch.setattr(socket, "getaddrinfo", answering(["127.0.0.2", "127.0.0.1"]))
    channel_to(port, url=f"http://hooks.example:{port}/x").send(notice())
    assert receiver.requests[0][1]["Host"] == f"hooks.example:{port}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate for hooks.example: the server's context, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


def test_the_certificate_is_checked_for_the_name_though_the_connection_goes_to_an_address(
    monkeypatch, receiver, certificate
):
    ours, theirs = certificate
    asked = []
    ours.sni_callback = lambda sock, name, context: asked.append(name)
    with web_server(receiver, ours) as port:
        monkeypatch.setattr(socket, "getaddrinfo", answering(["127.0.0.1"], ["127.0.0.1"]))
        channel_to(port, url=f"https://hooks.example:{port}/x", trust=theirs, allow_plain=False).send(notice())
        assert (asked, len(receiver.requests)) == (["hooks.example"], 1)
        error = refused(channel_to(port, url=f"https://hooks.example:{port}/x", allow_plain=False))
        assert "certificate is not good" in str(error)
        error = refused(channel_to(port, url=f"https://127.0.0.1:{port}/x", trust=theirs))
        assert "certificate is not good" in str(error)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"http://hooks.example/{TOKEN}", "not https"),
        (f"ftp://hooks.example/{TOKEN}", "of the form"),
        (f"https:///{TOKEN}", "of the form"),
        (f"https://hooks.example:{TOKEN}/", "of the form"),
        (f"https://[{TOKEN}/", "of the form"),
        (f"https://hooks.example:99999/{TOKEN}", "of the form"),
        (f"https://a..b/{TOKEN}", "of the form"),
        (f"https://hooks.example/{TOKEN}\udc80", "of the form"),
        (f"https://user:{TOKEN}@hooks.example/", "holds a login"),
        (TOKEN, "of the form"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_at_once_and_not_quoted(url, told):
    with pytest.raises(ValueError, match=told) as caught:
        WebhookChannel(url=url, key=Secret(lambda: KEY))
    assert TOKEN not in str(caught.value)
    error = refused(WebhookChannel(url=Secret(lambda: url), key=Secret(lambda: KEY)))
    assert (told in str(error), TOKEN in str(error), error.final) == (True, False, False)


def test_a_path_cannot_end_the_request_line(receiver, port):
    url = f"http://127.0.0.1:{port}/a b\x00 HTTP/1.1 x?c d"
    channel_to(port, url=url).send(notice())
    assert receiver.requests[0][0] == "/a%20b%00%20HTTP/1.1%20x?c%20d"


def hurt(how, receiver, port):
    """Give a channel that fails in one of the ways there are; the other side quotes what it can."""
    quoting = {"Location": f"/{TOKEN}", "Retry-After": TOKEN}
    match how:
        case "away":
            return channel_to(1, url=f"http://127.0.0.1:1/{TOKEN}")
        case "private":
            return channel_to(port, allow_private=False)
        case "no name":
            return channel_to(port, url=f"http://{TOKEN}.invalid/{TOKEN}")
        case "no tls":
            return channel_to(port, url=f"https://127.0.0.1:{port}/{TOKEN}")
        case "no secret":
            return channel_to(port, url=Secret("NOT_SET_ANYWHERE"))
        case "leaky secret":
            return channel_to(port, key=Secret(lambda: (_ for _ in ()).throw(LookupError(KEY))))
        case "bad key":
            return channel_to(port, key=Secret(lambda: KEY + "\udc80"))
        case "leaky directory":
            return channel_to(port, directory=lambda _: (_ for _ in ()).throw(LookupError(TOKEN)))
        case "no http":
            receiver.before = lambda handler: handler.wfile.write(f"{TOKEN} {KEY}\r\n\r\n".encode())
        case _:
            receiver.answers = [(int(how), quoting)]
    return channel_to(port)


WAYS = ["away", "private", "no name", "no tls", "no secret", "leaky secret", "bad key", "leaky directory", "no http"]


@pytest.mark.parametrize("how", [*WAYS, "301", "401", "429", "500"])
def test_neither_url_nor_key_is_in_any_error_its_chain_or_the_log(how, receiver, port, caplog):
    caplog.set_level(logging.DEBUG)
    channel = hurt(how, receiver, port)
    error = refused(channel)
    assert (error.__cause__, error.__context__) == (None, None)
    for shown in (str(error), repr(error), repr(channel), str(vars(error)), str(vars(channel)), caplog.text):
        assert not any(secret in shown for secret in (TOKEN, KEY, KEY[6:]))


def test_there_is_no_pace_unless_it_is_given_and_no_timeout_of_nothing():
    given = {"url": "https://hooks.example/x", "key": Secret(lambda: KEY)}
    assert WebhookChannel(**given).pace == Pace()
    slow = Pace((Limit(count=5, seconds=1),))
    assert WebhookChannel(**given, pace=slow).pace is slow
    with pytest.raises(ValueError, match="timeout"):
        WebhookChannel(**given, timeout=0)


def channels():
    host = Host([("webhook", plugin)])
    try:
        return host.channels()
    finally:
        host.close()


class TestEnvironment:
    def test_without_a_url_there_is_no_channel(self):
        assert channels() == []

    def test_what_is_set_is_used(self, monkeypatch, receiver, port):
        monkeypatch.setenv("GRIDGOV_WEBHOOK_URL", f"http://127.0.0.1:{port}/")
        monkeypatch.setenv("GRIDGOV_WEBHOOK_KEY", KEY)
        (channel,) = channels()
        assert channel.name == "webhook"
        assert "not https" in str(refused(channel))
        monkeypatch.setenv("GRIDGOV_WEBHOOK_ALLOW_PLAIN", "yes")
        assert "not of the Internet" in str(refused(*channels()))
        monkeypatch.setenv("GRIDGOV_WEBHOOK_ALLOW_PRIVATE", "1")
        channels()[0].send(notice())
        assert len(receiver.shown) == 1

    def test_half_a_setting_is_refused_when_the_office_opens(self, monkeypatch):
        monkeypatch.setenv("GRIDGOV_WEBHOOK_URL", "https://hooks.example/")
        with pytest.raises(PluginError, match="GRIDGOV_WEBHOOK_KEY has to be set"):
            channels()
        monkeypatch.setenv("GRIDGOV_WEBHOOK_KEY", KEY)
        monkeypatch.setenv("GRIDGOV_WEBHOOK_ALLOW_PLAIN", "perhaps")
        with pytest.raises(PluginError, match="yes or no"):
            channels()
