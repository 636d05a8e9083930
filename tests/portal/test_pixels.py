"""The pixel under the pointer, as the page's script finds it, is the one that astropy finds."""

import base64
import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

SCRIPT = Path(__file__).parents[2] / "static" / "portal" / "fits.js"
ASK = """
import { readFileSync } from "node:fs";
const code = "data:text/javascript;base64," + readFileSync(process.argv[1]).toString("base64");
const { extremes, opened, places } = await import(code);
const found = [];
for (const { bytes, at } of JSON.parse(readFileSync(0, "utf8"))) {
  const data = Uint8Array.from(Buffer.from(bytes, "base64")).buffer;
  const image = opened(data);
  const pixel = places(image);
  found.push({ pixels: pixel && at.map(([ra, dec]) => pixel(ra, dec)), ends: extremes(image), value: image.value(0) });
}
console.log(JSON.stringify(found));
"""


def asked(cases: list[dict[str, object]]) -> list[dict[str, object]]:
    command = [shutil.which("node") or "node", "--input-type=module", "-e", ASK, str(SCRIPT)]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: list[dict[str, object]] = json.loads(done.stdout)
    return answer


def case(header: fits.Header, at: SkyCoord, dtype: type = np.float32) -> dict[str, object]:
    stream = io.BytesIO()
    data = np.arange(12, dtype=dtype).reshape(3, 4) - 2
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(data, header)]).writeto(stream)
    return {"bytes": base64.b64encode(stream.getvalue()).decode(), "at": [[one.ra.deg, one.dec.deg] for one in at]}


def coordinates(code: str, frame: str, centre: tuple[float, float], turned: float) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [f"{axis:-<4}-{code}" for axis in (("GLON", "GLAT") if frame == "galactic" else ("RA", "DEC"))]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = centre, (20.5, 30.5), (-0.1, 0.1)
    wcs.wcs.pc = [[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]]
    return wcs


def test_the_pixel_of_a_place_is_that_of_astropy() -> None:
    random = np.random.default_rng(5)
    cases, wanted = [], []
    for code in ("TAN", "SIN", "ARC", "STG", "ZEA", "CAR", "SFL", "AIT"):
        for frame in ("icrs", "galactic"):
            for centre in ((83.6, 22.0), (0.02, 0.0), (359.9, -61.3), (184.5, 89.5)):
                wcs = coordinates(code, frame, centre, random.uniform(0, 6))
                angles = random.uniform(0, 360, 20) * u.deg, random.uniform(0, 4, 20) * u.deg
                at = SkyCoord(*centre, unit="deg", frame=frame).directional_offset_by(*angles).icrs
                cases.append(case(wcs.to_header(), at))
                wanted.append(np.transpose(wcs.world_to_pixel(at)) + 1)
    for found, pixels in zip(asked(cases), wanted, strict=True):
        np.testing.assert_allclose(np.array(found["pixels"]), pixels, atol=2e-3)
        assert (found["ends"], found["value"]) == ({"least": -2, "most": 9}, -2)


def test_what_is_not_known_gives_no_pixel() -> None:
    at = SkyCoord([83.6], [22.0], unit="deg")
    odd = coordinates("HPX", "icrs", (83.6, 22.0), 0).to_header()
    old = coordinates("TAN", "icrs", (83.6, 22.0), 0).to_header()
    old["RADESYS"] = "FK4"
    cases = [case(header, at, np.int16) for header in (odd, old, fits.Header())]
    assert [one["pixels"] for one in asked(cases)] == [None] * 3
