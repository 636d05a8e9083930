"""The user model. Names and addresses live here and nowhere else, so that they can be erased."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


def new_agent_key() -> str:
    return f"agent-{uuid.uuid4().hex[:16]}"


class User(AbstractUser):
    """A person who can sign in. Provenance knows them only by ``agent_key``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("email address"), unique=True)
    agent_key = models.CharField(max_length=40, unique=True, default=new_agent_key, editable=False)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]


def display_name(user: User) -> str:
    return user.get_full_name() or user.get_username()
