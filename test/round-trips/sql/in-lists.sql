-- What every framework writes, and the server prints otherwise after a reload.
CREATE TABLE orders (id int PRIMARY KEY, status varchar(20) CHECK (status IN ('new', 'paid', 'sent')), kind char(3) DEFAULT 'abc');
CREATE INDEX orders_open ON orders (id) WHERE status IN ('new', 'paid');
INSERT INTO orders SELECT i, (ARRAY['new', 'paid', 'sent'])[1 + i % 3] FROM generate_series(1, 300) i;
CREATE VIEW both_kinds AS SELECT id, status FROM orders UNION ALL SELECT 0, NULL;
CREATE TABLE prices (id int, currency varchar(3) NOT NULL DEFAULT 'EUR' CHECK (currency::text = ANY (ARRAY['EUR', 'USD'])));
CREATE DOMAIN colour AS varchar(10) CHECK (VALUE IN ('red', 'green'));
CREATE TABLE paint (c colour);
INSERT INTO paint VALUES ('red');
