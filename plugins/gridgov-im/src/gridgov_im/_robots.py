"""The three robots.

A robot writes into one group. Whom a notice is for is therefore said by a mention (``directory``), or
by a word at its beginning (``label``), or not at all. A phone number goes into the field that
the platform has for it and never into the text, where the whole group would read it.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import re
import ssl
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from typing import ClassVar, Literal
from urllib.parse import quote_plus

import attrs

from gridgov.delivery import ChannelError, Limit, Pace, Secret, SecretMissingError
from gridgov.errors import PluginError
from gridgov.notices import Notice
from gridgov_im._signing import dingtalk_signature, feishu_signature
from gridgov_im._transport import Address, address_of, post
from gridgov_im._verdicts import DINGTALK, FEISHU, WECOM, Verdicts
from gridgov_im._wording import fitting, inert

__all__ = ["DingTalkRobot", "FeishuRobot", "WeComRobot"]

REMEMBERED_MAX = 10_000
MARK_DIGITS = 6
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MENTIONABLE = {"mobile": re.compile(r"\+?[0-9-]{5,20}"), "user": re.compile(r"[\w.@-]{1,64}", re.ASCII)}
_EVERYBODY = frozenset({"all", "@all", "everyone", "@everyone"})

MentionBy = Literal["mobile", "user"]
Lookup = Callable[[str], str | None]


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _nobody(_: str) -> str | None:
    return None


def _as_secret(given: Secret | str) -> Secret:
    if isinstance(given, Secret):
        return given
    if not _VARIABLE.fullmatch(given):
        raise PluginError(
            "im",
            "a robot takes the name of an environment variable, or Secret(function): not the address or secret itself",
        )
    return Secret(given)


def _optional_secret(given: Secret | str | None) -> Secret | None:
    return None if given is None else _as_secret(given)


def _checks_certificates(_: object, __: object, tls: ssl.SSLContext | None) -> None:
    if tls is not None and (tls.verify_mode != ssl.CERT_REQUIRED or not tls.check_hostname):
        raise PluginError("im", "this SSLContext does not check certificates and their names; a robot's has to")


@attrs.frozen(eq=False, repr=False)
class _Robot(ABC):
    """What the three have in common.

    :param name: what subscriptions call the channel.
    :param url: the robot's address: the name of the environment variable that holds it, or a :class:`Secret`.
    :param directory: receiver → how the platform knows them, to mention them; None for those it does not know.
    :param label: receiver → a word to begin the message with, for those who are not mentioned.
    :param keyword: put before every message that does not hold it, for robots that ask for one.
    :param mark: end with a short mark of the notice, the same each time it is sent.
    :param timeout_seconds: for connecting, and for each silence of the other side; no exchange takes thrice as long.
    :param tls: what certificates are checked with, where the machine's own authorities are not those that count.
    :param allow_plain: also take an address with http://, for tests.
    :param clock: what signatures and pauses go by.
    :raises PluginError: the address itself is given in place of where it is kept, or *tls* checks nothing.
    """

    name: str = attrs.field(validator=attrs.validators.min_len(1))
    _url: Secret = attrs.field(converter=_as_secret)
    _directory: Lookup = attrs.field(default=_nobody, kw_only=True)
    _label: Lookup = attrs.field(default=_nobody, kw_only=True)
    _keyword: str = attrs.field(default="", kw_only=True)
    _mark: bool = attrs.field(default=True, kw_only=True)
    _timeout_seconds: float = attrs.field(default=5.0, kw_only=True, validator=attrs.validators.gt(0))
    _tls: ssl.SSLContext | None = attrs.field(default=None, kw_only=True, validator=_checks_certificates)
    _allow_plain: bool = attrs.field(default=False, kw_only=True)
    _clock: Callable[[], dt.datetime] = attrs.field(default=_utc_now, kw_only=True)
    _sent: OrderedDict[str, None] = attrs.field(factory=OrderedDict, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    pace: ClassVar[Pace]
    """What the platform allows one robot, as it publishes it."""
    _verdicts: ClassVar[Verdicts]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def send(self, notice: Notice, /) -> None:
        """Write a notice into the group; not again where this object has done so before.

        :raises ChannelError: it was not taken, or nobody knows; the message holds no name, number or secret.
        """
        with self._lock:
            if notice.id in self._sent:
                return
            trouble = self._try(notice)
            if trouble is not None:
                # Raised here, where no frame and no earlier error on the way knows a secret or a number.
                raise trouble
            self._sent[notice.id] = None
            if len(self._sent) > REMEMBERED_MAX:
                self._sent.popitem(last=False)

    def _try(self, notice: Notice) -> ChannelError | None:
        try:
            self._deliver(notice)
        except ChannelError as trouble:
            return ChannelError(str(trouble), final=trouble.final, pause_seconds=trouble.pause_seconds)
        except SecretMissingError as trouble:
            return ChannelError(str(trouble))
        except Exception as error:
            return ChannelError(f"{self._verdicts.platform}: the channel broke ({type(error).__name__})")
        return None

    def _deliver(self, notice: Notice) -> None:
        now = self._clock()
        url = self._url.reveal()
        address = self._signed(address_of(url, allow_plain=self._allow_plain), now)
        mention = self._mention(notice.to)
        opening = "" if mention else self._opening(notice.to)
        text = inert(f"{opening}[{notice.subject}] {notice.text}")
        if self._keyword and self._keyword not in text:
            text = f"{inert(self._keyword)} {text}"
        tail = f"\n· {_mark_of(url, notice.id)}" if self._mark else ""
        content = fitting(text, lambda part: self._fits(part + tail, mention, now)) + tail
        try:
            answer = post(
                address,
                self._body(content, mention, now),
                timeout_seconds=self._timeout_seconds,
                tls=self._tls,
                now=now,
            )
        except ChannelError as trouble:
            raise ChannelError(f"{self._verdicts.platform}: {trouble}") from None
        self._verdicts.judge(answer)

    def _mention(self, receiver: str) -> str | None:
        found = _looked_up(self._directory, receiver, "directory")
        if found is None:
            return None
        if not _MENTIONABLE[self._mentions_by()].fullmatch(found) or found.lower() in _EVERYBODY:
            what = {"mobile": "mobile number", "user": "user id"}[self._mentions_by()]
            raise ChannelError(f"the directory gives something for its receiver that is no {what}", final=True)
        return found

    def _opening(self, receiver: str) -> str:
        label = _looked_up(self._label, receiver, "label")
        return f"{label} " if label else ""

    def _mentions_by(self) -> MentionBy:
        return "user"

    def _signed(self, address: Address, now: dt.datetime) -> Address:
        """Give the address as it is to be called now."""
        return address

    @abstractmethod
    def _body(self, content: str, mention: str | None, now: dt.datetime) -> bytes:
        """Give the request's body."""

    @abstractmethod
    def _fits(self, content: str, mention: str | None, now: dt.datetime) -> bool:
        """Say whether the platform takes a message of this length."""


