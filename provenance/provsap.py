"""``/provsap``: provenance by identifier (IVOA ProvSAP, drafts of 2017 to 2019, and the parameters of OPUS).

GET; names without regard to case. Where the two sources differ both spellings are taken:

- ``ID`` identifier, KEY or QName, repeatable
- ``DEPTH`` 0, 1 (default), 2 … or ALL (at most ``graph.MAX_DEPTH``)
- ``DIRECTION`` BACK (default), FORTH or FORWARD, BOTH
- ``AGENT`` (draft): 1 goes on beyond agents; default 0. ``AGENTS`` (OPUS): 0 leaves agents out; default 1
- ``MEMBERS`` 1 goes down to the members of collections; default 0
- ``MODEL`` IVOA (default) or W3C
- ``CONFIGURATION`` 1 (default) parameters and configuration files; ``DESCRIPTIONS`` 0, 1 (default: of activities and
  parameters), 2 (all); ``ATTRIBUTES`` 1 (default) and ``GD`` (LR, RL, TB, BT) for pictures
- ``VIEW`` all (default), workflow, dataflow, responsibility
- ``RESPONSEFORMAT`` a name of ``documents.formats`` or a media type; without it the Accept header, else PROV-JSON
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from gateway.access.request import viewer as viewer_from
from gateway.access.rights import Viewer
from gateway.accounts.csrf import protocol_view
from provenance import perspective
from provenance.documents import formats
from provenance.documents.picture import MAX_NODES, NotDrawn
from provenance.documents.source import Source
from provenance.graph import MAX_DEPTH, MAX_RECORDS, Direction, Ref, Walk, count, walk
from provenance.lookup import find
from provenance.statements import Contents, TooLarge

PICTURE_FAN = 60
PICTURE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
DIRECTIONS: dict[str, Direction] = {"BACK": "BACK", "FORTH": "FORTH", "FORWARD": "FORTH", "BOTH": "BOTH"}
KNOWN = {
    "ID", "DEPTH", "DIRECTION", "MODEL", "AGENT", "AGENTS", "CONFIGURATION", "DESCRIPTIONS", "ATTRIBUTES", "MEMBERS",
    "STEPS", "VIEW", "GD", "RESPONSEFORMAT",
}  # fmt: skip


class BadRequest(ValueError):
    """A parameter is missing or has a value it cannot have."""


@dataclass(frozen=True)
class Query:
    """The parameters of one request, checked."""

    ids: tuple[str, ...]
    how: Walk
    contents: Contents
    model: formats.Model
    view: str
    format: formats.Format
    attributes: bool
    rank: str


@protocol_view
@require_safe
def provsap(request: HttpRequest) -> HttpResponse:

    try:
        query = parse(request)
    except BadRequest as error:
        return _error(400, str(error))
    viewer = viewer_from(request)
    start: list[Ref] = []
    for name in query.ids:
        found = find(name, viewer)
        if found is None:
            return _error(404, f"ID={name}: no entity, activity or agent of that name is known here")
        start.append(found)
    return answer(start, viewer, query)


def answer(start: list[Ref], viewer: Viewer, query: Query) -> HttpResponse:
    """The document about nodes that the viewer may see."""
    graph = perspective.VIEWS[query.view](walk(start, viewer, query.how))
    source = Source(graph, query.contents, query.attributes, query.rank)
    try:
        text = query.format.write(source, query.model)
    except TooLarge as error:
        number, exact = (error.count, True) if error.exact else count(start, viewer, query.how)
        return _too_large(number, exact, query)
    except NotDrawn as error:
        return _error(413, str(error))
    response = HttpResponse(text, content_type=query.format.media_type)
    name = start[0][1] if len(start) == 1 else "provenance"
    response["Content-Disposition"] = f'inline; filename="{name}.{query.format.extension}"'
    response["Vary"] = "Accept, Cookie, Authorization"
    if query.format.picture:
        response["Content-Security-Policy"] = PICTURE_POLICY
    if not graph.complete:
        response["X-Provenance-Shortened"] = f"{len(graph.nodes)} nodes shown"
    return response


def parse(request: HttpRequest) -> Query:
    """Raises BadRequest with the parameter, its value and the rule."""
    values: dict[str, list[str]] = {}
    for name, texts in request.GET.lists():
        values.setdefault(name.upper(), []).extend(texts)
    if not values.get("ID"):
        raise BadRequest("ID is missing: give the identifier, KEY or QName of an entity, activity or agent")
    if len(values["ID"]) > 100:
        raise BadRequest("ID: at most 100 in one request")
    for name, texts in values.items():
        if name in KNOWN - {"ID"} and len(texts) > 1:
            raise BadRequest(f"{name} may be given once")
    given = {name: texts[0] for name, texts in values.items() if name in KNOWN}
    if _flag(given, "STEPS", False):
        raise BadRequest("STEPS=1: activity flows are not part of the Provenance DM 1.0; steps are followed like runs")
    item = _format(given.get("RESPONSEFORMAT"), request)
    picture = item.picture
    how = Walk(
        depth=depth(given.get("DEPTH", "1")),
        direction=DIRECTIONS[_word(given, "DIRECTION", list(DIRECTIONS), "BACK")],
        agents=_flag(given, "AGENTS", True),
        beyond_agents=_flag(given, "AGENT", False),
        members=_flag(given, "MEMBERS", False),
        fan=PICTURE_FAN if picture else MAX_RECORDS,
        limit=MAX_NODES if picture else MAX_RECORDS,
    )
    model: formats.Model = "W3C" if _word(given, "MODEL", ["IVOA", "W3C"], "IVOA") == "W3C" else "IVOA"
    return Query(
        ids=tuple(values["ID"]),
        how=how,
        contents=Contents(
            configuration=_flag(given, "CONFIGURATION", True),
            descriptions=int(_word(given, "DESCRIPTIONS", ["0", "1", "2"], "1")),
        ),
        model=model,
        view=_word(given, "VIEW", ["ALL", "WORKFLOW", "DATAFLOW", "RESPONSIBILITY"], "ALL").lower(),
        format=item,
        attributes=_flag(given, "ATTRIBUTES", True),
        rank=_word(given, "GD", ["LR", "RL", "TB", "BT"], "LR"),
    )


def depth(text: str) -> int:
    if text.strip().upper() == "ALL":
        return MAX_DEPTH
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(f"DEPTH={text[:50]}: a whole number of 0 or more, or ALL")
    return min(int(text), MAX_DEPTH)


def address(ref: Ref, **parameters: object) -> str:
    """The address of a document, for links."""
    given = {name: value for name, value in parameters.items() if value not in ("", None)}
    return f"/provsap?{urlencode({'ID': ref[1], **given})}"


def _word(given: dict[str, str], name: str, words: list[str], default: str) -> str:
    text = given.get(name, default)
    if text.upper() not in words:
        raise BadRequest(f"{name}={text[:50]}: one of {', '.join(words)}")
    return text.upper()


def _flag(given: dict[str, str], name: str, default: bool) -> bool:
    text = given.get(name, str(default)).lower()
    if text not in ("0", "1", "true", "false"):
        raise BadRequest(f"{name}={text[:50]}: 0 or 1")
    return text in ("1", "true")


def _format(name: str | None, request: HttpRequest) -> formats.Format:
    if name:
        found = formats.find(name)
        if found is None:
            names = ", ".join(item.name for item in formats.FORMATS)
            raise BadRequest(f"RESPONSEFORMAT={name[:50]}: one of {names}")
        return found
    offers = {item.media_type.split(";")[0]: item for item in formats.FORMATS}
    preferred = request.get_preferred_type(list(offers))
    return offers[preferred] if preferred else formats.FORMATS[0]


def _too_large(number: int, exact: bool, query: Query) -> HttpResponse:
    many = f"{number:,}" if exact else f"more than {number:,}"
    ids = urlencode({"ID": query.ids[0]})
    return _error(
        413,
        f"The answer would hold {many} records; one answer holds at most {MAX_RECORDS:,}. Reduce DEPTH, or let a job"
        f" write it: {settings.PUBLIC_URL}/jobs/new/provenance_document?{ids}",
    )


def _error(status: int, text: str) -> HttpResponse:
    return HttpResponse(text + "\n", status=status, content_type="text/plain; charset=UTF-8")
