"""The HTTP API: routers, the error table, limits, and what every answer carries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from api import description, errors
from api.door import door
from api.edge import EdgedApp
from api.ingest import Ingest
from api.limits import Limits
from api.routes import (
    api_keys,
    appeals,
    approvals,
    audit,
    backtests,
    banks,
    configuration_exchange,
    decisions,
    entity_labels,
    item_history,
    item_types,
    jobs,
    organisation,
    overview,
    people,
    platform_actions,
    policies,
    queues,
    readiness,
    reports,
    routing,
    rule_forms,
    rules,
    sessions,
    set_aside,
    settings,
    signals,
    signing_keys,
    snoozes,
    streams,
    strikes,
    user_scores,
    users,
    webhooks,
)
from api.routes.configuration import CONFIG_ROUTES
from api.routes.evaluations import EVALUATE, evaluation, evaluations_router
from api.routes.items import SUBMIT, items_router, submission
from api.wire import documented
from engine.errors import RateLimited, TooLarge, Unavailable
from services.context import Context
from services.synchronous_evaluation import SynchronousEvaluation

PREFIX = "/api/v1"
DESCRIPTION = """
Send items, keep the rules that judge them, review what they flag.

Every route works with and without a slash at its end. A platform sends its key in `X-API-Key`; a
person signs in at `POST /sessions` and sends the token in `Authorization: Bearer`. Lists are
`{"items": [...], "nextCursor": ...}` and take `limit` and `cursor`. Refusals are
`application/problem+json` and say what was wrong, where (a JSON pointer) and what to do; the
routes tagged *Coop compatible* answer in Coop's shape instead.
"""
TAGS = [
    {"name": errors.COOP_TAG, "description": "What platforms that speak to Coop call."},
    {"name": "Items", "description": "Items in, one by one or in batches; verdicts at once."},
    {"name": "Configuration", "description": "Versioned: every save is kept, and can be undone."},
    {"name": "Rules", "description": "Conditions checked and previewed before they are saved."},
    {"name": "Review", "description": "Queues, jobs, claims that run out, decisions."},
    {"name": "Investigation", "description": "Items and their history."},
    {"name": "People", "description": "What is known of one person of the platform."},
    {"name": "Backtests", "description": "What a rule would have done."},
    {"name": "Webhooks", "description": "What was sent, how it was answered, sending it again."},
    {"name": "Insight", "description": "Figures."},
    {"name": "Access", "description": "People, keys, sessions, the audit log."},
    {"name": "Operations", "description": "For supervisors."},
]

ROUTERS: tuple[APIRouter, ...] = (
    readiness.router,
    policies.router,
    sessions.router,
    organisation.router,
    settings.router,
    item_types.router,
    banks.router,
    banks.entries,
    configuration_exchange.router,
    *(routes.router() for routes in CONFIG_ROUTES),
    rules.router,
    snoozes.router,
    approvals.router,
    queues.router,
    jobs.router,
    decisions.router,
    appeals.coop,
    appeals.router,
    platform_actions.router,
    platform_actions.content,
    routing.router,
    strikes.router,
    reports.coop,
    reports.router,
    user_scores.router,
    backtests.router,
    webhooks.router,
    signing_keys.router,
    overview.router,
    api_keys.router,
    users.router,
    audit.router,
    set_aside.router,
    streams.router,
    item_history.router,
    rule_forms.router,
    signals.router,
    entity_labels.router,
    people.router,
)


def _anywhere(router: APIRouter) -> dict[int | str, dict[str, Any]]:
    """Refusals that no native route is spared; those of Coop's shape say their own."""
    if errors.COOP_TAG in router.tags or router is readiness.router:
        return {}
    return documented(TooLarge, RateLimited, Unavailable)


def create_app(
    context: Context,
    *,
    limits: Limits | None = None,
    prefix: str = PREFIX,
    allowed_origins: tuple[str, ...] = (),
) -> FastAPI:
    """One process's API over a context.

    prefix: where the routes begin; `/v1` when the app is itself mounted at `/api`.
    allowed_origins: web origins whose scripts may call with a key; none by default.
    """
    ingest = Ingest(context, limits)
    desk = SynchronousEvaluation(context)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """At the end, items that are waiting for their place are still written."""
        yield
        await ingest.close()
        app.state.judging.close()
        await to_thread.run_sync(desk.close)

    app = EdgedApp(
        title="Winnow",
        version=version("winnow"),
        description=DESCRIPTION,
        openapi_url=None,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.context = context
    app.state.admission = ingest.admission
    app.state.judging = desk
    submit, evaluate = submission(ingest), evaluation(ingest, desk)
    app.include_router(items_router(ingest, submit), prefix=prefix)
    app.include_router(evaluations_router(evaluate), prefix=prefix)
    for router in ROUTERS:
        app.include_router(router, prefix=prefix, responses=_anywhere(router))
    description.install(app, prefix, ROUTERS)
    errors.install(app)
    if allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["*"],
            allow_headers=["*"],
        )
    for path, endpoint in ((SUBMIT, submit), (EVALUATE, evaluate)):
        app.doors[prefix + path] = door(endpoint, app.exception_handlers)
    return app
