"""Notices through Apprise, for every service that has no channel of its own.

Apprise says yes or no, and two of its ways do not fit what a channel promises. It reports success for
services that answer HTTP 200 and put the refusal into the body; these are refused here, because a
notice that nobody got must not count as delivered. And it logs URLs, of which the password is a part;
so nothing is logged by anybody while it works for us.
"""

from gridgov_apprise._channel import DEAF, AppriseChannel
from gridgov_apprise._plugin import ApprisePlugin, plugin

__all__ = ["DEAF", "AppriseChannel", "ApprisePlugin", "plugin"]
