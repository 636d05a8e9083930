"""Tokens of one's own; the audit trail for staff."""

import csv
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gateway.accounts import audit, scopes
from gateway.accounts.forms import AuditForm, TokenForm
from gateway.accounts.models import AccessToken, AuditEvent, AuditKind


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """The tokens, and the form for a new one, whose text is shown in the answer and never again."""
    form, text = TokenForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        _, text = form.save(request.user)  # type: ignore[arg-type]  # login_required
        form = TokenForm()
    own = AccessToken.objects.filter(user__pk=request.user.pk or "")
    status = 400 if request.method == "POST" and not text else 200
    return render(
        request,
        "accounts/tokens.html",
        {"form": form, "tokens": own, "text": text, "words": scopes.WORDS},
        status=status,
    )


@login_required
@require_POST
def token_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    get_object_or_404(AccessToken, pk=pk, user_id=request.user.pk).revoke()
    return HttpResponseRedirect(reverse("tokens"))


def _events(request: HttpRequest) -> QuerySet[AuditEvent]:
    """The events that the filters of the address leave; staff only."""
    if not request.user.is_staff:
        raise PermissionDenied("The audit trail is open to staff.")
    form = AuditForm(request.GET)
    form.is_valid()
    given: dict[str, Any] = form.cleaned_data
    events = AuditEvent.objects.select_related("actor")
    if given.get("kind"):
        events = events.filter(kind=given["kind"])
    if given.get("q"):
        events = events.filter(Q(subject__icontains=given["q"]) | Q(actor__username__icontains=given["q"]))
    if given.get("since"):
        events = events.filter(time__date__gte=given["since"])
    if given.get("until"):
        events = events.filter(time__date__lte=given["until"])
    return events


@never_cache
@login_required
@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(_events(request), 100).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"page": page, "kinds": AuditKind.choices, "given": request.GET, "query": query.urlencode()}
    return render(request, "accounts/audit.html", context)


class _Echo:
    def write(self, text: str) -> str:
        return text


@login_required
@require_safe
def audit_export(request: HttpRequest) -> StreamingHttpResponse:
    """The same events as CSV, streamed; the export is itself an event."""
    events = _events(request)
    audit.record(AuditKind.STAFF, request.user, "audit export", request=request, as_staff=True)  # type: ignore[arg-type]  # login_required
    response = StreamingHttpResponse(_rows(events), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _rows(events: QuerySet[AuditEvent]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["time", "kind", "who", "who_key", "subject", "as_staff", "address", "request", "details"])
    for event in events.iterator(chunk_size=1000):
        who = event.actor.username if event.actor else ""
        row = [
            event.time.isoformat(), event.kind, who, event.actor_key, event.subject, event.as_staff,
            event.address or "", event.request_id, event.details,
        ]  # fmt: skip
        yield writer.writerow([_plain(value) for value in row])


def _plain(value: object) -> str:
    """A cell that begins like a formula would be one in a spreadsheet."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
