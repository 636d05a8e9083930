"""Worked examples: each founding question as a search that one click runs. Tests run them all.

What an example needs of the archive (a proposal, a version, a night) is taken from the archive itself, so that each
finds something wherever the gateway runs; one that nothing here can answer is not offered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from search.archive import holdings
from search.portal.quantities import MJD_EPOCH


@dataclass(frozen=True)
class Example:
    label: Promise
    parameters: tuple[tuple[str, str], ...]
    home: bool = False

    @property
    def url(self) -> str:
        return f"/search/go?{urlencode(self.parameters)}"


EXAMPLES = (
    Example(_("Crab Nebula"), (("target", "Crab Nebula"),), home=True),
    Example(_("PKS 2155-304"), (("target", "PKS 2155-304"),), home=True),
    Example(_("83.63 +22.01"), (("target", "83.63 +22.01"), ("radius", "2"), ("match", "pointing")), home=True),
    Example(_("Public data of blazars"), (("target_class", "blazar"), ("data_rights", "public")), home=True),
    Example(_("Events above 50 TeV"), (("dataproduct_type", "event"), ("energy_min", "50")), home=True),
    Example(_("Made with loose cuts"), (("cut_set", "loose"),), home=True),
    Example(_("Data for a given proposal"), (("proposal_id", ""),)),
    Example(_("Not the divergent mode"), (("pointing_mode", "!divergent"),)),
    Example(
        _("A field at a given time"),
        (("target", ""), ("radius", "3"), ("t_min", ""), ("t_max", "")),
    ),
    Example(_("Sub-arrays with LSTs"), (("includes", "lst"),)),
    Example(_("By pipeline version, for a target"), (("pipeline_version", ""), ("target_name", ""))),
    Example(_("With a given reconstruction"), (("reconstruction_method", ""),)),
)


def offered(values: Mapping[str, Sequence[str]]) -> list[Example]:
    """The examples with what ``values`` (of each column, as the form offers them) has for their open places."""
    at_hand = {name: found[0] for name, found in values.items() if found}
    if values.get(holdings.EXAMPLE):
        target, version, start = json.loads(at_hand[holdings.EXAMPLE])
        day = (MJD_EPOCH + timedelta(days=start)).date()
        at_hand |= {
            "target": target, "target_name": target, "pipeline_version": version,
            "t_min": f"{day}", "t_max": f"{day + timedelta(days=1)}",
        }  # fmt: skip
    made = []
    for example in EXAMPLES:
        parameters = tuple((name, value or at_hand.get(name, "")) for name, value in example.parameters)
        if all(value for _name, value in parameters):
            made.append(replace(example, parameters=parameters))
    return made
