"""What an answer means: taken, not now, or never.

HTTP 200 says nothing here; and an HTTP 400 may well mean "not now" (Feishu answers so beyond its
limit), so a known code goes before the status. Some codes mean several things (310000 of
DingTalk, 9499 of Feishu) and only the words beside them tell which. The words themselves
are read, and never passed on: a platform may quote the address or the message in them.

A code that is in no table is tried again: the number of attempts is bounded, a lost notice is not mended.
Sources: the platforms' own pages, and where they disagree with the answers that users report
(a token that does not exist is 300001 in one table of DingTalk and 300005 in reality), both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from gridgov.delivery import ChannelError
from gridgov_im._transport import Answer

__all__ = ["DINGTALK", "FEISHU", "WECOM", "Verdicts"]

_TOO_FAST = ("too fast", "too many", "frequency", "freq out of limit", "rate limit", "限流", "频率", "太快")
_CODE_MAX = 10**8
_TRY_LATER = frozenset({408, 425})


@attrs.frozen(kw_only=True)
class Verdicts:
    """How one platform speaks.

    :param code_fields: where its code stands; those that are there must all be 0.
    :param words_fields: where its words stand.
    :param never: gives why a code with these words never passes by itself; ``""`` where it may.
    :param limits: codes for "too fast"; :param pause_seconds: how long it shuts one out then.
    """

    platform: str
    code_fields: tuple[str, ...]
    words_fields: tuple[str, ...]
    never: Callable[[int, str], str]
    limits: frozenset[int]
    pause_seconds: float

    def judge(self, answer: Answer) -> None:
        """Return where the message was taken.

        :raises ChannelError: it was not; its message has the code and our own words.
        """
        body = answer.body or {}
        code = _code(body, self.code_fields)
        words = " ".join(str(body.get(name, "")) for name in self.words_fields).lower()
        if code == 0 and answer.status // 100 == 2:
            return
        if self._too_fast(code, words, body):
            pause = answer.pause_seconds if answer.pause_seconds is not None else self.pause_seconds
            raise ChannelError(f"{self.platform} takes no more for now{_shown(code)}", pause_seconds=pause)
        reason = self.never(code, words) if code else ""
        if reason and answer.status < 500:
            raise ChannelError(f"{self.platform} refuses it{_shown(code)}: {reason}", final=True)
        raise self._by_status(answer, code)

    def _too_fast(self, code: int | None, words: str, body: Mapping[str, object]) -> bool:
        if any(word in words for word in _TOO_FAST) or "punish" in body:
            return True
        return code in self.limits and not self.never(code, words)

    def _by_status(self, answer: Answer, code: int | None) -> ChannelError:
        status, shown = answer.status, _shown(code)
        if status // 100 == 2:
            what = "answers with something that is no answer of it" if code is None else "does not take it"
            return ChannelError(f"{self.platform} {what}{shown}", pause_seconds=answer.pause_seconds)
        if status == 429:
            pause = answer.pause_seconds if answer.pause_seconds is not None else self.pause_seconds
            return ChannelError(f"{self.platform} takes no more for now (HTTP 429)", pause_seconds=pause)
        final = status // 100 == 4 and status not in _TRY_LATER
        told = f"{self.platform} answers HTTP {status}{shown}"
        return ChannelError(told, final=final, pause_seconds=None if final else answer.pause_seconds)


def _code(body: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    """Give the first code that is not 0, 0 where all are, None where there is none or it is no number."""
    found = [_number(body[name]) for name in names if name in body]
    if not found or None in found:
        return None
    return next((code for code in found if code), 0)


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    # Gateways before the platform write it as a text; "" or false is no success.
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12 else None


def _shown(code: int | None) -> str:
    # A longer number is no code, and may be somebody's.
    return f" ({code})" if code and abs(code) < _CODE_MAX else ""


_DINGTALK_NEVER = {
    300001: "there is no robot with this token; copy its address anew",
    300005: "there is no robot with this token; copy its address anew",
    400101: "there is no robot with this token; copy its address anew",
    40035: "the address lacks its access_token",
    400013: "the group is gone",
    400102: "the robot is switched off",
    400105: "it takes no such message",
    400106: "the robot is gone from the group",
    430101: "it holds a link that DingTalk does not like",
    430102: "it holds words that DingTalk does not like",
    430104: "it holds words that DingTalk does not like",
    460101: "it is too long",
}


def _dingtalk_never(code: int, words: str) -> str:
    if code != 310000:
        return _DINGTALK_NEVER.get(code, "")
    if "keyword" in words:
        return "none of the robot's keywords is in it; give one of them as keyword="
    if "whitelist" in words or "ip " in words:
        return "the address from which we send is not among those that the robot allows"
    return "the signature is wrong; check the secret, and this machine's clock"


_WECOM_NEVER = {
    93000: "there is no robot with this key; copy its address anew",
    93004: "the robot is switched off",
    93008: "the robot is gone from the group",
    40008: "it takes no such message",
    40058: "it is too long, or not as WeCom wants it",
    44004: "it is empty",
    45002: "it is too long",
}

_FEISHU_NEVER = {
    19001: "there is no robot with this token; copy its address anew",
    19002: "it is not as Feishu wants it",
    19021: "the signature is wrong; check the secret, and this machine's clock",
    19022: "the address from which we send is not among those that the robot allows",
    19024: "none of the robot's keywords is in it; give one of them as keyword=",
}


def _feishu_never(code: int, words: str) -> str:
    if code == 9499:
        # With "too many request" beside it, it is the limit.
        return "it is too long, or not as Feishu wants it" if "bad request" in words or "pars" in words else ""
    return _FEISHU_NEVER.get(code, "")


DINGTALK = Verdicts(
    platform="DingTalk",
    code_fields=("errcode",),
    words_fields=("errmsg",),
    never=_dingtalk_never,
    limits=frozenset({130101, 410100, 660026, 90018, 90030}),
    pause_seconds=600,
)
"""Beyond its limit DingTalk shuts a robot out for ten minutes."""

WECOM = Verdicts(
    platform="WeCom",
    code_fields=("errcode",),
    words_fields=("errmsg",),
    never=lambda code, words: _WECOM_NEVER.get(code, ""),
    limits=frozenset({45009, 45033}),
    pause_seconds=60,
)

FEISHU = Verdicts(
    platform="Feishu",
    code_fields=("code", "StatusCode"),
    words_fields=("msg", "StatusMessage"),
    never=_feishu_never,
    limits=frozenset({9499, 11232, 11233, 230020, 99991400}),
    pause_seconds=60,
)
"""StatusCode is what older addresses answer with; newer ones send both."""
