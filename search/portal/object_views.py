"""What is known here about an object, and where to read on. Nothing is fetched while the page is made."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gateway.access.request import viewer as viewer_of_request
from gateway.vo.readable import position, sexagesimal
from search.resolver import service, simbad, sources
from search.resolver.positions import icrs_to_galactic


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """``/search/object?name=``: type, aliases and positions from nearby; links to Simbad, NED and catalogues."""
    name = request.GET.get("name", "")[: service.MAX_NAME]
    try:
        found = service.resolve(name, viewer_of_request(request), remote=False)
    except service.ResolveError as error:
        links = _links(name, None) if name.strip() else []
        context: dict[str, Any] = {"name": name, "failure": error.reason, "links": links}
        return render(request, "portal/object.html", context, status=404)
    lon, lat = icrs_to_galactic(found.ra, found.dec)
    facts = [
        (_("Position, ICRS"), position(found.ra, found.dec)),
        (_("Sexagesimal"), sexagesimal(found.ra, found.dec)),
        (_("Galactic"), position(lon, lat)),
        (_("Type"), " › ".join(sources.lineage(found.kind)) if found.kind else ""),
        (_("Also known as"), ", ".join(found.aliases)),
        (_("Source"), found.source),
    ]
    context = {
        "name": found.name,
        "found": found,
        "facts": [(label, value) for label, value in facts if value],
        "links": _links(found.name, (found.ra, found.dec)),
    }
    return render(request, "portal/object.html", context)


@require_safe
def remote(request: HttpRequest) -> HttpResponse:
    """What SIMBAD knows, as part of the object's page; fetched by it once it stands."""
    name = request.GET.get("name", "")[: service.MAX_NAME]
    try:
        found = simbad.known(name)
    except simbad.Unreachable:
        return render(request, "portal/object_remote.html", {"silent": True})
    return render(
        request, "portal/object_remote.html", {"found": found, "facts": _remote_facts(found) if found else []}
    )


def _remote_facts(found: simbad.Known) -> list[tuple[str, str, str]]:
    """Label, value, and the bibcode of the publication it is from."""
    parallax = ""
    if found.parallax is not None:
        error = f" ± {found.parallax_error:.2g}" if found.parallax_error is not None else ""
        parallax = f"{found.parallax:.4g}{error} mas".replace("-", "−")
    redshift = "" if found.redshift is None else f"{found.redshift:.6g}".replace("-", "−")
    distance = "" if found.distance is None else f"{found.distance:.4g} {found.distance_unit}"
    facts = [
        (_("Name"), found.name, ""),
        (_("Type"), found.kind, ""),
        (_("Redshift"), redshift, found.redshift_reference),
        (_("Distance"), distance, found.distance_reference),
        (_("Parallax"), parallax, ""),
        (_("Also known as"), ", ".join(found.names), ""),
    ]
    return [fact for fact in facts if fact[1]]


def _links(name: str, place: tuple[float, float] | None) -> list[tuple[str, str]]:
    spelled = quote(name, safe="")
    made = [
        ("SIMBAD", f"https://simbad.cds.unistra.fr/simbad/sim-id?Ident={spelled}"),
        ("NED", f"https://ned.ipac.caltech.edu/byname?objname={spelled}"),
    ]
    if place:
        where = f"{place[0]:.5f}%20{place[1]:+.5f}".replace("+", "%2B")
        made.append(("VizieR", f"https://vizier.cds.unistra.fr/viz-bin/VizieR?-c={where}&-c.rd=0.2"))
        made.append(
            (
                "gamma-cat, Fermi-LAT and other catalogues",
                f"https://vizier.cds.unistra.fr/viz-bin/VizieR?-kw.Wavelength=Gamma-ray&-c={where}",
            )
        )
    return made
