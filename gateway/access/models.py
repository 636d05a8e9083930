"""The Policy table: who may see and who may fetch. Product, job, result and entity rows carry ``policy_id``."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gateway.accounts.models import Membership, ProposalRole

Role = ProposalRole


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

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text=_("its name in addresses"))
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
    pi_name = models.CharField(max_length=200, blank=True, help_text=_("where the PI has no account here yet"))
    contact = models.EmailField(blank=True, help_text=_("where requests go when no PI has an account"))
    pi_public = models.BooleanField(default=True, help_text=_("Strangers are told who the PI is"))
    users_named = models.BooleanField(
        default=True, help_text=_("Its PI and owner see by name who used the data, not only how often")
    )

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name

    def is_released(self, now: datetime | None = None) -> bool:
        return self.rights == Rights.PUBLIC or (
            self.release_date is not None and self.release_date <= (now or timezone.now())
        )

    def is_led_by(self, user_id: uuid.UUID | None) -> bool:
        """May this user name collaborators? The owner of own results, and the PI."""
        if user_id is None:
            return False
        if self.owner_id == user_id or self.members.filter(user_id=user_id, role=Role.PI).exists():
            return True
        vouched = Membership.objects.filter(user_id=user_id, role=Role.PI, expires__gt=timezone.now())
        return bool(self.proposal_id) and vouched.filter(proposal_id=self.proposal_id).exists()


class PolicyMember(models.Model):
    """A person named by a policy, with the role on its proposal."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="policy_roles")
    role = models.CharField(max_length=12, choices=Role, default=Role.COLLABORATOR)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "user"], name="one_role_per_policy")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.policy}"


class Downloads(models.Model):
    """How many files of a public policy were downloaded on a day."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="downloads")
    day = models.DateField()
    count = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "downloads"
        constraints = [models.UniqueConstraint(fields=["policy", "day"], name="one_count_per_policy_and_day")]

    def __str__(self) -> str:
        return f"{self.policy} {self.day}: {self.count}"


class ReleaseWatch(models.Model):
    """Someone who wants to be told when the data become public."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="watches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="release_watches")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "release watches"
        constraints = [models.UniqueConstraint(fields=["policy", "user"], name="one_watch_per_policy")]

    def __str__(self) -> str:
        return f"{self.user} waits for {self.policy}"


class AccessRequest(models.Model):
    """A stranger's question to the PI, sent by mail and kept until it is answered."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        GRANTED = "granted", _("Granted")
        DECLINED = "declined", _("Declined")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_requests")
    message = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)

    class Meta:
        ordering = ("-created",)
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "user"], condition=models.Q(state="open"), name="one_open_request_per_policy"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} asks for {self.policy}"


class Invitation(models.Model):
    """A mailed link that gives a role to whoever signs in through it first; only a digest of it is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    policies = models.ManyToManyField(Policy, related_name="invitations")
    role = models.CharField(max_length=12, choices=Role, default=Role.COLLABORATOR)
    email = models.EmailField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    target = models.CharField(max_length=400, help_text=_("the page it leads to"))
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="invitations_sent"
    )
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="invitations_accepted"
    )

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}"

    def is_open(self) -> bool:
        return self.accepted_by_id is None and self.expires > timezone.now()
