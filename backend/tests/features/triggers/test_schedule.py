"""Cron schedules across the changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.features.triggers.schedule import BadSchedule, check, describe, due, following

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # clocks change by half an hour
    "America/St_Johns",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Sao_Paulo",  # clocks changed at midnight until 2019
]


def local(cron: str, zone: str, after: str, count: int) -> list[str]:
    start = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))
    times = islice(following(cron, zone, start), count)
    return [time.astimezone(ZoneInfo(zone)).isoformat() for time in times]


def test_a_time_in_the_gap_runs_at_its_end() -> None:
    assert local("30 2 * * *", "Europe/Berlin", "2026-03-28T03:00", 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    # Two times in one gap are one moment.
    assert local("0,30 2 * * *", "Europe/Berlin", "2026-03-28T03:00", 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:00:00+02:00",
    ]


def test_a_time_that_comes_twice_runs_the_first_time() -> None:
    assert local("30 2 * * *", "Europe/Berlin", "2026-10-24T03:00", 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]
    # Asked within the second pass, it does not go back.
    second_pass = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    [time] = islice(following("30 2 * * *", "Europe/Berlin", second_pass), 1)
    assert time == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_so_often_goes_by_real_time() -> None:
    assert local("*/30 * * * *", "Europe/Berlin", "2026-10-25T01:45", 5) == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]
    assert local("*/30 * * * *", "Europe/Berlin", "2026-03-29T01:15", 2) == [
        "2026-03-29T01:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
    ]


@settings(max_examples=150, deadline=None)
@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)),
)
def test_a_daily_schedule_runs_once_on_each_day(minute: int, hour: int, zone: str, start: datetime) -> None:
    start = start.replace(tzinfo=UTC)
    times = list(islice(following(f"{minute} {hour} * * *", zone, start), 40))
    assert times[0] > start
    days = [time.astimezone(ZoneInfo(zone)).date() for time in times]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    for time in times:
        there = time.astimezone(ZoneInfo(zone))
        wanted = there.replace(hour=hour, minute=minute, fold=0)
        skipped = wanted.astimezone(UTC).astimezone(wanted.tzinfo).replace(tzinfo=None)
        if skipped == wanted.replace(tzinfo=None):
            assert (there.hour, there.minute, there.fold) == (hour, minute, 0)
        else:  # left out by the clock: the first minute after the gap
            before = (time - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
            assert before.utcoffset() != there.utcoffset()


@settings(max_examples=100, deadline=None)
@given(
    minute=st.one_of(st.just("*"), st.integers(1, 30).map("*/{}".format), st.integers(0, 59).map(str)),
    hour=st.one_of(st.just("*"), st.integers(1, 12).map("*/{}".format), st.integers(0, 23).map(str)),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)),
    skip=st.integers(1, 20),
)
def test_times_only_rise_and_do_not_depend_on_where_one_begins(
    minute: str, hour: str, zone: str, start: datetime, skip: int
) -> None:
    cron = f"{minute} {hour} * * *"
    times = list(islice(following(cron, zone, start.replace(tzinfo=UTC)), 30))
    assert all(earlier < later for earlier, later in pairwise(times))
    again = list(islice(following(cron, zone, times[skip - 1]), 30 - skip))
    assert again == times[skip:]


def test_what_is_due_after_an_outage() -> None:
    first, now = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 8, 12, tzinfo=UTC)
    times, upcoming = due("0 9 * * *", "UTC", first, now)
    assert times == [first + timedelta(days=day) for day in range(4)]
    assert upcoming == datetime(2026, 1, 9, 9, tzinfo=UTC)
    # After a very long one only the latest times count.
    times, upcoming = due("* * * * *", "UTC", first - timedelta(days=365), now)
    assert len(times) == 7 * 24 * 60 and times[-1] == now
    assert upcoming == now + timedelta(minutes=1)


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "x",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "0 0 31 2 *",
        "0 0 30 2 *",
        "*/0 * * * *",
        "1-x * * * *",
        "5-1 * * * *",
        "é * * * *",
        "0 0 * * 8",
        "@reboot",
        "0" * 300,
        "٣ * * * *",
    ],
)
def test_expressions_that_are_refused(cron: str) -> None:
    with pytest.raises(BadSchedule):
        check(cron, "UTC", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe", "a\x00b"])
def test_zones_that_are_refused(zone: str) -> None:
    with pytest.raises(BadSchedule):
        check("0 0 * * *", zone, datetime(2026, 1, 1, tzinfo=UTC))


def test_expressions_in_words() -> None:
    assert describe("0 9 * * MON-FRI") == "At 09:00 on Monday through Friday"
    assert describe("@daily") == describe("0 0 * * *")
