"""How the platforms want requests signed. The two look alike and are not.

DingTalk signs the text "timestamp, line break, secret" with the secret as the key. Feishu signs
nothing at all, with that text as the key. WeCom has no signature; its key is in the address.
Sources: open.dingtalk.com, 自定义机器人安全设置; open.feishu.cn, 自定义机器人使用指南.
"""

from __future__ import annotations

import base64
import hmac

__all__ = ["dingtalk_signature", "feishu_signature"]


def dingtalk_signature(secret: str, timestamp_ms: int) -> str:
    """Sign for DingTalk.

    :param timestamp_ms: milliseconds since 1970; DingTalk takes it for an hour.
    :returns: base64, not yet quoted for an address: that is done once, where the address is made.
    """
    return _base64_hmac(secret, f"{timestamp_ms}\n{secret}")


def feishu_signature(secret: str, timestamp: int) -> str:
    """Sign for Feishu.

    :param timestamp: seconds since 1970; Feishu takes it for an hour.
    :returns: base64, for the body.
    """
    return _base64_hmac(f"{timestamp}\n{secret}", "")


def _base64_hmac(key: str, message: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), "sha256")).decode("ascii")
