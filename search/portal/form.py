"""The search form as data: each field with its words (from the catalogue of fields), value, options and problem."""

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.access.rights import Viewer
from search.archive import holdings
from search.archive.models import Collection
from search.portal import meaning
from search.portal.criteria import Criteria, Problem
from search.resolver import sources

# dataproduct_type in plain words; the order of the form.
TYPES: tuple[tuple[str, Promise], ...] = (
    ("event", gettext_lazy("event list")),
    ("image", gettext_lazy("map")),
    ("cube", gettext_lazy("cube")),
    ("spectrum", gettext_lazy("spectrum")),
    ("timeseries", gettext_lazy("light curve")),
    ("sed", gettext_lazy("spectral energy distribution")),
    ("measurements", gettext_lazy("catalogue")),
)
LEVELS: tuple[tuple[str, Promise], ...] = (
    ("DL0", gettext_lazy("raw data")),
    ("DL1", gettext_lazy("calibrated camera images")),
    ("DL2", gettext_lazy("reconstructed showers")),
    ("DL3", gettext_lazy("reconstructed events with responses")),
    ("DL4", gettext_lazy("binned data, maps of counts")),
    ("DL5", gettext_lazy("science products")),
    ("DL6", gettext_lazy("catalogues")),
)
RIGHTS: tuple[tuple[str, Promise], ...] = (
    ("public", gettext_lazy("public")),
    ("secure", gettext_lazy("signed-in users")),
    ("proprietary", gettext_lazy("proprietary")),
)
CALIB_LEVELS: tuple[tuple[str, Promise], ...] = (
    ("0", gettext_lazy("raw")),
    ("1", gettext_lazy("instrumental")),
    ("2", gettext_lazy("calibrated")),
    ("3", gettext_lazy("combined")),
    ("4", gettext_lazy("analysis product")),
)
ARRAYS: tuple[tuple[str, Promise], ...] = (
    ("lst", gettext_lazy("large telescopes (LST)")),
    ("mst", gettext_lazy("medium telescopes (MST)")),
    ("sst", gettext_lazy("small telescopes (SST)")),
)
LABELS: dict[str, Promise] = {
    "target": gettext_lazy("Source name or position"),
    "dataproduct_type": gettext_lazy("Product type"),
    "dataproduct_level": gettext_lazy("Data level"),
    "calib_level": gettext_lazy("Calibration level"),
    "obs_collection": gettext_lazy("Collection"),
    "obs_id": gettext_lazy("Observation id"),
    "target_name": gettext_lazy("Target name"),
    "target_class": gettext_lazy("Target class"),
    "data_rights": gettext_lazy("Data rights"),
    "proposal_id": gettext_lazy("Proposal"),
    "proposal_keywords": gettext_lazy("Proposal keywords"),
    "pi": gettext_lazy("Principal investigator"),
    "sub_array_name": gettext_lazy("Sub-array"),
    "includes": gettext_lazy("With telescopes"),
    "pointing_mode": gettext_lazy("Pointing mode"),
    "obs_mode": gettext_lazy("Observing mode"),
    "quality": gettext_lazy("Quality"),
    "zenith_min": gettext_lazy("Zenith from"),
    "zenith_max": gettext_lazy("Zenith to"),
    "n_tels_min": gettext_lazy("Telescopes, at least"),
    "exposure_min": gettext_lazy("Exposure, at least"),
    "pipeline_name": gettext_lazy("Pipeline"),
    "pipeline_version": gettext_lazy("Pipeline version"),
    "reconstruction_method": gettext_lazy("Reconstruction"),
    "cut_set": gettext_lazy("Cut set"),
    "calib_version": gettext_lazy("Calibration version"),
    "creation_date": gettext_lazy("Made on"),
    "history": gettext_lazy("Anything in the history"),
    "simulated": gettext_lazy("Simulated data"),
    "access_format": gettext_lazy("File format"),
    "instrument_name": gettext_lazy("Instrument"),
    "region": gettext_lazy("Region"),
    "energy_min": gettext_lazy("Energy"),
    "energy_max": gettext_lazy("Energy to"),
    "t_min": gettext_lazy("Start of observation"),
    "t_max": gettext_lazy("End of observation"),
    "radius": gettext_lazy("Radius"),
    "match": gettext_lazy("Match"),
}
GROUPS: dict[str, tuple[str, ...]] = {
    "target": ("target_name", "target_class", "proposal_id", "pi", "proposal_keywords", "data_rights"),
    "configuration": (
        "sub_array_name", "includes", "pointing_mode", "obs_mode", "zenith_min", "zenith_max", "n_tels_min", "quality",
    ),
    "provenance": (
        "pipeline_name", "pipeline_version", "reconstruction_method", "cut_set", "calib_version", "creation_date",
        "history",
    ),
    "more": ("calib_level", "exposure_min", "access_format", "simulated", "instrument_name"),
}  # fmt: skip
PICKED = (*holdings.FEW_VALUED, "includes", "simulated")


