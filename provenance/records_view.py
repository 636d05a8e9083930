"""``POST /provenance/records``: provenance of work done elsewhere, with a token that may ``write:provenance``.

The body is a document (its form is recognised; Content-Type helps), or JSON of the gateway's own:
``{"descriptions": […]}`` registers kinds of activity once, ``{"runs": […]}`` sends runs of them. All or nothing.
"""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from gateway.access.models import Metadata, Policy, Rights
from gateway.access.request import viewer as viewer_of
from gateway.access.rights import Viewer
from gateway.accounts.csrf import protocol_view
from provenance.errors import Conflict, Refused, Unknown
from provenance.importers import runs
from provenance.importers.batch import MAX_BYTES, Report, Sender
from provenance.importers.reading import import_document

SCOPE = "write:provenance"


def _records(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _answer(405, "POST a provenance document to this address; see /help/provenance", {"Allow": "POST"})
    viewer = viewer_of(request)
    refusal = _refusal(viewer)
    if refusal is not None:
        return refusal
    body = _body(request)
    if body is None:
        return _answer(413, f"at most {MAX_BYTES:,} bytes at once; send several documents")
    try:
        report = _import(body, Sender(viewer, own_policy(viewer)), request.content_type or "")
    except Refused as error:
        status = {Unknown: 404, Conflict: 409}.get(type(error), 400)
        return _answer(status, str(error))
    return JsonResponse(
        {
            "format": report.format,
            "activities": report.activities,
            "entities": report.entities,
            "names": report.names,
        },
        status=201,
    )


def _refusal(viewer: Viewer) -> HttpResponse | None:
    if not viewer.is_authenticated:
        return _answer(401, f"send an access token with the scope {SCOPE}", {"WWW-Authenticate": "Bearer"})
    if not viewer.has_scope(SCOPE):
        return _answer(403, f"the access token has not the scope {SCOPE}")
    return None


records = protocol_view(_records)


def own_policy(viewer: Viewer) -> Policy:
    """Of what a user sends in: nobody else knows of it until it is shared."""
    return Policy.objects.get_or_create(
        name=f"results of {viewer.user_id}",
        defaults={"rights": Rights.PROPRIETARY, "metadata": Metadata.HIDDEN, "owner_id": viewer.user_id},
    )[0]


def _import(body: bytes, sender: Sender, media_type: str) -> Report:
    own = _own_form(body)
    with transaction.atomic():
        return runs.write(own, sender) if own is not None else import_document(body, sender, "", media_type)


def _own_form(body: bytes) -> dict[str, Any] | None:
    if not body.lstrip().startswith(b"{") or not (b'"runs"' in body or b'"descriptions"' in body):
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and set(found) <= {"runs", "descriptions"} else None


def _body(request: HttpRequest) -> bytes | None:
    """Read in pieces, never more than may be sent."""
    said = request.headers.get("Content-Length") or "0"
    if said.isdecimal() and int(said[:18]) > MAX_BYTES:
        return None
    try:
        body = request.read(MAX_BYTES + 1)
    except RequestDataTooBig:
        return None
    return None if len(body) > MAX_BYTES else bytes(body)


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=UTF-8", headers=headers or {})
