"""The whole of a jurisdiction as one value.

A :class:`Setup` holds territory, staffing and every room's policy. It is a value like any other:
it can be built in code or read from files, changed by :meth:`Setup.with_plan`, and compared. What
it says is adopted by a store as an event when the store is opened for the first time, section by
section with the digest of each, so that years later nobody has to guess which rules were in force.
"""

from gridgov.setup._jurisdiction import (
    JURISDICTION,
    Adopted,
    AdoptSetup,
    AmendSetup,
    ErasePrivate,
    JurisdictionGiven,
    PrivateErased,
    PrivateRead,
    ReadPrivate,
    SetupAdopted,
    SetupAmended,
    compare_sections,
)
from gridgov.setup._reads import PrivateReads, Reading
from gridgov.setup._setup import Retention, Setup, Thanks
from gridgov.setup._subscription import Digest, QuietHours, Subscription, Template

__all__ = [
    "JURISDICTION",
    "AdoptSetup",
    "Adopted",
    "AmendSetup",
    "Digest",
    "ErasePrivate",
    "JurisdictionGiven",
    "PrivateErased",
    "PrivateRead",
    "PrivateReads",
    "QuietHours",
    "ReadPrivate",
    "Reading",
    "Retention",
    "Setup",
    "SetupAdopted",
    "SetupAmended",
    "Subscription",
    "Template",
    "Thanks",
    "compare_sections",
]
