"""Mail domains: nobody is let in by one that is not proved to be the company's."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.app_state import put
from tests.features.sso.company import Names, go, new_domain, person_at, set_up
from tests.people import Person, checked, refused
from watchbill.kit.outbound import text_records
from watchbill.kit.outbound.text_records import TextRecords
from watchbill.testing.oidc import CLIENT_ID, CLIENT_SECRET


async def test_nobody_is_let_in_by_a_domain_that_is_not_proved(
    admin: Person, visitor: AsyncClient, issuer: str, names: Names
):
    domain = new_domain()
    form = {"issuer": issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "domains": [domain]}
    shown = checked(await admin.http.put("sso", json=form))
    (proof,) = shown["proofs"]
    assert (proof["domain"], proof["state"]) == (domain, "unproved")
    assert re.fullmatch(r"watchbill-verification=[a-z2-7]{32}", proof["record"])
    person_at(issuer, sub="1", email=f"a@{domain}")
    lookup = {"email": f"a@{domain}"}
    for text in (None, "watchbill-verification=another", proof["record"] + "x"):
        if text:
            names.set(domain, text)
        assert checked(await visitor.post("auth/sso/lookup", json=lookup))["start"] is None
        assert (await go(visitor, domain)).headers["location"] == "/login/?problem=sso_unproved_domain"
        assert checked(await admin.http.post("sso/check-domains"))["proofs"][0]["state"] == "unproved"
    names.set(domain, proof["record"])
    assert checked(await admin.http.post("sso/check-domains"))["proofs"][0]["state"] == "proved"
    assert checked(await admin.http.get("sso"))["proofs"][0]["state"] == "proved"
    assert checked(await visitor.post("auth/sso/lookup", json=lookup))["start"]
    assert (await go(visitor, domain)).headers["location"] == "/flows/"


async def test_a_proof_outlasts_name_servers_that_are_away_but_not_its_record(
    app: FastAPI, admin: Person, issuer: str, names: Names, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(text_records, "_SECONDS", 0.3)
    domain = await set_up(admin, issuer, names)
    check = "sso/check-domains"
    with names.away():
        assert checked(await admin.http.post(check))["proofs"][0]["state"] == "unproved"
    assert checked(await admin.http.post(check))["proofs"][0]["state"] == "proved"
    with names.away():
        assert checked(await admin.http.post(check))["proofs"][0]["state"] == "proved"
    names.set(domain, "something else")
    assert checked(await admin.http.post(check))["proofs"][0]["state"] == "unproved"
    names.write([])
    assert checked(await admin.http.post(check))["proofs"][0]["state"] == "unproved"


async def test_a_domain_goes_to_whom_it_belongs(admin: Person, stranger: Person, issuer: str, names: Names):
    """Whoever writes down somebody else's domain first does not keep them from using it."""
    domain = new_domain()
    form = {"issuer": issuer, "client_id": CLIENT_ID, "domains": [domain]}
    checked(await stranger.http.put("sso", json=form))
    problem = refused(await admin.http.put("sso", json=form), 409, "domain_taken")
    record = re.search(r"watchbill-verification=[a-z2-7]{32}", problem["detail"])
    assert record
    names.set(domain, record[0])
    assert checked(await admin.http.put("sso", json=form))["proofs"][0]["state"] == "proved"
    assert checked(await stranger.http.get("sso"))["domains"] == []
    refused(await stranger.http.put("sso", json=form), 409, "domain_taken")


async def test_an_operator_may_trust_every_domain(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, monkeypatch: pytest.MonkeyPatch
):
    proofs = replace(app.state.sso.proofs, trust=True)
    put(monkeypatch, app.state, "sso", replace(app.state.sso, proofs=proofs))
    domain = new_domain()
    form = {"issuer": issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "domains": [domain]}
    assert checked(await admin.http.put("sso", json=form))["proofs"][0]["state"] == "trusted"
    assert checked(await admin.http.post("sso/check-domains"))["proofs"][0]["state"] == "trusted"
    person_at(issuer, sub="1", email=f"a@{domain}")
    assert (await go(visitor, domain)).headers["location"] == "/flows/"


def test_name_servers_are_addresses():
    assert TextRecords(["192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353"])
    for bad in ("ns.example.com", "192.0.2.1:x", ""):
        with pytest.raises(ValueError):
            TextRecords([bad])
