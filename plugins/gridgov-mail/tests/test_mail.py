"""Mail against a real SMTP server: what arrives, what is refused, and what nobody may read in an error."""

import contextlib
import datetime as dt
import email
import email.policy
import ipaddress
import logging
import smtplib
import socket
import ssl
import threading
import time

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridgov.delivery import ChannelError, Limit, Pace, Secret
from gridgov.errors import PluginError
from gridgov.hooks import Host
from gridgov.notices import Notice
from gridgov.testing import ChannelContract
from gridgov_mail import CsvDirectory, MailChannel, message_id, plugin

SENDER = "网格办 <grid@street.example>"
ADDRESSES = {"gas": "li.gasfitter@example.com", "lead-81": "wang@example.com", "idn": "wang@公司.example"}
USER, PASSWORD = "robot-of-the-street", "correct horse battery"
CERTIFICATE_DAYS = 2


def notice(text="燃气异味", *, to="gas", subject="app-4711", id_="150203005/case:a@2:lead:gas:mail"):
    return Notice(id=id_, channel="mail", to=to, subject=subject, text=text)


class Mailbox:
    """A reader's mailbox: it shows each Message-ID once. Its server refuses what it is told to refuse."""

    def __init__(self):
        self.arrived = []
        self.refusals = {}
        self.after_data = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answers = self.refusals.get(address) or self.refusals.get("*")
        if answers:
            return answers.pop(0) if len(answers) > 1 else answers[0]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.after_data:
            return self.after_data
        self.arrived.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"

    def shown(self):
        return list({message["Message-ID"]: message for message in self.arrived}.values())


