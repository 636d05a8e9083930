"""The optional features and functions that the service declares (ADQL 2.1, section 4; TAPRegExt 1.0, section 2.3)."""

from search.adql.functions import GEOMETRY_FEATURES, OTHER_FEATURES, UDFS


def groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """(feature type, [(form, description)]) in the order of the capability."""
    return [
        ("features-adqlgeo", [(form, "") for form in GEOMETRY_FEATURES]),
        *((kind, [(form, "") for form in forms]) for kind, forms in OTHER_FEATURES.items()),
        ("features-udf", [(udf.signature, udf.description) for udf in UDFS]),
    ]
