"""What one entry of the catalogue of fields is."""

from dataclasses import dataclass

from gateway.vo.tables import Column


@dataclass(frozen=True, kw_only=True)
class Field(Column):
    """A column, and where else its value lives."""

    keyword: str = ""
    """GADF or FITS keyword it is read from"""
    prov: str = ""
    """Provenance DM attribute, ``Entity.name``"""
    help: str = ""
    """plain words for the form; empty: the description serves"""
