"""Pages on which descriptions are written, proposed, reviewed and published."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gateway.access.request import viewer
from jobs import descriptions
from jobs.errors import Refused
from jobs.formats.rules import MAX_BYTES
from jobs.models import JobDescription
from jobs.pages import forms
from jobs.pages.views import page
from jobs.parameters import parameters_of

EXAMPLE = {
    "name": "my_job",
    "title": "What it is called",
    "version": "1.0",
    "text": "What it does",
    "parameters": [
        {"name": "observation", "kind": "input", "required": True, "text": "An event list", "product_types": ["event"]},
        {"name": "width", "datatype": "double", "default": 5.0, "unit": "deg", "min": 0.1, "max": 10, "text": "Width"},
    ],
    "outputs": [{"name": "map.fits", "text": "The map", "content_type": "application/fits", "product": True}],
    "test_values": {},
}


def _address(row: JobDescription) -> str:
    return reverse("jobs:description-version", args=[row.name, row.version])


@page
def new(request: HttpRequest) -> HttpResponseBase:
    """A draft: written here, read from a file, or begun from a description that exists (``?from=`` name or URL)."""
    asker = viewer(request)
    descriptions.require_proposer(asker)
    where = request.GET.get("from", "").strip()
    if request.method != "POST":
        try:
            described = descriptions.load(where, asker) if where else EXAMPLE
        except Refused as refused:
            return _editor(request, json.dumps(EXAMPLE, indent=2), None, refused)
        if not asker.is_staff:
            described = {key: value for key, value in described.items() if key != "command"}
        return _editor(request, _pretty(described), None)
    content = _sent(request)
    try:
        row = descriptions.create(descriptions.read(content), asker)
    except Refused as refused:
        return _editor(request, content[:MAX_BYTES].decode(errors="replace"), None, refused)
    return HttpResponseRedirect(_address(row))


def _sent(request: HttpRequest) -> bytes:
    """The chosen file, else what stands in the editor."""
    file = request.FILES.get("file")
    if file is not None and file.size:
        return bytes(file.read(MAX_BYTES + 1))
    return request.POST.get("document", "").encode()


def _pretty(described: Any) -> str:
    return json.dumps({key: value for key, value in described.items() if key != "uws"}, indent=2, ensure_ascii=False)


def _editor(request: HttpRequest, text: str, row: JobDescription | None, fault: Refused | None = None) -> HttpResponse:
    context = {"text": text, "row": row, "fault": fault, "is_staff": viewer(request).is_staff}
    return render(request, "jobs/describe.html", context, status=fault.status if fault else 200)


@page
def edit(request: HttpRequest, name: str, version: str) -> HttpResponseBase:
    asker = viewer(request)
    row = descriptions.find(name, version, asker)
    if not descriptions.may_edit(row, asker):
        raise Refused(403, "", "", _("This version can no longer be changed, or it is not yours; make a new version."))
    if request.method != "POST":
        return _editor(request, _pretty(row.document), row)
    content = _sent(request)
    try:
        descriptions.change(row, descriptions.read(content), asker)
    except Refused as refused:
        return _editor(request, content[:MAX_BYTES].decode(errors="replace"), row, refused)
    return HttpResponseRedirect(_address(row))


@require_safe
@page
def version(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """One version: what it says, where it stands, and what may be done with it."""
    asker = viewer(request)
    row = descriptions.find(name, version, asker)
    job_type = descriptions.type_of(row)
    context = {
        "row": row,
        "job_type": job_type,
        "description": job_type.description,
        "parameters": [forms.Field(p, []) for p in parameters_of(job_type.description)],
        "may_edit": descriptions.may_edit(row, asker),
        "may_propose": row.state == descriptions.DRAFT and (asker.is_staff or row.author_id == asker.user_id),
        "is_staff": asker.is_staff,
        "versions": descriptions.visible(asker).filter(name=name).order_by("-changed"),
    }
    return render(request, "jobs/version.html", context)


@require_POST
@page
def act(request: HttpRequest, name: str, version: str, action: str) -> HttpResponseBase:
    asker = viewer(request)
    row = descriptions.act(descriptions.find(name, version, asker), action, asker, request.POST.get("remark", ""))
    return HttpResponseRedirect(_address(row))
