"""Those who asked to be told when data become public are told: the keeper looks, one mail a person and policy."""

import logging

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from gateway.access import service
from gateway.access.models import Policy, ReleaseWatch, Rights
from gateway.accounts.models import User

logger = logging.getLogger(__name__)
EVERY = 600.0
"""seconds"""
BATCH = 200


def watch(policy: Policy, user: User, wanted: bool) -> None:
    if wanted:
        ReleaseWatch.objects.get_or_create(policy=policy, user=user)
    else:
        ReleaseWatch.objects.filter(policy=policy, user=user).delete()


def is_watched(policy: Policy | None, user: object) -> bool:
    return (
        policy is not None and isinstance(user, User) and ReleaseWatch.objects.filter(policy=policy, user=user).exists()
    )


def tell() -> int:
    """Mails everyone whose wait is over."""
    released = ReleaseWatch.objects.filter(policy__rights=Rights.PUBLIC) | ReleaseWatch.objects.filter(
        policy__release_date__lte=timezone.now()
    )
    told = 0
    for one in released.filter(user__is_active=True).select_related("policy", "user")[:BATCH]:
        # Gone first: a mail that is lost is better than one that comes every ten minutes.
        if not ReleaseWatch.objects.filter(pk=one.pk).delete()[0] or not one.user.email:
            continue
        try:
            with translation.override(settings.LANGUAGE_CODE):
                what = service.label(one.policy)
                words: dict[str, object] = {"what": what, "link": settings.PUBLIC_URL + service.found_by(one.policy)}
                service.mail([one.user.email], _("%s is public now") % what, "access/mail/released.txt", words)
            told += 1
        except OSError as error:
            logger.warning("mail about the release of %s could not be sent: %s", one.policy_id, error)
    return told
