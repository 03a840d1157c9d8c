"""A short run of Schemathesis; `make fuzz` is the long one. The same document gives the same cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzzing.run import fuzz
from tests.fuzzing.statuses import succeeded
from tests.fuzzing.target import serving, settle
from tests.services import Services

# Without a worker nobody answers there, and to find that out takes most of a minute.
_NEEDS_A_WORKER = "/api/v1/llm-providers/{provider_id}/test"

# What these take must fit together, or is a secret that was mailed, which made-up requests hardly ever have.
_HARD_TO_MAKE_UP = {
    "POST /api/v1/auth/invitation",
    "POST /api/v1/auth/invitation/accept",
    "POST /api/v1/auth/reset-password",
    "POST /api/v1/auth/switch",
    "POST /api/v1/auth/verify-email",
    "DELETE /api/v1/tenant",
    "POST /api/v1/crews",
    "PUT /api/v1/crews/{crew_id}",
    "POST /api/v1/notifications",
    "PUT /api/v1/sso",
}


@pytest.mark.slow
async def test_the_api_does_what_its_document_says(services: Services, tmp_path: Path):
    options = ["--phases", "fuzzing", "--seed", "1", "--generation-deterministic"]
    options += ["--exclude-path", _NEEDS_A_WORKER, "--request-timeout", "30"]
    with serving(services, tmp_path, worker=False) as target:
        place, admin, viewer = await settle(target, services)
        done: set[str] = set()
        for email, examples in ((admin, "3"), (viewer, "1")):
            outcome = fuzz(place, email, tmp_path, [*options, "--max-examples", examples])
            assert not outcome.failures, outcome.said
            assert outcome.cases > 100
            done |= succeeded(outcome.statuses)
    # Routes are of use to the run only where it finds what they are about.
    assert len(done) > 75, sorted(done)
    assert done >= _HARD_TO_MAKE_UP, sorted(done)
