-- Values whose text depends on settings.
CREATE TABLE v (id int PRIMARY KEY, a text[], m money, i interval, f float8, b bytea, t timestamptz, x xml, ts tsvector);
INSERT INTO v VALUES (1, ARRAY['a', NULL, 'NULL'], 12.34, '-1 year -2 mons +3 days', 0.1::float8 + 0.2, '\x00ff5c', '2024-03-31 02:30+00', '<a>b</a>', 'fat:1A cat:2');
