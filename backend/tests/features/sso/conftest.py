"""A real OpenID Connect provider and a name server beside the tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from tests.app_state import put
from tests.features.sso.company import Names
from watchbill.features.sso.metadata import Metadata
from watchbill.kit.outbound.text_records import TextRecords
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut


@contextmanager
def provider() -> Iterator[str]:
    """A provider's address, while it runs."""
    command = [sys.executable, "-m", "watchbill.testing.oidc"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider; every test says who signs in."""
    with provider() as address:
        yield address


@pytest.fixture
def fault(issuer: str) -> Iterator[object]:
    def switch(name: str) -> None:
        httpx.put(f"{issuer}/_fault", json={"fault": name}).raise_for_status()

    yield switch
    switch("")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Names]:
    file = tmp_path_factory.mktemp("names") / "texts"
    file.touch()
    command = [sys.executable, "-m", "watchbill.testing.names", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Names(process.stdout.readline().strip(), file)
        process.terminate()


@pytest.fixture(autouse=True)
def names(app: FastAPI, server: Names, monkeypatch: pytest.MonkeyPatch) -> Names:
    """The API asks that name server."""
    proofs = replace(app.state.sso.proofs, records=TextRecords([server.address]))
    # What was heard of providers in earlier tests is forgotten.
    metadata = Metadata(WayOut(UrlGuard(["127.0.0.0/8"])))
    put(monkeypatch, app.state, "sso", replace(app.state.sso, proofs=proofs, metadata=metadata))
    return server
