"""Every way not to be taken: what is tried again, what never, how long to wait; and nothing leaks on any of them."""

import datetime as dt
import http.client
import ipaddress
import json
import logging
import socket
import ssl
import time
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridgov.delivery import ChannelError, Secret
from gridgov.errors import PluginError
from gridgov.notices import Notice
from gridgov_im import DingTalkRobot, FeishuRobot, WeComRobot

NOTICE = Notice(id="150203005/case:a@1:lead:org:gas:x", channel="x", to="org:gas", subject="a", text="燃气异味")


def refused(platform, answer, **more):
    """Give the error with which the answer (status, body, headers) comes back."""
    platform.refuse = answer
    with pytest.raises(ChannelError) as caught:
        platform.robot(**more).send(NOTICE)
    return caught.value


def with_code(platform, code, words=""):
    names = ("code", "msg") if platform.name == "feishu" else ("errcode", "errmsg")
    return dict(zip(names, (code, words), strict=True))


NEVER = {
    "dingtalk": [
        (310000, "sign not match", "signature"),
        (310000, "invalid timestamp", "clock"),
        (310000, "keywords not in content", "keyword"),
        (310000, "ip 192.0.2.7 not in whitelist", "address from which we send"),
        (300001, "token is not exist", "copy its address anew"),
        (300005, "token is not exist", "copy its address anew"),
        (400102, "bot is stopped", "switched off"),
        (460101, "message too long, exceed 20000 bytes", "too long"),
    ],
    "wecom": [
        (93000, "invalid webhook url", "copy its address anew"),
        (40058, "text.content exceed max length 2048", "too long"),
        (45002, "content size out of limit", "too long"),
    ],
    "feishu": [
        (19001, "param invalid: incoming webhook access token invalid", "copy its address anew"),
        (19021, "sign match fail or timestamp is not within one hour from current time", "clock"),
        (19022, "Ip Not Allowed", "address from which we send"),
        (19024, "Key Words Not Found", "keyword"),
        (9499, "Bad Request", "not as Feishu wants it"),
    ],
}
TOO_FAST = {
    "dingtalk": [
        (130101, "send too fast, exceed 20 times per minute"),
        (410100, ""),
        (660026, ""),
        (1, "发送速度太快而限流"),
    ],
    "wecom": [(45009, "api freq out of limit"), (45009, "")],
    "feishu": [(11232, ""), (9499, "too many request"), (11220, "too many requests"), (99991400, "")],
}
PAUSES = {"dingtalk": 600, "wecom": 60, "feishu": 60}


def cases(table):
    return [
        pytest.param(name, *rest, id=f"{name}-{rest[0]}-{n}") for name in table for n, rest in enumerate(table[name])
    ]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("name", "code", "words", "told"), cases(NEVER))
def test_what_will_never_be_taken_is_final_and_says_what_to_mend(name, code, words, told, status, any_of):
    platform = any_of(name)
    error = refused(platform, (status, with_code(platform, code, words), {}))
    assert error.final
    assert f"({code})" in str(error)
    assert told in str(error)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("name", "code", "words"), cases(TOO_FAST))
def test_too_fast_is_a_pause_and_never_for_good(name, code, words, status, any_of):
    platform = any_of(name)
    error = refused(platform, (status, with_code(platform, code, words), {}))
    assert (error.final, error.pause_seconds) == (False, PAUSES[name])


def test_a_gate_before_dingtalk_that_punishes_is_a_pause(dingtalk):
    error = refused(dingtalk, (200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}, {}))
    assert (error.final, error.pause_seconds) == (False, 600)


def test_an_unknown_code_is_tried_again(platform):
    error = refused(platform, (200, with_code(platform, 987654, "nobody knows"), {}))
    assert not error.final
    assert "(987654)" in str(error)
    assert platform.shown == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"errmsg": "ok", "msg": "success"},
        *({"errcode": x, "code": x} for x in (None, False, "", "ok", 0.0, [0], {})),
    ],
)
def test_only_the_number_nought_is_a_success(platform, body):
    error = refused(platform, (200, body, {}))
    assert not error.final
    assert "no answer of it" in str(error)


