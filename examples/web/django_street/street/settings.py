"""What this street needs; a real project has its own apps and database beside it."""

import os

from gridgov.testing import small_setup

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only-for-trying-it-out")
DEBUG = False
ALLOWED_HOSTS = ["localhost", "testserver"]
ROOT_URLCONF = "street.urls"
WSGI_APPLICATION = "street.wsgi.application"
INSTALLED_APPS = ["street"]
MIDDLEWARE = ["street.errors.GridgovErrors"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
"""Without it Django sets the process, its logs included, to the time of Chicago."""

STREET_SETUP = small_setup
"""Gives the setup: ``functools.partial(gridgov.load_setup, "setup")`` for one of files."""
STREET_STORE = os.environ.get("STREET_STORE", "sqlite:///street.db")
"""``postgresql://...`` for several workers on several machines."""
