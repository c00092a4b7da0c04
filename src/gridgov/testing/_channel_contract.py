"""What every channel has to keep, as tests to inherit; see :mod:`gridgov.testing`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridgov.delivery import Channel, ChannelError
from gridgov.notices import Notice

__all__ = ["ChannelContract"]


def _notice(id_: str = "150203005/case:a@2:lead:gas:x", text: str = "燃气异味") -> Notice:
    return Notice(id=id_, channel="x", to="gas", subject="a", text=text)


class ChannelContract:
    """What every channel has to keep."""

    def make(self, tmp_path: Path) -> Channel:
        """Make the channel to be tested, working."""
        raise TypeError("a contract needs the channel to be tested: override make(self, tmp_path)")

    def received(self, channel: Channel) -> list[str]:
        """Give the texts that the other side shows to its reader, in order."""
        raise TypeError("a contract needs to see the other side: override received(self, channel)")

    def break_it(self, channel: Channel) -> None:
        """Make the other side refuse from now on."""
        raise TypeError("a contract needs a channel that can fail: override break_it(self, channel)")

    @pytest.fixture
    def channel(self, tmp_path: Path) -> Channel:
        """Make a fresh channel for one test."""
        return self.make(tmp_path)

    def test_it_is_a_channel_with_a_name(self, channel: Channel) -> None:
        """Subscriptions find it by its name."""
        assert isinstance(channel, Channel)
        assert channel.name

    def test_a_notice_that_was_sent_arrives(self, channel: Channel) -> None:
        """Whole, in its own language."""
        channel.send(_notice())
        assert any("燃气异味" in text for text in self.received(channel))

    def test_the_same_id_is_shown_once(self, channel: Channel) -> None:
        """Delivery is at least once; the reader sees it once."""
        channel.send(_notice())
        channel.send(_notice())
        assert len(self.received(channel)) == 1

    def test_line_breaks_do_not_make_two_messages(self, channel: Channel) -> None:
        """What is one notice stays one notice."""
        channel.send(_notice(text="一\n二"))
        assert len(self.received(channel)) == 1

    def test_a_refusal_is_an_error_and_never_silence(self, channel: Channel) -> None:
        """Who is not heard must know it."""
        self.break_it(channel)
        with pytest.raises(ChannelError):
            channel.send(_notice())
