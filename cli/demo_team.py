"""The demo's moderators as people of the organisation, each with an account and a client."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from cli.demo_moderators import Moderator
from cli.demo_stage import Stage, signed_in
from engine.permissions import UserRole
from services.context import system_caller
from services.users import create_user

MODERATORS = ("Noor", "Sam", "Ines")


@contextmanager
def hired(stage: Stage, name: str) -> Iterator[Moderator]:
    """Signed in with a password made for the occasion."""
    email = f"{name.lower()}.{stage.org_id}@demo.example"
    made = create_user(
        stage.context,
        system_caller(stage.org_id, "demo"),
        email=email,
        role=UserRole.MODERATOR_MANAGER,
        name=name,
    )
    with httpx.Client(base_url=stage.machinery.api_url, timeout=60) as http:
        winnow = signed_in(http, email, made.password)
        luck = random.Random(name)  # noqa: S311 (a story, not a secret)
        yield Moderator(winnow, stage.heard.truth, stage.ids.policies, luck)
