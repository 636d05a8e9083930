"""Choices of columns that a user keeps under a name; a visitor's are kept by the browser."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from search.portal import addresses, columns
from search.portal.models import ColumnPreset

MOST = 30


def of(request: HttpRequest) -> list[ColumnPreset]:
    if not request.user.is_authenticated:
        return []
    return list(ColumnPreset.objects.filter(owner_id=request.user.pk))


@login_required
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """``drop`` deletes a preset; else ``name`` and ``column`` (repeated, in order) keep one, and it is shown."""
    own = ColumnPreset.objects.filter(owner_id=request.user.pk)
    given = QueryDict(request.POST.get("address", "")[:20_000], mutable=True)
    given.pop("page", None)
    if request.POST.get("drop"):
        own.filter(name=request.POST["drop"]).delete()
        return HttpResponseRedirect(f"{addresses.RESULTS}?{given.urlencode()}")
    name = request.POST.get("name", "").strip()[:60]
    keys = list(dict.fromkeys(key for key in request.POST.getlist("column") if key in columns.ALL))
    if not name or not keys:
        raise BadRequest(_("A choice of columns needs a name and at least one column."))
    if own.exclude(name=name).count() >= MOST:
        raise BadRequest(_("That is more than can be kept. Delete choices that you no longer need."))
    ColumnPreset.objects.update_or_create(owner_id=request.user.pk, name=name, defaults={"columns": ",".join(keys)})
    messages.success(request, _("The columns are kept as “%(name)s”.") % {"name": name})
    given["columns"] = ",".join(keys)
    return HttpResponseRedirect(f"{addresses.RESULTS}?{given.urlencode()}")
