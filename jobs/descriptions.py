"""Descriptions that users propose and staff publish: each version is a row, a job keeps the version it was made with.

Only staff write the command that carries a description out; whoever is signed in may write the rest and propose it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from gateway.access.groups import belongs
from gateway.access.rights import Viewer
from gateway.vo.http import Session
from jobs import registry
from jobs.errors import Refused
from jobs.formats import document, votable, wadl
from jobs.formats.rules import MAX_BYTES, NAME, wrong
from jobs.models import JobDescription
from jobs.registry import JobType

Json = dict[str, Any]
DRAFT, PROPOSED, PUBLISHED, SUPERSEDED, WITHDRAWN = "draft", "proposed", "published", "superseded", "withdrawn"
BUILT_IN = "built in"
"""a version of what is written in Python, kept when the first job is made with it"""
_kept: set[tuple[str, str]] = set()


# --- for the registry ------------------------------------------------------------------------------------------------


def find_type(name: str, version: str) -> JobType | None:
    """The published job type of this name; with ``version`` also one that a newer version has replaced."""
    if not NAME.fullmatch(name):
        return None
    rows = JobDescription.objects.filter(name=name)
    rows = rows.filter(version=version, state__in=(PUBLISHED, SUPERSEDED)) if version else rows.filter(state=PUBLISHED)
    row = rows.first()
    return type_of(row) if row else None


def published_types() -> list[JobType]:
    return [type_of(row) for row in JobDescription.objects.filter(state=PUBLISHED).order_by("name")]


def type_of(row: JobDescription) -> JobType:
    return document.cached(json.dumps(row.document, sort_keys=True), row.state == BUILT_IN)


def keep(job_type: JobType) -> None:
    """Once for each version of a type that is written in Python: a later one must not change what old jobs show."""
    description = job_type.description
    known = (description.name, description.version)
    if job_type.lenient or job_type.command is not None or known in _kept:
        return
    defaults = {"state": BUILT_IN, "document": document.to_json(job_type)}
    JobDescription.objects.get_or_create(name=known[0], version=known[1], defaults=defaults)
    transaction.on_commit(lambda: _kept.add(known))


def as_run(name: str, version: str) -> JobType | None:
    """The type as a job of that version knew it, for pages that show the job."""
    current = registry.get(name, version)
    if current is None or current.description.version == version:
        return current
    row = JobDescription.objects.filter(name=name, version=version, state=BUILT_IN).first()
    return replace(type_of(row), base=current.base, page=current.page) if row else current


# --- reading ---------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Json:
    """A description in any of its three forms; ``Refused`` (400) says what is wrong with it."""
    if len(content) > MAX_BYTES:
        raise wrong("document", "", f"may have at most {MAX_BYTES:,} bytes")
    start = content.lstrip()
    if start.startswith(b"{"):
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise wrong("document", "", f"is no JSON: {error}") from error
    else:
        found = wadl.read(content) if b"http://wadl.dev.java.net/" in start[:2000] else votable.read(content)
    return document.canonical({key: value for key, value in found.items() if key != "uws"})


def load(where: str, viewer: Viewer) -> Json:
    """The description of a name (of this gateway), or of an http address elsewhere."""
    if not where.startswith(("http://", "https://")):
        job_type = registry.get(where.strip())
        if job_type is None:
            raise Refused(404, "from", where, _("there is no description of this name"))
        return document.to_json(job_type)
    try:
        with Session(max_bytes=MAX_BYTES, total_seconds=20) as session:
            response = session.get(where)
    except OSError as error:
        raise Refused(400, "from", where, _("cannot be fetched: %(error)s") % {"error": error}) from error
    if response.status_code != 200:
        raise Refused(400, "from", where, _("answers %(status)d") % {"status": response.status_code})
    return read(response.content)


# --- writing ---------------------------------------------------------------------------------------------------------


def visible(viewer: Viewer) -> "QuerySet[JobDescription]":
    """Published versions for everyone, one's own drafts, and everything for staff."""
    if viewer.is_staff:
        return JobDescription.objects.all()
    shown = Q(state__in=(PUBLISHED, SUPERSEDED, WITHDRAWN, BUILT_IN))
    return JobDescription.objects.filter(shown | Q(author_id=viewer.user_id) if viewer.user_id else shown)


