"""What every channel has to keep, as tests to inherit; see :mod:`gridgov.testing`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import ClassVar

import pytest

from gridgov.delivery import Channel, ChannelError, Pace
from gridgov.notices import Notice

__all__ = ["ChannelContract"]


def _notice(id_: str = "150203005/case:a@2:lead:gas:x", text: str = "燃气异味") -> Notice:
    return Notice(id=id_, channel="x", to="gas", subject="a", text=text)


class ChannelContract:
    """What every channel has to keep.

    A subclass says how to make the channel, how to see the other side, and how to break it. What cannot be done to
    every other side may stay as it is here; the tests that need it are then skipped.
    """

    timeout: ClassVar[float] = 15.0
    """How many seconds the channel may wait for another side that does not answer; a subclass may ask for less."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """What the channel was made with and must show nowhere."""

    def make(self, tmp_path: Path) -> Channel:
        """Make the channel to be tested, working; it knows how to reach ``gas``."""
        raise TypeError("a contract needs the channel to be tested: override make(self, tmp_path)")

    def received(self, channel: Channel) -> list[str]:
        """Give the texts that the other side shows to its reader, in order."""
        raise TypeError("a contract needs to see the other side: override received(self, channel)")

    def break_it(self, channel: Channel) -> None:
        """Make the other side refuse from now on."""
        raise TypeError("a contract needs a channel that can fail: override break_it(self, channel)")

    def mend_it(self, channel: Channel) -> None:
        """Let the other side take notices again after :meth:`break_it`."""
        pytest.skip("this other side cannot be mended: mend_it is not overridden")

    def refuse_it(self, channel: Channel) -> None:
        """Make the other side refuse from now on what it will never take: an unknown receiver, a wrong key."""
        pytest.skip("this other side never refuses for good: refuse_it is not overridden")

    def hang_it(self, channel: Channel) -> None:
        """Make the other side take the connection and answer nothing from now on."""
        pytest.skip("this other side cannot hang: hang_it is not overridden")

    @pytest.fixture
    def channel(self, tmp_path: Path) -> Channel:
        """Make a fresh channel for one test."""
        return self.make(tmp_path)

    def refused(self, channel: Channel, notice: Notice | None = None) -> ChannelError:
        """Send something that is refused; give the refusal."""
        with pytest.raises(ChannelError) as error:
            channel.send(notice or _notice())
        return error.value

    def test_it_is_a_channel_with_a_name(self, channel: Channel) -> None:
        """Subscriptions find it by its name."""
        assert isinstance(channel, Channel)
        assert channel.name

    def test_its_pace_is_one(self, channel: Channel) -> None:
        """Where it has one: how fast it may be used is asked before every message."""
        pace = getattr(channel, "pace", None)
        assert pace is None or isinstance(pace, Pace)

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
        self.refused(channel)

    def test_a_refusal_quotes_neither_the_receiver_nor_the_text_nor_a_secret(self, channel: Channel) -> None:
        """It is kept in the outbox, and whoever mends a dead letter reads it."""
        self.break_it(channel)
        said = str(self.refused(channel))
        assert not re.search(r"\bgas\b", said)
        assert "燃气异味" not in said
        assert not [secret for secret in self.secrets if secret in said + repr(channel)]

    def test_whom_nobody_knows_is_not_quoted(self, channel: Channel) -> None:
        """A channel may have a directory, or reach everybody; a refusal names no receiver."""
        said = ""
        try:
            channel.send(Notice(id="n", channel="x", to="resident:04711", subject="a", text="燃气异味"))
        except ChannelError as error:
            said = str(error)
        assert "04711" not in said

    def test_what_was_refused_can_be_sent_again_and_is_shown_once(self, channel: Channel) -> None:
        """A retry carries the same id; having been refused, it has not been shown."""
        self.break_it(channel)
        self.refused(channel)
        self.mend_it(channel)
        channel.send(_notice())
        channel.send(_notice())
        assert len(self.received(channel)) == 1

    def test_what_will_never_be_taken_is_refused_for_good(self, channel: Channel) -> None:
        """So that it comes to the dead letters at once, and not after hours of trying."""
        self.refuse_it(channel)
        assert self.refused(channel).final

    def test_another_side_that_hangs_is_given_up_in_time(self, channel: Channel) -> None:
        """A channel that waits for ever would keep its worker from stopping."""
        self.hang_it(channel)
        started = time.monotonic()
        assert not self.refused(channel).final
        assert time.monotonic() - started < self.timeout
