-- A view that selects from itself: nothing can make it again.
CREATE TABLE t (id int);
INSERT INTO t VALUES (1), (2);
CREATE VIEW v AS SELECT id FROM t;
CREATE OR REPLACE VIEW v AS SELECT id FROM v;