class Passes:
    def __call__(self, server, session, envelope, mechanism, login):
        good = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False, message=None if good else f"535 5.7.8 no {login.login!r}")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Make a certificate for localhost: the server's context, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
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


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@contextlib.contextmanager
def mail_server(mailbox, *, kind=Controller, **options):
    # The controller looks whether it is up by its port, so it cannot take port 0.
    controller = kind(mailbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def plain(mailbox):
    """Give a channel to a server without TLS and login."""
    with mail_server(mailbox) as port:
        yield channel_to(port)


def channel_to(port, **options):
    given = {"security": "plain", "timeout": 5, "directory": ADDRESSES.get, **options}
    return MailChannel(host="127.0.0.1", port=port, sender=SENDER, **given)


def refused(channel, sent=None):
    with pytest.raises(ChannelError) as caught:
        channel.send(sent or notice())
    return caught.value


class TestMailContract(ChannelContract):
    """The contract, over STARTTLS and with a login, as in real life."""

    timeout = 5.0
    secrets = (PASSWORD, USER, ADDRESSES["gas"])

    @pytest.fixture(autouse=True)
    def server(self, certificate):
        ours, theirs = certificate
        self.mailbox = Mailbox()
        options = {"auth_required": True, "authenticator": Passes(), "tls_context": ours, "require_starttls": True}
        with mail_server(self.mailbox, **options) as port, silent_server() as silent_port:
            self.options = {"user": USER, "password": Secret(lambda: PASSWORD), "trust": theirs}
            self.port, self.silent_port = port, silent_port
            yield

    def make(self, tmp_path):
        return channel_to(self.port, security="starttls", timeout=1, **self.options)

    def received(self, channel):
        return [message.get_content() for message in self.mailbox.shown()]

    def break_it(self, channel):
        self.mailbox.refusals["*"] = ["451 4.3.0 not now"]

    def mend_it(self, channel):
        self.mailbox.refusals.clear()

    def refuse_it(self, channel):
        self.mailbox.refusals["*"] = [f"550 5.1.1 <{ADDRESSES['gas']}> unknown"]

    def hang_it(self, channel):
        channel._port = self.silent_port


@contextlib.contextmanager
def silent_server():
    """Take connections and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_mail_names_its_receiver_and_sender_and_asks_for_no_automatic_answer(plain, mailbox):
    plain.send(notice())
    (message,) = mailbox.arrived
    assert (message["From"], message["To"]) == (SENDER, ADDRESSES["gas"])
    assert message["Auto-Submitted"] == "auto-generated"
    assert abs(message["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_the_message_id_is_the_same_for_the_same_notice_in_every_process_and_hides_it():
    made = message_id("150203005/case:a@2:lead:gas:mail", "street.example")
    assert made == "<b072b9b4900f96d61681e3e935edc45903cae4cd@street.example>"
    assert made != message_id("150203005/case:a@2:lead:gas2:mail", "street.example")


WORDS = st.lists(st.sampled_from(["=?utf-8?q?x?=", "=?", "?=", "\r\n", ".", "..", "\r\n.\r\n", "Bcc: a@b", "办", " "]))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | WORDS.map("".join)


def lines_of(text):
    r"""Split where a mail does: \r\n, \n or \r, and nowhere else."""
    return text.encode().splitlines() or [b""]


@pytest.fixture(scope="module")
def shared():
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        yield mailbox, channel_to(port)


@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT, subject=ANY_TEXT)
@example(text="一\r\n.\r\n二\x00\x85\u2028", subject="=?utf-8?q?x?=\r\nBcc: everybody@example.com")
@example(text="." * 3000, subject="长" * 300)
def test_whatever_a_notice_says_arrives_as_it_was(shared, text, subject):
    """Line breaks arrive as CRLF, one at the end; a subject is one line; nothing becomes a header."""
    mailbox, channel = shared
    mailbox.arrived.clear()
    channel.send(notice(text, subject=subject))
    (message,) = mailbox.arrived
    assert message.get_payload(decode=True) == b"".join(line + b"\r\n" for line in lines_of(text))
    shown = "".join(char if char.isprintable() else " " for char in str(message["Subject"]))
    wanted = "".join(char if char.isprintable() else " " for char in subject)
    assert shown.split() == wanted.split()
    assert "Bcc" not in message
    assert message["Message-ID"] == message_id(notice().id, "street.example")


def test_a_subject_is_one_line_without_control_characters(plain, mailbox):
    plain.send(notice(subject="a\x00b\x1b[31m\r\nBcc: x@y.example\x85\u2028c\t "))
    assert str(mailbox.arrived[0]["Subject"]) == "a b [31m Bcc: x@y.example c"


def test_half_a_character_is_refused_and_nothing_is_sent(plain, mailbox):
    error = refused(plain, notice("\ud800"))
    assert error.final
    assert "half a character" in str(error)
    assert mailbox.arrived == []


def test_a_receiver_without_an_address_is_final_and_nobody_is_named(plain):
    error = refused(plain, notice(to="resident:0412"))
    assert (error.final, str(error)) == (True, "the directory knows no address of this receiver")


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nBcc: c@d.example", "nobody", "@example.com", "a@", "a b@c.example", "a@b@c", "a@" + "x" * 70],
)
def test_what_is_no_address_is_refused_without_being_quoted(mailbox, address):
    with mail_server(mailbox) as port:
        error = refused(channel_to(port, directory=lambda _: address))
    assert error.final
    assert address not in str(error)
    assert mailbox.arrived == []


def test_a_domain_in_chinese_goes_as_ascii_and_needs_nothing_of_the_server(plain, mailbox):
    plain.send(notice(to="idn"))
    assert mailbox.arrived[0]["To"] == "wang@xn--55qx5d.example"


def test_a_name_in_chinese_needs_smtputf8_and_a_server_without_it_is_final(mailbox):
    with mail_server(mailbox, enable_SMTPUTF8=True) as port:
        channel_to(port, directory=lambda _: "王@example.com").send(notice())
    assert mailbox.arrived[0]["To"] == "王@example.com"
    with mail_server(mailbox, enable_SMTPUTF8=False) as port:
        error = refused(channel_to(port, directory=lambda _: "王@example.com"))
    assert (error.final, "SMTPUTF8" in str(error)) == (True, True)


@pytest.mark.parametrize(
    ("answer", "final", "codes"),
    [
        ("550 5.1.1 <li.gasfitter@example.com> unknown", True, "(550 5.1.1)"),
        ("552 mailbox of li.gasfitter full", True, "(552)"),
        ("450 4.2.0 <li.gasfitter@example.com> greylisted", False, "(450 4.2.0)"),
        ("451 later", False, "(451)"),
        ("421 4.7.0 too many", False, "(421 4.7.0)"),
        ("530 5.7.0 log in first", False, "(530 5.7.0)"),
    ],
)
def test_5xx_is_final_and_4xx_is_temporary_and_only_the_codes_are_passed_on(plain, mailbox, answer, final, codes):
    mailbox.refusals["*"] = [answer]
    error = refused(plain)
    assert (error.final, codes in str(error), "gasfitter" in str(error)) == (final, True, False)


def test_a_refusal_of_the_text_itself_is_told_as_well(plain, mailbox):
    mailbox.after_data = "554 5.7.1 this is spam, li.gasfitter@example.com"
    assert str(refused(plain)) == "the mail server refuses the mail (554 5.7.1)"
    assert refused(plain).final


def test_a_greylisted_mail_arrives_at_the_second_try(plain, mailbox):
    mailbox.refusals[ADDRESSES["gas"]] = ["451 4.7.1 greylisted", "250 OK"]
    assert not refused(plain).final
    mailbox.refusals.clear()
    plain.send(notice())
    assert len(mailbox.shown()) == 1


def test_a_wrong_login_lets_the_channel_rest_and_kills_no_notice(certificate, mailbox):
    ours, theirs = certificate
    with mail_server(mailbox, authenticator=Passes(), tls_context=ours, auth_required=True) as port:
        channel = channel_to(port, security="starttls", trust=theirs, user=USER, password=Secret(lambda: "wrong"))
        error = refused(channel)
    assert (error.final, error.pause_seconds) == (False, 600)
    assert str(error) == "the mail server refuses the login (535 5.7.8)"


def test_a_server_without_starttls_gets_no_mail_unless_plain_is_asked_for(mailbox):
    with mail_server(mailbox) as port:
        error = refused(channel_to(port, security="starttls"))
        assert "STARTTLS" in str(error)
        assert mailbox.arrived == []
        channel_to(port, security="plain").send(notice())
    assert len(mailbox.arrived) == 1


def test_no_password_goes_to_a_server_whose_certificate_is_not_trusted(certificate, mailbox):
    told = []
    with mail_server(mailbox, authenticator=Passes(), tls_context=certificate[0]) as port:
        password = Secret(lambda: told.append("asked") or PASSWORD)
        error = refused(channel_to(port, security="starttls", user=USER, password=password))
    assert "certificate is not good" in str(error)
    assert (error.final, told) == (False, [])


def test_tls_from_the_first_byte_works_as_well(certificate, mailbox):
    ours, theirs = certificate
    with mail_server(mailbox, ssl_context=ours) as port:
        channel_to(port, security="tls", trust=theirs).send(notice())
    assert len(mailbox.arrived) == 1


def test_a_hanging_server_is_left_after_the_timeout():
    with silent_server() as port:
        begun = time.monotonic()
        error = refused(channel_to(port, timeout=0.2))
        assert time.monotonic() - begun < 2
    assert not error.final


def test_a_server_that_is_not_there_is_temporary():
    with silent_server() as port:
        pass
    assert str(refused(channel_to(port))) == "the mail server cannot be reached: ConnectionRefusedError"


def test_a_mail_that_was_taken_is_not_sent_again_because_parting_went_wrong(mailbox):
    class Rude(SMTP):
        async def smtp_QUIT(self, arg):  # noqa: N802
            self.transport.close()

    class RudeController(Controller):
        def factory(self):
            return Rude(self.handler)

    with mail_server(mailbox, kind=RudeController) as port:
        channel_to(port).send(notice())
    assert len(mailbox.arrived) == 1


def test_many_threads_send_by_one_channel(plain, mailbox):
    threads = [threading.Thread(target=plain.send, args=(notice(id_=f"n{n}"),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailbox.shown()) == 8


def hurt(how, mailbox, port, certificate):
    """Give a channel that fails in one of the ways there are."""
    ours_open = {"user": USER, "password": Secret(lambda: PASSWORD)}
    match how:
        case "away":
            return channel_to(1, **ours_open)
        case "login":
            return channel_to(port, security="starttls", trust=certificate[1], **ours_open)
        case "trust":
            return channel_to(port, security="starttls", **ours_open)
        case "receiver":
            mailbox.refusals["*"] = [f"550 {ADDRESSES['gas']} {PASSWORD} unknown"]
        case "data":
            mailbox.after_data = f"554 {ADDRESSES['gas']} {PASSWORD}"
        case "directory":
            return channel_to(port, directory={}.__getitem__)
        case "leaky directory":
            return channel_to(port, directory=lambda _: (_ for _ in ()).throw(LookupError(ADDRESSES["gas"])))
        case "leaky secret":
            secret = Secret(lambda: (_ for _ in ()).throw(LookupError(PASSWORD)))
            return channel_to(port, security="starttls", trust=certificate[1], user=USER, password=secret)
        case "no secret":
            return channel_to(
                port, security="starttls", trust=certificate[1], user=USER, password=Secret("NOT_SET_ANYWHERE")
            )
        case "odd secret":
            return channel_to(
                port, security="starttls", trust=certificate[1], user=USER, password=Secret(lambda: "\udc80")
            )
    return channel_to(port)


@pytest.mark.parametrize(
    "how",
    [
        "away",
        "login",
        "trust",
        "receiver",
        "data",
        "directory",
        "leaky directory",
        "leaky secret",
        "no secret",
        "odd secret",
    ],
)
def test_no_address_and_no_password_is_in_any_error_its_chain_or_the_log(how, mailbox, certificate, caplog):
    caplog.set_level(logging.DEBUG)

    def quoting(server, session, envelope, mechanism, login):
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 {USER} {PASSWORD}")

    with mail_server(mailbox, tls_context=certificate[0], authenticator=quoting) as port:
        caplog.handler.addFilter(lambda record: record.name != "mail.log")  # the test's own server
        channel = hurt(how, mailbox, port, certificate)
        error = refused(channel)
    assert (error.__cause__, error.__context__) == (None, None)
    for shown in (str(error), repr(error), repr(channel), str(vars(error)), caplog.text):
        assert not any(secret in shown for secret in (ADDRESSES["gas"], PASSWORD, USER))


def test_the_directory_file_is_read_again_when_it_has_changed(tmp_path):
    path = tmp_path / "addresses.csv"
    directory = CsvDirectory(path)
    with pytest.raises(ChannelError, match="cannot be read: FileNotFoundError"):
        directory("gas")
    path.write_text("\ufeffid,name,address\ngas,王,wang@example.com\nnone,李,\n", "utf-8")
    assert (directory("gas"), directory("none"), directory("other")) == ("wang@example.com", None, None)
    path.write_text("id,address\ngas,li.gasfitter@example.com\n", "utf-8")
    assert directory("gas") == "li.gasfitter@example.com"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"id,mail\ngas,a@b.example\n", "no column 'address'"),
        (b"", "no column 'id'"),
        (b"id,address\ngas,a@b.example\ngas,c@d.example\n", "csv:3 names somebody a second time"),
        ("id,address\n王,a@b.example\n".encode("gb18030"), "UnicodeDecodeError"),
    ],
)
def test_a_wrong_directory_file_is_told_with_its_place_and_without_an_address(tmp_path, written, told):
    path = tmp_path / "addresses.csv"
    path.write_bytes(written)
    with pytest.raises(ChannelError, match=told) as caught:
        CsvDirectory(path)("gas")
    assert "b.example" not in str(caught.value)
    assert not caught.value.final


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"security": "ssl"}, "starttls, tls, plain"),
        ({"user": USER}, "both user and password"),
        ({"sender": "nobody"}, "sender cannot be used"),
        ({"sender": "a <b@c.example>\r\nBcc: x <y@z.example>"}, "sender cannot be used"),
        ({"host": ""}, "has a host"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_channel_that_cannot_work_is_not_made(wrong, told):
    given = {"host": "mail.example", "sender": SENDER, "directory": ADDRESSES.get, **wrong}
    with pytest.raises(ValueError, match=told):
        MailChannel(**given)


def test_ports_follow_the_way_of_securing_and_there_is_no_pace_unless_it_is_given():
    given = {"host": "mail.example", "sender": SENDER, "directory": ADDRESSES.get}
    ports = [MailChannel(**given, security=security)._port for security in ("starttls", "tls", "plain")]
    assert ports == [587, 465, 25]
    assert MailChannel(**given).pace == Pace()
    slow = Pace((Limit(count=30, seconds=60),))
    assert MailChannel(**given, pace=slow).pace is slow


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch, tmp_path):
        (tmp_path / "a.csv").write_text("id,address\ngas,li.gasfitter@example.com\n", "utf-8")
        self.given = {"HOST": "127.0.0.1", "FROM": SENDER, "DIRECTORY": str(tmp_path / "a.csv"), "SECURITY": "plain"}
        self.set = lambda **more: [monkeypatch.setenv(f"GRIDGOV_MAIL_{k}", v) for k, v in (self.given | more).items()]

    def channels(self):
        host = Host([("mail", plugin)])
        try:
            return host.channels()
        finally:
            host.close()

    def test_without_a_host_there_is_no_channel(self):
        assert self.channels() == []

    def test_what_is_set_is_used(self, mailbox):
        with mail_server(mailbox) as port:
            self.set(PORT=str(port))
            (channel,) = self.channels()
            channel.send(notice())
        assert (channel.name, mailbox.arrived[0]["To"]) == ("mail", ADDRESSES["gas"])

    def test_a_password_stays_in_the_environment_until_it_is_used(self, mailbox, certificate):
        self.set(USER=USER, PASSWORD="first")
        (channel,) = self.channels()
        assert "first" not in str(vars(channel))

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({"FROM": ""}, "GRIDGOV_MAIL_FROM has to be set"),
            ({"DIRECTORY": ""}, "GRIDGOV_MAIL_DIRECTORY has to be set"),
            ({"PORT": "smtp"}, "GRIDGOV_MAIL_PORT is a number"),
            ({"SECURITY": "ssl"}, "security is one of"),
        ],
    )
    def test_half_a_setting_is_refused_when_the_office_opens(self, more, told):
        self.set(**more)
        with pytest.raises(PluginError, match=told):
            self.channels()


def test_a_server_that_stops_in_the_middle_is_temporary():
    """The connection is gone before the mail was taken: nobody knows, so it is sent again with its id."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet_and_leave():
            taken, _ = listening.accept()
            taken.sendall(b"220 hello\r\n")
            taken.close()

        thread = threading.Thread(target=greet_and_leave)
        thread.start()
        error = refused(channel_to(listening.getsockname()[1]))
        thread.join()
    assert not error.final
    assert smtplib.SMTPServerDisconnected.__name__ in str(error)
