"""The scenarios of the login limit, counted in Redis."""

from test_login_protection import *  # noqa: F403

REDIS = True
