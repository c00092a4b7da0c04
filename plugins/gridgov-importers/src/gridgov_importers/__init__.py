"""Other systems' configuration as gridgov values, with everything that could not be mapped.

An import is a beginning, not an end: two systems never mean quite the same. So each importer gives
what it could map **and** a finding for every record that it could not, and it makes nothing up. Where
a choice is needed that the files do not hold (who a supervisor is, what limit a promise without a
time has), the caller states it, or that part stays out and is found.

A file that is missing or broken is another matter: it is refused, with every mistake at once.
"""

from gridgov_importers._digit import read_digit
from gridgov_importers._imported import Imported
from gridgov_importers._plugin import Digit, Signalen, plugin
from gridgov_importers._signalen import HANDLINGS, Handling, read_amsterdam

__all__ = ["HANDLINGS", "Digit", "Handling", "Imported", "Signalen", "plugin", "read_amsterdam", "read_digit"]