@dataclass
class FormField:
    """``options`` are (value, words); ``chosen`` the values that are set."""

    name: str
    label: str
    value: str = ""
    chosen: list[str] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    problem: Problem | None = None
    meant: list[meaning.Meant] = field(default_factory=list)
    term: str = ""

    @property
    def unit(self) -> str:
        """That of the column, where the field has but one."""
        return self.meant[0].unit if len(self.meant) == 1 else ""

    @property
    def summary(self) -> str:
        """The chosen options in a few words."""
        words = dict(self.options)
        return ", ".join(_("not %(value)s") % {"value": v[1:]} if v[0] == "!" else words.get(v, v) for v in self.chosen)


def archive_values(viewer: Viewer) -> dict[str, list[str]]:
    """The values that occur in rows the viewer may see, of each column that has few; and ``holdings.EXAMPLE``."""
    found: dict[str, set[str]] = {name: set() for name in (*holdings.FEW_VALUED, holdings.EXAMPLE)}
    for row in holdings.OPTIONS.rows(viewer):
        found[row["column"]].add(row["value"])
    return {name: sorted(values)[: holdings.MAX_OPTIONS] for name, values in found.items()}


def options_of(name: str, values: dict[str, list[str]], titles: dict[str, str]) -> list[tuple[str, str]]:
    fixed = {
        "dataproduct_type": TYPES,
        "dataproduct_level": LEVELS,
        "data_rights": RIGHTS,
        "calib_level": CALIB_LEVELS,
        "includes": ARRAYS,
    }
    if name in fixed:
        return [(value, str(words)) for value, words in fixed[name]]
    if name == "target_class":
        return [(path, path.rsplit(sources.SEPARATOR, 1)[-1]) for path in sources.classes()]
    if name == "simulated":
        return [("0", _("observed only")), ("1", _("simulated only"))]
    return [(value, titles.get(value, value)) for value in values.get(name, [])]


def make(criteria: Criteria, values: dict[str, list[str]]) -> dict[str, FormField]:
    """Every field of the form by its parameter name; ``values`` as ``archive_values`` gives them."""
    titles = dict(Collection.objects.exclude(title="").values_list("name", "title"))
    made = {}
    for name, label in LABELS.items():
        chosen = criteria.lists.get(name, [])
        options = options_of(name, values, titles)
        # What an address asks for stays choosable, be it in the archive or not.
        strange = dict.fromkeys(value.removeprefix("!") for value in chosen) if options or name in PICKED else {}
        options += [(value, value) for value in strange if value not in dict(options)]
        made[name] = FormField(
            name=name,
            label=str(label),
            value=criteria.value_of(name),
            chosen=chosen,
            options=options,
            problem=criteria.problems.get(name),
            meant=meaning.of(name),
            term=meaning.TERMS.get(name, ""),
        )
    return made


def summaries(fields: dict[str, FormField]) -> dict[str, list[str]]:
    """What the closed parts of the form have set: ``{"target": ["data rights = public"]}``."""
    return {
        group: [
            f"{fields[name].label.lower()} = {fields[name].summary or fields[name].value}"
            for name in names
            if fields[name].value
        ]
        for group, names in GROUPS.items()
    }
