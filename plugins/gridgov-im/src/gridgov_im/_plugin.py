"""Robots that are configured by environment variables, for the entry point."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from gridgov.errors import PluginError
from gridgov.hooks import hookimpl
from gridgov_im._robots import DingTalkRobot, FeishuRobot, WeComRobot

__all__ = ["Im", "plugin"]


class Im:
    """What the entry point names."""

    @hookimpl
    def gridgov_channels(self) -> Sequence[Any]:
        """Offer ``dingtalk``, ``wecom`` and ``feishu``, each where its address is in the environment.

        :raises PluginError: there is a secret or a keyword and no address that it could belong to.
        """
        robots: list[Any] = []
        for name, robot in (("dingtalk", DingTalkRobot), ("feishu", FeishuRobot)):
            url, secret, keyword = (f"GRIDGOV_{name.upper()}_{what}" for what in ("URL", "SECRET", "KEYWORD"))
            if os.environ.get(url):
                robots.append(
                    robot(
                        name,
                        url,
                        secret if os.environ.get(secret) else None,
                        keyword=os.environ.get(keyword, ""),
                    )
                )
            elif alone := [each for each in (secret, keyword) if os.environ.get(each)]:
                raise PluginError("im", f"{alone[0]} is set and {url} is not")
        if os.environ.get("GRIDGOV_WECOM_URL"):
            robots.append(WeComRobot("wecom", "GRIDGOV_WECOM_URL"))
        return robots


plugin = Im()
