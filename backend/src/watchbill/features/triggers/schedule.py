"""Cron schedules in a time zone: when they are due, and how they read in words.

Where clocks are set forward, a fixed time that is left out runs at the first minute after the gap. Where they
are set back, a fixed time that comes twice runs once, the first time; schedules of every minute or every hour
go by real time and run in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

MAX_LENGTH = 200
_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# Of a long outage no more times are looked at than this; older ones are left out.
_MOST_TIMES = 12_000
_FAR_ENOUGH = timedelta(days=7)


class BadSchedule(ValueError):
    """The cron expression or time zone cannot be used; the message says why."""


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name, such as Europe/Berlin.

    Raises:
        BadSchedule: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSchedule(
            f"There is no time zone `{name[:60]}`. Use a name such as Europe/Berlin."
        ) from error


def following(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """Every time after `after`, in UTC, each later than the one before.

    Raises:
        BadSchedule: the expression or the time zone cannot be used.
    """
    simulation = _simulation(cron, after.astimezone(zone(timezone)))
    return _rising(simulation, after)


def check(cron: str, timezone: str, now: datetime) -> None:
    """Refuse what can never run.

    Raises:
        BadSchedule: the message says why.
    """
    if next(following(cron, timezone, now), None) is None:
        raise BadSchedule("No date fits this cron expression.")


def describe(cron: str) -> str:
    """The expression in words, "At 09:00 on Monday" for example.

    Raises:
        BadSchedule: it cannot be read.
    """
    return _simulation(cron, datetime(2026, 1, 1, tzinfo=UTC)).explain()


def due(cron: str, timezone: str, first: datetime, now: datetime) -> tuple[list[datetime], datetime | None]:
    """The times from `first`, which is one of them, to now; and the next one after now."""
    times, upcoming = _until(cron, timezone, first, now)
    if len(times) > _MOST_TIMES:
        times, upcoming = _until(cron, timezone, now - _FAR_ENOUGH, now)
        times = times[1:]
    return times, upcoming


def _until(
    cron: str, timezone: str, first: datetime, now: datetime
) -> tuple[list[datetime], datetime | None]:
    times = [first]
    for time in islice(following(cron, timezone, first), _MOST_TIMES + 1):
        if time > now:
            return times, time
        times.append(time)
    return times, next(following(cron, timezone, now), None)


def _rising(simulation: CronSim, after: datetime) -> Iterator[datetime]:
    """In a gap several times of the clock are one moment, and after an overlap it repeats earlier ones."""
    last = after.astimezone(UTC)
    for time in simulation:
        moment = time.astimezone(UTC)
        if moment > last:
            last = moment
            yield moment


def _simulation(cron: str, start: datetime) -> CronSim:
    text = _NAMES.get(cron.strip().lower(), cron.strip())
    if len(text) > MAX_LENGTH or len(text.split()) != 5:
        raise BadSchedule(
            "A cron expression has five fields: minute, hour, day of the month, month, day of the week."
        )
    try:
        return CronSim(text, start)
    except CronSimError as error:
        raise BadSchedule(f"{error} in the cron expression.") from error
