-- Unlogged tables with partitions, and a key to one another: 18 has no unlogged root any more.
CREATE UNLOGGED TABLE u_base (id int PRIMARY KEY);
INSERT INTO u_base SELECT generate_series(1, 10);
CREATE UNLOGGED TABLE u_part (id int REFERENCES u_base) PARTITION BY RANGE (id);
CREATE UNLOGGED TABLE u_part_1 PARTITION OF u_part FOR VALUES FROM (0) TO (100);
INSERT INTO u_part SELECT generate_series(1, 10);
