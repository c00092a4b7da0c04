"""Notices by mail.

One notice is one mail to one receiver, on a connection of its own: nothing is shared between two
sends, so a broken connection costs one attempt and a channel may be used by any thread.

The receiver of a notice is an opaque id. Whose address that is, only the caller's directory knows;
it is asked when a mail is sent, and the address appears in the mail and nowhere else. For the same
reason nothing that the mail server says is passed on in words, only its codes: servers like to quote
the address that they refuse.
"""

from gridgov_mail._channel import MailChannel
from gridgov_mail._directory import CsvDirectory, Directory
from gridgov_mail._letter import message_id
from gridgov_mail._plugin import MailPlugin, plugin

__all__ = ["CsvDirectory", "Directory", "MailChannel", "MailPlugin", "message_id", "plugin"]
