"""The descriptions are the contract: names, defaults, units; and their test values give a job that can run."""

import dataclasses

import pytest

from jobs.parameters import check, complete, parameters_of, text_of
from jobs.registry import analysis_types

TYPES = {job_type.name: job_type for job_type in analysis_types()}
NAMES = {
    "counts_map", "theta_squared", "ring_significance_map", "fov_significance_map", "spectrum", "light_curve",
    "event_cutout", "source_catalog", "fit_3d", "package",
}  # fmt: skip
COMMON = {"observations", "ra", "dec", "energy_min", "energy_max"}
BACKGROUND = {"exclusion_radius", "exclusion"}
PARAMETERS = {
    "counts_map": {"width", "binsz", "energy_bins"},
    "theta_squared": {"on_radius"},
    "ring_significance_map": {"width", "binsz", "energy_bins_per_decade", "on_radius"} | BACKGROUND,
    "fov_significance_map": {"width", "binsz", "energy_bins_per_decade", "on_radius"} | BACKGROUND,
    "spectrum": {"on_radius", "energy_bins_per_decade", "model", "containment_correction"} | BACKGROUND,
    "light_curve": {"on_radius", "energy_bins_per_decade", "model", "containment_correction", "time_bins", "time_step"}
    | BACKGROUND,
    "event_cutout": {"radius", "t_min", "t_max"},
    "source_catalog": {"width", "binsz", "on_radius", "threshold"} | BACKGROUND,
    "fit_3d": {"width", "binsz", "energy_bins_per_decade", "model"} | BACKGROUND,
}


def test_all_analyses_are_there():
    assert TYPES.keys() >= NAMES


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_the_parameters_have_the_names_of_the_contract(name):
    fields = {field.name for field in dataclasses.fields(TYPES[name].description.parameters)}
    assert COMMON | PARAMETERS[name] <= fields


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_physical_parameter_has_its_unit_and_ucd(name):
    for parameter in parameters_of(TYPES[name].description):
        if not parameter.is_input and parameter.datatype == "double":
            assert parameter.meta.ucd, parameter.name
            assert parameter.meta.unit or parameter.name == "threshold"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_declared_test_values_pass_the_checks(name):
    description = TYPES[name].description
    values = {
        key: [text_of(item) for item in (value if isinstance(value, tuple) else (value,))]
        for key, value in description.test_values.items()
    }
    params = complete(description, check(description, values))
    assert len(params.observations) == 4


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_the_web_process_needs_no_gammapy_for_a_description(name):
    import subprocess
    import sys

    code = (
        f"import sys, jobs.analysis.{name}.description; sys.exit('gammapy' in sys.modules or 'astropy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
