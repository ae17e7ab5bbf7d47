-- Unlogged tables with an identity.
CREATE UNLOGGED TABLE u_ident (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text);
INSERT INTO u_ident (t) SELECT 'r' || i FROM generate_series(1, 5) i;
