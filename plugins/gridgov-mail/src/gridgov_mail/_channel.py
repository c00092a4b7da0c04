"""The channel to a mail server."""

from __future__ import annotations

import contextlib
import datetime as dt
import smtplib
import ssl
from email.headerregistry import Address
from typing import Literal, get_args

from gridgov.delivery import ChannelError, Pace, Secret, looked_up
from gridgov.notices import Notice
from gridgov_mail._directory import Directory
from gridgov_mail._faults import MEND_PAUSE_SECONDS, fault_of
from gridgov_mail._letter import Letter, address_of, letter_of, sender_of

__all__ = ["MailChannel", "Security"]

Security = Literal["starttls", "tls", "plain"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "plain": 25}


class MailChannel:
    """Sends each notice as one mail.

    The same notice has the same Message-ID each time, so a mailbox that knows it shows it once.

    :param name: what subscriptions call it.
    :param host: the mail server that takes mail from us.
    :param port: by default 587 for ``starttls``, 465 for ``tls`` and 25 for ``plain``.
    :param sender: ``grid@example.org`` or ``网格办 <grid@example.org>``.
    :param directory: gives the address of an opaque id, or None; asked at each send, in the thread that sends.
    :param user: of the login; without one there is none. :param password: goes with it.
    :param security: ``starttls`` refuses a server that does not offer it; ``plain`` has to be asked for by name.
    :param timeout: seconds to wait for each answer of the server.
    :param trust: which certificates are good; by default those that the system trusts.
    :param pace: how fast the server wants to be used; by default there is no limit.
    :raises ValueError: where these do not fit together.
    """

    def __init__(
        self,
        name: str = "mail",
        *,
        host: str,
        sender: str,
        directory: Directory,
        port: int | None = None,
        user: Secret | str | None = None,
        password: Secret | None = None,
        security: Security = "starttls",
        timeout: float = 10.0,
        trust: ssl.SSLContext | None = None,
        pace: Pace | None = None,
    ) -> None:
        if security not in get_args(Security):
            raise ValueError(f"security is one of {', '.join(get_args(Security))}, not {security!r}")
        if (user is None) != (password is None):
            raise ValueError("a login needs both user and password")
        if not host or timeout <= 0:
            raise ValueError("a mail server has a host, and a timeout is longer than nothing")
        self.name = name
        self.pace = pace or Pace()
        self._host, self._port = host, PORTS[security] if port is None else port
        self._sender = _own(sender)
        self._directory = directory
        self._user, self._password = user, password
        self._security, self._timeout, self._trust = security, timeout, trust

    def send(self, notice: Notice, /) -> None:
        """Hand one mail over; it is taken when the server has said so.

        :raises ChannelError: final where the server refuses this receiver or this mail for good, or
            the directory knows no address; its text holds codes, and the opaque id where
            the directory is at fault, never an address.
        """
        refusal = self._attempt(notice)
        # Raised out here: inside an except block its context would keep the server's words and the address.
        if refusal is not None:
            raise refusal

    def _attempt(self, notice: Notice) -> ChannelError | None:
        try:
            self._hand_over(self._letter(notice))
        except ChannelError as error:
            return ChannelError(str(error), final=error.final, pause_seconds=error.pause_seconds)
        except Exception as error:
            return fault_of(error)
        return None

    def _letter(self, notice: Notice) -> Letter:
        receiver = self._receiver(notice.to)
        try:
            return letter_of(notice, self._sender, receiver, dt.datetime.now(dt.UTC))
        except UnicodeEncodeError:
            raise ChannelError("the notice holds half a character (a surrogate)", final=True) from None

    def _receiver(self, who: str) -> Address:
        written = looked_up(self._directory, who, unknown="no address of")
        try:
            return address_of(written)
        except ValueError as error:
            raise ChannelError(
                f"what the directory gives for this receiver cannot be used: {error}", final=True
            ) from None

    def _hand_over(self, letter: Letter) -> None:
        with contextlib.closing(self._connect()) as server:
            self._log_in(server)
            if letter.international and not server.has_extn("smtputf8"):
                raise ChannelError("the mail server takes ASCII addresses only (no SMTPUTF8)", final=True)
            server.send_message(letter.message, letter.sender, [letter.receiver])
            # It has the mail: whatever goes wrong while parting must not send it a second time.
            with contextlib.suppress(Exception):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        # Its own name would be asked of the DNS, which can take longer than the mail.
        ours = self._sender.domain
        if self._security == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, ours, timeout=self._timeout, context=self._trusting())
        server = smtplib.SMTP(self._host, self._port, ours, timeout=self._timeout)
        if self._security == "starttls":
            try:
                self._start_tls(server)
            except BaseException:
                server.close()
                raise
        return server

    def _start_tls(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if not server.has_extn("starttls"):
            raise ChannelError(
                "the mail server offers no STARTTLS; use security='tls', or 'plain' where the way to it is safe",
                pause_seconds=MEND_PAUSE_SECONDS,
            )
        server.starttls(context=self._trusting())

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self._user is None or self._password is None:
            return
        user = self._user.reveal() if isinstance(self._user, Secret) else self._user
        server.login(user, self._password.reveal())

    def _trusting(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust

    def __repr__(self) -> str:
        return f"MailChannel({self.name!r})"


def _own(sender: str) -> Address:
    try:
        return sender_of(sender)
    except ValueError as error:
        raise ValueError(f"the sender cannot be used: {error}") from None
