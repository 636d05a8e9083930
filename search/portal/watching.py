"""Saved searches that were asked to tell of new matches: looked at by the keeper, one mail a search."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gateway.access.rights import Viewer, viewer_of
from search.archive.models import Product
from search.portal import asking, builder
from search.portal.models import SavedSearch

logger = logging.getLogger(__name__)
EVERY = 3600.0
"""seconds"""


def look() -> int:
    """Counts the matches of each watched search as its owner; mails where there are more than at the last look."""
    newest = Product.objects.aggregate(newest=Max("pk"))["newest"] or 0
    told = 0
    for search in SavedSearch.objects.filter(notify=True, newest__lt=newest).select_related("owner"):
        try:
            count = len(asking.ask(search.adql, viewer_of(search.owner), builder.MAX_ROWS).rows)
        except asking.AskError as error:
            logger.warning("saved search %s cannot be asked: %s", search.pk, error)
            continue
        if search.count is not None and count > search.count:
            _tell(search, count - search.count)
            told += 1
        SavedSearch.objects.filter(pk=search.pk).update(count=count, newest=newest, checked_at=timezone.now())
    return told


def begin(search: SavedSearch, viewer: Viewer) -> None:
    """Counts at once what there is when its owner asks for mail: whatever comes later is new."""
    search.newest = Product.objects.aggregate(newest=Max("pk"))["newest"] or 0
    try:
        search.count = len(asking.ask(search.adql, viewer, builder.MAX_ROWS).rows)
    except asking.AskError as error:
        logger.warning("saved search %s cannot be asked: %s", search.pk, error)
        search.count = None
    search.checked_at = timezone.now()


def _tell(search: SavedSearch, new: int) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        words = ngettext("%(count)d new match of “%(name)s”", "%(count)d new matches of “%(name)s”", new)
        subject = words % {"count": new, "name": search.name}
        link = f"{settings.PUBLIC_URL}/search/results/?{search.address}"
        text = _("Your saved search has new matches:\n%(link)s\n\nTo stop these mails: %(page)s") % {
            "link": link,
            "page": f"{settings.PUBLIC_URL}/searches/",
        }
        send_mail(subject.replace("\n", " "), text, None, [search.owner.email])
