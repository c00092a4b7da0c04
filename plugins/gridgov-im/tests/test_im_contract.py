"""Each robot keeps the contract of channels, against a server that behaves like its platform."""

import pytest

from gridgov.testing import ChannelContract

PHONES = {"dingtalk": "13800001111", "wecom": "13800001111", "feishu": "ou_5ad573a6411d72b8"}


def hangs(handler, platform):
    platform.stopped.wait(20)


class RobotContract(ChannelContract):
    timeout = 5.0

    def make(self, tmp_path):
        return self.platform.robot(directory=lambda to: PHONES[self.platform.name], timeout_seconds=0.3)

    def received(self, channel):
        return list(self.platform.shown)

    def break_it(self, channel):
        self.platform.refuse = (200, {"errcode": -1, "code": 2200, "errmsg": "busy", "msg": "busy"}, {})

    def mend_it(self, channel):
        self.platform.refuse = None

    def hang_it(self, channel):
        self.platform.misbehave = hangs


class TestDingTalk(RobotContract):
    @pytest.fixture(autouse=True)
    def _running(self, dingtalk):
        dingtalk.secret = "SEC-of-the-robot"
        self.platform = dingtalk


class TestWeCom(RobotContract):
    @pytest.fixture(autouse=True)
    def _running(self, wecom):
        self.platform = wecom


class TestFeishu(RobotContract):
    @pytest.fixture(autouse=True)
    def _running(self, feishu):
        feishu.secret = "secret-of-the-robot"
        self.platform = feishu
