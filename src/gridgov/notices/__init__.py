"""Who must be told what: values, no sending.

A notice says what has happened to which case or award, in the words of
:func:`gridgov.cases.describe` and :func:`gridgov.points.describe_award` or of a template of the place, which hold no
personal data. Whom it is for is an opaque id; a channel knows how to reach it. Its id is made from the
event's place in its stream, so the same event never gives another id.

Nobody is told more than they may see: a resident is named to the desk and to themselves alone, whatever audience
somebody else belongs to, and what the receiver's grant masks in the story of a case is masked in a notice, too.
"""

from gridgov.notices._audiences import AUDIENCES, AWARD_AUDIENCES, check_audience
from gridgov.notices._notice import Notice, notices_for
from gridgov.notices._templates import PLACEHOLDERS, check_template

__all__ = [
    "AUDIENCES",
    "AWARD_AUDIENCES",
    "PLACEHOLDERS",
    "Notice",
    "check_audience",
    "check_template",
    "notices_for",
]
