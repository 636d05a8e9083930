"""Makes ``voprov_example.json``: every class of the model once, as OPUS's library writes it.

It needs versions that cannot live beside those of the gateway, so it has an environment of its own:

    uv run --script tests/provenance/make_voprov_example.py > tests/provenance/voprov_example.json
"""
# /// script
# requires-python = ">=3.11"
# dependencies = ["voprov==0.0.4", "prov[rdf,xml]==2.5.3", "pyyaml", "requests"]  # voprov names none of the last two
# ///

import json
import sys
from datetime import datetime
from typing import Any

from voprov.models.model import VOProvDocument


def described(document: Any) -> dict[str, Any]:
    """The description classes, by name."""
    ad = document.activityDescription("arc:ad", "map", "1", "text", "http://d", "Analysis", "s")
    return {
        "ad": ad,
        "pd": document.parameterDescription("arc:pd", ad, "width", "float", "w", "deg", "pos", "u", "0", "1", "a,b", "0.5"),
        "cd": document.configFileDescription("arc:cd", ad, "cf", "text/plain", "desc"),
        "ud": document.usageDescription("arc:ud", ad, "in", "dd", "Main", "*"),
        "gd": document.generationDescription("arc:gd", ad, "out", "dd", "Main", "1"),
        "ed": document.datasetDescription("arc:ed", "map", "application/fits", "d", "http://u", "data"),
        "vd": document.valueDescription("arc:vd", "val", "double", unit="m", ucd="x"),
        "plain": document.entityDescription("arc:plain", "plain"),
    }  # fmt: skip


def main() -> None:
    document: Any = VOProvDocument()
    document.add_namespace("arc", "ivo://distiller.example/arc?")
    kinds = described(document)
    day = "2026-01-01T{}:00"
    start, end = (datetime.fromisoformat(day.format(hour)) for hour in ("00:00", "01:00"))
    job = document.activity("arc:job", "job", start, end, "c", activityDescription=kinds["ad"])
    made = document.datasetEntity(
        "arc:e", "E", "/x", datetime.fromisoformat(day.format("00:30")), comment="cc", datasetDescription=kinds["ed"]
    )
    value = document.valueEntity("arc:v", "5", "V", valueDescription=kinds["vd"])
    used = document.entity("arc:i", "I", entityDescription=kinds["plain"])
    document.membership(document.collection("arc:c"), used)
    agent = document.agent("arc:g", "G", "Person", email="a@b", affiliation="x")
    document.usage(job, used, kinds["ud"], "in", datetime.fromisoformat(day.format("00:10")))
    document.generation(made, job, kinds["gd"], "out")
    parameter = document.parameter("arc:p", "width", "0.3", kinds["pd"])
    document.configuration(job, parameter, "Parameter")
    file = document.configFile("arc:f", "cf", "/loc", "cm", kinds["cd"])
    document.configuration(job, file, "ConfigFile")
    document.reference(parameter, value)
    document.association(job, agent, "Operator")
    document.attribution(made, agent, "Creator")
    document.derivation(made, used)
    before = document.activity("arc:b", "before")
    document.communication(job, before)
    json.dump(json.loads(document.serialize(format="json")), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
