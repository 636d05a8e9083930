"""The history that a simulated run would have: from a simulated sky through data taking to the event list."""

from collections.abc import Mapping
from typing import Any

from gateway.vo.identifiers import slug
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
from search.archive.demo.simulate import COLLECTION
from search.archive.history import dataset, members, moment, organisation, person
from search.archive.models import Product

SIMULATOR = ("Distiller demo simulation", "1.0")
SIMULATED = "simulated: the chain is the one that such a run would have"
TRUTH_UNITS = {"amplitude": "cm-2 s-1 TeV-1", "cutoff": "TeV"}
LEVELS = {"dl0": "DL0", "dl1": "DL1", "dl2": "DL2"}
KINDS = {"dl0": "raw data", "dl1": "images", "dl2": "reconstructed events"}


def write(product: Product, record: Mapping[str, Any], seed: int) -> None:
    """Records the chain DL0 to DL3 of ``runs.json`` for an ingested product. Idempotent."""
    for member in members(product):
        capture.record_entity(member)
    story = record["history"]
    names = _Names(product, record)
    sky = EntityRecord(
        id=f"{product.key}.sky",
        name=f"simulated sky of run {product.obs_id}",
        type="simulated sky",
        comment="the spectrum that was put in",
        policy_id=product.policy_id,
    )
    capture.record(_simulation(product, record, seed, sky))
    for number, step in enumerate(story["activities"]):
        capture.record(_step(product, step, names, sky if number == 0 else None, story))


class _Names:
    """Entities of the files of a run, by file name."""

    def __init__(self, product: Product, record: Mapping[str, Any]) -> None:
        self.product = product
        self.own_file = record["file"].rpartition("/")[2]
        self.calibration = record["history"]["calibration_file"]

    def entity(self, name: str) -> EntityRecord:
        if name == self.own_file:
            return dataset(self.product)
        if name == self.calibration:
            return EntityRecord(id=f"{COLLECTION}.{slug(name)}", name=name, type="calibration", comment=SIMULATED)
        stage = next((word for word in LEVELS if f".{word}." in name), "")
        return EntityRecord(
            id=f"{self.product.key}.{slug(name)}",
            name=name,
            type=KINDS.get(stage, ""),
            level=LEVELS.get(stage, ""),
            comment="not in this archive",
            policy_id=self.product.policy_id,
        )


def _simulation(product: Product, record: Mapping[str, Any], seed: int, sky: EntityRecord) -> ActivityRecord:
    truth = [
        ParameterRecord(name=name, value=repr(value), datatype="double", unit=TRUTH_UNITS.get(name, ""))
        for name, value in record["truth"].items()
    ]
    return ActivityRecord(
        id=f"{product.key}.simulation",
        name=f"simulation of run {product.obs_id}",
        description=ActivityDescriptionRecord(
            name="simulation",
            version=SIMULATOR[1],
            type="Simulation",
            description="Events drawn from a known spectrum and known instrument responses.",
        ),
        comment="this step was truly carried out, by this gateway",
        parameters=(
            ParameterRecord(name="seed", value=str(seed), datatype="int"),
            ParameterRecord(name="target", value=record["target_name"]),
            *truth,
        ),
        generated=(GeneratedRecord(entity=sky, role="sky"),),
        agents=((AgentRecord(id="software-distiller", name="Distiller", type="SoftwareAgent"), "simulator"),),
        software=(SIMULATOR,),
        succeeded=True,
        policy_id=product.policy_id,
    )


def _step(
    product: Product, step: Mapping[str, Any], names: _Names, sky: EntityRecord | None, story: Mapping[str, Any]
) -> ActivityRecord:
    used = [UsedRecord(entity=names.entity(name), role=_role(name, names)) for name in step["used"]]
    if sky is not None:
        used.append(UsedRecord(entity=sky, role="sky"))
    software = step["software"]
    return ActivityRecord(
        id=f"{product.key}.{slug(step['name'])}",
        name=f"{step['name']} of run {product.obs_id}",
        description=ActivityDescriptionRecord(
            name=slug(step["name"]), version=software["version"], type=step["type"], description=SIMULATED
        ),
        start=moment(step["start"]),
        end=moment(step["stop"]),
        comment=SIMULATED,
        parameters=tuple(_parameter(name, value) for name, value in step["parameters"].items()),
        used=tuple(used),
        generated=tuple(GeneratedRecord(entity=names.entity(name), role="output") for name in step["generated"]),
        agents=_agents(product, step, story),
        software=((software["name"], software["version"]),),
        succeeded=True,
        policy_id=product.policy_id,
    )


def _role(name: str, names: _Names) -> str:
    return "calibration" if name == names.calibration else "input"


def _parameter(name: str, value: Any) -> ParameterRecord:
    datatype = {bool: "boolean", int: "int", float: "double"}.get(type(value), "char")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return ParameterRecord(name=name, value=text, datatype=datatype)


def _agents(product: Product, step: Mapping[str, Any], story: Mapping[str, Any]) -> tuple[tuple[AgentRecord, str], ...]:
    centre = (organisation(story["organisation"]), "organisation")
    if step["type"] != "Observation":
        return (centre,)
    operator = (organisation(story["operator"]), "operator")
    people = [(person(story["observer"]), "observer"), (person(product.pi_name or ""), "PI")]
    return (centre, operator, *(entry for entry in people if entry[0].name))
