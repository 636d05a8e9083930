"""The Policy table: who may see and who may fetch. Product, job, result and entity rows carry ``policy_id``."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class Rights(models.TextChoices):
    """ObsCore 1.1 ``data_rights``; *secure* means: open to anyone who is signed in."""

    PUBLIC = "public", _("Public")
    SECURE = "secure", _("Signed-in users")
    PROPRIETARY = "proprietary", _("Proprietary")


class Metadata(models.TextChoices):
    """May strangers know that embargoed data exist?"""

    PUBLIC = "public", _("Public")
    HIDDEN = "hidden", _("Hidden")


class Policy(models.Model):
    """One rule for many rows: a collection's, a proposal's, or one user's own results."""

    name = models.CharField(max_length=200, unique=True)
    collection = models.CharField(max_length=200, blank=True)
    proposal_id = models.CharField(max_length=200, blank=True)
    rights = models.CharField(max_length=12, choices=Rights, default=Rights.PUBLIC)
    release_date = models.DateTimeField(null=True, blank=True, help_text=_("Public from this moment on"))
    metadata = models.CharField(max_length=8, choices=Metadata, default=Metadata.PUBLIC)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="owned_policies"
    )
    groups = models.ManyToManyField(Group, blank=True, related_name="policies")

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    PI = "pi", _("Principal investigator")
    COI = "coi", _("Co-investigator")
    COLLABORATOR = "collaborator", _("Collaborator")


class PolicyMember(models.Model):
    """A person named by a policy, with the role on its proposal."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="policy_roles")
    role = models.CharField(max_length=12, choices=Role, default=Role.COLLABORATOR)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "user"], name="one_role_per_policy")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.policy}"
