"""Flux points, light curves and θ² on the product page: numbers, units, errors and limits as the file has them."""

import io

import numpy as np
import pytest
from astropy.io import fits
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search.portal import curves

SED = {
    "e_ref": ([1.0, 10.0], "TeV"), "e_min": ([0.5, 5.0], "TeV"), "e_max": ([2.0, 20.0], "TeV"),
    "dnde": ([3e-11, 1e-14], "TeV-1 s-1 cm-2"), "dnde_errn": ([2e-12, 1e-14], "TeV-1 s-1 cm-2"),
    "dnde_errp": ([4e-12, 1e-14], "TeV-1 s-1 cm-2"), "dnde_ul": ([4e-11, 5e-14], "TeV-1 s-1 cm-2"),
    "sqrt_ts": ([15.0, 0.5], ""),
}  # fmt: skip


def hdus_of(columns: dict[str, tuple[list[float], str]], **header: object) -> fits.HDUList:
    made = [fits.Column(name, "D", unit or None, array=np.array(values)) for name, (values, unit) in columns.items()]
    table = fits.BinTableHDU.from_columns(made)
    table.header.update(header)
    return fits.HDUList([fits.PrimaryHDU(), table])


def test_flux_points_are_converted_with_asymmetric_errors_and_limits() -> None:
    found = curves.read(hdus_of(SED, LIVETIME=3600.0, STAT=20.6, DOF=21, STATTYPE="W", CONTACT="Alice"))
    assert found is not None
    points, limits = found.figure["data"]
    # 3e-11 TeV-1 cm-2 s-1 at 1 TeV is 3e-11 TeV = 4.8065e-11 erg
    assert points["y"] == pytest.approx([4.80653e-11], rel=1e-5)
    assert points["error_x"]["arrayminus"] == pytest.approx([0.5])
    assert points["error_x"]["array"] == pytest.approx([1.0])
    assert points["error_y"]["array"][0] == pytest.approx(2 * points["error_y"]["arrayminus"][0])
    assert limits["y"] == pytest.approx([5e-14 * 100 * 1.602177], rel=1e-5)
    assert "error_y" not in limits
    assert found.rows[0][2] == "(4.81 +0.64 −0.32) × 10⁻¹¹"
    assert found.rows[1][2] == "< 8.01 × 10⁻¹²"
    facts = dict(found.facts)
    assert facts["W / degrees of freedom"] == "20.6 / 21"
    assert facts["Contact"] == "Alice"


def test_units_of_other_observatories_give_the_same_point() -> None:
    other = SED | {"dnde": ([3e-7, 1e-10], "TeV-1 s-1 m-2")}
    other["e_ref"] = ([1e3, 1e4], "GeV")
    found = curves.read(hdus_of(other))
    assert found is not None
    assert found.figure["data"][0]["y"] == pytest.approx([4.80653e-11], rel=1e-5)
    assert found.figure["data"][0]["x"] == pytest.approx([1.0])


def test_times_of_a_light_curve_are_shown_in_utc() -> None:
    columns = {"time_min": ([60000.0], ""), "time_max": ([60000.02], ""), "flux": ([2e-10], "cm-2 s-1"),
               "flux_err": ([1e-11], "cm-2 s-1"), "flux_ul": ([3e-10], "cm-2 s-1"), "sqrt_ts": ([9.0], "")}  # fmt: skip
    found = curves.read(hdus_of(columns, MJDREFI=0, MJDREFF=0.0, TIMESYS="tt", TIMEUNIT="d"))
    assert found is not None
    assert found.rows[0][0] == "2023-02-24 23:58:50", "TT is 69.2 s ahead of UTC"
    assert found.rows[0][2] == "(2.00 ± 0.10) × 10⁻¹⁰"


@pytest.mark.parametrize("columns", [{"a": ([1.0], "")}, {"e_ref": ([1.0], "TeV")}])
def test_other_tables_have_no_curve(columns: dict[str, tuple[list[float], str]]) -> None:
    assert curves.read(hdus_of(columns)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["unit", "bytes", "nan"])
def test_an_odd_file_leaves_the_page_whole(client_of, archive, broken: str) -> None:
    columns = dict(SED)
    if broken == "unit":
        columns["dnde"] = ([3e-11, 1e-14], "furlong")
    if broken == "nan":
        columns = {name: ([float("nan")] * 2, unit) for name, (_values, unit) in SED.items()}
    stream = io.BytesIO()
    hdus_of(columns).writeto(stream)
    content = b"no FITS at all" if broken == "bytes" else stream.getvalue()
    row = archive.crab[0]
    row.dataproduct_type, row.file_name = "sed", "points.fits"
    row.storage_key = default_storage.save("test/points.fits", ContentFile(content))
    row.save()
    answer = client_of("anonymous").get("/products/test.run-1/")
    assert answer.status_code == 200
    assert ("curve-figure" in answer.content.decode()) == (broken == "nan")
    assert "NaN" not in answer.content.decode().split('id="curve-figure"')[-1].split("</script>")[0]


@pytest.mark.django_db
def test_who_may_not_open_the_file_sees_no_curve(client_of, archive) -> None:
    stream = io.BytesIO()
    hdus_of(SED, CONTACT="Alice").writeto(stream)
    row = archive.pks[1]
    row.dataproduct_type, row.file_name = "sed", "points.fits"
    row.storage_key = default_storage.save("test/points.fits", ContentFile(stream.getvalue()))
    row.save()
    for name, open_to in (("anonymous", False), ("charlie", False), ("bob", True), ("alice", True), ("dana", True)):
        page = client_of(name).get("/products/test.run-6/").content.decode()
        assert ("curve-figure" in page) == open_to, name


def test_what_a_table_leaves_out_is_left_out() -> None:
    """A point without error stands alone, a limit stands for a flux that is not given, a bin without times goes."""
    nan = float("nan")
    columns = {"e_ref": ([1.0, 2.0, 4.0], "TeV"), "dnde": ([3e-11, nan, nan], "TeV-1 s-1 cm-2"),
               "dnde_ul": ([nan, 1e-12, nan], "TeV-1 s-1 cm-2")}  # fmt: skip
    found = curves.read(hdus_of(columns))
    assert [row[2] for row in found.rows] == ["4.81 × 10⁻¹¹", "< 6.41 × 10⁻¹²", "–"]
    light = {"time_min": ([55000.0, 55001.0, nan], "d"), "time_max": ([55000.5, 55001.5, 55002.5], "d"),
             "flux": ([1e-11, nan, 1e-11], "cm-2 s-1"), "flux_ul": ([nan, 2e-11, nan], "cm-2 s-1")}  # fmt: skip
    found = curves.read(hdus_of(light))
    assert [row[2] for row in found.rows] == ["1.00 × 10⁻¹¹", "< 2.00 × 10⁻¹¹"]
    with pytest.raises(ValueError, match="no row"):
        curves.read(hdus_of({**light, "time_min": ([nan] * 3, "d")}))


def test_the_rights_of_the_inputs_are_not_taken_for_those_of_the_result() -> None:
    hdus = hdus_of(SED, RIGHTS="public")
    assert dict(curves.read(hdus).facts)["Rights"] == "public"
    hdus[1].header.comments["RIGHTS"] = "strictest of the inputs"
    assert dict(curves.read(hdus).facts)["Rights of the inputs"] == "public"
