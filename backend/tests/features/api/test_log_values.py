"""What people entered does not get into logs by way of the database's errors."""

from __future__ import annotations

import io
import logging

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from watchbill.kit.database.transactions import Database
from watchbill.kit.process.logs import configure_logs
from watchbill.kit.process.tracebacks import format_traceback

SECRET = "sesame-and-lilies"
STATEMENTS = {
    "a parameter": ("SELECT 1 / (length(:value) * 0)", SECRET),
    "a value of the wrong type": ("SELECT CAST(:value AS integer) + 1", SECRET),
    "text that is no number": ("SELECT CAST(CAST(:value AS text) AS integer)", SECRET),
    "a row that breaks a rule": (
        "INSERT INTO public.users (id, email, password_hash) VALUES (gen_random_uuid(), NULL, :value)",
        SECRET,
    ),
    "a key that is taken": (
        "INSERT INTO public.users (id, email, password_hash)"
        " SELECT gen_random_uuid(), CAST(:value AS text), '-' FROM generate_series(1, 2)",
        f"{SECRET}@example.com",
    ),
}


@pytest.mark.parametrize("case", STATEMENTS)
@pytest.mark.parametrize("format", ["json", "console"])
async def test_an_error_of_the_database_is_logged_without_values(
    database: Database, monkeypatch: pytest.MonkeyPatch, case: str, format: str
):
    statement, value = STATEMENTS[case]
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    configure_logs("debug", format)  # type: ignore[arg-type]
    try:
        try:
            async with database.transaction() as work:
                await work.session.execute(text(statement), {"value": value})
        except DBAPIError as error:
            try:
                raise RuntimeError("while doing something") from error
            except RuntimeError:
                structlog.stdlib.get_logger("tests").exception("it failed")
                logging.getLogger("tests").exception("it failed again")
    finally:
        monkeypatch.undo()
        configure_logs("info", "json")
    log = written.getvalue()
    assert (
        log.count("RuntimeError: while doing something") == 2
        and log.count("the server's words are left out") >= 2
    )
    assert SECRET not in log


def test_groups_and_circles_of_errors_are_told_once():
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first
    group = ExceptionGroup("both", [first, second])
    told = format_traceback((type(group), group, None))
    assert told.count("ValueError: first") == 1 and "ExceptionGroup: both" in told
