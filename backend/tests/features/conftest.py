"""Fixtures that several of these suites share, and which of them there are: only root runs PostgreSQL as
another user, who must reach its folders."""

from __future__ import annotations

import os

from tests.features.notifications.telling import office, receiver

__all__ = ["office", "receiver"]

collect_ignore = [] if os.geteuid() == 0 else ["test_reachable.py"]
