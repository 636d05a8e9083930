"""Inputs that lie elsewhere and are named by their address: which are taken, and how they are fetched.

An address is taken where it begins with one that the operators allow (``DISTILLER_INPUT_URLS``) or that the published
description names (``Input.url``, with ``$ID`` in the place of the identifier). All else is refused before a job exists;
the fetch itself goes through the one guarded way out.
"""

import hashlib
import time
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from requests import RequestException, Response

from gateway.vo.http import Session
from gateway.vo.votable_reader import BadVOTable, read
from jobs import queue
from jobs.activity import StagedInput
from jobs.errors import Refused
from jobs.limits import limits
from jobs.models import Job
from jobs.parameters import Parameter

SECONDS = 900.0
BLOCK = 2**20
MAX_LINKS = 2**20
"""bytes of a DataLink table"""
OWN = ("/data/", "/products/")


def is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def own_key(text: str) -> str:
    """KEY of a product whose address in this very gateway was given; empty for any other text."""
    for start in OWN:
        base = settings.PUBLIC_URL + start
        if text.startswith(base):
            return unquote(text.removeprefix(base)).strip("/")
    return ""


def address_of(parameter: Parameter, text: str) -> str:
    """Where an input is fetched from that is no product; empty where neither address nor template leads anywhere.

    ``Refused`` (400) for an address that is not allowed.
    """
    template = getattr(parameter.meta, "url", "")
    if not is_address(text):
        return template.replace("$ID", quote(text, safe="")) if template else ""
    if not _within(text, [*settings.INPUT_URLS, template.partition("$ID")[0]]):
        allowed = ", ".join(settings.INPUT_URLS)
        rule = _("addresses are taken only from %(allowed)s") % {"allowed": allowed} if allowed else ""
        words = _("this gateway takes no inputs from that address; upload the file, or give a product's identifier")
        raise Refused(400, parameter.name, text, rule or words)
    return text


def is_allowed(text: str) -> bool:
    """Do the operators let jobs take files from this address?"""
    return is_address(text) and _within(text, settings.INPUT_URLS)


def _within(address: str, allowed: list[str]) -> bool:
    """The host must be the same, not only the beginning of the text: ``https://a.org`` does not allow a.org.evil."""
    try:
        given = urlsplit(address)
        port = given.port
    except ValueError:
        return False
    if given.username or given.password or ".." in unquote(given.path).split("/"):
        return False
    for text in filter(None, allowed):
        known = urlsplit(text)
        same = (known.scheme.lower(), known.hostname, known.port) == (given.scheme.lower(), given.hostname, port)
        folder = known.path if known.path.endswith("/") or "?" in text else known.path + "/"
        beginning = known.path in ("", "/") or given.path == known.path or given.path.startswith(folder)
        if same and (beginning or (known.query and address.startswith(text))):
            return True
    return False


def fetch(job: Job, name: str, address: str, folder: Path) -> StagedInput:
    """The file behind the address in ``folder``, with size and SHA-256; ``Refused`` when it cannot be had."""
    folder.mkdir()
    place = address
    try:
        with Session(max_bytes=limits().input_size, total_seconds=SECONDS) as session:
            response = _opened(session, name, address)
            if "content=datalink" in response.headers.get("Content-Type", "").lower():
                place = _this(response, name, address)
                response = _opened(session, name, place)
            target = folder / (Path(unquote(urlsplit(place).path)).name[:200] or "input")
            sha256, size = hashlib.sha256(), 0
            renewed = time.monotonic()
            with target.open("wb") as stream:
                for block in response.iter_content(BLOCK):
                    sha256.update(block)
                    size += stream.write(block)
                    if time.monotonic() - renewed > limits().lease / 4:
                        queue.renew(job)
                        renewed = time.monotonic()
    except RequestException as error:
        raise Refused(400, name, address, _("it cannot be fetched: %(error)s") % {"error": error}) from error
    kind = response.headers.get("Content-Type", "").split(";")[0].strip()[:100]
    kind = kind or "application/octet-stream"
    return StagedInput(address, "", target, sha256.hexdigest(), size, kind, {"access_url": address})


def _opened(session: Session, name: str, address: str) -> Response:
    response = session.get(address, stream=True)
    if response.status_code != 200:
        raise Refused(400, name, address, _("it answers %(status)d") % {"status": response.status_code})
    return response


def _this(response: Response, name: str, address: str) -> str:
    """Where the file itself lies, by the DataLink table that an archive gives in its place (DataLink 1.1, section 3.3);
    that address must be allowed too."""
    try:
        table = read(response.iter_content(BLOCK), max_bytes=MAX_LINKS, max_rows=1_000)
    except BadVOTable as error:
        raise Refused(
            400, name, address, _("its DataLink table cannot be read: %(error)s") % {"error": error}
        ) from error
    names = [column.name.lower() for column in table.columns]
    for values in table.rows:
        row = dict(zip(names, values, strict=True))
        place = str(row.get("access_url") or "")
        if str(row.get("semantics") or "").rpartition("#")[2] == "this" and is_address(place):
            if not is_allowed(place):
                raise Refused(400, name, place, _("its DataLink table leads to an address that is not allowed"))
            return place
    raise Refused(400, name, address, _("its DataLink table names no file"))


def entity_id(staged: StagedInput) -> str:
    """Its name in provenance: the same bytes from the same place are one entity."""
    if staged.identifier.startswith("param:"):
        return f"x-{staged.sha256[:24]}"
    return f"x-{hashlib.sha256(f'{staged.identifier} {staged.sha256}'.encode()).hexdigest()[:24]}"
