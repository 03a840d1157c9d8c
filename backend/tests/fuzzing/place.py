"""Where it is tried: what our process tells Schemathesis's."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

VARIABLE = "FUZZ_GROUND"


@dataclass(frozen=True, slots=True)
class Place:
    """A server, a tenant on it and who is in it: by address, with their roles.

    `keeper` is left alone by made-up requests and stocks it; `stranger` is somebody in another tenant,
    `elsewhere`. `second` is a tenant that its people belong to as well. `issuer` is a provider for single
    sign-on, and `mailbox` the folder where the server puts its mails.
    """

    url: str
    database_url: str
    tenant_id: str
    keeper: str
    people: dict[str, str]
    elsewhere: str
    stranger: str
    second: str
    issuer: str
    mailbox: str

    @staticmethod
    def from_environment() -> Place:
        return Place(**json.loads(os.environ[VARIABLE]))

    def to_environment(self) -> str:
        return json.dumps(asdict(self))
