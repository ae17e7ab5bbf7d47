-- Names and objects that are hard to drop or to name.
CREATE SCHEMA "Odd.Schema";
CREATE FUNCTION "Odd.Schema".step(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE AGGREGATE "Odd.Schema".how_many(*) (SFUNC = "Odd.Schema".step, STYPE = bigint, INITCOND = '0');
CREATE TABLE "Odd.Schema"."ta""ble" ("co.lumn" int, "ON" text DEFAULT 'it''s; --');
INSERT INTO "Odd.Schema"."ta""ble" SELECT i, E'tab\there\\n' FROM generate_series(1, 20) i;
CREATE PROCEDURE public.with_out(INOUT a int, b text DEFAULT 'x') LANGUAGE plpgsql AS $$BEGIN a := a + 1; END$$;
CREATE FUNCTION public.var(VARIADIC anyarray) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE public.mood AS ENUM ('sad', 'it''s ok');
CREATE DOMAIN public.moods AS public.mood[] CHECK (array_length(VALUE, 1) < 4);
CREATE STATISTICS "Odd.Schema".st ON "co.lumn", "ON" FROM "Odd.Schema"."ta""ble";
CREATE TEXT SEARCH CONFIGURATION public.cfg (COPY = pg_catalog.simple);
CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = pg_catalog.int4eq);
