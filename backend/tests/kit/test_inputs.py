"""Bodies take the types that they document, and nothing that could be turned into one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import Field, ValidationError

from watchbill.kit.requests.inputs import Input


class Part(Input):
    count: int = 0


class Form(Input):
    id: UUID | None = None
    on: bool = False
    share: float = Field(0.5, ge=0)
    at: datetime | None = None
    version: Literal["draft"] | int = "draft"
    part: Part = Part()
    parts: dict[str, list[Part]] = Field({})


@pytest.mark.parametrize(
    "form",
    [
        {"on": 1},
        {"on": "true"},
        {"share": "0.5"},
        {"at": 0.5},
        {"at": "1700000000"},
        {"version": "1"},
        {"version": 1.0},
        {"part": {"count": "1"}},
        {"parts": {"a": [{"count": True}]}},
        {"other": 1},
    ],
)
def test_what_only_looks_like_the_type_is_refused(form: dict[str, Any]):
    with pytest.raises(ValidationError):
        Form.model_validate(form)


def test_what_json_has_no_type_for_is_read_from_text():
    form = {"id": "4171a2ad-441a-4428-b540-32e690134c9a", "at": "2026-01-31T12:00:00Z"}
    read = Form.model_validate({**form, "share": 1, "version": 2})
    assert isinstance(read.id, UUID) and read.at is not None and read.at.year == 2026
    assert (read.share, read.version, read.parts) == (1.0, 2, {})
