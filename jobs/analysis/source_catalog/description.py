"""Catalogue of the peaks of a significance map."""

from dataclasses import dataclass
from typing import Annotated

from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output, Param

Threshold = Annotated[
    float,
    Param(text="Lowest significance of a source (square root of the test statistic)", ucd="stat.snr;stat.min", min=2,
          max=100, group="Sources"),
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SourceCatalog:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    threshold: Threshold = 5.0
    energy_min: p.EnergyMin = 0.1
    energy_max: p.EnergyMax = 40.0
    width: p.Width = 5.0
    binsz: p.PixelSize = 0.02
    on_radius: p.OnRadius = 0.11
    exclusion_radius: p.ExclusionRadius = 0.3
    exclusion: p.Exclusion = ()

    def __post_init__(self) -> None:
        checks.energies(self)
        checks.pixels(self)
        checks.exclusions(self)


DESCRIPTION = Description(
    name="source_catalog",
    title="Source catalogue",
    version="1.0",
    text="Looks for the peaks of a significance map (ring background) above a threshold, at least two ON radii apart,"
    " and writes them as a catalogue that can be published as a table.",
    parameters=SourceCatalog,
    outputs=(
        Output(name="source_catalog.fits", text="Catalogue", content_type=p.FITS, product=True),
        Output(name="significance_map.fits", text="Significance map", content_type=p.FITS, product=True),
        p.PREVIEW,
        p.PLOT,
    ),
    subtype="Catalogue",
    docurl="https://docs.gammapy.org/2.1/",
    queue="long",
    duration=1200,
    test_values=p.DEMO_CRAB,
)
