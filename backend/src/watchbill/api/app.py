"""The API process: one FastAPI app from the features' routers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from redis.asyncio import BlockingConnectionPool, Redis
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

import watchbill
from watchbill.adapters.celery.app import celery_app
from watchbill.adapters.celery.calls import CeleryCalls
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.mail import open_mail
from watchbill.adapters.redis import announce
from watchbill.api import docs, health, problems
from watchbill.api.document import PROBLEMS, publish_document
from watchbill.api.executions import open_executions
from watchbill.api.limits import RateLimitHeaders
from watchbill.api.middleware import BodyLimit, LastCatch, RequestLog, SecurityHeaders
from watchbill.api.ui import StaticUi, security_policy
from watchbill.config import Settings
from watchbill.features.agents import routes as agents
from watchbill.features.approvals import mailed_routes as mailed_approvals
from watchbill.features.approvals import routes as approvals
from watchbill.features.audit import routes as audit
from watchbill.features.executions import routes as executions
from watchbill.features.executions.watching import stream
from watchbill.features.flows import node_types
from watchbill.features.flows import routes as flows
from watchbill.features.identity import routes as identity
from watchbill.features.identity.aside import Aside
from watchbill.features.identity.identity import IdentityOptions
from watchbill.features.identity.keys import routes as key_routes
from watchbill.features.identity.limits.crowds import Crowd, Crowds, Most
from watchbill.features.identity.limits.guesses import Throttle
from watchbill.features.identity.limits.mails import MailLimits
from watchbill.features.identity.limits.requests import RequestLimits
from watchbill.features.identity.limits.turns import KnownApiKeys
from watchbill.features.identity.members import routes as member_routes
from watchbill.features.leaving import routes as leaving
from watchbill.features.notifications import address_routes as mail_addresses
from watchbill.features.notifications import routes as notifications
from watchbill.features.notifications.addresses import AddressMails
from watchbill.features.notifications.service import NotificationPorts
from watchbill.features.providers import routes as providers
from watchbill.features.providers.service import ProviderPorts
from watchbill.features.sso import routes as sso
from watchbill.features.sso.metadata import Metadata
from watchbill.features.sso.proofs import DomainProofs
from watchbill.features.sso.service import SsoPorts
from watchbill.features.tables import TENANT_TABLES
from watchbill.features.tenants import routes as tenants
from watchbill.features.tools import routes as tools
from watchbill.features.tools.service import ToolPorts
from watchbill.features.triggers import hook_routes as hooks
from watchbill.features.triggers import routes as triggers
from watchbill.features.triggers.service import TriggerPorts
from watchbill.kit.database.transactions import Database
from watchbill.kit.limits.attempt_counts import AttemptCounts
from watchbill.kit.limits.rates import Rates
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.outbound.text_records import TextRecords
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.kit.process.resources import data_dir
from watchbill.kit.process.supervision import Supervisor
from watchbill.kit.secrets.crypto import KeyRing

MAX_BODY = 4 * 1024 * 1024
# Where webhooks are called.
HOOKS = "/api/v1/hooks/"
# Requests of a tenant that wait for a turn to compute; the next one is told to come again.
COMPUTATIONS_WAITING = 16

# A path is looked for in this order, one route after the other: what is asked for most comes first.
ROUTERS = (
    executions.router,
    stream.router,
    identity.router,
    member_routes.router,
    key_routes.router,
    leaving.router,
    providers.router,
    tools.router,
    agents.router,
    flows.router,
    node_types.router,
    approvals.router,
    mailed_approvals.router,
    audit.router,
    tenants.router,
    sso.router,
    triggers.router,
    hooks.router,
    notifications.router,
    mail_addresses.router,
)


class SettingMissing(RuntimeError):
    """The API was started without a setting it cannot do without."""


def create_app(settings: Settings, own: OwnServices | None = None) -> FastAPI:
    """The whole API for these settings. Connections are opened when it starts and closed when it stops.

    Args:
        own: knows the services of the installation, when the process's gate shall know them too.
    """
    ui, aside = data_dir("ui"), Aside()
    app = FastAPI(
        title="Watchbill",
        version=watchbill.__version__,
        description="Draw, run and watch AI agent workflows.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        middleware=_middleware(settings, security_policy(ui), aside),
        responses={status: {"model": problems.ProblemDetails} for status in PROBLEMS},
    )
    app.state.settings, app.state.aside = settings, aside
    app.state.own = own or OwnServices.of(settings.own_addresses, settings.dns_servers)
    app.state.tenant_defaults = settings.tenant_defaults
    app.state.identity_options = _identity_options(settings)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(docs.router)
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1")
    publish_document(app)
    if ui is not None:
        # As the router's last resort, not as a mount: a mount would also take wrong methods of API paths.
        app.router.default = StaticUi(ui, otherwise=app.router.not_found)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    settings: Settings = app.state.settings
    if settings.database_url is None or settings.redis_url is None:
        raise SettingMissing(
            "Set WATCHBILL_DATABASE_URL and WATCHBILL_REDIS_URL, or use `watchbill up`, which starts both."
        )
    database_url, redis_url = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    pgbouncer = settings.database_pgbouncer
    database = Database(
        database_url,
        pgbouncer=pgbouncer,
        pool_size=settings.database_pool_size,
        patience_seconds=settings.database_wait_seconds,
        statement_seconds=settings.database_statement_seconds,
    )
    pool = BlockingConnectionPool.from_url(redis_url, max_connections=50, timeout=5)
    redis = Redis(connection_pool=pool)
    # Each question to a worker keeps a connection until it is answered, which nothing else may wait for.
    asking = BlockingConnectionPool.from_url(redis_url, max_connections=100, timeout=5)
    calls = CeleryCalls(celery_app(redis_url), Redis(connection_pool=asking))
    app.state.database, app.state.redis, app.state.supervisor = database, redis, Supervisor()
    guard = UrlGuard(settings.private_hosts, own=app.state.own)
    app.state.sso = SsoPorts(
        keys=KeyRing.parse(settings.encryption_keys.get_secret_value()),
        metadata=Metadata(WayOut(guard, settings.proxy)),
        base_url=app.state.identity_options.base_url,
        proofs=DomainProofs(TextRecords(settings.dns_servers), redis, settings.sso_trust_domains),
    )
    app.state.limits = RequestLimits(
        Rates(pool),
        user=settings.rate_limit_user,
        tenant=settings.rate_limit_tenant,
        address=settings.rate_limit_auth,
    )
    app.state.crowds = _crowds(settings)
    app.state.known_keys = KnownApiKeys()
    app.state.throttle = Throttle(AttemptCounts(pool), settings.jwt_secret.get_secret_value())
    app.state.mail = open_mail(
        smtp_url=settings.smtp_url.get_secret_value() if settings.smtp_url else None,
        sender=settings.mail_from,
        mailbox=settings.mailbox,
    )
    app.state.providers = ProviderPorts(
        keys=KeyRing.parse(settings.encryption_keys.get_secret_value()),
        guard=guard,
        calls=calls,
        demo_url=settings.demo_llm_url,
        changed=partial(announce, redis, "providers"),
    )
    app.state.triggers = TriggerPorts(keys=app.state.providers.keys)
    app.state.compute = ProcessPool(processes=settings.compute_processes, waiting=COMPUTATIONS_WAITING)
    app.state.tools = ToolPorts(app.state.compute, app.state.providers.calls)
    app.state.notifications = NotificationPorts(
        app.state.providers.keys,
        app.state.providers.guard,
        app.state.mail,
        AddressMails(
            settings.jwt_secret.get_secret_value(), settings.base_url, app.state.identity_options.mail_limits
        ),
    )
    try:
        async with open_executions(
            database=database,
            database_url=database_url,
            mongo_url=settings.mongo_url.get_secret_value() if settings.mongo_url else None,
            pgbouncer=pgbouncer,
            redis=redis,
            redis_url=redis_url,
            own=app.state.own,
            running_limit=settings.running_limit_tenant,
            compute=app.state.compute,
            aside=app.state.aside,
            supervisor=app.state.supervisor,
        ) as app.state.executions:
            yield
    finally:
        await calls.close()
        await asking.aclose()
        await app.state.supervisor.stop()
        await app.state.compute.close()
        app.state.aside.close()
        await redis.aclose(close_connection_pool=True)
        await database.close()


def _identity_options(settings: Settings) -> IdentityOptions:
    public = [settings.public_url] if settings.public_url else []
    return IdentityOptions(
        tenant_tables=TENANT_TABLES,
        jwt_secret=settings.jwt_secret.get_secret_value(),
        bcrypt_cost=settings.bcrypt_cost,
        base_url=settings.base_url,
        token_seconds=settings.token_seconds,
        access_seconds=settings.access_seconds,
        session_seconds=settings.session_seconds,
        tenants_per_person=settings.tenants_per_person,
        invitation_seconds=settings.invitation_seconds,
        api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        verify_email=settings.verify_email,
        mail_limits=MailLimits(settings.mail_limit_tenant, settings.mail_limit_strangers),
        secure_cookies=settings.secure_cookies,
        origins=(*public, *settings.cors_origins),
    )


def _crowds(settings: Settings) -> Crowds:
    return Crowds(
        streams=Crowd(
            "streams of events", Most(person=settings.stream_limit_user, tenant=settings.stream_limit_tenant)
        ),
        waiting=Crowd(
            "requests that wait for an execution",
            Most(person=settings.waiting_limit_user, tenant=settings.waiting_limit_tenant),
        ),
        slow=Crowd(
            "slow requests",
            Most(
                person=settings.slow_limit_user,
                tenant=settings.slow_limit_tenant,
                address=settings.slow_limit_address,
            ),
        ),
        exports=Crowd("exports", Most(tenant=1), seconds=30),
        reads=Crowd("answers of megabytes", Most(person=2, tenant=4)),
    )


def _middleware(settings: Settings, policy: str, aside: Aside) -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(RequestLog),
        Middleware(SecurityHeaders, policy=policy, https=settings.secure_cookies),
        Middleware(GZipMiddleware, minimum_size=1024),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "Last-Event-ID",
                "X-Request-ID",
            ],
            expose_headers=["X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"],
            max_age=600,
        ),
        Middleware(LastCatch),
        Middleware(RateLimitHeaders),
        Middleware(BodyLimit, limit=MAX_BODY, seconds=settings.body_seconds, apart=HOOKS, aside=aside),
    ]
