-- Default privileges open what comes later; what was closed again stays closed.
CREATE TABLE open_before (id int);
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO round_trip_anon;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO round_trip_anon;
CREATE TABLE secrets (id int, v text);
REVOKE ALL ON secrets FROM round_trip_anon;
INSERT INTO secrets VALUES (1, 'k');
CREATE FUNCTION wipe() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM public.secrets';
REVOKE ALL ON FUNCTION wipe() FROM PUBLIC, round_trip_anon;
CREATE TABLE shown (id int);
