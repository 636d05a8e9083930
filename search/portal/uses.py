"""What one can do with a product of each type, in plain words with links: for people new to this astronomy."""

from dataclasses import dataclass
from urllib.parse import quote

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gateway.access.rights import Viewer, may_fetch
from jobs.registry import accepting
from search.archive.models import Product


@dataclass(frozen=True)
class Use:
    """``term``: the word of the glossary that explains it."""

    words: str
    action: str
    url: str
    term: str = ""


ABOUT: dict[str, Promise] = {
    "event": _("An event list holds one row for each gamma-ray candidate: arrival time, direction and energy. With the"
               " responses beside it, it becomes maps, spectra and light curves."),
    "image": _("A map holds a number for each piece of sky: counts, background, excess or significance."),
    "cube": _("A cube is a stack of maps, one for each range of energy."),
    "spectrum": _("A spectrum of counts says how many events were seen at each energy; with its responses (ARF, RMF) a"
                  " model of the source can be fitted to it."),
    "sed": _("Flux points say how bright the source is at each energy. An upper limit stands where nothing was seen."),
    "timeseries": _("A light curve says how bright the source was at each time."),
    "measurements": _("A table of results: parameters of a fit, a distribution, or sources that were found."),
}  # fmt: skip
# Analyses in the order in which one usually takes them, and the question that each answers.
QUESTIONS: dict[str, tuple[Promise, str]] = {
    "theta_squared": (_("Is there a signal from the source?"), "Significance"),
    "counts_map": (_("Where on the sky do the events fall?"), ""),
    "ring_significance_map": (_("Where is more than background, and how surely?"), "Significance"),
    "fov_significance_map": (_("The same, where most of the field is empty?"), "Significance"),
    "spectrum": (_("How much energy does the source give off, and at which energies?"), ""),
    "light_curve": (_("Does the source vary?"), ""),
    "source_catalog": (_("Which sources are in the field?"), ""),
    "fit_3d": (_("How large and how bright is it, fitted in space and energy at once?"), ""),
    "event_cutout": (_("Only part of it: a region, energies or times?"), "Event list"),
}


def of(product: Product, viewer: Viewer) -> tuple[Promise | str, list[Use]]:
    """A sentence about the type, and the ways on for this viewer."""
    about = ABOUT.get(product.dataproduct_type or "", "")
    if not may_fetch(viewer, product.policy_id) or product.removed_at is not None or not product.has_data:
        return about, _always(product)
    identifier = quote(product.obs_publisher_did, safe="")
    return about, [*_analyses(product, identifier), *_tools(product, identifier), *_always(product)]


def _analyses(product: Product, identifier: str) -> list[Use]:
    known = {one.name: one for one in accepting(product.dataproduct_type) if one.name != "package"}
    names = [name for name in QUESTIONS if name in known] + [name for name in known if name not in QUESTIONS]
    made = []
    for name in names:
        words, term = QUESTIONS.get(name, (known[name].text, ""))
        made.append(Use(str(words), str(known[name].title), f"/jobs/new/{name}?ID={identifier}", term))
    return made


def _tools(product: Product, identifier: str) -> list[Use]:
    kind = product.dataproduct_type
    if kind == "sed":
        return [
            Use(
                str(_("How does it compare with other measurements?")),
                str(_("Compare spectra")),
                f"/sed/?ID={identifier}",
            )
        ]
    if kind == "spectrum":
        words = _("Fit a model of your own: XSPEC, Sherpa and gammapy read these files.")
        return [Use(str(words), str(_("Download")), f"/data/{product.key}", "IRF")]
    if kind in ("timeseries", "measurements", "event", "image"):
        words = _("Look at it in TOPCAT or Aladin: “Send” above hands it over.")
        return [Use(str(words), str(_("How to start them")), "/help/tools/")]
    return []


def _always(product: Product) -> list[Use]:
    return [
        Use(str(_("How was it made, and can I trust it?")), str(_("History")), f"/provenance/entity/{product.key}/"),
        Use(str(_("May I publish it, and whom do I cite?")), str(_("Terms and citation")), "?tab=cite"),
    ]
