"""All routes, one file a noun, each a thin handler over one command."""

from __future__ import annotations

from fastapi import APIRouter

from service.rest import budgets, datasets, jobs, scrubs, system

TAGS = [
    {"name": "datasets", "description": "Declare a table and send its bytes."},
    {"name": "jobs", "description": "Ask for synthetic data, watch, fetch the bundle."},
    {"name": "budgets", "description": "What may be spent on a population, and what is left."},
    {"name": "scrubs", "description": "Take identifiers out of a table or of notes."},
    {"name": "service", "description": "Tenants, engines, health."},
]

router = APIRouter()
for noun in (system, datasets, scrubs, jobs, budgets):
    router.include_router(noun.router)
