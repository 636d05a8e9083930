"""A tiny all-sky HiPS for the sky views of a site without network: a schematic Milky Way and a field of made-up stars.

It is a background to find one's way on, drawn from a formula, and says so in its properties. Layout of IVOA HiPS 1.0:
tiles ``Norder{K}/Dir{D}/Npix{N}.png`` in nested HEALPix, 64 pixels wide, orders 0 to 3.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units
from astropy.io import fits
from astropy_healpix import HEALPix
from django.conf import settings
from numpy.typing import NDArray
from PIL import Image

ORDER = 3
SHIFT = 6
WIDTH = 2**SHIFT
STARS = 9000
SEED = 20261121
PROPERTIES = """creator_did          = ivo://{authority}/hips?background
obs_title            = Drawn sky background
obs_description      = A schematic Milky Way and made-up stars, drawn from a formula at set-up; no observation
hips_version         = 1.4
hips_frame           = equatorial
hips_order           = {order}
hips_order_min       = 0
hips_tile_width      = {width}
hips_tile_format     = png
dataproduct_type     = image
hips_status          = private master unclonable
"""

ALLSKY_COLUMNS = 27
THUMB = 64
"""pixels of a tile in the picture of all tiles"""
Floats = NDArray[np.float64]
Stars = dict[int, list[tuple[int, float]]]


def folder() -> Path:
    return Path(settings.DATA_DIR) / "hips"


def within_tile() -> NDArray[np.int64]:
    """The nested offset of each pixel of a tile as a picture shows it, row 0 on top (HiPS 1.0, section 4.1)."""
    index = np.zeros((1, 1), dtype=np.int64)
    corner = np.array([[0, 2], [1, 3]])
    for _ in range(SHIFT):
        rows, columns = index.shape
        index = 4 * index.repeat(2, axis=0).repeat(2, axis=1) + np.tile(corner, (rows, columns))
    return index


def galactic(ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
    """ICRS to galactic, degrees; constants of ``overview.galactic``, for arrays."""
    a, d, pole = np.radians(ra - 192.85948), np.radians(dec), np.radians(27.12825)
    latitude = np.arcsin(np.clip(np.sin(d) * np.sin(pole) + np.cos(d) * np.cos(pole) * np.cos(a), -1, 1))
    y = np.cos(d) * np.sin(a)
    x = np.sin(d) * np.cos(pole) - np.cos(d) * np.sin(pole) * np.cos(a)
    return (122.93192 - np.degrees(np.arctan2(y, x))) % 360, np.degrees(latitude)


def glow(longitude: Floats, latitude: Floats) -> Floats:
    """Brightness of the schematic Milky Way, 0 to 1, by galactic coordinates in degrees."""
    away = np.abs((longitude + 180) % 360 - 180)
    bulge = np.exp(-((away / 45) ** 2))
    disk = np.exp(-0.5 * (latitude / (6 + 5 * bulge)) ** 2)
    result: Floats = disk * (0.22 + 0.6 * bulge)
    return result


def stars(healpix: HEALPix) -> Stars:
    """By tile: (nested pixel, brightness); seeded, so that each site has the same sky."""
    random = np.random.default_rng(SEED)
    ra = random.uniform(0, 360, STARS)
    dec = np.degrees(np.arcsin(random.uniform(-1, 1, STARS)))
    pixels = healpix.lonlat_to_healpix(ra * units.deg, dec * units.deg)
    bright = np.clip(0.25 + 0.25 * random.pareto(2.5, STARS), 0, 1)
    by_tile: Stars = {}
    for pixel, value in zip(pixels.tolist(), bright.tolist(), strict=True):
        by_tile.setdefault(pixel // WIDTH**2, []).append((pixel, value))
    return by_tile


def colours(level: Floats, star: Floats) -> NDArray[np.uint8]:
    """Night blue to pale blue; stars white."""
    night, milk = np.array([16.0, 23.0, 31.0]), np.array([108.0, 132.0, 190.0])
    colour = night + level[..., None] * (milk - night)
    colour = colour + star[..., None] * (np.array([245.0, 247.0, 255.0]) - colour)
    result: NDArray[np.uint8] = np.clip(colour, 0, 255).astype(np.uint8)
    return result


def write() -> int:
    """Draws all tiles unless they are there; returns how many were drawn."""
    base = folder()
    marker = base / "properties"
    if marker.exists():
        return 0
    pattern = within_tile()
    count = 0
    for order in range(ORDER + 1):
        healpix = HEALPix(nside=2 ** (order + SHIFT), order="nested")
        bright = stars(healpix)
        for tile in range(12 * 4**order):
            path = base / f"Norder{order}" / "Dir0" / f"Npix{tile}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_png(_tile(tile, pattern, healpix, bright.get(tile, []))))
            count += 1
    _allsky(base)
    (base / "Moc.fits").write_bytes(moc())
    marker.write_text(PROPERTIES.format(authority=settings.AUTHORITY, order=ORDER, width=WIDTH))
    return count


def _allsky(base: Path) -> None:
    """All tiles of order 3 in one picture, 27 to a row (HiPS 1.0, section 4.3.2): what viewers fetch first."""
    number = 12 * 4**3
    picture = Image.new("RGB", (ALLSKY_COLUMNS * THUMB, -(-number // ALLSKY_COLUMNS) * THUMB))
    for tile in range(number):
        row, column = divmod(tile, ALLSKY_COLUMNS)
        with Image.open(base / "Norder3" / "Dir0" / f"Npix{tile}.png") as one:
            picture.paste(one.convert("RGB").resize((THUMB, THUMB)), (column * THUMB, row * THUMB))
    picture.quantize(128).save(base / "Norder3" / "Allsky.png", "PNG")


def moc() -> bytes:
    """The coverage map of the whole sky as FITS (MOC 1.1, NUNIQ): the twelve cells of order 0."""
    column = fits.Column(name="UNIQ", format="1J", array=np.arange(4, 16, dtype=np.int32))
    table = fits.BinTableHDU.from_columns([column])
    for key, value in (("PIXTYPE", "HEALPIX"), ("ORDERING", "NUNIQ"), ("COORDSYS", "C"), ("MOCORDER", 0)):
        table.header[key] = value
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(buffer)
    return buffer.getvalue()


def _tile(
    tile: int, pattern: NDArray[np.int64], healpix: HEALPix, bright: list[tuple[int, float]]
) -> NDArray[np.uint8]:
    first = tile * WIDTH * WIDTH
    longitude, latitude = healpix.healpix_to_lonlat(first + pattern)
    star = np.zeros(WIDTH * WIDTH)
    for pixel, value in bright:
        star[pixel - first] = value
    return colours(glow(*galactic(longitude.deg, latitude.deg)), star[pattern])


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    picture: Any = Image.fromarray(pixels)
    picture.quantize(64).save(buffer, "PNG", optimize=False)
    return buffer.getvalue()
