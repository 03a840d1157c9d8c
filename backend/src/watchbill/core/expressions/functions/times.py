"""Times and durations: reading and writing them, their parts in a zone, and the calendar. Both are kept to
microseconds."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.registry import Env, Library, define
from watchbill.core.expressions.values import shown

LIBRARY: Library = []
MAX_DURATION = 100
# Steps of looking for a time zone that there is not; those that there are, are read once.
_NO_ZONE = 120
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)", re.ASCII)
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# fmt: off
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")
# fmt: on


def read_timestamp(text: str, zone: str | None, budget: Budget) -> datetime:
    """A time in ISO 8601, as RFC 3339 has it; a date alone, or a time without an offset, needs a zone.

    Raises:
        Fault: it is none, or there is no such zone.
    """
    found = _ISO.fullmatch(text) if len(text) <= 40 else None
    if found is None:
        raise Fault(f"`{shown(text)}` is not a time such as 2026-01-02T03:04:05Z")
    date, time, fraction, offset = found.groups()
    if offset is None and zone is None:
        hint = "write a zone as second argument, such as timestamp(…, 'Europe/Berlin') or 'UTC'"
        raise Fault(f"`{text}` does not tell in which zone it is meant; {hint}")
    micro = int(f"{fraction or '':0<6}"[:6])
    try:
        local = datetime.fromisoformat(f"{date}T{time or '00:00'}").replace(microsecond=micro)
        place = _zone(zone, budget) if offset is None else UTC if offset in "Zz" else _fixed(offset)
        return local.replace(tzinfo=place).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Fault(f"`{text}` is not in the calendar") from None


def read_duration(text: str) -> timedelta:
    """A length of time such as `1h30m`, `-1.5s` or `250ms`.

    Raises:
        Fault: it is none, or longer than 9999 years.
    """
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return timedelta()
    total, position = 0, 0
    while len(body) <= MAX_DURATION and (found := _DURATION.match(body, position)):
        whole, _, part = found[1].partition(".")
        unit = _UNITS[found[2]]
        total += int(whole or 0) * unit + int(part or 0) * unit // 10 ** len(part)
        position = found.end()
    if not position or position != len(body):
        raise Fault(f"`{shown(text)}` is not a duration such as 1h30m or 1.5s")
    try:
        length = timedelta(microseconds=total // 1000)
    except OverflowError:
        raise Fault(f"the duration `{shown(text)}` is too long") from None
    return -length if text[0] == "-" else length


def _zone(name: str | None, budget: Budget) -> tzinfo:
    if name is None or name in ("UTC", "Z"):
        return UTC
    if found := _OFFSET.fullmatch(name):
        return _fixed(f"{found[1] or '+'}{found[2]}:{found[3]}")
    try:
        return _named(name[:100])
    except Fault:
        budget.spend(_NO_ZONE)
        raise


def _fixed(offset: str) -> tzinfo:
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    if minutes >= 24 * 60 or int(offset[4:6]) > 59:
        raise Fault(f"`{offset}` is not an offset from UTC")
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


@lru_cache(maxsize=700)
def _named(name: str) -> tzinfo:
    if _ZONE_NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError):
            pass
    raise Fault(f"there is no time zone `{shown(name)}`; write one such as Europe/Berlin or +02:00")


def _local(value: datetime, zone: str | None, budget: Budget) -> datetime:
    try:
        return value.astimezone(_zone(zone, budget))
    except OverflowError:
        raise Fault("the time is outside the years 1 to 9999 in that zone") from None


@define(LIBRARY, "now", says="`now()`: the time at which the node's attempt began")
def now(env: Env) -> datetime:
    """The time that the caller gave, so that it is the same whenever the same attempt is computed again."""
    if env.now is None:
        raise Fault("now() is not known here")
    return env.now


_DATE_PARTS: dict[str, tuple[str, Callable[[datetime], int]]] = {
    "getFullYear": ("the year", lambda at: at.year),
    "getMonth": ("the month, from 0", lambda at: at.month - 1),
    "getDate": ("the day of the month, from 1", lambda at: at.day),
    "getDayOfMonth": ("the day of the month, from 0", lambda at: at.day - 1),
    "getDayOfWeek": ("the day of the week, 0 for Sunday", lambda at: at.isoweekday() % 7),
    "getDayOfYear": ("the day of the year, from 0", lambda at: at.timetuple().tm_yday - 1),
}
_TIME_PARTS: dict[str, tuple[str, Callable[[datetime], int], timedelta]] = {
    "getHours": ("the hour", lambda at: at.hour, timedelta(hours=1)),
    "getMinutes": ("the minute", lambda at: at.minute, timedelta(minutes=1)),
    "getSeconds": ("the second", lambda at: at.second, timedelta(seconds=1)),
    "getMilliseconds": ("the millisecond", lambda at: at.microsecond // 1000, timedelta(milliseconds=1)),
}


def _define_parts() -> None:
    for name, (says, pick) in _DATE_PARTS.items():

        def of_date(
            env: Env, at: datetime, zone: str | None = None, pick: Callable[[datetime], int] = pick
        ) -> int:
            return pick(_local(at, zone, env.budget))

        says = f"`now().{name}('Europe/Berlin')`: {says}; in UTC without a zone"
        define(LIBRARY, name, "timestamp", "text?", says=says, cost=14)(of_date)
    for name, (says, pick, unit) in _TIME_PARTS.items():

        def of_time(
            env: Env,
            value: Any,
            zone: str | None = None,
            pick: Callable[[datetime], int] = pick,
            unit: timedelta = unit,
        ) -> int:
            if isinstance(value, datetime):
                return pick(_local(value, zone, env.budget))
            if zone is not None:
                raise Fault("a duration has no time zone")
            count = abs(value) // unit
            return -count if value < timedelta() else count

        says = f"`now().{name}()`: {says}; of a duration, how many of them it has"
        define(LIBRARY, name, "timestamp|duration", "text?", says=says, cost=14)(of_time)


_define_parts()


@define(
    LIBRARY,
    "addDays",
    "timestamp",
    "int",
    "text?",
    says="`now().addDays(1, 'Europe/Berlin')`: the same time of another day there, summer time or not",
    cost=14,
)
def add_days(env: Env, at: datetime, days: int, zone: str | None = None) -> datetime:
    """So many calendar days later."""
    local = _local(at, zone, env.budget)
    try:
        return (local + timedelta(days=int(days))).astimezone(UTC)
    except OverflowError:
        raise Fault("the result is outside the years 1 to 9999") from None


@define(
    LIBRARY,
    "addMonths",
    "timestamp",
    "int",
    "text?",
    says="`now().addMonths(1)`: the same day of another month, or its last day if it has fewer",
    cost=14,
)
def add_months(env: Env, at: datetime, months: int, zone: str | None = None) -> datetime:
    """So many calendar months later."""
    local = _local(at, zone, env.budget)
    years, month = divmod(local.month - 1 + int(months), 12)
    year = local.year + years
    if not 1 <= year <= 9999:
        raise Fault("the result is outside the years 1 to 9999")
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    try:
        return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)
    except OverflowError:
        raise Fault("the result is outside the years 1 to 9999") from None


# Written here and not by the system's strftime, which differs between systems and languages.
_DIRECTIVES: dict[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "m": lambda at: f"{at.month:02}",
    "d": lambda at: f"{at.day:02}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{(at.hour + 11) % 12 + 1:02}",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "a": lambda at: _DAYS[at.weekday()][:3],
    "A": lambda at: _DAYS[at.weekday()],
    "b": lambda at: _MONTHS[at.month - 1][:3],
    "B": lambda at: _MONTHS[at.month - 1],
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "y": lambda at: f"{at.year % 100:02}",
    "G": lambda at: f"{at.isocalendar().year:04}",
    "V": lambda at: f"{at.isocalendar().week:02}",
    "u": lambda at: str(at.isoweekday()),
    "F": lambda at: f"{at.year:04}-{at.month:02}-{at.day:02}",
    "T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
    "z": lambda at: _offset(at).replace(":", ""),
    "Z": lambda at: at.tzname() or "",
    "s": lambda at: str((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)),
    "%": lambda _at: "%",
}


def _offset(at: datetime) -> str:
    minutes = (at.utcoffset() or timedelta()) // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def formatted(budget: Budget, value: datetime, pattern: str, zone: str | None) -> str:
    """A time by a pattern such as `%Y-%m-%d`, with English names.

    Raises:
        Fault: the pattern has a directive that is not known, or there is no such zone.
    """
    local = _local(value, zone, budget)
    budget.spend(5 * pattern.count("%") + (len(pattern) >> 6))
    budget.make(2 * len(pattern) + 32 * pattern.count("%"))
    parts, position = list[str](), 0
    while (at := pattern.find("%", position)) >= 0:
        parts.append(pattern[position:at])
        directive = _DIRECTIVES.get(pattern[at + 1 : at + 2])
        if directive is None:
            known = " ".join(f"%{one}" for one in _DIRECTIVES)
            raise Fault(f"`{pattern[at : at + 2]}` is not known in a pattern of times; known are {known}")
        parts.append(directive(local))
        position = at + 2
    return "".join((*parts, pattern[position:]))
