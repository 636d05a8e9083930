// The first image of a FITS file (FITS 4.0): its ends, and the pixel at a place of the sky (Greisen & Calabretta 2002,
// A&A 395, 1061; Calabretta & Greisen 2002, A&A 395, 1077).
const deg = 180 / Math.PI;
const KINDS = { 8: "Uint8", 16: "Int16", 32: "Int32", "-32": "Float32", "-64": "Float64" };
// ICRS to galactic coordinates (The Hipparcos and Tycho catalogues, ESA SP-1200, vol. 1, section 1.5.3).
const GALACTIC = [
  [-0.0548755604, -0.8734370902, -0.4838350155],
  [0.4941094279, -0.4448296300, 0.7469822445],
  [-0.8676661490, -0.1980763734, 0.4559837762],
];
/** Native longitude and latitude (radians) to the plane (degrees), for the projections that maps come in. */
const ZENITHAL = {
  TAN: (t) => (t > 0 ? 1 / Math.tan(t) : NaN),
  SIN: (t) => (t >= 0 ? Math.cos(t) : NaN),
  ARC: (t) => Math.PI / 2 - t,
  STG: (t) => 2 * Math.tan((Math.PI / 2 - t) / 2),
  ZEA: (t) => Math.sqrt(2 * (1 - Math.sin(t))),
};
const WHOLE = {
  CAR: (p, t) => [p, t],
  SFL: (p, t) => [p * Math.cos(t), t],
  AIT: (p, t) => {
    const g = Math.sqrt(2 / (1 + Math.cos(t) * Math.cos(p / 2)));
    return [2 * g * Math.cos(t) * Math.sin(p / 2), g * Math.sin(t)];
  },
};

/** The image with its `cards`; throws where there is no whole one. */
export function opened(data) {
  const text = new TextDecoder("ascii");
  for (let at = 0; at < data.byteLength;) {
    const cards = {};
    let ended = false;
    for (; !ended && at < data.byteLength; at += 2880) {
      const block = text.decode(new Uint8Array(data, at, Math.min(2880, data.byteLength - at)));
      for (let card = 0; card < block.length && !ended; card += 80) {
        const name = block.slice(card, card + 8).trim();
        ended = name === "END";
        if (block[card + 8] === "=") cards[name] = block.slice(card + 10, card + 80).split("/")[0].replaceAll("'", "").trim();
      }
    }
    const axes = Array.from({ length: Number(cards.NAXIS) || 0 }, (_, n) => Number(cards[`NAXIS${n + 1}`]));
    const size = axes.length ? axes.reduce((a, b) => a * b, 1) : 0;
    const bytes = Math.abs(Number(cards.BITPIX)) / 8;
    const image = !cards.XTENSION || cards.XTENSION === "IMAGE";
    if (image && size && KINDS[cards.BITPIX] && at + size * bytes <= data.byteLength) {
      const view = new DataView(data, at);
      const [scale, zero, kind] = [Number(cards.BSCALE ?? 1), Number(cards.BZERO ?? 0), `get${KINDS[cards.BITPIX]}`];
      return { cards, axes, size, value: (n) => view[kind](n * bytes) * scale + zero };
    }
    at += Math.ceil((size * bytes + (Number(cards.PCOUNT) || 0)) / 2880) * 2880 || 0;
  }
  throw new Error("no image");
}

/** Least and greatest finite value, null where all are one. */
export function extremes({ size, value }) {
  let [least, most] = [Infinity, -Infinity];
  for (let n = 0; n < size; n++) {
    const here = value(n);
    if (here < least) least = here;
    if (here > most) most = here;
  }
  return most > least ? { least, most } : null;
}

const vector = (lon, lat) => [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];

