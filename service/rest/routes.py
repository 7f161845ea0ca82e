"""All routes, one file a noun, each a thin handler over one command."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute

from service.rest import audits, budgets, custody, datasets, jobs, keys, reports, scrubs, system, uploads, watching

TAGS = [
    {"name": "datasets", "description": "Declare a table and send its bytes."},
    {"name": "jobs", "description": "Ask for synthetic data, watch, fetch the bundle."},
    {"name": "budgets", "description": "What may be spent on a population, and what is left."},
    {"name": "scrubs", "description": "Take identifiers out of a table or of notes."},
    {"name": "custody", "description": "What is kept, for how long, what became of it; erasing a person."},
    {"name": "keys", "description": "API keys of the tenant, with the roles that they have."},
    {"name": "audit", "description": "Who did what, when, and whether it was allowed."},
    {"name": "service", "description": "Tenants, engines, health."},
]

NOUNS = (system, datasets, uploads, scrubs, jobs, reports, watching, budgets, custody, keys, audits)

router = APIRouter()
for noun in NOUNS:
    router.include_router(noun.router)

ALL: tuple[APIRoute, ...] = tuple(
    route for noun in NOUNS for route in noun.router.routes if isinstance(route, APIRoute)
)
"""Every operation, for the guard: none is reached that is not in ``service.auth.access``."""
