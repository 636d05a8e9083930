"""Significance map with ring background."""

from dataclasses import dataclass

from jobs.analysis.common import checks
from jobs.analysis.common import parameters as p
from jobs.description import Description, Output


@dataclass(frozen=True, kw_only=True)
class RingSignificanceMap:
    observations: p.Observations
    ra: p.RightAscension
    dec: p.Declination
    energy_min: p.EnergyMin = 0.1
    energy_max: p.EnergyMax = 40.0
    width: p.Width = 5.0
    binsz: p.PixelSize = 0.02
    on_radius: p.OnRadius = 0.11
    energy_bins_per_decade: p.EnergyBinsPerDecade = 10
    exclusion_radius: p.ExclusionRadius = 0.3
    exclusion: p.Exclusion = ()

    def __post_init__(self) -> None:
        checks.energies(self)
        checks.pixels(self)
        checks.exclusions(self)


DESCRIPTION = Description(
    name="ring_significance_map",
    title="Significance map (ring background)",
    version="1.0",
    text="Background from a ring about each pixel (0.5 to 0.8 deg, excluded regions left out), scaled by the acceptance"
    " of each run; significance, excess, background and counts within the ON radius of each pixel.",
    parameters=RingSignificanceMap,
    outputs=(
        Output(name="significance_map.fits", text="Significance (square root of the test statistic)",
               content_type=p.FITS, product=True),
        Output(name="excess_map.fits", text="Excess counts in the ON radius", content_type=p.FITS, product=True),
        Output(name="background_map.fits", text="Background counts in the ON radius", content_type=p.FITS,
               product=True),
        Output(name="counts_map.fits", text="Counts in the ON radius", content_type=p.FITS, product=True),
        Output(name="exclusion_mask.fits", text="Exclusion mask", content_type=p.FITS),
        Output(name="significances.png", text="Distribution of significances", content_type=p.PNG),
        p.PREVIEW,
        p.PLOT,
    ),
    subtype="Image",
    docurl="https://docs.gammapy.org/2.1/",
    queue="long",
    duration=1200,
    test_values=p.DEMO_CRAB,
)  # fmt: skip
