"""Group robots of DingTalk (钉钉), WeCom (企业微信) and Feishu (飞书) as channels.

Each of the three answers HTTP 200 to what it refuses, and says so in the body only. So a notice
counts as taken when the platform's own code is 0, and not otherwise; which codes pass by
themselves and which never will is written down in one table for each platform.

The platforms know no idempotency key. What one robot object has sent it does not send again; after
a crash between the sending and the remembering, or an answer that got lost, a message may stand
in the group twice. So each one ends with a short mark of its notice, the same each time, and a
reader can tell a repetition from news.

The address of a robot is a password, and so are its secret and whatever the directory of phone
numbers holds. They are in no error, log, repr or traceback; that is why requests go through the
standard library, which logs nothing, and why nothing that a platform says is quoted.
"""

from gridgov_im._plugin import Im, plugin
from gridgov_im._robots import DingTalkRobot, FeishuRobot, WeComRobot
from gridgov_im._signing import dingtalk_signature, feishu_signature

__all__ = ["DingTalkRobot", "FeishuRobot", "Im", "WeComRobot", "dingtalk_signature", "feishu_signature", "plugin"]
