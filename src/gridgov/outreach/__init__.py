"""Telling many people something: announcements to everybody of a place, a role, or the owners of groups.

An announcement is made by a command like anything else, so it stands in the store who told whom what and when; its text
is private, written for publication, and the event holds a reference only. Nobody is listed in the event either: who
belongs to the audience follows from the postings of the day, and each of them gets one message, whatever crashes in
between. What is withdrawn is not sent any more to those whom it has not reached.
"""

from gridgov.outreach._announcements import (
    OUTREACH,
    WITHDRAWALS,
    Announce,
    Announcement,
    AnnouncementMade,
    AnnouncementWithdrawn,
    OutreachGiven,
    WithdrawAnnouncement,
)
from gridgov.outreach._audience import GROUPS, Audience, group_of

__all__ = [
    "GROUPS",
    "OUTREACH",
    "WITHDRAWALS",
    "Announce",
    "Announcement",
    "AnnouncementMade",
    "AnnouncementWithdrawn",
    "Audience",
    "OutreachGiven",
    "WithdrawAnnouncement",
    "group_of",
]
