-- A check whose function became stricter after the rows had come.
CREATE FUNCTION public.is_short(v text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length(v) < 100';
CREATE TABLE notes (id int PRIMARY KEY, body text CONSTRAINT body_short CHECK (public.is_short(body)));
INSERT INTO notes SELECT i, repeat('x', i) FROM generate_series(1, 50) i;
CREATE OR REPLACE FUNCTION public.is_short(v text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length(v) < 20';
