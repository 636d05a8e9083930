"""Significance map with ring background (gammapy)."""

from collections.abc import Mapping, Sequence

from jobs.activity import Out, StagedInput
from jobs.analysis.common import maps, observations, ring, spectra
from jobs.analysis.common.work import Work
from jobs.analysis.ring_significance_map.description import RingSignificanceMap

METHOD = "ring background"


def run(params: RingSignificanceMap, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    field = maps.field(params)
    read = observations.read_all(inputs["observations"], out, ("aeff", "bkg"), until=0.1)
    spectra.refuse_point_like(read, "a significance map")
    runs = maps.in_view(read, params, out)
    with out.step("reduce", used=work.keys, made="reduced datasets", runs=len(runs)):
        stacked = ring.stack(runs, field, out, span=(0.1, 0.7))
    out.progress(0.7, "Significance")
    found = maps.images(maps.estimate(stacked, params.on_radius))
    summary = maps.numbers(found, field.mask, params)
    out.progress(0.85, "Writing")
    maps.write(work, found, field.mask, METHOD)
    maps.draw(work, found, field.mask, METHOD)
    work.summary({**summary, "runs": maps.runs_used(runs)})
