-- The functions that translated ADQL calls on PostgreSQL: the twins of search/adql/scalars.py; geometry.sql has shapes.
--
-- What has no answer is NULL and never an error: an error would tell of rows that the viewer may not see.

CREATE SCHEMA IF NOT EXISTS adql;

-- --- numbers -------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.plus(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(a) < 8e307 AND abs(b) < 8e307 THEN a + b END $$;
CREATE OR REPLACE FUNCTION adql.plus(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(a::float8 + b::float8) < 9.2e18 THEN a + b END $$;
CREATE OR REPLACE FUNCTION adql.minus(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(a) < 8e307 AND abs(b) < 8e307 THEN a - b END $$;
CREATE OR REPLACE FUNCTION adql.minus(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(a::float8 - b::float8) < 9.2e18 THEN a - b END $$;
CREATE OR REPLACE FUNCTION adql.times(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a = 0 OR b = 0 THEN 0
     WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND abs(b) BETWEEN 1e-150 AND 1e150 THEN a * b END $$;
CREATE OR REPLACE FUNCTION adql.times(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(a::float8 * b::float8) < 9.2e18 THEN a * b END $$;
CREATE OR REPLACE FUNCTION adql.over(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a = 0 AND b <> 0 THEN 0
     WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND abs(b) BETWEEN 1e-150 AND 1e150 THEN a / b END $$;
CREATE OR REPLACE FUNCTION adql.over(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a > -9223372036854775808 THEN a / NULLIF(b, 0) END $$;
CREATE OR REPLACE FUNCTION adql.acos(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x BETWEEN -1 AND 1 THEN acos(x) END $$;
CREATE OR REPLACE FUNCTION adql.asin(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x BETWEEN -1 AND 1 THEN asin(x) END $$;
CREATE OR REPLACE FUNCTION adql.sin(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(x) < 'Infinity' THEN sin(x) END $$;
CREATE OR REPLACE FUNCTION adql.cos(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(x) < 'Infinity' THEN cos(x) END $$;
CREATE OR REPLACE FUNCTION adql.tan(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(x) < 'Infinity' THEN tan(x) END $$;
CREATE OR REPLACE FUNCTION adql.ln(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x > 0 THEN ln(x) END $$;
CREATE OR REPLACE FUNCTION adql.log10(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x > 0 THEN log(x) END $$;
CREATE OR REPLACE FUNCTION adql.sqrt(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x >= 0 THEN sqrt(x) END $$;
CREATE OR REPLACE FUNCTION adql.exp(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x > 709.78 THEN 'Infinity'::float8 WHEN x < -708 THEN 0 ELSE exp(x) END $$;
CREATE OR REPLACE FUNCTION adql.power(x float8, y float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE
     WHEN x = 0 THEN CASE WHEN y > 0 THEN 0 WHEN y = 0 THEN 1 WHEN y < 0 THEN 'Infinity'::float8 END
     WHEN x < 0 AND y <> trunc(y) THEN NULL
     WHEN greatest(least(y, 1e18), -1e18) * ln(abs(x)) > 709.78 THEN
       CASE WHEN x > 0 OR y - 2 * trunc(y / 2) = 0 THEN 'Infinity'::float8 ELSE '-Infinity'::float8 END
     WHEN greatest(least(y, 1e18), -1e18) * ln(abs(x)) < -708 THEN 0
     ELSE power(x, y) END $$;
CREATE OR REPLACE FUNCTION adql.mod(x float8, y float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN y <> 0 AND abs(x) < 1e300 AND abs(y) > 1e-7 THEN x - y * trunc(x / y) END $$;

CREATE OR REPLACE FUNCTION adql.scaled(x float8, digits bigint, half float8) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE
     WHEN digits > 15 THEN x
     WHEN digits < -300 THEN 0
     WHEN digits < 0 THEN floor(x / power(10::float8, -digits) + half) * power(10::float8, -digits)
     WHEN x >= 9007199254740992 / power(10::float8, digits) THEN x
     ELSE floor(x * power(10::float8, digits) + half) / power(10::float8, digits) END $$;
CREATE OR REPLACE FUNCTION adql.round(x float8, digits bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x < 0 THEN -adql.scaled(-x, digits, 0.5) ELSE adql.scaled(x, digits, 0.5) END $$;
CREATE OR REPLACE FUNCTION adql.truncate(x float8, digits bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x < 0 THEN -adql.scaled(-x, digits, 0) ELSE adql.scaled(x, digits, 0) END $$;

-- --- casts ---------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.integer_of(x float8, bits int) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN trunc(x) >= -power(2::float8, bits - 1) AND trunc(x) < power(2::float8, bits - 1)
     THEN trunc(x)::bigint END $$;
CREATE OR REPLACE FUNCTION adql.integer_of(x bigint, bits int) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN x::numeric >= -power(2::numeric, bits - 1) AND x::numeric < power(2::numeric, bits - 1)
     THEN x END $$;
CREATE OR REPLACE FUNCTION adql.double_of_text(t text) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x numeric;
BEGIN
  IF length(t) > 400 OR t !~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*$' THEN RETURN NULL; END IF;
  x := btrim(t, E' \t\n\r\f\v')::numeric;
  IF abs(x) > 1.797e308 THEN RETURN NULL; END IF;
  IF abs(x) < 1e-307 THEN RETURN 0; END IF;
  RETURN x::float8;
END $$;
CREATE OR REPLACE FUNCTION adql.integer_of_text(t text, bits int) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x numeric;
BEGIN
  IF t !~ '^\s*[+-]?\d{1,30}\s*$' THEN RETURN adql.integer_of(adql.double_of_text(t), bits); END IF;
  x := btrim(t, E' \t\n\r\f\v')::numeric;
  IF x < -power(2::numeric, bits - 1) OR x >= power(2::numeric, bits - 1) THEN RETURN NULL; END IF;
  RETURN x::bigint;
END $$;
CREATE OR REPLACE FUNCTION adql.text_of_double(x float8) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT x::text $$;

-- --- texts: ASCII letters alone are folded, as on SQLite -----------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.lower(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT lower(t COLLATE "C") $$;
CREATE OR REPLACE FUNCTION adql.upper(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT upper(t COLLATE "C") $$;
CREATE OR REPLACE FUNCTION adql.nocasematch(t text, pattern text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN length(regexp_replace(pattern, '%+', '%', 'g')) <= 1000
       AND length(regexp_replace(regexp_replace(pattern, '%+', '%', 'g'), '[^%]', '', 'g')) <= 8
     THEN (t COLLATE "C" ILIKE pattern ESCAPE '')::int END $$;
-- Single expressions of functions that may be called with NULL: the planner writes such functions into the query itself.
CREATE OR REPLACE FUNCTION adql.words(t text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_remove(regexp_split_to_array(
     lower(t COLLATE "C"), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+'), '') $$;
CREATE OR REPLACE FUNCTION adql.hasword(haystack text, needle text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (adql.words(needle) <@ adql.words(haystack))::int $$;
CREATE OR REPLACE FUNCTION adql.hashlist_has(list text, item text) RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (lower(item COLLATE "C") = ANY (string_to_array(lower(list COLLATE "C"), '#')))::int $$;
CREATE OR REPLACE FUNCTION adql.interval_overlaps(l1 float8, h1 float8, l2 float8, h2 float8) RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT (l1 <= h1 AND l2 <= h2 AND l1 <= h2 AND l2 <= h1)::int $$;

-- --- times ---------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.moment(t text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m text[];
  y int; mo int; d int; last int;
BEGIN
  m := regexp_match(t, '^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(?:Z|\+00(?::?00)?)?\s*$');
  IF m IS NULL THEN RETURN NULL; END IF;
  y := m[1]::int; mo := m[2]::int; d := m[3]::int;
  IF y < 1 OR mo NOT BETWEEN 1 AND 12 OR d < 1 THEN RETURN NULL; END IF;
  last := CASE WHEN mo = 2 THEN CASE WHEN y % 4 = 0 AND (y % 100 <> 0 OR y % 400 = 0) THEN 29 ELSE 28 END
    WHEN mo IN (4, 6, 9, 11) THEN 30 ELSE 31 END;
  IF d > last OR coalesce(m[4], '0')::int > 23 OR coalesce(m[5], '0')::int > 59 OR coalesce(m[6], '0')::int > 60 THEN
    RETURN NULL;
  END IF;
  RETURN ARRAY[m[1], m[2], m[3], coalesce(m[4], '00'), coalesce(m[5], '00'), coalesce(m[6], '00'),
    rtrim(coalesce(m[7], ''), '0')];
END $$;
CREATE OR REPLACE FUNCTION adql.timestamp_of(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m text[] := adql.moment(t);
BEGIN
  RETURN m[1] || '-' || m[2] || '-' || m[3] || 'T' || m[4] || ':' || m[5] || ':' || m[6]
    || CASE WHEN m[7] = '' THEN '' ELSE '.' || m[7] END;
END $$;
CREATE OR REPLACE FUNCTION adql.to_mjd(t text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m text[] := adql.moment(t);
BEGIN
  IF m IS NULL THEN RETURN NULL; END IF;
  RETURN (make_date(m[1]::int, m[2]::int, m[3]::int) - DATE '1858-11-17')
    + (m[4]::int * 3600 + m[5]::int * 60 + m[6]::int + ('0.' || m[7] || '0')::float8) / 86400;
END $$;
CREATE OR REPLACE FUNCTION adql.to_jd(t text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT adql.to_mjd(t) + 2400000.5 $$;

-- --- sexagesimal angles --------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.dms_to_degrees(t text) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m text[]; minutes float8; seconds float8; size float8;
BEGIN
  m := regexp_match(t, '^\s*([+-]?)(\d{2,3})(\d{2})(\d{2}(?:\.\d{1,20})?)\s*$');
  IF m IS NULL THEN
    m := regexp_match(t, '^\s*([+-]?)(\d{1,9})(?:\s*[:hd°\s]\s*(\d{1,9}(?:\.\d{1,20})?)(?:\s*[:m''\s]\s*(\d{1,9}(?:\.\d{1,20})?)\s*[s"]?)?\s*[m'']?)?\s*[hd°]?\s*$');
  END IF;
  IF m IS NULL THEN RETURN NULL; END IF;
  minutes := coalesce(m[3], '0')::float8; seconds := coalesce(m[4], '0')::float8;
  IF minutes >= 60 OR seconds >= 60 THEN RETURN NULL; END IF;
  size := m[2]::float8 + minutes / 60 + seconds / 3600;
  RETURN CASE WHEN m[1] = '-' THEN -size ELSE size END;
END $$;
CREATE OR REPLACE FUNCTION adql.hms_to_degrees(t text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT 15 * adql.dms_to_degrees(t) $$;

-- --- HEALPix (NESTED) and epochs -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.spread(value bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  v bigint := value; r bigint := 0; bit int := 0;
BEGIN
  WHILE v > 0 LOOP
    r := r | ((v & 1) << bit); v := v >> 1; bit := bit + 2;
  END LOOP;
  RETURN r;
END $$;
CREATE OR REPLACE FUNCTION adql.gathered(value bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  v bigint := value; r bigint := 0; bit int := 0;
BEGIN
  WHILE v > 0 LOOP
    r := r | ((v & 1) << bit); v := v >> 2; bit := bit + 1;
  END LOOP;
  RETURN r;
END $$;

CREATE OR REPLACE FUNCTION adql.healpix_index(k bigint, lon float8, lat float8) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  side bigint; z float8; turn float8; up bigint; down bigint; p bigint; q bigint;
  face bigint; x bigint; y bigint; part float8; reach float8;
BEGIN
  IF k NOT BETWEEN 0 AND 29 OR NOT lat BETWEEN -90 AND 90 OR NOT abs(lon) < 1e15 THEN RETURN NULL; END IF;
  side := 1::bigint << k::int;
  z := sin(radians(lat));
  turn := (lon - 360 * trunc(lon / 360)) / 90;
  IF turn < 0 THEN turn := turn + 4; END IF;
  IF turn >= 4 THEN turn := 0; END IF;
  IF abs(z) <= 2.0 / 3.0 THEN
    up := floor(side * (0.5 + turn) - side * z * 0.75);
    down := floor(side * (0.5 + turn) + side * z * 0.75);
    p := up / side; q := down / side;
    face := CASE WHEN p = q THEN p % 4 + 4 WHEN p < q THEN p % 4 ELSE q % 4 + 8 END;
    x := down % side; y := side - up % side - 1;
  ELSE
    p := least(trunc(turn)::bigint, 3);
    part := turn - p;
    reach := side * sqrt(6.0::float8) * sin(radians(90 - abs(lat)) / 2);
    up := least(trunc(part * reach)::bigint, side - 1);
    down := least(trunc((1 - part) * reach)::bigint, side - 1);
    IF lat >= 0 THEN
      face := p; x := side - down - 1; y := side - up - 1;
    ELSE
      face := p + 8; x := up; y := down;
    END IF;
  END IF;
  RETURN face * side * side + adql.spread(x) + 2 * adql.spread(y);
END $$;

CREATE OR REPLACE FUNCTION adql.healpix_center(k bigint, cell bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  side bigint; face int; rest bigint; x bigint; y bigint; ring bigint; width bigint; phase bigint; lat float8;
  rings CONSTANT int[] := '{2,2,2,2,3,3,3,3,4,4,4,4}'; phases CONSTANT int[] := '{1,3,5,7,0,2,4,6,1,3,5,7}';
BEGIN
  IF k NOT BETWEEN 0 AND 29 OR cell < 0 OR cell >= 12::bigint << (2 * k::int) THEN RETURN NULL; END IF;
  side := 1::bigint << k::int;
  face := cell / (side * side); rest := cell % (side * side);
  x := adql.gathered(rest); y := adql.gathered(rest >> 1);
  ring := rings[face + 1] * side - x - y - 1;
  IF ring < side THEN
    width := ring; lat := 90 - 2 * degrees(asin(ring / (side * sqrt(6.0::float8))));
  ELSIF ring > 3 * side THEN
    width := 4 * side - ring; lat := 2 * degrees(asin(width / (side * sqrt(6.0::float8)))) - 90;
  ELSE
    width := side; lat := degrees(asin((2 * side - ring) * 2.0::float8 / (3.0::float8 * side)));
  END IF;
  phase := (phases[face + 1] * width + x - y) % (8 * width);
  IF phase < 0 THEN phase := phase + 8 * width; END IF;
  RETURN adql.point(phase * 45.0::float8 / width, lat);
END $$;

CREATE OR REPLACE FUNCTION adql.epoch_prop_pos(
  ra float8, "dec" float8, parallax float8, pm_ra float8, pm_dec float8, velocity float8, reference float8, target float8
) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  years float8 := target - reference; mas CONSTANT float8 := radians(1.0::float8) / 3600000;
  a float8 := radians(ra); d float8 := radians("dec"); grow float8; east float8; north float8; m float8[];
BEGIN
  IF NOT (abs(ra) < 1e15 AND "dec" BETWEEN -90 AND 90 AND abs(parallax) < 1e15 AND abs(pm_ra) < 1e15
      AND abs(pm_dec) < 1e15 AND abs(velocity) < 1e15 AND abs(years) < 1e15) THEN
    RETURN NULL;
  END IF;
  grow := 1 + velocity * parallax * mas / 4.740470463533349 * years;
  east := pm_ra * mas * years; north := pm_dec * mas * years;
  m := adql.position_of(
    grow * cos(d) * cos(a) - east * sin(a) - north * sin(d) * cos(a),
    grow * cos(d) * sin(a) + east * cos(a) - north * sin(d) * sin(a),
    grow * sin(d) + north * cos(d));
  RETURN adql.point(m[1], m[2]);
END $$;
