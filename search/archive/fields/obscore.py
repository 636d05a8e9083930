"""``ivoa.obscore``."""

from search.archive.fields.field import Field
from search.archive.fields.obscore_mandatory import MANDATORY
from search.archive.fields.obscore_optional import OPTIONAL

OBSCORE: tuple[Field, ...] = (*MANDATORY, *OPTIONAL)

KEY_FIELD = next(field for field in OBSCORE if field.name == "obs_publisher_did")
