"""Parameters that several analyses share, declared once (names are a contract of the public interface).

Imported anywhere: no gammapy here. Texts are marked for translation by the forms that show them.
"""

from typing import Annotated

from jobs.description import Input, Output, Param

MAX_WIDTH = 20.0
"""deg; a map of 20 deg with the smallest pixels still fits into the memory of a job"""

Observations = Annotated[
    tuple[str, ...],
    Input(
        text="Event lists with their responses (DL3), by identifier",
        label="Observations",
        product_types=("event",),
        content_types=("application/fits",),
        multiplicity="1..*",
    ),
]
RightAscension = Annotated[
    float,
    Param(
        text="Right ascension of the target (ICRS)", label="Right ascension", unit="deg", ucd="pos.eq.ra;meta.main",
        min=0, max=360, group="Target", from_input="target_ra",
    ),
]  # fmt: skip
Declination = Annotated[
    float,
    Param(
        text="Declination of the target (ICRS)", label="Declination", unit="deg", ucd="pos.eq.dec;meta.main",
        min=-90, max=90, group="Target", from_input="target_dec",
    ),
]  # fmt: skip
EnergyMin = Annotated[
    float,
    Param(
        text="Lowest reconstructed energy", label="Lowest energy", unit="TeV", ucd="em.energy;stat.min",
        above=0, max=1000, group="Energy",
    ),
]  # fmt: skip
EnergyMax = Annotated[
    float,
    Param(
        text="Highest reconstructed energy", label="Highest energy", unit="TeV", ucd="em.energy;stat.max",
        above=0, max=1000, group="Energy",
    ),
]  # fmt: skip
EnergyBins = Annotated[
    int,
    Param(text="Number of energy bins over the whole range", ucd="meta.number", min=1, max=50, group="Energy"),
]
EnergyBinsPerDecade = Annotated[
    int,
    Param(
        text="Number of reconstructed-energy bins in a factor of ten", ucd="meta.number", min=1, max=50,
        group="Energy", advanced=True,
    ),
]  # fmt: skip
Width = Annotated[
    float,
    Param(text="Width and height of the map", unit="deg", ucd="phys.angSize", min=0.1, max=MAX_WIDTH, group="Map"),
]
PixelSize = Annotated[
    float,
    Param(text="Size of a pixel", label="Pixel size", unit="deg", ucd="instr.pixel", min=0.005, max=1, group="Map"),
]
OnRadius = Annotated[
    float,
    Param(
        text="Radius of the ON region; in maps the radius over which counts are added up", label="ON radius",
        unit="deg", ucd="phys.angSize;stat.max", min=0.01, max=2, group="Target",
    ),
]  # fmt: skip
ExclusionRadius = Annotated[
    float,
    Param(
        text="Radius about the target that is kept out of the background (0: none)", unit="deg",
        ucd="phys.angSize", min=0, max=5, group="Background",
    ),
]  # fmt: skip
Exclusion = Annotated[
    tuple[str, ...],
    Param(
        text="Further circles kept out of the background: frame (icrs or galactic), longitude, latitude, radius in deg,"
        " such as “galactic 183.604 -8.708 0.5”",
        label="Further exclusions", group="Background", advanced=True, max_length=200,
    ),
]  # fmt: skip
SPECTRAL_MODELS = ("power_law", "log_parabola", "exp_cutoff_power_law")
SpectralModel = Annotated[
    str, Param(text="Spectral shape that is fitted", label="Model", options=SPECTRAL_MODELS, group="Spectrum")
]
ContainmentCorrection = Annotated[
    bool,
    Param(
        text="Correct the exposure for the part of a point source's events that falls outside the ON region",
        group="Spectrum", advanced=True,
    ),
]  # fmt: skip

FITS = "application/fits"
ECSV = "text/x-ecsv"
PNG = "image/png"
JSON = "application/json"
ZIP = "application/zip"

DEMO_RUNS = tuple(f"distiller-demo.run-{number}" for number in (900001, 900009, 900017, 900025))
DEMO_CRAB = {"observations": DEMO_RUNS, "ra": 83.6287, "dec": 22.0147}
"""values of "Create test job": the Crab Nebula in the demo archive"""

PREVIEW = Output(name="preview.png", text="Picture of the result", content_type=PNG, type="Preview")
PLOT = Output(name="plot.json", text="Interactive plot: data and layout of a Plotly figure", content_type=JSON)
