"""What becomes of a result: its owner keeps or shares it, staff publish it. Policies change, bytes never."""

from typing import Any, Protocol

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.access import marks
from gateway.access.models import Metadata, Policy, Rights
from gateway.access.rights import Viewer
from gateway.vo.identifiers import slug
from provenance import capture
from search.archive.changes import changed
from search.archive.models import Product

PUBLISHED_POLICY = "Published results"


class NotAllowed(Exception):
    """The viewer may not do this; the text says who may."""


class Action(Protocol):
    def __call__(self, product: Product, viewer: Viewer, *rest: Any) -> None: ...


def keep(product: Product, viewer: Viewer, *rest: Any) -> None:
    """The file outlives its job."""
    _owner_only(product, viewer)
    if product.removed_at is not None:
        raise NotAllowed(_("Its file was removed already."))
    if product.kept_at is None:
        product.kept_at = timezone.now()
        product.save(update_fields=["kept_at"])
        _mark(product, viewer, "keeps")


def share(product: Product, viewer: Viewer, *rest: Any) -> None:
    """``rest`` is the group, one of the owner's."""
    _owner_only(product, viewer)
    group: Group = rest[0]
    owner = product.policy.owner
    agent = getattr(owner, "agent_key", "staff")
    policy, made = Policy.objects.get_or_create(
        name=f"Results of {agent} shared with {slug(group.name)}-{group.pk}",
        defaults={"rights": Rights.PROPRIETARY, "metadata": Metadata.HIDDEN, "owner": owner},
    )
    if made:
        policy.groups.add(group)
    _mark(product, viewer, f"shares with {group.name}:")
    move(product, policy)


def publish(product: Product, viewer: Viewer, *rest: Any) -> None:
    if not viewer.is_staff:
        raise NotAllowed(_("Only staff publish results; ask them to."))
    policy, _made = Policy.objects.get_or_create(name=PUBLISHED_POLICY, defaults={"rights": Rights.PUBLIC})
    product.obs_release_date = timezone.now().strftime("%Y-%m-%dT%H:%M:%S")
    _mark(product, viewer, "publishes")
    move(product, policy)


@transaction.atomic
def move(product: Product, policy: Policy) -> None:
    """Row and provenance follow the policy; a shared or published result is kept."""
    product.policy = policy
    product.data_rights = policy.rights
    product.kept_at = product.kept_at or timezone.now()
    product.save()
    capture.set_policy(product.key, policy.pk)
    changed.send(sender=Product)


def _mark(product: Product, viewer: Viewer, what: str) -> None:
    by_power = viewer.is_staff and product.policy.owner_id != viewer.user_id
    marks.changed(viewer, product.policy, f"{what} {product.key}", as_staff=by_power)


def _owner_only(product: Product, viewer: Viewer) -> None:
    if product.job_id is None:
        raise NotAllowed(_("It is no result of a job."))
    if viewer.is_staff or (viewer.user_id is not None and product.policy.owner_id == viewer.user_id):
        return
    raise NotAllowed(_("Only the owner of a result may keep or share it."))
