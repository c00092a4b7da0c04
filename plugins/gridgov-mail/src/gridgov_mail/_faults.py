"""What a mail server's refusal means for the notice.

What concerns this notice alone, and for good, is final: a receiver or a text that the server refuses
with 5xx. What concerns the channel - a wrong password, a sender that is not allowed, no STARTTLS - is
temporary with a long pause, although it does not mend itself: a person mends it, and one wrong letter
in a setting must not turn a thousand notices into dead letters.
"""

from __future__ import annotations

import re
import smtplib
import ssl

from gridgov.delivery import ChannelError, SecretMissingError

__all__ = ["MEND_PAUSE_SECONDS", "fault_of"]

MEND_PAUSE_SECONDS = 600.0
"""How long the channel rests where a person has to mend it; wrong logins in a row lock an account."""

BUSY_PAUSE_SECONDS = 60.0

_LOGIN_WANTED = frozenset({530, 534, 535, 538})
_TOO_LARGE = 552
_CLOSING = 421
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")


def fault_of(error: Exception) -> ChannelError:
    """Say in our own words what went wrong; nothing of the server's text is in it, only its codes."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, said = next(iter(error.recipients.values()))
            return _refused(code, said, "the receiver")
        case smtplib.SMTPAuthenticationError():
            return _to_mend(f"the mail server refuses the login ({_codes(error.smtp_code, error.smtp_error)})")
        case smtplib.SMTPDataError():
            return _refused(error.smtp_code, error.smtp_error, "the mail")
        case smtplib.SMTPSenderRefused() if error.smtp_code == _TOO_LARGE:
            return _refused(error.smtp_code, error.smtp_error, "the mail")
        case smtplib.SMTPResponseException():
            told = f"the mail server does not take mail from us ({_codes(error.smtp_code, error.smtp_error)})"
            return _to_mend(told) if error.smtp_code >= 500 else _busy(error.smtp_code, told)
        case smtplib.SMTPNotSupportedError():
            return _to_mend("the mail server offers no login here; leave user and password out, or check the port")
        case ssl.SSLError():
            return _to_mend(f"no safe connection to the mail server: {_reason(error)}")
        case SecretMissingError():
            return _to_mend(f"the mail server wants a login: {error}")
        case smtplib.SMTPException() | OSError():
            return ChannelError(f"the mail server cannot be reached: {type(error).__name__}")
        case _:
            return ChannelError(f"the mail could not be sent: {type(error).__name__}")


def _refused(code: int, said: bytes | str, what: str) -> ChannelError:
    told = f"the mail server refuses {what} ({_codes(code, said)})"
    if code in _LOGIN_WANTED:
        return _to_mend(f"{told}: it wants a login first")
    return ChannelError(told, final=True) if code >= 500 else _busy(code, told)


def _busy(code: int, told: str) -> ChannelError:
    return ChannelError(told, pause_seconds=BUSY_PAUSE_SECONDS if code == _CLOSING else None)


def _to_mend(told: str) -> ChannelError:
    return ChannelError(told, pause_seconds=MEND_PAUSE_SECONDS)


def _codes(code: int, said: bytes | str) -> str:
    """Give the code, and the enhanced one (RFC 3463) where the server says it."""
    enhanced = _ENHANCED.match(said.encode("utf-8", "replace") if isinstance(said, str) else said)
    return f"{code} {enhanced[0].decode('ascii')}" if enhanced else str(code)


def _reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good ({error.verify_message})"
    return error.reason or type(error).__name__
