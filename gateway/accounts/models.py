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


class Institution(models.Model):
    """An identity provider of a federation, as its signed metadata describes it (SAML 2.0 metadata, section 2.4)."""

    entity_id = models.CharField(max_length=1024, unique=True)
    provider_id = models.CharField(max_length=200, unique=True, help_text=_("the entityID, or its hash where longer"))
    federation = models.CharField(max_length=100, help_text=_("the import it comes from"))
    name = models.CharField(max_length=300)
    names = models.JSONField(default=dict, help_text=_("by language"))
    country = models.CharField(max_length=2, blank=True)
    domain = models.CharField(max_length=255, blank=True, help_text=_("its first scope"))
    words = models.TextField(blank=True, help_text=_("all names and scopes without accents, for the search"))
    scopes = models.JSONField(default=list, help_text=_("shibmd:Scope; a pair is a regular expression and true"))
    sso_url = models.CharField(max_length=2000)
    certificates = models.JSONField(default=list)
    hidden = models.BooleanField(default=False, help_text=_("asks not to be listed (REFEDS hide-from-discovery)"))
    sirtfi = models.BooleanField(default=False)
    valid_until = models.DateTimeField(null=True, blank=True)
    imported = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)
        indexes = (models.Index(fields=["name"]),)

    def __str__(self) -> str:
        return self.name

    def is_current(self) -> bool:
        """Metadata past their date must not be trusted (SAML metadata, section 2.3.1)."""
        return self.valid_until is None or self.valid_until > timezone.now()


class ProposalRole(models.TextChoices):
    PI = "pi", _("Principal investigator")
    COI = "coi", _("Co-investigator")
    COLLABORATOR = "collaborator", _("Collaborator")


class EntitlementRule(models.Model):
    """What an entitlement of one issuer gives here. Reviewed by staff; nothing is given without a rule.

    An AARC-G069 entitlement is ``NAMESPACE:group:GROUP[:SUBGROUP…][:role=ROLE]#AUTHORITY``; a plain value (isMemberOf,
    OIDC groups) has an empty namespace and is its own group.
    """

    issuer = models.CharField(
        _("issuer"),
        max_length=1024,
        help_text=_(
            "entityID of the identity provider, or issuer address of the OpenID provider; no other is believed"
        ),
    )
    namespace = models.CharField(_("namespace"), max_length=400, blank=True, help_text=_("e.g. urn:geant:cta.example"))
    group = models.CharField(
        _("group of the issuer"),
        max_length=400,
        help_text=_("e.g. consortium:members; a last member * stands for the proposal’s number"),
    )
    role = models.CharField(_("role of the issuer"), max_length=100, blank=True)
    authority = models.CharField(_("authority"), max_length=255, blank=True, help_text=_("after #; empty: any"))
    gives_group = models.ForeignKey(
        "auth.Group", null=True, blank=True, on_delete=models.CASCADE, verbose_name=_("gives group")
    )
    gives_proposal = models.CharField(_("gives proposal"), max_length=200, blank=True)
    gives_role = models.CharField(
        _("with the role"), max_length=12, choices=ProposalRole, default=ProposalRole.COLLABORATOR
    )
    reviewed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, editable=False, related_name="reviewed_rules"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ("issuer", "namespace", "group")

    def __str__(self) -> str:
        return f"{self.namespace}:group:{self.group}" if self.namespace else self.group


class Membership(models.Model):
    """A right that an identity provider vouches for; it lapses unless a later login renews it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    identity = models.ForeignKey("socialaccount.SocialAccount", on_delete=models.CASCADE, related_name="memberships")
    rule = models.ForeignKey(EntitlementRule, on_delete=models.CASCADE, related_name="memberships")
    group = models.ForeignKey("auth.Group", null=True, blank=True, on_delete=models.CASCADE)
    proposal_id = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=12, choices=ProposalRole, blank=True)
    value = models.TextField(help_text=_("the entitlement as it came"))
    seen = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.group or self.proposal_id}"


class AuditKind(models.TextChoices):
    LOGIN = "login", _("signed in")
    LOGIN_FAILED = "login-failed", _("could not sign in")
    LOGOUT = "logout", _("signed out")
    FETCH = "fetch", _("fetched a proprietary product")
    STAFF = "staff", _("used staff power")
    RIGHTS = "rights", _("rights changed")
    TOKEN = "token", _("access token")
    ACCOUNT = "account", _("account changed")


class AuditEvent(models.Model):
    """Who did what that matters for rights. Written once, never changed; it knows people by key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    time = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    kind = models.CharField(max_length=16, choices=AuditKind, editable=False)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, editable=False, related_name="audit_events")
    actor_key = models.CharField(
        max_length=40, blank=True, editable=False, help_text=_("agent key, kept after erasure")
    )
    subject = models.CharField(max_length=400, blank=True, editable=False)
    as_staff = models.BooleanField(default=False, editable=False)
    address = models.GenericIPAddressField(null=True, editable=False)
    request_id = models.CharField(max_length=40, blank=True, editable=False)
    policy = models.UUIDField(null=True, editable=False, db_index=True, help_text=_("uid of the policy it is about"))
    details = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ("-time",)
        indexes = (models.Index(fields=["kind", "-time"]), models.Index(fields=["subject"]))

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M} {self.get_kind_display()} {self.subject}"
