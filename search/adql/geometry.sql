-- The geometry of translated ADQL on PostgreSQL: the twin of search/adql/geometry.py, step by step.
--
-- Shapes are STC-S texts; inside, a shape is an array: {1, x, y, z, lon, lat}, {2, x, y, z, lon, lat, radius} or
-- {3, x1, y1, z1, x2, …}. What has no answer is NULL and never an error, which would tell of hidden rows. Loops are
-- written with single numbers: arrays as vectors would cost five times as much.

-- --- shapes: texts to arrays ---------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.separation(lon1 float8, lat1 float8, lon2 float8, lat2 float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  ax float8; ay float8; az float8; ex float8; ey float8; ez float8;
BEGIN
  IF NOT (abs(lon1) < 'Infinity' AND abs(lat1) < 'Infinity' AND abs(lon2) < 'Infinity' AND abs(lat2) < 'Infinity') THEN
    RETURN NULL;
  END IF;
  ax := cos(radians(lat1)) * cos(radians(lon1)); ay := cos(radians(lat1)) * sin(radians(lon1)); az := sin(radians(lat1));
  ex := cos(radians(lat2)) * cos(radians(lon2)); ey := cos(radians(lat2)) * sin(radians(lon2)); ez := sin(radians(lat2));
  RETURN degrees(2 * atan2(sqrt((ax - ex)^2 + (ay - ey)^2 + (az - ez)^2), sqrt((ax + ex)^2 + (ay + ey)^2 + (az + ez)^2)));
END $$;

CREATE OR REPLACE FUNCTION adql.position_of(x float8, y float8, z float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  lon float8 := degrees(atan2(y, x));
BEGIN
  IF lon < 0 THEN lon := lon + 360; END IF;
  IF lon >= 360 THEN lon := 0; END IF;
  RETURN ARRAY[lon, degrees(atan2(z, sqrt(x * x + y * y)))];
END $$;

CREATE OR REPLACE FUNCTION adql.members(t text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m text[];
BEGIN
  IF t !~* '^\s*union' THEN RETURN ARRAY[t]; END IF;
  m := regexp_match(t, '^\s*union\s+(?:(?:icrs|fk5|j2000|unknownframe|geocenter|barycenter|topocenter|heliocenter|unknownrefpos|spherical2?|cartesian2)\s+)*\(\s*([^()]*?)\s*\)\s*$', 'i');
  IF m IS NULL THEN RETURN ARRAY[t]; END IF;
  RETURN ARRAY(SELECT hit[1] FROM regexp_matches(m[1], '([a-z]+\s+[^a-z]*(?:(?:icrs|fk5|j2000|unknownframe|geocenter|barycenter|topocenter|heliocenter|unknownrefpos|spherical2?|cartesian2)\s+)*[-+0-9.e\s]+)', 'gi') AS hit);
END $$;

CREATE OR REPLACE FUNCTION adql.numbers(t text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  -- {kind, numbers}; NULL for another text
  RETURN regexp_match(lower(t), '^\s*(position|point|circle|polygon|box)\s+(?:(?:icrs|fk5|j2000|unknownframe|geocenter|barycenter|topocenter|heliocenter|unknownrefpos|spherical2?|cartesian2)\s+)*((?:[-+]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[-+]?\d{1,2})?\s+)*[-+]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[-+]?\d{1,2})?)\s*(?:\sunit\s+deg\M.*)?$');
END $$;

CREATE OR REPLACE FUNCTION adql.ring(corners float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- {3, vertices} from unit vectors in a row: neighbours that are equal are taken once; NULL for what is no polygon
DECLARE
  edge CONSTANT float8 := radians(1e-11)^2;
  s float8[] := ARRAY[3]; n int := array_length(corners, 1) / 3; kept int := 0;
  i int; x float8; y float8; z float8; lx float8; ly float8; lz float8; plain boolean := n >= 3;
BEGIN
  lx := corners[3 * n - 2]; ly := corners[3 * n - 1]; lz := corners[3 * n];
  FOR i IN 0 .. n - 1 LOOP
    x := corners[3 * i + 1]; y := corners[3 * i + 2]; z := corners[3 * i + 3];
    plain := plain AND (x - lx) * (x - lx) + (y - ly) * (y - ly) + (z - lz) * (z - lz) > edge
      AND (x + lx) * (x + lx) + (y + ly) * (y + ly) + (z + lz) * (z + lz) > edge;
    lx := x; ly := y; lz := z;
  END LOOP;
  IF plain THEN RETURN 3::float8 || corners; END IF;
  FOR i IN 0 .. n - 1 LOOP
    x := corners[3 * i + 1]; y := corners[3 * i + 2]; z := corners[3 * i + 3];
    IF kept = 0 OR (x - lx)^2 + (y - ly)^2 + (z - lz)^2 > edge THEN
      s := s || x || y || z; kept := kept + 1; lx := x; ly := y; lz := z;
    END IF;
  END LOOP;
  WHILE kept > 1 AND (s[2] - s[3 * kept - 1])^2 + (s[3] - s[3 * kept])^2 + (s[4] - s[3 * kept + 1])^2 <= edge LOOP
    kept := kept - 1; s := s[1 : 3 * kept + 1];
  END LOOP;
  IF kept < 3 THEN RETURN NULL; END IF;
  lx := s[3 * kept - 1]; ly := s[3 * kept]; lz := s[3 * kept + 1];
  FOR i IN 0 .. kept - 1 LOOP
    x := s[3 * i + 2]; y := s[3 * i + 3]; z := s[3 * i + 4];
    IF (x + lx)^2 + (y + ly)^2 + (z + lz)^2 <= edge THEN RETURN NULL; END IF;
    lx := x; ly := y; lz := z;
  END LOOP;
  RETURN s;
END $$;

CREATE OR REPLACE FUNCTION adql.shape_of(kind text, v float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := array_length(v, 1); i int; u float8; w float8; size float8; corners float8[] := '{}';
  a float8 := radians(v[1]); d float8 := radians(v[2]);
BEGIN
  FOR i IN 1 .. CASE WHEN kind = 'polygon' THEN n / 2 ELSE 1 END LOOP
    IF NOT (abs(v[2 * i - 1]) < 'Infinity' AND v[2 * i] BETWEEN -90 AND 90) THEN RETURN NULL; END IF;
  END LOOP;
  IF kind IN ('position', 'point') AND n = 2 THEN
    RETURN ARRAY[1, cos(d) * cos(a), cos(d) * sin(a), sin(d), v[1], v[2]];
  ELSIF kind = 'circle' AND n = 3 AND v[3] BETWEEN 0 AND 180 THEN
    RETURN ARRAY[2, cos(d) * cos(a), cos(d) * sin(a), sin(d), v[1], v[2], v[3]];
  ELSIF kind = 'polygon' AND n >= 6 AND n % 2 = 0 THEN
    corners := array_fill(0::float8, ARRAY[n / 2 * 3]);
    FOR i IN 1 .. n / 2 LOOP
      a := radians(v[2 * i - 1]); d := radians(v[2 * i]);
      corners[3 * i - 2] := cos(d) * cos(a);
      corners[3 * i - 1] := cos(d) * sin(a);
      corners[3 * i] := sin(d);
    END LOOP;
    RETURN adql.ring(corners);
  ELSIF kind = 'box' AND n = 4 AND v[3] > 0 AND v[3] < 180 AND v[4] > 0 AND v[4] < 180 THEN
    FOR i IN 1 .. 4 LOOP
      u := tan(radians(v[3]) / 2) * CASE WHEN i IN (2, 3) THEN 1 ELSE -1 END;
      w := tan(radians(v[4]) / 2) * CASE WHEN i IN (3, 4) THEN 1 ELSE -1 END;
      size := sqrt(1 + u * u + w * w);
      corners := corners || ((cos(d) * cos(a) - u * sin(a) - w * sin(d) * cos(a)) / size)
        || ((cos(d) * sin(a) + u * cos(a) - w * sin(d) * sin(a)) / size) || ((sin(d) + w * cos(d)) / size);
    END LOOP;
    RETURN adql.ring(corners);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION adql.shape(t text) RETURNS float8[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m text[];
BEGIN
  -- the usual form first: a match without groups is many times faster
  IF t ~ '^[A-Z][a-z]{2,7} ICRS( [-+]?\d{1,40}(\.\d{1,40})?)+$' THEN
    m := string_to_array(t, ' ');
    RETURN adql.shape_of(lower(m[1]), m[3:]::float8[]);
  END IF;
  m := adql.numbers(t);
  IF m IS NULL THEN RETURN NULL; END IF;
  RETURN adql.shape_of(m[1], regexp_split_to_array(m[2], '\s+')::float8[]);
END $$;

-- --- shapes: numbers to texts --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.point(lon float8, lat float8) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(lon) < 'Infinity' AND lat BETWEEN -90 AND 90 THEN 'Position ICRS ' || lon || ' ' || lat END $$;
CREATE OR REPLACE FUNCTION adql.circle(lon float8, lat float8, radius float8) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT CASE WHEN abs(lon) < 'Infinity' AND lat BETWEEN -90 AND 90 AND radius BETWEEN 0 AND 180
     THEN 'Circle ICRS ' || lon || ' ' || lat || ' ' || radius END $$;
CREATE OR REPLACE FUNCTION adql.polygon(VARIADIC v float8[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT CASE WHEN array_position(v, NULL) IS NULL AND adql.shape_of('polygon', v) IS NOT NULL
     THEN 'Polygon ICRS ' || array_to_string(v, ' ') END $$;
CREATE OR REPLACE FUNCTION adql.corners(s float8[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT string_agg(p[1] || ' ' || p[2], ' ' ORDER BY i) FROM (
     SELECT i, adql.position_of(s[3 * i + 2], s[3 * i + 3], s[3 * i + 4]) AS p
     FROM generate_series(0, (array_length(s, 1) - 1) / 3 - 1) AS i) AS q $$;
CREATE OR REPLACE FUNCTION adql.box(lon float8, lat float8, width float8, height float8) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT 'Polygon ICRS ' || adql.corners(adql.shape_of('box', ARRAY[lon, lat, width, height])) $$;
CREATE OR REPLACE FUNCTION adql.dali(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  m text[] := adql.numbers(t); s float8[] := adql.shape(t);
BEGIN
  IF s IS NULL THEN RETURN NULL; END IF;
  IF m[1] = 'box' THEN RETURN adql.corners(s); END IF;
  RETURN array_to_string(regexp_split_to_array(m[2], '\s+')::float8[], ' ');
END $$;
CREATE OR REPLACE FUNCTION adql.coord1(t text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  s float8[] := adql.shape(t);
BEGIN
  RETURN CASE WHEN s[1] = 1 THEN s[5] END;
END $$;
CREATE OR REPLACE FUNCTION adql.coord2(t text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  s float8[] := adql.shape(t);
BEGIN
  RETURN CASE WHEN s[1] = 1 THEN s[6] END;
END $$;
CREATE OR REPLACE FUNCTION adql.distance(a text, b text) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT adql.separation(adql.coord1(a), adql.coord2(a), adql.coord1(b), adql.coord2(b)) $$;

-- --- measures ------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.excess(
  ax float8, ay float8, az float8, ex float8, ey float8, ez float8, cx float8, cy float8, cz float8
) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT 2 * atan2(
     ax * ((ey - ay) * (cz - az) - (ez - az) * (cy - ay)) + ay * ((ez - az) * (cx - ax) - (ex - ax) * (cz - az))
       + az * ((ex - ax) * (cy - ay) - (ey - ay) * (cx - ax)),
     1 + ax * ex + ay * ey + az * ez + ex * cx + ey * cy + ez * cz + cx * ax + cy * ay + cz * az) $$;

CREATE OR REPLACE FUNCTION adql.signed_area(s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := (array_length(s, 1) - 1) / 3; total float8 := 0; i int;
BEGIN
  FOR i IN 2 .. n - 1 LOOP
    total := total + adql.excess(s[2], s[3], s[4], s[3 * i - 1], s[3 * i], s[3 * i + 1],
      s[3 * i + 2], s[3 * i + 3], s[3 * i + 4]);
  END LOOP;
  total := total - 4 * pi() * round(total / (4 * pi()));
  RETURN CASE WHEN total > -2 * pi() + 1e-9 THEN total ELSE total + 4 * pi() END;
END $$;

CREATE OR REPLACE FUNCTION adql.perimeter(s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := (array_length(s, 1) - 1) / 3; total float8 := 0; i int; j int;
BEGIN
  FOR i IN 0 .. n - 1 LOOP
    j := (i + 1) % n;
    total := total + 2 * atan2(
      sqrt((s[3 * i + 2] - s[3 * j + 2])^2 + (s[3 * i + 3] - s[3 * j + 3])^2 + (s[3 * i + 4] - s[3 * j + 4])^2),
      sqrt((s[3 * i + 2] + s[3 * j + 2])^2 + (s[3 * i + 3] + s[3 * j + 3])^2 + (s[3 * i + 4] + s[3 * j + 4])^2));
  END LOOP;
  RETURN total;
END $$;

CREATE OR REPLACE FUNCTION adql.area_of(s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF s[1] = 1 THEN RETURN 0; END IF;
  IF s[1] = 2 THEN RETURN 129600 / pi() * sin(radians(s[7]) / 2)^2; END IF;
  RETURN degrees(degrees(abs(adql.signed_area(s))));
END $$;

CREATE OR REPLACE FUNCTION adql.area(t text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  total float8 := 0; part text;
BEGIN
  FOREACH part IN ARRAY adql.members(t) LOOP
    total := total + adql.area_of(adql.shape(part));
  END LOOP;
  RETURN total;
END $$;

CREATE OR REPLACE FUNCTION adql.mass(s float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := (array_length(s, 1) - 1) / 3; i int; tiny boolean := true; e float8; size float8; turn float8;
  fx float8 := s[2]; fy float8 := s[3]; fz float8 := s[4];
  ax float8; ay float8; az float8; ex float8; ey float8; ez float8; nx float8; ny float8; nz float8;
  x float8 := 0; y float8 := 0; z float8 := 0;
  whole float8; sign float8;
BEGIN
  IF s[1] < 3 THEN RETURN s[2:4]; END IF;
  whole := adql.signed_area(s);
  sign := CASE WHEN whole >= 0 THEN 1 ELSE -1 END;
  IF abs(whole) <= 1e-15 * adql.perimeter(s) THEN
    FOR i IN 0 .. n - 1 LOOP
      x := x + s[3 * i + 2]; y := y + s[3 * i + 3]; z := z + s[3 * i + 4];
    END LOOP;
    RETURN CASE WHEN x * x + y * y + z * z > 1e-12 THEN ARRAY[x, y, z] ELSE s[2:4] END;
  END IF;
  FOR i IN 1 .. n - 1 LOOP
    tiny := tiny AND (s[3 * i + 2] - fx)^2 + (s[3 * i + 3] - fy)^2 + (s[3 * i + 4] - fz)^2 < 1e-6;
  END LOOP;
  ax := s[3 * n - 1]; ay := s[3 * n]; az := s[3 * n + 1];
  FOR i IN 0 .. n - 1 LOOP
    ex := s[3 * i + 2]; ey := s[3 * i + 3]; ez := s[3 * i + 4];
    IF NOT tiny THEN
      nx := (ay - ey) * (az + ez) - (az - ez) * (ay + ey);
      ny := (az - ez) * (ax + ex) - (ax - ex) * (az + ez);
      nz := (ax - ex) * (ay + ey) - (ay - ey) * (ax + ex);
      size := sqrt(nx * nx + ny * ny + nz * nz);
      turn := 2 * atan2(sqrt((ax - ex)^2 + (ay - ey)^2 + (az - ez)^2), sqrt((ax + ex)^2 + (ay + ey)^2 + (az + ez)^2));
      x := x + sign * turn * nx / size; y := y + sign * turn * ny / size; z := z + sign * turn * nz / size;
    ELSIF i > 1 THEN
      e := sign * adql.excess(fx, fy, fz, ax, ay, az, ex, ey, ez);
      x := x + e * (fx + ax + ex); y := y + e * (fy + ay + ey); z := z + e * (fz + az + ez);
    END IF;
    ax := ex; ay := ey; az := ez;
  END LOOP;
  RETURN ARRAY[x, y, z];
END $$;

CREATE OR REPLACE FUNCTION adql.centroid(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  parts text[] := adql.members(t); part text; s float8[]; m float8[]; size float8; weight float8;
  x float8 := 0; y float8 := 0; z float8 := 0;
BEGIN
  FOREACH part IN ARRAY parts LOOP
    s := adql.shape(part);
    IF s IS NULL THEN RETURN NULL; END IF;
    IF s[1] < 3 AND array_length(parts, 1) = 1 THEN RETURN adql.point(s[5], s[6]); END IF;
    m := adql.mass(s);
    size := sqrt(m[1]^2 + m[2]^2 + m[3]^2);
    weight := CASE WHEN size = 0 THEN 0 WHEN adql.area_of(s) = 0 THEN 1e-30 ELSE adql.area_of(s) END / nullif(size, 0);
    IF weight IS NULL THEN RETURN adql.point(0, 0); END IF;
    x := x + weight * m[1]; y := y + weight * m[2]; z := z + weight * m[3];
  END LOOP;
  m := adql.position_of(x, y, z);
  RETURN adql.point(m[1], m[2]);
END $$;

-- --- where points lie ----------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.crosses(
  px float8, py float8, pz float8, qx float8, qy float8, qz float8, mx float8, my float8, mz float8,
  ax float8, ay float8, az float8, ex float8, ey float8, ez float8
) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  nx float8; ny float8; nz float8; x float8; y float8; z float8;
BEGIN
  IF (mx * ax + my * ay + mz * az >= 0) = (mx * ex + my * ey + mz * ez >= 0) THEN RETURN false; END IF;
  nx := (ay - ey) * (az + ez) - (az - ez) * (ay + ey);
  ny := (az - ez) * (ax + ex) - (ax - ex) * (az + ez);
  nz := (ax - ex) * (ay + ey) - (ay - ey) * (ax + ex);
  IF (nx * px + ny * py + nz * pz >= 0) = (nx * qx + ny * qy + nz * qz >= 0) THEN RETURN false; END IF;
  x := my * nz - mz * ny; y := mz * nx - mx * nz; z := mx * ny - my * nx;
  RETURN (x * (px + qx) + y * (py + qy) + z * (pz + qz) >= 0) = (x * (ax + ex) + y * (ay + ey) + z * (az + ez) >= 0);
END $$;

CREATE OR REPLACE FUNCTION adql.crossings(
  px float8, py float8, pz float8, qx float8, qy float8, qz float8, s float8[], skipped int
) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- edges of a polygon that the arc p-q crosses, one of them left out
DECLARE
  n int := (array_length(s, 1) - 1) / 3; i int; count int := 0; above boolean; was boolean;
  mx float8 := (py - qy) * (pz + qz) - (pz - qz) * (py + qy);
  my float8 := (pz - qz) * (px + qx) - (px - qx) * (pz + qz);
  mz float8 := (px - qx) * (py + qy) - (py - qy) * (px + qx);
  ax float8 := s[3 * n - 1]; ay float8 := s[3 * n]; az float8 := s[3 * n + 1]; ex float8; ey float8; ez float8;
BEGIN
  was := mx * ax + my * ay + mz * az >= 0;
  FOR i IN 0 .. n - 1 LOOP
    ex := s[3 * i + 2]; ey := s[3 * i + 3]; ez := s[3 * i + 4];
    above := mx * ex + my * ey + mz * ez >= 0;
    IF above <> was AND i <> skipped
       AND adql.crosses(px, py, pz, qx, qy, qz, mx, my, mz, ax, ay, az, ex, ey, ez) THEN
      count := count + 1;
    END IF;
    ax := ex; ay := ey; az := ez; was := above;
  END LOOP;
  RETURN count;
END $$;

CREATE OR REPLACE FUNCTION adql.depth(px float8, py float8, pz float8, s float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
-- radians from a point to the boundary of a polygon; negative outside
DECLARE
  n int := (array_length(s, 1) - 1) / 3; i int; chosen int := 0; held boolean;
  ax float8; ay float8; az float8; ex float8; ey float8; ez float8;
  nx float8; ny float8; nz float8; cx float8; cy float8; cz float8;
  x float8; y float8; z float8; size float8; side float8; best float8 := -1; leaning float8;
  sx float8 := 0; sy float8 := 0; sz float8 := 0; reach float8 := 1;
  nearest float8 := 10; vertex float8 := 10;
BEGIN
  ax := s[3 * n - 1]; ay := s[3 * n]; az := s[3 * n + 1];
  FOR i IN 0 .. n - 1 LOOP
    ex := s[3 * i + 2]; ey := s[3 * i + 3]; ez := s[3 * i + 4];
    sx := sx + ex; sy := sy + ey; sz := sz + ez;
    nx := (ay - ey) * (az + ez) - (az - ez) * (ay + ey);
    ny := (az - ez) * (ax + ex) - (ax - ex) * (az + ez);
    nz := (ax - ex) * (ay + ey) - (ay - ey) * (ax + ex);
    cx := ny * pz - nz * py; cy := nz * px - nx * pz; cz := nx * py - ny * px;
    side := nx * px + ny * py + nz * pz;
    IF ax * cx + ay * cy + az * cz <= 0 AND ex * cx + ey * cy + ez * cz >= 0 THEN
      nearest := least(nearest, atan2(abs(side), sqrt(cx * cx + cy * cy + cz * cz)));
    END IF;
    size := abs(side) / sqrt(nx * nx + ny * ny + nz * nz);
    IF size > best THEN
      best := size; chosen := i; leaning := side; x := ax + ex; y := ay + ey; z := az + ez;
    END IF;
    vertex := least(vertex, (px - ex) * (px - ex) + (py - ey) * (py - ey) + (pz - ez) * (pz - ez));
    ax := ex; ay := ey; az := ez;
  END LOOP;
  nearest := least(nearest, 2 * asin(least(1, sqrt(vertex) / 2)));
  IF nearest <= radians(1e-11) THEN RETURN nearest; END IF;
  size := sqrt(sx * sx + sy * sy + sz * sz);
  IF size > 1e-6 THEN
    sx := sx / size; sy := sy / size; sz := sz / size;
  ELSE
    sx := s[2]; sy := s[3]; sz := s[4];
  END IF;
  FOR i IN 0 .. n - 1 LOOP
    reach := least(reach, sx * s[3 * i + 2] + sy * s[3 * i + 3] + sz * s[3 * i + 4]);
  END LOOP;
  IF reach <= cos(radians(89.0::float8)) THEN
    size := sqrt(x * x + y * y + z * z);
    held := ((leaning >= 0) = (adql.signed_area(s) >= 0))
      = (adql.crossings(px, py, pz, x / size, y / size, z / size, s, chosen) % 2 = 0);
  ELSIF sx * px + sy * py + sz * pz < reach - 1e-15 THEN
    held := false;
  ELSE
    -- a point at right angles to the middle is outside
    IF abs(sx) <= abs(sy) AND abs(sx) <= abs(sz) THEN
      x := 0; y := sz; z := -sy;
    ELSIF abs(sy) <= abs(sz) THEN
      x := -sz; y := 0; z := sx;
    ELSE
      x := sy; y := -sx; z := 0;
    END IF;
    size := sqrt(x * x + y * y + z * z);
    held := adql.crossings(px, py, pz, x / size, y / size, z / size, s, -1) % 2 = 1;
  END IF;
  RETURN CASE WHEN held THEN nearest ELSE -nearest END;
END $$;

CREATE OR REPLACE FUNCTION adql.to_edge(
  px float8, py float8, pz float8, ax float8, ay float8, az float8, ex float8, ey float8, ez float8
) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  nx float8 := (ay - ey) * (az + ez) - (az - ez) * (ay + ey);
  ny float8 := (az - ez) * (ax + ex) - (ax - ex) * (az + ez);
  nz float8 := (ax - ex) * (ay + ey) - (ay - ey) * (ax + ex);
  cx float8 := ny * pz - nz * py; cy float8 := nz * px - nx * pz; cz float8 := nx * py - ny * px;
BEGIN
  IF ax * cx + ay * cy + az * cz <= 0 AND ex * cx + ey * cy + ez * cz >= 0 THEN
    RETURN atan2(abs(nx * px + ny * py + nz * pz), sqrt(cx * cx + cy * cy + cz * cz));
  END IF;
  RETURN 2 * asin(least(1, sqrt(least((px - ax)^2 + (py - ay)^2 + (pz - az)^2, (px - ex)^2 + (py - ey)^2 + (pz - ez)^2)) / 2));
END $$;

-- --- one shape in another, and overlap -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION adql.apart(a float8[], b float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT 2 * atan2(sqrt((a[2] - b[2])^2 + (a[3] - b[3])^2 + (a[4] - b[4])^2),
     sqrt((a[2] + b[2])^2 + (a[3] + b[3])^2 + (a[4] + b[4])^2)) $$;

CREATE OR REPLACE FUNCTION adql.edge_in(
  ax float8, ay float8, az float8, ex float8, ey float8, ez float8, o float8[]
) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- an arc with both ends in the polygon: does it stay in? looks between all places where it meets the boundary
DECLARE
  n int := (array_length(o, 1) - 1) / 3; i int; size float8; edge CONSTANT float8 := radians(1e-11);
  nx float8 := (ay - ey) * (az + ez) - (az - ez) * (ay + ey);
  ny float8 := (az - ez) * (ax + ex) - (ax - ex) * (az + ez);
  nz float8 := (ax - ex) * (ay + ey) - (ay - ey) * (ax + ex);
  cx float8; cy float8; cz float8; dx float8; dy float8; dz float8; x float8; y float8; z float8;
  stop float8[]; lx float8 := ax; ly float8 := ay; lz float8 := az; stops float8[] := '{}';
BEGIN
  cx := o[3 * n - 1]; cy := o[3 * n]; cz := o[3 * n + 1];
  FOR i IN 0 .. n - 1 LOOP
    dx := o[3 * i + 2]; dy := o[3 * i + 3]; dz := o[3 * i + 4];
    IF adql.to_edge(dx, dy, dz, ax, ay, az, ex, ey, ez) <= edge THEN stops := stops || ARRAY[[dx, dy, dz]]; END IF;
    IF adql.crosses(ax, ay, az, ex, ey, ez, nx, ny, nz, cx, cy, cz, dx, dy, dz) THEN
      x := (cy - dy) * (cz + dz) - (cz - dz) * (cy + dy);
      y := (cz - dz) * (cx + dx) - (cx - dx) * (cz + dz);
      z := (cx - dx) * (cy + dy) - (cy - dy) * (cx + dx);
      stop := ARRAY[ny * z - nz * y, nz * x - nx * z, nx * y - ny * x];
      size := sqrt(stop[1]^2 + stop[2]^2 + stop[3]^2);
      IF size > 0 THEN
        IF stop[1] * (ax + ex) + stop[2] * (ay + ey) + stop[3] * (az + ez) <= 0 THEN size := -size; END IF;
        stops := stops || ARRAY[[stop[1] / size, stop[2] / size, stop[3] / size]];
      END IF;
    END IF;
    cx := dx; cy := dy; cz := dz;
  END LOOP;
  FOR x, y, z IN
    SELECT q.x, q.y, q.z FROM (
      SELECT stops[k][1] AS x, stops[k][2] AS y, stops[k][3] AS z FROM generate_series(1, array_length(stops, 1)) AS k
    ) AS q ORDER BY (q.x - ax)^2 + (q.y - ay)^2 + (q.z - az)^2
  LOOP
    size := sqrt((x + lx)^2 + (y + ly)^2 + (z + lz)^2);
    IF adql.depth((x + lx) / size, (y + ly) / size, (z + lz) / size, o) < -edge THEN RETURN false; END IF;
    lx := x; ly := y; lz := z;
  END LOOP;
  size := sqrt((ex + lx)^2 + (ey + ly)^2 + (ez + lz)^2);
  RETURN adql.depth((ex + lx) / size, (ey + ly) / size, (ez + lz) / size, o) >= -edge;
END $$;

CREATE OR REPLACE FUNCTION adql.contains_shape(a float8[], o float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS $$
DECLARE
  edge CONSTANT float8 := radians(1e-11); rest float8; n int; i int; j int;
BEGIN
  IF a[1] = 1 THEN
    IF o[1] = 1 THEN RETURN adql.apart(a, o) <= edge; END IF;
    IF o[1] = 2 THEN RETURN adql.apart(a, o) <= radians(o[7]) + edge; END IF;
    RETURN adql.depth(a[2], a[3], a[4], o) >= -edge;
  ELSIF a[1] = 2 THEN
    IF o[1] = 1 THEN RETURN radians(a[7]) <= edge AND adql.apart(a, o) <= edge; END IF;
    IF o[1] = 2 THEN RETURN o[7] >= 180 - 1e-11 OR adql.apart(a, o) + radians(a[7]) <= radians(o[7]) + edge; END IF;
    RETURN adql.depth(a[2], a[3], a[4], o) >= radians(a[7]) - edge;
  END IF;
  IF o[1] = 1 THEN RETURN false; END IF;
  IF o[1] = 2 THEN
    rest := pi() - radians(o[7]);
    RETURN rest <= edge OR adql.depth(-o[2], -o[3], -o[4], a) <= edge - rest;
  END IF;
  n := (array_length(a, 1) - 1) / 3;
  FOR i IN 0 .. n - 1 LOOP
    IF adql.depth(a[3 * i + 2], a[3 * i + 3], a[3 * i + 4], o) < -edge THEN RETURN false; END IF;
  END LOOP;
  FOR i IN 0 .. n - 1 LOOP
    j := (i + 1) % n;
    IF NOT adql.edge_in(a[3 * i + 2], a[3 * i + 3], a[3 * i + 4], a[3 * j + 2], a[3 * j + 3], a[3 * j + 4], o) THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION adql.polygons_meet(a float8[], b float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 4000 AS $$
DECLARE
  edge CONSTANT float8 := radians(1e-11); n int := (array_length(a, 1) - 1) / 3; k int := (array_length(b, 1) - 1) / 3;
  i int; j int; px float8; py float8; pz float8; qx float8; qy float8; qz float8; mx float8; my float8; mz float8;
  cx float8; cy float8; cz float8; dx float8; dy float8; dz float8;
BEGIN
  FOR i IN 0 .. n - 1 LOOP
    IF adql.depth(a[3 * i + 2], a[3 * i + 3], a[3 * i + 4], b) >= -edge THEN RETURN true; END IF;
  END LOOP;
  FOR i IN 0 .. k - 1 LOOP
    IF adql.depth(b[3 * i + 2], b[3 * i + 3], b[3 * i + 4], a) >= -edge THEN RETURN true; END IF;
  END LOOP;
  px := a[3 * n - 1]; py := a[3 * n]; pz := a[3 * n + 1];
  FOR i IN 0 .. n - 1 LOOP
    qx := a[3 * i + 2]; qy := a[3 * i + 3]; qz := a[3 * i + 4];
    mx := (py - qy) * (pz + qz) - (pz - qz) * (py + qy);
    my := (pz - qz) * (px + qx) - (px - qx) * (pz + qz);
    mz := (px - qx) * (py + qy) - (py - qy) * (px + qx);
    cx := b[3 * k - 1]; cy := b[3 * k]; cz := b[3 * k + 1];
    FOR j IN 0 .. k - 1 LOOP
      dx := b[3 * j + 2]; dy := b[3 * j + 3]; dz := b[3 * j + 4];
      IF adql.crosses(px, py, pz, qx, qy, qz, mx, my, mz, cx, cy, cz, dx, dy, dz) THEN RETURN true; END IF;
      cx := dx; cy := dy; cz := dz;
    END LOOP;
    px := qx; py := qy; pz := qz;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION adql.intersects_shape(a float8[], b float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS $$
DECLARE
  edge CONSTANT float8 := radians(1e-11);
BEGIN
  IF a[1] = 1 THEN RETURN adql.contains_shape(a, b); END IF;
  IF b[1] = 1 THEN RETURN adql.contains_shape(b, a); END IF;
  IF a[1] = 2 AND b[1] = 2 THEN RETURN adql.apart(a, b) <= radians(a[7]) + radians(b[7]) + edge; END IF;
  IF a[1] = 2 THEN RETURN adql.depth(a[2], a[3], a[4], b) >= -radians(a[7]) - edge; END IF;
  IF b[1] = 2 THEN RETURN adql.depth(b[2], b[3], b[4], a) >= -radians(b[7]) - edge; END IF;
  RETURN adql.polygons_meet(a, b);
END $$;

CREATE OR REPLACE FUNCTION adql.contains(a text, b text) RETURNS int
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $$
DECLARE
  inner_part text; outer_part text; s float8[]; o float8[]; found boolean;
BEGIN
  FOREACH inner_part IN ARRAY adql.members(a) LOOP
    s := adql.shape(inner_part);
    found := false;
    FOREACH outer_part IN ARRAY adql.members(b) LOOP
      o := adql.shape(outer_part);
      IF s IS NULL OR o IS NULL THEN RETURN NULL; END IF;
      found := found OR adql.contains_shape(s, o);
    END LOOP;
    IF NOT found THEN RETURN 0; END IF;
  END LOOP;
  RETURN 1;
END $$;

CREATE OR REPLACE FUNCTION adql.intersects(a text, b text) RETURNS int
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $$
DECLARE
  one text; other text; s float8[]; o float8[];
BEGIN
  FOREACH one IN ARRAY adql.members(a) LOOP
    s := adql.shape(one);
    FOREACH other IN ARRAY adql.members(b) LOOP
      o := adql.shape(other);
      IF s IS NULL OR o IS NULL THEN RETURN NULL; END IF;
      IF adql.intersects_shape(s, o) THEN RETURN 1; END IF;
    END LOOP;
  END LOOP;
  RETURN 0;
END $$;
