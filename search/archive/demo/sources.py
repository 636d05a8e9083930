"""What the demo archive observes: eight well-known TeV sources with spectra like the published ones.

Positions, shapes and spectra are rounded values as a textbook would give them; nothing here is a measurement.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Source:
    """dN/dE = amplitude (E/TeV)^(-index - beta ln(E/TeV)) exp(-E/cutoff), cm-2 s-1 TeV-1; angles in degrees."""

    name: str
    object: str
    """OBJECT as an observer may have typed it"""
    target_class: str
    ra: float
    dec: float
    site: Literal["north", "south"]
    amplitude: float
    index: float
    beta: float = 0.0
    cutoff: float = 1e6
    """TeV"""
    shape: Literal["point", "disk", "gaussian"] = "point"
    extension: float = 0.0
    offset: float = 0.5
    """wobble offset"""
    flux_factors: tuple[float, ...] = (1.0,)
    """multiply the flux, run by run, in turn"""
    proposal: str = ""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Observing time: whose, and until when closed. ``username`` is the demo account of the PI, if there is one."""

    id: str
    title: str
    keywords: str
    abstract: str
    pi_name: str
    username: str = ""
    collaborators: tuple[str, ...] = ()
    """user names"""
    rights: Literal["public", "proprietary"] = "public"
    release_date: str = "2025-01-01"
    metadata: Literal["public", "hidden"] = "public"


SOURCES: tuple[Source, ...] = (
    Source(
        name="Crab Nebula", object="Crab", target_class="PWN", ra=83.6287, dec=22.0147, site="north",
        amplitude=3.85e-11, index=2.51, beta=0.10, proposal="DEMO-23-001",
    ),
    Source(
        name="Mrk 421", object="Mrk 421", target_class="HBL", ra=166.1138, dec=38.2088, site="north",
        amplitude=3.0e-11, index=2.2, cutoff=5.0, flux_factors=(0.8, 1.1, 3.0, 2.2, 1.3), proposal="DEMO-23-014",
    ),
    Source(
        name="Mrk 501", object="MKN501", target_class="HBL", ra=253.4676, dec=39.7602, site="north",
        amplitude=1.2e-11, index=2.3, cutoff=10.0, offset=0.7, proposal="DEMO-23-002",
    ),
    Source(
        name="M 87", object="M87", target_class="FRI", ra=187.7059, dec=12.3911, site="north",
        amplitude=1.5e-13, index=2.3, proposal="DEMO-23-002",
    ),
    Source(
        name="PKS 2155-304", object="PKS2155-304", target_class="HBL", ra=329.7169, dec=-30.2256, site="south",
        amplitude=4.0e-12, index=3.3, flux_factors=(1.0, 1.2, 0.9, 15.0, 1.1), proposal="DEMO-24-007",
    ),
    Source(
        name="RX J1713.7-3946", object="RXJ1713", target_class="SNR", ra=258.3875, dec=-39.7625, site="south",
        amplitude=2.1e-11, index=2.0, cutoff=12.0, shape="disk", extension=0.5, offset=0.7, proposal="DEMO-24-003",
    ),
    Source(
        name="MSH 15-52", object="MSH 15-5-02", target_class="PWN", ra=228.529, dec=-59.157, site="south",
        amplitude=6.0e-12, index=2.3, shape="gaussian", extension=0.09, proposal="DEMO-24-003",
    ),
    Source(
        name="Galactic Centre", object="Sgr A*", target_class="Galactic Centre", ra=266.4168, dec=-29.0078,
        site="south", amplitude=2.5e-12, index=2.1, cutoff=15.0, offset=0.7, proposal="DEMO-24-011",
    ),
)  # fmt: skip

PROPOSALS: tuple[Proposal, ...] = (
    Proposal(
        id="DEMO-23-001", title="The Crab Nebula as a calibration source", keywords="calibration, pulsar wind nebula",
        abstract="Regular observations of the Crab Nebula at several zenith angles and with several sub-arrays.",
        pi_name="Ines Okafor",
    ),
    Proposal(
        id="DEMO-23-002", title="A monitoring of nearby active galaxies",
        keywords="active galactic nuclei, blazars, monitoring",
        abstract="Mrk 501 and M 87 through one season, to know their quiet state.", pi_name="Ines Okafor",
    ),
    Proposal(
        id="DEMO-23-014", title="Fast variability of Mrk 421", keywords="blazars, variability, target of opportunity",
        abstract="Dense coverage of Mrk 421 after an alert, to measure its shortest times of doubling.",
        pi_name="Alice Moreau", username="alice", collaborators=("bob",), rights="proprietary",
        release_date="2031-01-01",
    ),
    Proposal(
        id="DEMO-24-003", title="Extended sources of the southern Galactic plane",
        keywords="supernova remnants, pulsar wind nebulae, morphology",
        abstract="Shell and nebula morphology of two bright extended sources.", pi_name="Tomas Reyes",
    ),
    Proposal(
        id="DEMO-24-007", title="Flares of PKS 2155-304", keywords="blazars, flares, target of opportunity",
        abstract="Nightly snapshots of PKS 2155-304, and dense coverage when it flares.",
        pi_name="Alice Moreau", username="alice", collaborators=("bob",), rights="proprietary",
        release_date="2031-07-01",
    ),
    Proposal(
        id="DEMO-24-011", title="A deep look at the Galactic Centre", keywords="Galactic Centre, dark matter",
        abstract="A deep exposure of the inner Galaxy; even its schedule is kept confidential until release.",
        pi_name="Henrik Dahl", rights="proprietary", release_date="2031-12-31", metadata="hidden",
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Site:
    """Degrees and metres; a mountain like those where such arrays stand."""

    telescope: str
    instrument: str
    lon: float
    lat: float
    height: float


SITES: Mapping[str, Site] = {
    "north": Site(telescope="CTAO", instrument="CTAO-North", lon=-17.8920, lat=28.7622, height=2147.0),
    "south": Site(telescope="CTAO", instrument="CTAO-South", lon=-70.3168, lat=-24.6834, height=2100.0),
}


@dataclass(frozen=True, kw_only=True)
class SubArray:
    """Telescopes of a run and what they see: threshold in TeV, area as a factor of the reference, both at zenith."""

    name: str
    lst: int = 0
    mst: int = 0
    sst: int = 0
    threshold: float
    area: float
    first_id: int = 1
    types: Mapping[str, int] = field(default_factory=dict)

    @property
    def telescopes(self) -> tuple[int, ...]:
        return tuple(range(self.first_id, self.first_id + self.lst + self.mst + self.sst))


SUB_ARRAYS: Mapping[str, tuple[SubArray, ...]] = {
    "north": (
        SubArray(name="North-LST-MST", lst=4, mst=9, threshold=0.10, area=1.0),
        SubArray(name="North-LST", lst=4, threshold=0.06, area=0.6),
        SubArray(name="North-MST", mst=9, threshold=0.22, area=0.9, first_id=5),
    ),
    "south": (
        SubArray(name="South-MST-SST", mst=14, sst=37, threshold=0.25, area=1.4, first_id=5),
        SubArray(name="South-SST", sst=37, threshold=0.7, area=1.2, first_id=19),
        SubArray(name="South-MST", mst=14, threshold=0.2, area=1.0, first_id=5),
        SubArray(name="South-LST-MST-SST", lst=2, mst=14, sst=37, threshold=0.15, area=1.5, first_id=3),
    ),
}
