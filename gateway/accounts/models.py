"""The user model. Names and addresses live here and nowhere else, so that they can be erased."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
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


class AccessToken(models.Model):
    """Stands for its owner where a program cannot sign in; only a digest of the secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created = models.DateTimeField(_("made"), auto_now_add=True)
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.name

    def is_valid(self) -> bool:
        return self.revoked is None and not self.is_expired() and self.user.is_active

    def is_expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()

    def allows(self, scope: str) -> bool:
        """An empty scope is asked for by addresses that are open to all."""
        return not scope or scope in self.scopes

    def revoke(self) -> None:
        if self.revoked is None:
            self.revoked = timezone.now()
            self.save(update_fields=["revoked"])