@attrs.frozen(eq=False, repr=False)
class DingTalkRobot(_Robot):
    """A group robot of DingTalk (钉钉自定义机器人).

    :param secret: the one that begins with SEC, for robots that want signatures (加签); else None.
    :param mention_by: what the directory gives: mobile numbers, or user ids of the organization.

    The other parameters are those of every robot, see the README.
    """

    _secret: Secret | None = attrs.field(default=None, converter=_optional_secret)
    _mention_by: MentionBy = attrs.field(default="mobile", kw_only=True, validator=attrs.validators.in_(_MENTIONABLE))

    pace: ClassVar[Pace] = Pace((Limit(count=20, seconds=60),))
    bytes_max: ClassVar[int] = 20_000
    """Of the whole message."""
    _verdicts: ClassVar[Verdicts] = DINGTALK

    def _mentions_by(self) -> MentionBy:
        return self._mention_by

    def _signed(self, address: Address, now: dt.datetime) -> Address:
        if self._secret is None:
            return address
        timestamp = _milliseconds(now)
        sign = quote_plus(dingtalk_signature(self._secret.reveal().strip(), timestamp))
        before = f"{address.query}&" if address.query else ""
        return attrs.evolve(address, query=f"{before}timestamp={timestamp}&sign={sign}")

    def _body(self, content: str, mention: str | None, now: dt.datetime) -> bytes:
        called = {"atMobiles" if self._mention_by == "mobile" else "atUserIds": [mention]} if mention else {}
        return _json({"msgtype": "text", "text": {"content": content}, "at": {**called, "isAtAll": False}})

    def _fits(self, content: str, mention: str | None, now: dt.datetime) -> bool:
        return len(self._body(content, mention, now)) <= self.bytes_max


