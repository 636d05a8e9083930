"""What a job type is: one frozen dataclass of parameters and one ``Description`` around it.

The form, the checks, the UWS parameters and the provenance of a run all come from here (IVOA Provenance DM 1.0,
ActivityDescription with its ParameterDescriptions, UsageDescriptions and GenerationDescriptions). Pure Python: it is
imported by the web process, by the worker and by the runner's child alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

Queue = Literal["short", "long", "io"]
ActivityType = Literal[
    "Observation", "Simulation", "Reduction", "Calibration", "Reconstruction", "Selection", "Analysis"
]


@dataclass(frozen=True, kw_only=True)
class Param:
    """A ParameterDescription; stands in ``Annotated[float, Param(...)]`` on a field of the parameter class.

    The datatype follows from the annotated type: ``float`` double, ``int`` int, ``bool`` boolean, ``str`` char,
    ``tuple[X, ...]`` repeatable. A field without default is required. ``options`` limit it to a list of words.
    """

    text: str
    label: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    min: float | None = None
    max: float | None = None
    above: float | None = None
    """exclusive lower limit"""
    options: tuple[str, ...] = ()
    group: str = ""
    """heading under which the form shows it"""
    advanced: bool = False
    """hidden until asked for"""
    max_length: int = 1000
    from_input: str = ""
    """column of the first input's row that fills the form where the address gives no value"""


@dataclass(frozen=True, kw_only=True)
class Input:
    """A UsageDescription: products given by identifier (``Annotated[tuple[str, ...], Input(...)]``)."""

    text: str
    label: str = ""
    content_types: tuple[str, ...] = ()
    product_types: tuple[str, ...] = ()
    """ObsCore dataproduct_type words that are accepted; empty: any"""
    multiplicity: str = "1"
    """``1``, ``*``, ``0..1``, ``1..*``"""
    type: str = "Main"
    max_count: int = 500
    url: str = ""
    """template of the address from which an identifier is fetched where it is no product; ``$ID`` stands for it"""


@dataclass(frozen=True, kw_only=True)
class Output:
    """A GenerationDescription."""

    name: str
    text: str
    content_type: str
    multiplicity: str = "1"
    type: str = "Main"
    product: bool = False
    """becomes a product of the archive"""
    file: str = ""
    """the file that an external command writes, ``*`` for any letters; empty: the value of the parameter of the same
    name, or the name itself"""


@dataclass(frozen=True, kw_only=True)
class Description:
    """An ActivityDescription with what the queue must know."""

    name: str
    title: str
    version: str
    text: str
    parameters: type
    outputs: tuple[Output, ...] = ()
    type: ActivityType = "Analysis"
    subtype: str = ""
    docurl: str = ""
    contact_name: str = ""
    contact_email: str = ""
    queue: Queue = "short"
    duration: int = 300
    """default executionDuration, s"""
    max_duration: int = 3600
    memory: int = 2 * 2**30
    """RLIMIT_AS-like cap, bytes"""
    test_values: Mapping[str, Any] = field(default_factory=dict)
    """declared values of "Create test job" """


__all__ = ["ActivityType", "Annotated", "Description", "Input", "Output", "Param", "Queue"]
