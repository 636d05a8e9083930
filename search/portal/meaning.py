"""What each field of the form means: the columns that it asks for, with the unit and words that TAP_SCHEMA gives."""

from dataclasses import dataclass

from gateway.vo.tables import Column, published
from search.portal.filters import HEA, OBSCONFIG, OBSCORE

PROPOSALS, HISTORY = "arc.proposal", "provenance.product_history"
FOOTPRINT = ((OBSCORE, "s_region"),)
POINTING = ((OBSCORE, "s_ra"), (OBSCORE, "s_dec"))
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "target": POINTING + FOOTPRINT,
    "radius": FOOTPRINT,
    "match": FOOTPRINT + POINTING,
    "region": FOOTPRINT,
    "dataproduct_type": ((OBSCORE, "dataproduct_type"),),
    "dataproduct_level": ((OBSCONFIG, "dataproduct_level"),),
    "calib_level": ((OBSCORE, "calib_level"),),
    "obs_collection": ((OBSCORE, "obs_collection"),),
    "obs_id": ((OBSCORE, "obs_id"),),
    "target_name": ((OBSCORE, "target_name"),),
    "target_class": ((OBSCORE, "target_class"),),
    "data_rights": ((OBSCORE, "data_rights"),),
    "proposal_id": ((OBSCORE, "proposal_id"),),
    "proposal_keywords": ((PROPOSALS, "keywords"), (PROPOSALS, "title")),
    "pi": ((OBSCONFIG, "pi_name"),),
    "sub_array_name": ((OBSCONFIG, "sub_array_name"),),
    "includes": ((OBSCONFIG, "n_lst"), (OBSCONFIG, "n_mst"), (OBSCONFIG, "n_sst")),
    "pointing_mode": ((OBSCONFIG, "pointing_mode"),),
    "obs_mode": ((OBSCONFIG, "obs_mode"),),
    "quality": ((OBSCONFIG, "quality"),),
    "zenith_min": ((OBSCONFIG, "zenith"),),
    "n_tels_min": ((OBSCONFIG, "n_tels"),),
    "exposure_min": ((OBSCORE, "t_exptime"),),
    "pipeline_name": ((OBSCONFIG, "pipeline_name"),),
    "pipeline_version": ((OBSCONFIG, "pipeline_version"),),
    "reconstruction_method": ((OBSCONFIG, "reconstruction_method"),),
    "cut_set": ((OBSCONFIG, "cut_set"),),
    "calib_version": ((OBSCONFIG, "calib_version"),),
    "creation_date": ((OBSCORE, "obs_creation_date"),),
    "history": (
        (HISTORY, "software"), (HISTORY, "steps"), (HISTORY, "activity_name"),
        (HISTORY, "pipeline_name"), (HISTORY, "pipeline_version"),
    ),
    "simulated": ((OBSCORE, "simulated"),),
    "access_format": ((OBSCORE, "access_format"),),
    "instrument_name": ((OBSCORE, "instrument_name"),),
    "energy_min": ((OBSCORE, "em_min"), (OBSCORE, "em_max"), (HEA, "energy_min"), (HEA, "energy_max")),
    "t_min": ((OBSCORE, "t_min"), (OBSCORE, "t_max")),
}  # fmt: skip
TERMS: dict[str, str] = {
    "target": "position",
    "radius": "cone search",
    "match": "cone search",
    "dataproduct_type": "product type",
    "dataproduct_level": "data level",
    "calib_level": "calibration level",
    "obs_id": "run",
    "target_class": "target class",
    "data_rights": "data rights",
    "proposal_id": "proposal",
    "proposal_keywords": "proposal",
    "sub_array_name": "sub-array",
    "includes": "sub-array",
    "pointing_mode": "pointing mode",
    "obs_mode": "wobble",
    "exposure_min": "livetime",
    "pipeline_name": "pipeline",
    "pipeline_version": "pipeline",
    "reconstruction_method": "reconstruction",
    "cut_set": "cuts",
    "energy_min": "energy",
    "t_min": "time",
}
"""words of the glossary"""


@dataclass(frozen=True)
class Meant:
    """A column behind a field. ``kind``: what stands in it where it has no unit: text, number or time."""

    table: str
    name: str
    unit: str
    words: str
    kind: str


def columns_of(parameter: str) -> list[tuple[str, Column]]:
    """The published columns that a parameter asks for, with their tables."""
    known = {(name, column.name): column for name, table in published.items() for column in table.columns}
    return [(table, known[table, name]) for table, name in COLUMNS.get(parameter, ())]


def of(parameter: str) -> list[Meant]:
    return [
        Meant(table, column.name, column.unit, _words(column), _kind(column)) for table, column in columns_of(parameter)
    ]


def _words(column: Column) -> str:
    """The plain words of the catalogue of fields, else the description of TAP_SCHEMA."""
    return str(getattr(column, "help", "") or column.description)


def _kind(column: Column) -> str:
    if column.xtype == "timestamp":
        return "time"
    return "text" if column.datatype in ("char", "unicodeChar") else "number"


def texts() -> list[str]:
    """Each text once, for the catalogues of translation."""
    return list(dict.fromkeys(one.words for parameter in COLUMNS for one in of(parameter)))
