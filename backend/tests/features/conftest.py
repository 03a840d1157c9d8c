"""Which of these tests there are: only root runs PostgreSQL as another user, who must reach its folders."""

from __future__ import annotations

import os

collect_ignore = [] if os.geteuid() == 0 else ["test_reachable.py"]
