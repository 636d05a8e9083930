"""The optional features and functions that the service declares (ADQL 2.1, section 4; TAPRegExt 1.0, section 2.3)."""

_GEOMETRY = (
    "AREA",
    "BOX",
    "CENTROID",
    "CIRCLE",
    "CONTAINS",
    "COORD1",
    "COORD2",
    "COORDSYS",
    "DISTANCE",
    "INTERSECTS",
    "POINT",
    "POLYGON",
    "REGION",
)
_OPTIONAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("features-adqlgeo", _GEOMETRY),
    (
        "features-adql-string",
        (
            "LOWER",
            "UPPER",
            "ILIKE",
        ),
    ),
    ("features-adql-common-table", ("WITH",)),
    (
        "features-adql-sets",
        (
            "UNION",
            "EXCEPT",
            "INTERSECT",
        ),
    ),
    ("features-adql-type", ("CAST",)),
    ("features-adql-conditional", ("COALESCE",)),
    ("features-adql-unit", ("IN_UNIT",)),
    ("features-adql-offset", ("OFFSET",)),
)


def groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """(feature type, [(form, description)]) in the order of the capability."""
    return [(kind, [(form, "") for form in forms]) for kind, forms in _OPTIONAL]
