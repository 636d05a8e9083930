"""Groups by name, for settings in which operators name them."""

from collections.abc import Iterable

from django.contrib.auth.models import Group

from gateway.access.rights import Viewer


def belongs(viewer: Viewer, names: Iterable[str]) -> bool:
    """Is the viewer in one of these groups, by this gateway's word or an institution's?"""
    return bool(viewer.group_ids) and Group.objects.filter(pk__in=viewer.group_ids, name__in=list(names)).exists()
