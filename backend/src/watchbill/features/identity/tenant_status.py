"""Whether a tenant can be worked in, whoever asks: a person, a key, or a link in a mail."""

from __future__ import annotations

from watchbill.core.errors import Forbidden, Unavailable
from watchbill.kit.database.revisions import head


def check_open(status: str, schema_revision: str) -> None:
    """Insist that a tenant of that status and schema can be worked in.

    Raises:
        Forbidden: it is suspended.
        Unavailable: its tables are not those of this version yet.
    """
    if status != "active":
        raise suspended()
    if schema_revision < head("tenant"):
        # Its migration is to come or has failed; our statements would not fit its tables.
        raise Unavailable(
            "This tenant is being brought up to date. If it lasts, the operator finds the reason with"
            " `watchbill migrate --status`.",
            code="tenant_not_migrated",
        )


def suspended() -> Forbidden:
    """The tenant is suspended."""
    return Forbidden("This tenant is suspended.", code="tenant_suspended")
