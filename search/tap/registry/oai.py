"""``/oai``: the OAI-PMH 2.0 publishing endpoint that a searchable registry harvests (Registry Interfaces 1.1)."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from gateway.vo.dali import Parameters
from gateway.vo.xml import Xml, declare, document, tag
from search.tap.registry.records import Record, records

SET = "ivo_managed"
PREFIXES = {
    "ivo_vor": ("http://www.ivoa.net/xml/RegistryInterface/v1.0", "http://www.ivoa.net/xml/RegistryInterface/v1.0"),
    "oai_dc": ("http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/"),
}
_ARGUMENTS = {
    "Identify": ((), ()),
    "ListMetadataFormats": ((), ("identifier",)),
    "ListSets": ((), ("resumptionToken",)),
    "GetRecord": (("identifier", "metadataPrefix"), ()),
    "ListIdentifiers": (("metadataPrefix",), ("from", "until", "set", "resumptionToken")),
    "ListRecords": (("metadataPrefix",), ("from", "until", "set", "resumptionToken")),
}


class OaiError(Exception):
    """One of the error codes of OAI-PMH, section 3.6."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _oai(name: str, *children: str, **values: str) -> Xml:
    """An element of the protocol. With a prefix, since VOResource's own elements have no namespace at all."""
    return tag(f"oai:{name}", *children, **values)


def answer(arguments: Parameters) -> bytes:
    """The document for a request; errors are answers too (status 200, as OAI-PMH wants)."""
    shown: dict[str, str] = {}
    try:
        verb, given = _checked(arguments)
        shown = {"verb": verb, **given}
        content = _oai(verb, *_VERBS[verb](given))
    except OaiError as error:
        content = _oai("error", str(error), code=error.code)
    request = _oai("request", f"{settings.PUBLIC_URL}/oai", **shown)
    now = _oai("responseDate", _iso(timezone.now()))
    return document(_oai("OAI-PMH", now, request, content, **declare("oai", "xsi")))


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _checked(arguments: Parameters) -> tuple[str, dict[str, str]]:
    given = {name: arguments.all(name) for name in arguments.names()}
    verbs = given.pop("VERB", [])
    if len(verbs) != 1 or verbs[0] not in _ARGUMENTS:
        raise OaiError("badVerb", _("verb must be one of %(verbs)s.") % {"verbs": ", ".join(_ARGUMENTS)})
    required, optional = _ARGUMENTS[verbs[0]]
    known = {name.upper(): name for name in (*required, *optional)}
    for name, values in given.items():
        if name not in known or len(values) != 1:
            text = _("%(verb)s does not take %(name)s, or not twice.")
            raise OaiError("badArgument", text % {"verb": verbs[0], "name": name.lower()})
    clean = {known[name]: values[0] for name, values in given.items()}
    if "resumptionToken" in clean:
        raise OaiError("badResumptionToken", _("Answers here are whole; no token was given out."))
    missing = [name for name in required if name not in clean]
    if missing:
        raise OaiError("badArgument", _("%(name)s is missing.") % {"name": missing[0]})
    return verbs[0], clean


def _identify(given: dict[str, str]) -> list[Xml]:
    registry = next(record for record in records() if record.name == "registry")
    earliest = min(record.updated() for record in records())
    return [
        _oai("repositoryName", settings.SITE_NAME),
        _oai("baseURL", f"{settings.PUBLIC_URL}/oai"),
        _oai("protocolVersion", "2.0"),
        _oai("adminEmail", settings.CONTACT_EMAIL or settings.DEFAULT_FROM_EMAIL),
        _oai("earliestDatestamp", _iso(earliest)),
        _oai("deletedRecord", "no"),
        _oai("granularity", "YYYY-MM-DDThh:mm:ssZ"),
        _oai("description", registry.xml()),
    ]


def _formats(given: dict[str, str]) -> list[Xml]:
    if "identifier" in given:
        _find(given["identifier"])
    return [
        _oai("metadataFormat", _oai("metadataPrefix", name), _oai("schema", schema), _oai("metadataNamespace", space))
        for name, (schema, space) in PREFIXES.items()
    ]


def _sets(given: dict[str, str]) -> list[Xml]:
    return [_oai("set", _oai("setSpec", SET), _oai("setName", "records of this gateway's own authority"))]


def _find(identifier: str) -> Record:
    found = next((record for record in records() if record.ivoid.lower() == identifier.lower()), None)
    if found is None:
        raise OaiError("idDoesNotExist", _("There is no record %(id)s here.") % {"id": identifier[:200]})
    return found


def _get(given: dict[str, str]) -> list[Xml]:
    return [_record(_find(given["identifier"]), _prefix(given))]


def _list_records(given: dict[str, str]) -> list[Xml]:
    prefix = _prefix(given)
    return [_record(record, prefix) for record in _chosen(given)]


def _list_identifiers(given: dict[str, str]) -> list[Xml]:
    _prefix(given)
    return [_header(record) for record in _chosen(given)]


def _prefix(given: dict[str, str]) -> str:
    prefix = given["metadataPrefix"]
    if prefix not in PREFIXES:
        raise OaiError("cannotDisseminateFormat", _("The formats are %(names)s.") % {"names": ", ".join(PREFIXES)})
    return prefix


def _chosen(given: dict[str, str]) -> list[Record]:
    start, end = _moment(given.get("from"), False), _moment(given.get("until"), True)
    if given.get("set", SET) != SET:
        found: list[Record] = []
    else:
        found = [
            record
            for record in records()
            if (start is None or record.updated() >= start) and (end is None or record.updated() <= end)
        ]
    if not found:
        raise OaiError("noRecordsMatch", _("No record matches."))
    return found


def _moment(text: str | None, last: bool) -> datetime | None:
    """A date or a date and time with Z; a date as upper bound means its end."""
    if text is None:
        return None
    try:
        moment = parse_datetime(text) if "T" in text and text.endswith("Z") else None
        day = parse_date(text) if moment is None and "T" not in text else None
    except ValueError:
        moment = day = None
    if moment is None and day is None:
        raise OaiError("badArgument", _("%(text)s is no date such as 2026-11-21.") % {"text": text[:40]})
    if moment is not None:
        return moment
    assert day is not None
    return datetime(day.year, day.month, day.day, *((23, 59, 59) if last else (0, 0, 0)), tzinfo=UTC)


def _header(record: Record) -> Xml:
    return _oai(
        "header", _oai("identifier", record.ivoid), _oai("datestamp", _iso(record.updated())), _oai("setSpec", SET)
    )


def _record(record: Record, prefix: str) -> Xml:
    return _oai("record", _header(record), _oai("metadata", record.xml() if prefix == "ivo_vor" else _dublin(record)))


def _dublin(record: Record) -> Xml:
    return tag(
        "oai_dc:dc",
        tag("dc:title", record.title),
        tag("dc:identifier", record.ivoid),
        tag("dc:publisher", settings.ORGANISATION or settings.SITE_NAME),
        tag("dc:description", record.text),
        tag("dc:type", "Other"),
        **declare("oai_dc", "dc"),
    )


_VERBS: dict[str, Callable[[dict[str, str]], list[Xml]]] = {
    "Identify": _identify,
    "ListMetadataFormats": _formats,
    "ListSets": _sets,
    "GetRecord": _get,
    "ListIdentifiers": _list_identifiers,
    "ListRecords": _list_records,
}
