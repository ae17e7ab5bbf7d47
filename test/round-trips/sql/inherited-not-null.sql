-- Partitions by inheritance, as before PostgreSQL 10: the keys stand on the children, and a column is required there alone.
CREATE TABLE measures (id int, at date, v numeric, note text);
CREATE TABLE measures_2024 (PRIMARY KEY (id), CHECK (at >= '2024-01-01' AND at < '2025-01-01')) INHERITS (measures);
CREATE TABLE measures_2025 (extra int NOT NULL) INHERITS (measures);
ALTER TABLE measures_2025 ALTER note SET NOT NULL;
INSERT INTO measures VALUES (NULL, NULL, 0, NULL);
INSERT INTO measures_2024 SELECT i, date '2024-01-01' + i % 300, i FROM generate_series(1, 500) i;
INSERT INTO measures_2025 SELECT i, date '2025-01-01' + i % 300, i, 'n', i FROM generate_series(1, 500) i;
CREATE TABLE parts (id int, k int) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
ALTER TABLE parts_1 ALTER id SET NOT NULL;
CREATE TABLE parts_2 (k int, id int NOT NULL);
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES IN (2);
INSERT INTO parts SELECT i, 1 + i % 2 FROM generate_series(1, 40) i;