/** Longitude and latitude (radians) in the frame of the image of a place in ICRS degrees. */
function inFrame(galactic, ra, dec) {
  if (!galactic) return [ra / deg, dec / deg];
  const from = vector(ra / deg, dec / deg);
  const [x, y, z] = GALACTIC.map((row) => row.reduce((sum, one, n) => sum + one * from[n], 0));
  return [Math.atan2(y, x), Math.asin(Math.max(-1, Math.min(1, z)))];
}

/** The native pole in the frame of the image (radians): paper II, section 2.4. */
function pole({ lon, lat, theta, phi, latpole }) {
  if (theta === Math.PI / 2) return [lon, lat];
  const middle = Math.atan2(0, Math.cos(phi));
  const reach = Math.acos(Math.max(-1, Math.min(1, Math.sin(lat) / Math.abs(Math.cos(phi)))));
  const may = [middle + reach, middle - reach].map((one) => Math.atan2(Math.sin(one), Math.cos(one))).filter((one) => Math.abs(one) <= Math.PI / 2 + 1e-9);
  may.sort((a, b) => Math.abs(a - latpole) - Math.abs(b - latpole));
  const [high] = may;
  if (Math.abs(high - Math.PI / 2) < 1e-9) return [lon + phi - Math.PI, high];
  if (Math.abs(high + Math.PI / 2) < 1e-9) return [lon - phi, high];
  return [lon - Math.atan2(Math.sin(phi) / Math.cos(lat), (-Math.sin(high) * Math.sin(lat)) / (Math.cos(high) * Math.cos(lat))), high];
}

/** A function from ICRS degrees to the pixel `[x, y]` (from 1, as FITS counts); null where the header is none of ours. */
export function places({ cards }) {
  const number = (name, otherwise = 0) => Number(cards[name] ?? otherwise);
  const [first, second, code] = [cards.CTYPE1?.slice(0, 4), cards.CTYPE2?.slice(0, 4), cards.CTYPE1?.slice(5, 8)];
  const galactic = first === "GLON" && second === "GLAT";
  if (!(galactic || (first === "RA--" && second === "DEC-")) || !(ZENITHAL[code] || WHOLE[code])) return null;
  if (!["", "ICRS", "FK5"].includes(cards.RADESYS ?? "") || number("EQUINOX", 2000) !== 2000) return null;
  if (["CUNIT1", "CUNIT2"].some((name) => !["deg", undefined].includes(cards[name])) || Object.keys(cards).some((name) => /^(PV|CD)\d_/.test(name))) return null;
  const theta = ZENITHAL[code] ? Math.PI / 2 : 0;
  const [lon, lat] = [number("CRVAL1") / deg, number("CRVAL2") / deg];
  const phi = number("LONPOLE", lat >= theta ? 0 : 180) / deg;
  const [poleLon, poleLat] = pole({ lon, lat, theta, phi, latpole: number("LATPOLE", 90) / deg });
  const [a, b, c, d] = [number("PC1_1", 1), number("PC1_2"), number("PC2_1"), number("PC2_2", 1)];
  return (ra, dec) => {
    const [l, h] = inFrame(galactic, ra, dec);
    const away = l - poleLon;
    const p = phi + Math.atan2(-Math.cos(h) * Math.sin(away), Math.sin(h) * Math.cos(poleLat) - Math.cos(h) * Math.sin(poleLat) * Math.cos(away));
    const t = Math.asin(Math.max(-1, Math.min(1, Math.sin(h) * Math.sin(poleLat) + Math.cos(h) * Math.cos(poleLat) * Math.cos(away))));
    const turned = Math.atan2(Math.sin(p), Math.cos(p));
    const r = ZENITHAL[code]?.(t);
    const [x, y] = (ZENITHAL[code] ? [r * Math.sin(p), -r * Math.cos(p)] : WHOLE[code](turned, t)).map((one) => one * deg);
    const [u, v] = [x / number("CDELT1", 1), y / number("CDELT2", 1)];
    const share = a * d - b * c;
    return [number("CRPIX1") + (d * u - b * v) / share, number("CRPIX2") + (a * v - c * u) / share];
  };
}