def test_feishus_older_answer_counts_and_both_codes_have_to_be_nought(feishu):
    error = refused(feishu, (200, {"code": 0, "StatusCode": 19021, "msg": "success"}, {}))
    assert error.final
    feishu.refuse = (200, {"Extra": None, "StatusCode": 0, "StatusMessage": "success"}, {})
    feishu.robot().send(NOTICE)
    assert len(feishu.requests) == 2


@pytest.mark.parametrize(
    ("status", "final"),
    [
        *((status, False) for status in (301, 302, 408, 425, 429, 500, 502, 503)),
        *((s, True) for s in (400, 401, 403, 404, 413)),
    ],
)
def test_a_status_is_final_where_the_request_is_to_blame(platform, status, final):
    error = refused(platform, (status, {"what": "an error page"}, {"Location": "/elsewhere"}))
    assert error.final is final
    assert str(status) in str(error)
    assert len(platform.requests) == 1


def test_a_status_of_trouble_is_no_success_whatever_the_code_says(platform):
    for status in (400, 500):
        refused(platform, (status, with_code(platform, 0, "ok"), {}))
    assert platform.shown == []


@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait_is_what_the_other_side_says(platform, status):
    now = platform.clock()
    date = f"{now + dt.timedelta(seconds=90):%a, %d %b %Y %H:%M:%S} GMT"
    for told, seconds in (("17", 17), (date, 90), (f"{now:%a, %d %b %Y %H:%M:%S} GMT", 0), ("99999999", 3600)):
        assert refused(platform, (status, {}, {"Retry-After": told})).pause_seconds == seconds
    past = {"Retry-After": f"{now - dt.timedelta(hours=1):%a, %d %b %Y %H:%M:%S} GMT"}
    assert refused(platform, (status, {}, past)).pause_seconds == 0
    for nonsense in ("soon", "-3", "1e9", "²", "Mon, 99 Foo 2026 99:99:99 GMT", ""):
        expected = PAUSES[platform.name] if status == 429 else None
        assert (
            refused(platform, (status, {}, {"Retry-After": nonsense.encode().decode("latin-1")})).pause_seconds
            == expected
        )
    assert refused(platform, (status, {}, {"x-ogw-ratelimit-reset": "52"})).pause_seconds == 52


def test_a_server_in_trouble_is_not_believed_when_it_says_never(platform):
    code, words, _ = NEVER[platform.name][0]
    assert not refused(platform, (502, with_code(platform, code, words), {})).final


def raw(*pieces, slowly=0.0):
    """Answer with these bytes and hang up."""

    def misbehave(handler, platform):
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            if slowly and platform.stopped.wait(slowly):
                return

    return misbehave


def answer(body, *, length=None, status=b"200 OK"):
    size = str(len(body) if length is None else length).encode()
    return b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: " + size + b"\r\n\r\n" + body


