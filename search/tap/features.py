"""The optional features and functions that the service declares (ADQL 2.1, section 4; TAPRegExt 1.0, section 2.3)."""

from search.adql.functions import GEOMETRY_FEATURES, OTHER_FEATURES, UDFS

# STILTS 3.4.7 calls this type an error and flags COALESCE in its editor; declared as a function both are content.
_CONDITIONAL = "features-adql-conditional"
_COALESCE = ("COALESCE(value ANY, otherwise ANY) -> ANY", "The first of its arguments (two or more) that is not NULL.")


def groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """(feature type, [(form, description)]) in the order of the capability."""
    others = [(kind, [(form, "") for form in forms]) for kind, forms in OTHER_FEATURES.items() if kind != _CONDITIONAL]
    functions = [(udf.signature, udf.description) for udf in UDFS]
    return [
        ("features-adqlgeo", [(form, "") for form in GEOMETRY_FEATURES]),
        *others,
        ("features-udf", [*functions, _COALESCE]),
    ]
