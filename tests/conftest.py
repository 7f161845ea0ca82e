"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# The same examples each time, and none of them judged by how long a busy machine took for it.
settings.register_profile("understudy", derandomize=True, deadline=None)
settings.load_profile("understudy")