OK = json.dumps({"errcode": 0, "code": 0}).encode()
BROKEN = {
    "nothing": [],
    "half a status line": [b"HTTP/1.1 2"],
    "no HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n"],
    "half a body": [answer(OK[:-3], length=len(OK))],
    "half a chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"],
    "no JSON": [answer(b"<html>login</html>")],
    "no object": [answer(b"[0]")],
    "a number": [answer(b"0")],
    "no UTF-8": [answer(b'{"errcode": 0, "x": "\xff\xfe"}')],
    "a deep hole": [answer(b"[" * 60_000)],
    "a huge number": [answer(b'{"errcode": ' + b"9" * 5000 + b"}")],
    "a huge body": [answer(b'{"errcode": 0, "code": 0, "x": "' + b"x" * 3_000_000 + b'"}')],
    "a padded body": [answer(OK + b" " * 3_000_000)],
    "too many headers": [b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"],
    "an endless header": [b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n"],
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_answer_is_no_success_and_tried_again(platform, what):
    platform.misbehave = raw(*BROKEN[what])
    with pytest.raises(ChannelError) as caught:
        platform.robot(timeout_seconds=2).send(NOTICE)
    assert not caught.value.final
    assert "broke" not in str(caught.value)
    platform.misbehave = None
    platform.robot().send(NOTICE)
    assert len(platform.shown) == 1


def hangs(handler, platform):
    platform.stopped.wait(20)


def test_a_side_that_never_answers_is_given_up(dingtalk):
    dingtalk.misbehave = hangs
    began = time.monotonic()
    with pytest.raises(ChannelError, match=r"no answer within 0\.2 s") as caught:
        dingtalk.robot(timeout_seconds=0.2).send(NOTICE)
    assert not caught.value.final
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nX: ", answer(b'{"errcode": 0', length=5000)])
def test_a_side_that_answers_a_byte_at_a_time_is_given_up_too(dingtalk, begun):
    dingtalk.misbehave = raw(begun, *[b"x"] * 400, slowly=0.05)
    began = time.monotonic()
    with pytest.raises(ChannelError):
        dingtalk.robot(timeout_seconds=0.2).send(NOTICE)
    assert time.monotonic() - began < 2


def pours(handler, platform):
    handler.wfile.write(answer(b"", length=10**12))
    try:
        while not platform.stopped.is_set():
            handler.wfile.write(b" " * 65_536)
    except OSError:
        handler.close_connection = True


def test_an_endless_answer_is_read_no_further_than_it_has_to_be(platform):
    platform.misbehave = pours
    began = time.monotonic()
    with pytest.raises(ChannelError, match="no answer of it"):
        platform.robot(timeout_seconds=3).send(NOTICE)
    assert time.monotonic() - began < 2


def test_nobody_there_is_tried_again(platform):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/robot?access_token=x"
        with pytest.raises(ChannelError, match="ConnectionRefusedError") as caught:
            platform.robot(url=url).send(NOTICE)
    assert not caught.value.final


@pytest.mark.parametrize(
    "url",
    [
        "t0k3n",
        "ftp://host/t0k3n",
        "https://",
        "https://host:t0k3n/",
        "https://[t0k3n/",
        "https://h/t0 k3n",
        "https://h/\nt0k3n",
        "https://t0k3n@host/",
        "https://u:t0k3n@host/",
        "https://例子/t0k3n",
        "https://host:99999/t0k3n",
        "http://host/t0k3n",
    ],
)
def test_an_address_that_is_none_is_refused_for_good_and_not_shown(url):
    for kind in (DingTalkRobot, WeComRobot, FeishuRobot):
        with pytest.raises(ChannelError, match="the robot's address") as caught:
            kind("x", Secret(lambda: url)).send(NOTICE)
        assert caught.value.final
        assert "t0k3n" not in str(caught.value)


def test_an_address_with_a_line_break_at_its_end_is_taken(platform):
    platform.robot(url=platform.url + "\n").send(NOTICE)
    assert len(platform.shown) == 1


@pytest.mark.parametrize(
    "given", ["https://oapi.dingtalk.com/robot/send?access_token=t0k3n", "SEC t0k3n", "t0k3n-6f1c", ""]
)
def test_the_secret_itself_in_place_of_where_it_is_kept_is_refused_and_not_shown(given):
    for make in (lambda: WeComRobot("x", given), lambda: DingTalkRobot("x", "URL", given)):
        with pytest.raises(PluginError, match="environment variable") as caught:
            make()
        assert "t0k3n" not in str(caught.value)


def test_a_missing_variable_is_named_and_tried_again(monkeypatch):
    monkeypatch.delenv("GRIDGOV_TEST_URL", raising=False)
    with pytest.raises(ChannelError, match="GRIDGOV_TEST_URL is not set") as caught:
        WeComRobot("x", "GRIDGOV_TEST_URL").send(NOTICE)
    assert not caught.value.final


def certificate(tmp_path):
    """Make a certificate for 127.0.0.1 that no authority has signed; give the server's side and one that trusts it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "robot")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    path = tmp_path / "robot.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + signed.public_bytes(pem))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return SimpleNamespace(server=server, client=ssl.create_default_context(cafile=str(path)))


def test_a_certificate_that_nobody_trusts_is_not_talked_to_and_a_trusted_one_is(tmp_path, serve, any_of):
    tls = certificate(tmp_path)
    with serve(type(any_of("wecom"))(), tls.server) as platform:
        url = platform.url.replace("http://", "https://")
        with pytest.raises(ChannelError, match="certificate") as caught:
            platform.robot(url=url, allow_plain=False).send(NOTICE)
        assert not caught.value.final
        assert platform.requests == []
        platform.robot(url=url, allow_plain=False, tls=tls.client).send(NOTICE)
        assert len(platform.shown) == 1
        other = url.replace("127.0.0.1", "localhost")
        with pytest.raises(ChannelError, match="certificate"):
            platform.robot(url=other, tls=tls.client).send(NOTICE)
        platform.misbehave = raw(b"HTTP/1.1 200 OK\r\nX: ", *[b"x"] * 400, slowly=0.05)
        began = time.monotonic()
        with pytest.raises(ChannelError):
            platform.robot(url=url, tls=tls.client, timeout_seconds=0.3).send(NOTICE)
        assert time.monotonic() - began < 3


def test_an_ssl_context_that_checks_nothing_is_refused():
    with pytest.raises(PluginError, match="does not check certificates"):
        WeComRobot("x", "URL", tls=ssl._create_unverified_context())


def echo(status):
    """Quote everything that was sent, in the words, in the code, in the headers."""

    def misbehave(handler, platform):
        path, headers, body = platform.requests[-1]
        said = f"{path} {headers} {body.decode()}"
        told = dict.fromkeys(("errmsg", "msg", "StatusMessage", "punished"), said)
        number = int(platform.phone) if platform.phone.isdigit() else 5
        reply = json.dumps({**told, "errcode": number, "code": number}).encode()
        handler.reply(status, reply, {"Location": platform.url, "Retry-After": path[:60]})

    return misbehave


def odd_headers(handler, platform):
    path = platform.requests[-1][0].encode()
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + path + b" no colon\r\n: " + path + b"\r\nContent-Length: 2\r\n\r\n{}")


def broken_pieces(what):
    return raw(*BROKEN[what])


FAILURES = {
    **{f"echo {status}": echo(status) for status in (200, 302, 400, 404, 429, 500)},
    **{what: broken_pieces(what) for what in ("nothing", "no HTTP", "no JSON", "half a body", "half a chunk")},
    "odd headers": odd_headers,
    "refused connection": None,
    "no web address": None,
    "a broken directory": None,
}
TOKENS = st.text(st.sampled_from("abcdef0123456789-_"), min_size=12, max_size=40).map("tk-{}".format)


def everything_known_of(error):
    """Give all that a log, a debugger or a collector of errors could show of an error."""
    seen, pending = [], [error]
    while pending:
        each = pending.pop()
        if each is None:
            continue
        seen += [str(each), repr(each), repr(each.args), repr(vars(each))]
        pending += [each.__cause__, each.__context__]
        trace = each.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename != __file__:
                seen.append(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
    return "\n".join(seen)


@pytest.mark.parametrize("failure", FAILURES)
@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=TOKENS, secret=TOKENS, phone=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_whatever_fails_no_token_secret_or_number_is_shown(failure, platform, caplog, capsys, token, secret, phone):
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    platform.clean()
    platform.token, platform.phone = token, phone
    platform.misbehave = FAILURES[failure]
    more = {"secret": secret} if platform.name != "wecom" else {}
    if failure == "refused connection":
        more["url"] = f"http://127.0.0.1:1/robot/{token}?access_token={token}"
    if failure == "no web address":
        more["url"] = f"https://{token}@host/{token}"
    directory = (lambda to: {}[phone]) if failure == "a broken directory" else (lambda to: phone)
    robot = platform.robot(directory=directory, timeout_seconds=2, **more)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.client.HTTPConnection, "debuglevel", 1)
        with pytest.raises(ChannelError) as caught:
            robot.send(NOTICE)
    output = capsys.readouterr()
    shown = "\n".join((everything_known_of(caught.value), repr(robot), str(robot), caplog.text, output.out, output.err))
    for kept in (token, secret, phone):
        assert kept not in shown


def test_a_success_is_not_logged_with_its_address_either(platform, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    platform.robot(directory=lambda to: "13800001111").send(NOTICE)
    output = capsys.readouterr()
    assert len(platform.shown) == 1
    assert platform.token not in caplog.text + output.out + output.err
