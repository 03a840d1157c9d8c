"""Puts one question to one provider: over the wire that its type needs, within its limits, and says in our
words what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import aiohttp

from watchbill.adapters.models import connection, failures
from watchbill.adapters.models.cooling import CoolDown
from watchbill.adapters.models.endpoint import CHAT_TYPES, endpoint
from watchbill.adapters.models.patience import Patience, TimeLimits
from watchbill.adapters.models.question import Question
from watchbill.adapters.models.refused_parameters import Habits
from watchbill.adapters.models.session import open_session
from watchbill.adapters.models.through_litellm.library import load_litellm
from watchbill.adapters.models.through_litellm.library_call import LibraryCalls
from watchbill.adapters.openai_chat import ChatRequest, Fault, Reading, Refused, Sizes, ask
from watchbill.core.candidates import Candidate
from watchbill.kit.outbound.way_out import WayOut, tenant_traffic

Push = Callable[[str], None]
# For whoever is given up on before saying anything: the caller may have a shorter time-out than ours.
_AWAY_SECONDS = 15.0


class Asking:
    """Asks providers. It lives on one event loop."""

    def __init__(self, way: WayOut, sizes: Sizes, cooling: CoolDown, unheard_seconds: float):
        self._way = way
        self._sizes = sizes
        self._cooling = cooling
        self._unheard_seconds = unheard_seconds
        self._session: aiohttp.ClientSession | None = None
        self._library: tuple[aiohttp.ClientSession, Any, LibraryCalls] | None = None
        self._habits = Habits()

    async def close(self) -> None:
        """Close the connections to all providers."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def attempt(
        self, candidate: Candidate, question: Question, limits: TimeLimits, reading: Reading, push: Push
    ) -> None:
        """Ask once, and once more for each thing that the provider does not take and that can be put
        differently.

        Raises:
            NodeError: what went wrong; a ProviderFailure for all that the provider did.
        """
        patience = Patience(limits)

        # Whoever is told of the text works for the installation, not for the tenant.
        outside = copy_context()

        def heard(text: str) -> None:
            if text:
                outside.run(push, text)
            if reading.ended:
                patience.over()
            else:
                patience.heard()

        try:
            async with patience:
                await self._send(candidate, question, reading, heard)
        except asyncio.CancelledError:
            if not reading.began and patience.seconds >= self._unheard_seconds:
                self._cooling.begin(candidate.provider.id, _AWAY_SECONDS)
            raise
        except TimeoutError:
            if not reading.ended:
                raise self._blamed(candidate, self._too_late(patience, candidate, limits, reading)) from None
        except failures.ProviderFailure as failure:
            raise self._blamed(candidate, failure) from None
        if rest := reading.close():
            push(rest)

    def _too_late(
        self, patience: Patience, candidate: Candidate, limits: TimeLimits, reading: Reading
    ) -> failures.ProviderFailure:
        return failures.too_late(candidate, limits, patience.waited, began=reading.began)

    def _blamed(self, candidate: Candidate, failure: failures.ProviderFailure) -> failures.ProviderFailure:
        if failure.away_seconds is not None:
            self._cooling.begin(candidate.provider.id, failure.away_seconds)
        return failure

    async def _send(self, candidate: Candidate, question: Question, reading: Reading, heard: Push) -> None:
        while True:
            body = question.body(candidate, self._habits.of(candidate))
            try:
                await self._exchange(candidate, body, reading, heard)
                return
            except Refused as refused:
                if reading.began or not self._habits.learn(candidate, refused, body):
                    raise failures.of(refused, candidate, began=reading.began) from refused
            except (Fault, aiohttp.ClientError, OSError) as error:
                if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                    raise
                raise failures.of(error, candidate, began=reading.began) from error
            except ValueError as error:
                # An address or a key that no HTTP request can carry.
                raise failures.unsendable(error, candidate) from error

    async def _exchange(
        self, candidate: Candidate, body: dict[str, Any], reading: Reading, heard: Push
    ) -> None:
        if self._session is None or self._session.closed:
            self._session = open_session(self._way)
        if candidate.provider.provider_type in CHAT_TYPES:
            to = endpoint(candidate)
            proxy = await self._way.proxy_for(to.url)
            request = ChatRequest(to.url, to.headers, body, self._sizes, proxy)
            with tenant_traffic():
                return await ask(self._session, request, reading, heard)
        arguments = connection.arguments(candidate.provider)
        called = {**body, **arguments, "model": connection.model_name(candidate.provider, candidate.model)}
        calls, library = await self._calls(self._session)
        try:
            with tenant_traffic():
                await calls.ask(called, self._sizes, reading, heard)
        except (library.exceptions.openai.OpenAIError, ValueError) as error:
            raise failures.of(error, candidate, began=reading.began) from error
        return None

    async def _calls(self, session: aiohttp.ClientSession) -> tuple[LibraryCalls, Any]:
        if self._library is None or self._library[0] is not session:
            library = await asyncio.to_thread(load_litellm)
            self._library = session, library, LibraryCalls(library, session, self._way)
        return self._library[2], self._library[1]
