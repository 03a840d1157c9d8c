"""Turns, places and questions that many share: nobody takes what is another's."""

from __future__ import annotations

import asyncio

import pytest

from watchbill.kit.asked_once import Asked
from watchbill.kit.limits.places import Full, Places, Share
from watchbill.kit.limits.turns import NoTurn, Turns
from watchbill.kit.requests.origins import origin_of

PATIENCE = 600.0


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_has_a_share_and_the_others_the_rest():
    turns = Turns(4, 2)
    await turns.take("a", PATIENCE)
    await turns.take("a", PATIENCE)
    third = asyncio.create_task(turns.take("a", PATIENCE))
    await settle()
    assert not third.done()
    # Two are left, which "a" may not have.
    await turns.take("b", PATIENCE)
    await turns.take("c", PATIENCE)
    turns.give_back("b")
    await settle()
    assert not third.done()
    turns.give_back("a")
    await third


async def test_who_waits_gets_turns_one_after_the_other():
    turns = Turns(1, 1)
    await turns.take("first", PATIENCE)
    order: list[str] = []

    async def one(who: str) -> None:
        await turns.take(who, PATIENCE)
        order.append(who)
        turns.give_back(who)

    many = [asyncio.create_task(one("a")) for _ in range(100)]
    await settle()
    few = [asyncio.create_task(one(who)) for who in ("b", "c")]
    await settle()
    turns.give_back("first")
    await asyncio.gather(*many, *few)
    assert order[:4] == ["a", "b", "c", "a"] and len(order) == 102


async def test_a_place_passes_over_those_who_are_just_giving_up():
    """They are cancelled, but had no time yet to leave the queue."""
    turns = Turns(1, 1)
    await turns.take("first", PATIENCE)
    leaving = [asyncio.create_task(turns.take(who, PATIENCE)) for who in ("a", "a", "b")]
    await settle()
    staying = asyncio.create_task(turns.take("a", PATIENCE))
    await settle()
    for task in leaving:
        task.cancel()
    turns.give_back("first")
    await staying
    assert all(
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(*leaving, return_exceptions=True)
    )
    # Nobody has what nobody took.
    turns.give_back("a")
    await turns.take("b", PATIENCE)


async def test_a_turn_that_does_not_come_says_whose_fault_it_is():
    turns = Turns(2, 1)
    await turns.take("a", PATIENCE)
    with pytest.raises(NoTurn) as own:
        await turns.take("a", 0)
    await turns.take("b", PATIENCE)
    with pytest.raises(NoTurn) as others:
        await turns.take("c", 0)
    assert (own.value.own, others.value.own) == (True, False)


async def test_who_waits_for_oneself_may_wait_for_longer():
    turns = Turns(3, 2)
    await turns.take("a", PATIENCE)
    await turns.take("a", PATIENCE)
    third = asyncio.create_task(turns.take("a", 0, PATIENCE))
    await settle()
    assert not third.done()
    await turns.take("b", PATIENCE)
    # All places are taken, and none of them is c's.
    with pytest.raises(NoTurn) as refusal:
        await turns.take("c", 0, PATIENCE)
    assert not refusal.value.own
    turns.give_back("a")
    await third


@pytest.mark.parametrize("given", (True, False), ids=("with its turn", "before its turn"))
async def test_who_gives_up_leaves_nothing_behind(given: bool):
    turns = Turns(1, 1)
    await turns.take("a", PATIENCE)
    waiting = asyncio.create_task(turns.take("b", PATIENCE))
    await settle()
    if given:
        turns.give_back("a")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not given:
        turns.give_back("a")
    await turns.take("c", 0)


def test_places_are_counted_for_all_whose_they_are():
    places = Places()
    tenant = Share("tenant", "t", 3)
    one, two = (Share("person", key, 2) for key in "ab")
    with places.place(one, tenant), places.place(one, tenant):
        with pytest.raises(Full, match="person"), places.place(one, tenant):
            pass
        with places.place(two, tenant), pytest.raises(Full, match="tenant"), places.place(two, tenant):
            pass
        # What was refused has taken nothing.
        assert places.taken == 4
    assert places.taken == 0


def test_a_place_is_left_by_an_error_and_zero_is_no_limit():
    places = Places()
    with pytest.raises(RuntimeError), places.place(Share("person", "a", 1)):
        raise RuntimeError
    with places.place(Share("person", "a", 1)), places.place(Share("person", "b", 0)):
        assert places.taken == 2


async def test_sixty_who_want_to_know_the_same_ask_once():
    moment, asked, answered = 0.0, 0, asyncio.Event()
    answers: Asked[int] = Asked(good_seconds=10, failed_seconds=1, clock=lambda: moment)

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await answered.wait()
        return asked

    waiting = [asyncio.create_task(answers.ask("k", ask)) for _ in range(60)]
    await settle()
    # Who leaves does not take the answer from the others.
    waiting[0].cancel()
    await settle()
    answered.set()
    assert await asyncio.gather(*waiting[1:]) == [1] * 59
    moment = 9.9
    assert await answers.ask("k", ask) == 1
    moment = 10.1
    assert await answers.ask("k", ask) == 2


async def test_a_failure_is_told_to_all_and_soon_forgotten():
    moment, asked = 0.0, 0
    answers: Asked[int] = Asked(good_seconds=10, failed_seconds=1, clock=lambda: moment)

    async def fail() -> int:
        nonlocal asked
        asked += 1
        raise ValueError(asked)

    for _ in range(3):
        with pytest.raises(ValueError, match="1"):
            await answers.ask("k", fail)
    moment = 1.1
    with pytest.raises(ValueError, match="2"):
        await answers.ask("k", fail)


def test_one_customer_is_one_origin():
    assert origin_of("2001:db8:1:2::1") == origin_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert origin_of("2001:db8:1:3::1") != origin_of("2001:db8:1:2::1")
    assert origin_of("::ffff:192.0.2.1") == origin_of("192.0.2.1") == "192.0.2.1"
    assert origin_of("fe80::1%eth0") == "fe80::/64"
    assert (origin_of(None), origin_of("a proxy")) == ("unknown", "a proxy")
