"""The catalogue of fields: one entry for each column of the product table, and for those of the proposals.

TAP_SCHEMA, the help of the search form, the ingest mapping and the reference in ``docs/`` are all made from it.
ObsCore 1.1: names, UCDs and utypes of the standard (with its errata); types as TAP 1.1 wants them.
"""

from search.archive.fields.field import Field
from search.archive.fields.obsconfig import OBSCONFIG
from search.archive.fields.obscore import KEY_FIELD, OBSCORE
from search.archive.fields.obscore_hea import OBSCORE_HEA
from search.archive.fields.proposal import PROPOSAL

__all__ = ["KEY_FIELD", "OBSCONFIG", "OBSCORE", "OBSCORE_HEA", "PROPOSAL", "Field"]