@attrs.frozen(eq=False, repr=False)
class WeComRobot(_Robot):
    """A group robot of WeCom (企业微信群机器人). It has no signature: its key is in its address.

    :param mention_by: what the directory gives: mobile numbers, or user ids of the organization.

    The other parameters are those of every robot, see the README.
    """

    _mention_by: MentionBy = attrs.field(default="mobile", kw_only=True, validator=attrs.validators.in_(_MENTIONABLE))

    pace: ClassVar[Pace] = Pace((Limit(count=20, seconds=60),))
    bytes_max: ClassVar[int] = 2048
    """Of the text, in UTF-8: 682 Chinese characters."""
    _verdicts: ClassVar[Verdicts] = WECOM

    def _mentions_by(self) -> MentionBy:
        return self._mention_by

    def _body(self, content: str, mention: str | None, now: dt.datetime) -> bytes:
        field = "mentioned_mobile_list" if self._mention_by == "mobile" else "mentioned_list"
        return _json({"msgtype": "text", "text": {"content": content, **({field: [mention]} if mention else {})}})

    def _fits(self, content: str, mention: str | None, now: dt.datetime) -> bool:
        return len(content.encode()) <= self.bytes_max


@attrs.frozen(eq=False, repr=False)
class FeishuRobot(_Robot):
    """A group robot of Feishu (飞书自定义机器人).

    :param secret: for robots that want signatures (签名校验); else None.

    Its directory gives open ids or user ids: a robot of Feishu cannot mention by mobile number.
    The other parameters are those of every robot, see the README.
    """

    _secret: Secret | None = attrs.field(default=None, converter=_optional_secret)

    pace: ClassVar[Pace] = Pace((Limit(count=100, seconds=60), Limit(count=5, seconds=1)))
    bytes_max: ClassVar[int] = 20_000
    """Of the whole body; Feishu says 20 KB and not which."""
    _verdicts: ClassVar[Verdicts] = FEISHU

    def _body(self, content: str, mention: str | None, now: dt.datetime) -> bytes:
        called = f'<at user_id="{mention}"></at> ' if mention else ""
        message = {"msg_type": "text", "content": {"text": called + content}}
        if self._secret is None:
            return _json(message)
        timestamp = _milliseconds(now) // 1000
        sign = feishu_signature(self._secret.reveal().strip(), timestamp)
        return _json({"timestamp": str(timestamp), "sign": sign, **message})

    def _fits(self, content: str, mention: str | None, now: dt.datetime) -> bool:
        return len(self._body(content, mention, now)) <= self.bytes_max


def _looked_up(lookup: Lookup, receiver: str, what: str) -> str | None:
    try:
        found: object = lookup(receiver)
    except Exception as error:
        raise ChannelError(f"the {what} raised {type(error).__name__}") from None
    if found is not None and not isinstance(found, str):
        raise ChannelError(f"the {what} gives a {type(found).__name__}, not a text or None", final=True)
    return found or None


def _mark_of(url: str, notice_id: str) -> str:
    # Keyed: the id names its receiver, and who knows the case could find out by trying for whom a bare digest is.
    return hmac.new(url.encode(), notice_id.encode("utf-8", "replace"), "sha256").hexdigest()[:MARK_DIGITS]


def _milliseconds(now: dt.datetime) -> int:
    return (now - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
