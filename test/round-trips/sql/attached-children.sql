-- A child that joined later, with its columns in another order; and a column that its parent was given last.
CREATE TABLE parent (a int, b text);
CREATE TABLE later (b text, a int, c int);
INSERT INTO later SELECT 'b' || i, i, -i FROM generate_series(1, 50) i;
ALTER TABLE later INHERIT parent;
CREATE TABLE first_child (own int) INHERITS (parent);
INSERT INTO first_child SELECT i, 'x', i * 2 FROM generate_series(1, 50) i;
ALTER TABLE parent ADD COLUMN added int DEFAULT 7;
