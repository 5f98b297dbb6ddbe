"""The scenarios of the general limit, counted in Redis."""

from test_rate_limits import *  # noqa: F403

REDIS = True
