"""Short words for records, so that a test says what it is about."""

from datetime import UTC, datetime

from provenance import capture
from provenance.records import (
    ActivityDescriptionRecord,
    ActivityRecord,
    AgentRecord,
    EntityRecord,
    GeneratedRecord,
    ParameterRecord,
    UsedRecord,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
ALICE = AgentRecord(id="user-1", name="Alice", email="alice@demo.example")
GAMMAPY = ActivityDescriptionRecord(name="counts_map", version="1.2", description="Counts in a map", type="Analysis")


def entity(id: str, **facts) -> EntityRecord:
    return EntityRecord(id=id, **{"name": id.upper(), "content_type": "application/fits", "type": "map", **facts})


def run(id: str, used=(), generated=(), **facts) -> ActivityRecord:
    base = {"name": id, "start": NOON, "end": EVENING, "description": GAMMAPY, "agents": ((ALICE, "Operator"),)}
    return ActivityRecord(
        id=id,
        used=tuple(UsedRecord(entity=e, role="observations") for e in used),
        generated=tuple(
            GeneratedRecord(entity=e if not isinstance(e, str) else entity(e), role="map") for e in generated
        ),
        **{**base, **facts},
    )


def setting(name: str, value: str, default: str | None = None) -> ParameterRecord:
    return ParameterRecord(name=name, value=value, default=default, datatype="double", unit="deg", ucd="pos")


def chain(policy_of={}.get, **facts) -> None:
    """raw → calibrate → cal → analyse → sky (and plot); calibrate also uses a calibration table."""
    for name in ("raw", "table"):
        capture.record_entity(entity(name, policy_id=policy_of(name)))
    capture.record(
        run(
            "calibrate", ["raw", "table"], [entity("cal", policy_id=policy_of("cal"))], policy_id=policy_of("calibrate")
        )
    )
    capture.record(
        run(
            "analyse",
            ["cal"],
            [entity("sky", policy_id=policy_of("sky")), entity("plot", policy_id=policy_of("plot"))],
            parameters=(setting("width", "2.0", "1.0"), setting("binsz", "0.02", "0.02")),
            policy_id=policy_of("analyse"),
            software=(("gammapy", "2.1"),),
            succeeded=True,
            **facts,
        )
    )
