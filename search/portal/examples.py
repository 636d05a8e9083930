"""Worked examples: each founding question as a search that one click runs. Tests run them all."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Example:
    label: Promise
    parameters: tuple[tuple[str, str], ...]
    home: bool = False
    form: bool = False

    @property
    def url(self) -> str:
        return f"/search/go?{urlencode(self.parameters)}"


EXAMPLES = (
    Example(_("Crab Nebula"), (("target", "Crab Nebula"),), home=True),
    Example(_("PKS 2155-304"), (("target", "PKS 2155-304"),), home=True),
    Example(_("83.63 +22.01"), (("target", "83.63 +22.01"), ("radius", "2"), ("match", "pointing")), home=True),
    Example(_("Public data of blazars"), (("target_class", "blazar"), ("data_rights", "public")), home=True, form=True),
    Example(_("Events above 50 TeV"), (("dataproduct_type", "event"), ("energy_min", "50")), home=True),
    Example(_("Made with loose cuts"), (("cut_set", "loose"),), home=True, form=True),
    Example(_("Data for a given proposal"), (("proposal_id", "DEMO-2024-03"),), form=True),
    Example(_("Not the divergent mode"), (("pointing_mode", "!divergent"),), form=True),
    Example(
        _("A field at a given time"),
        (("target", "PKS 2155-304"), ("radius", "3"), ("t_min", "2006-07"), ("t_max", "2006-08")),
    ),
    Example(_("Sub-arrays with LSTs"), (("includes", "lst"),), form=True),
    Example(_("By pipeline version, for a target"), (("pipeline_version", "1.1"), ("target_name", "Crab Nebula"))),
    Example(_("With a given reconstruction"), (("reconstruction_method", "ImPACT"),)),
)