def find(name: str, version: str, viewer: Viewer) -> JobDescription:
    row = visible(viewer).select_related("author", "reviewer").filter(name=name, version=version).first()
    if row is None and not viewer.is_authenticated:
        raise Refused(401, "", "", _("Sign in to see descriptions that are not published."))
    if row is None:
        raise Refused(404, "", "", _("There is no such description."))
    return row


def may_edit(row: JobDescription, viewer: Viewer) -> bool:
    if viewer.is_staff:
        return row.state in (DRAFT, PROPOSED)
    return viewer.is_authenticated and row.state == DRAFT and row.author_id == viewer.user_id


def may_propose(viewer: Viewer) -> bool:
    """Staff, and whoever the operators let (``DISTILLER_PROPOSERS``: everyone, staff, or names of groups)."""
    if viewer.is_staff or not viewer.is_authenticated:
        return viewer.is_staff
    return "everyone" in settings.PROPOSERS or belongs(viewer, settings.PROPOSERS)


def require_proposer(viewer: Viewer) -> None:
    if not viewer.is_authenticated:
        raise Refused(401, "", "", _("Sign in to describe a job."))
    if not may_propose(viewer):
        raise Refused(403, "", "", _("The operators let only some groups describe jobs here; ask them to add you."))


def create(described: Mapping[str, Any], viewer: Viewer) -> JobDescription:
    """A draft of a new version."""
    require_proposer(viewer)
    clean = _clean(described, viewer, {})
    _not_taken(clean, None)
    return JobDescription.objects.create(
        name=clean["name"], version=clean["version"], document=clean, author_id=viewer.user_id
    )


def change(row: JobDescription, described: Mapping[str, Any], viewer: Viewer) -> JobDescription:
    if not may_edit(row, viewer):
        raise Refused(403, "", "", _("This version can no longer be changed, or it is not yours; make a new version."))
    clean = _clean(described, viewer, row.document)
    _not_taken(clean, row)
    row.name, row.version, row.document = clean["name"], clean["version"], clean
    row.save()
    return row


def _clean(described: Mapping[str, Any], viewer: Viewer, before: Mapping[str, Any]) -> Json:
    clean = document.canonical({key: value for key, value in described.items() if key != "uws"})
    if not viewer.is_staff and clean.get("command") != before.get("command"):
        rule = _("only staff write commands and scripts; leave it out and say in the text what is to be run")
        raise Refused(403, "command", "", rule)
    return {key: value for key, value in clean.items() if key != "uws"}


def _not_taken(clean: Mapping[str, Any], row: JobDescription | None) -> None:
    name, version = clean["name"], clean["version"]
    if registry.types.get(name) is not None:
        raise Refused(409, "name", name, _("is an analysis of the gateway itself; take another name"))
    other = JobDescription.objects.filter(name=name, version=version).first()
    if other is not None and other != row:
        raise Refused(409, "version", version, _("stands there already; give the new version another word"))


def act(row: JobDescription, action: str, viewer: Viewer, remark: str = "") -> JobDescription:
    """``propose`` by its author; ``return``, ``publish``, ``withdraw`` by staff."""
    acts = {
        "propose": ((DRAFT,), PROPOSED, False),
        "return": ((PROPOSED,), DRAFT, True),
        "publish": ((DRAFT, PROPOSED), PUBLISHED, True),
        "withdraw": ((PUBLISHED, SUPERSEDED), WITHDRAWN, True),
    }
    if action not in acts:
        raise Refused(404, "", "", _("There is no such action."))
    before, after, by_staff = acts[action]
    is_author = may_propose(viewer) and row.author_id == viewer.user_id
    if not (viewer.is_staff or (is_author and not by_staff)):
        raise Refused(403, "", "", _("Staff review and publish; an author proposes."))
    if action == "publish":
        document.from_json(row.document)
    with transaction.atomic():
        changes: Json = {"state": after, "remark": remark[:2000]}
        if by_staff:
            changes["reviewer_id"] = viewer.user_id
        if action == "publish":
            JobDescription.objects.filter(name=row.name, state=PUBLISHED).update(state=SUPERSEDED)
        if not JobDescription.objects.filter(pk=row.pk, state__in=before).update(**changes):
            raise Refused(403, "", "", _("Its state does not allow that: it is %(state)s.") % {"state": row.state})
    row.refresh_from_db()
    return row
