-- party: customers that may be the same.
-- Protects: pairs are found by identifiers and by similar names and addresses, exactly those that are similar enough; they are reported and
-- nothing else; without pg_trgm names are not compared, and the error says what to do.
BEGIN;
\ir helper.psql
SELECT plan(19);
SELECT ar.create_ledger('TEST', 'Test Company', 'EUR'), ar.create_ledger('OTHER', 'Other', 'EUR');
CREATE FUNCTION pg_temp.pairs(by_name boolean, threshold real DEFAULT 0.7) RETURNS TABLE (one text, two text, reason text) LANGUAGE sql AS
$$ SELECT d.customer_code, d.duplicate_code, d.reason FROM ar.duplicate_customers(pg_temp.ledger(), threshold => $2, by_name => $1) AS d $$;
INSERT INTO ar.customer (ledger_id, code, name, tax_id, iban, registration_id, electronic_address, electronic_address_scheme, country) VALUES
    (pg_temp.ledger(), 'T1', 'Alpha', 'DE 136 695 976', NULL, 'HRB 1', NULL, NULL, 'DE'), (pg_temp.ledger(), 'T2', 'Beta', 'de136695976', NULL, 'HRB 1', NULL, NULL, 'AT'),
    (pg_temp.ledger(), 'T3', 'Gamma', 'DE136695976', 'DE89370400440532013000', NULL, NULL, NULL, NULL),
    (pg_temp.ledger(), 'B', 'Delta', NULL, 'DE89370400440532013000', 'hrb-1', 'X', '9930', 'DE'), (pg_temp.ledger(), 'E', 'Epsilon', NULL, NULL, NULL, 'x', '9930', NULL),
    (pg_temp.ledger(), 'E2', 'Zeta', NULL, NULL, NULL, 'x', '0088', NULL),
    (pg_temp.ledger('OTHER'), 'O', 'Alpha', 'DE136695976', 'DE89370400440532013000', NULL, NULL, NULL, NULL);
SELECT set_eq('SELECT * FROM pg_temp.pairs(false)', $$VALUES ('T1', 'T2', 'tax id'), ('T1', 'T3', 'tax id'), ('T1', 'B', 'registration id'), ('T3', 'B', 'iban'),
    ('B', 'E', 'electronic address')$$, 'by identifiers, however spaced, each with the first that has it, in its ledger');
UPDATE ar.customer SET parent_id = pg_temp.customer('T1') WHERE code = 'T2';
UPDATE ar.customer SET status = 'closed' WHERE code = 'E';
SELECT set_eq('SELECT * FROM pg_temp.pairs(false)', $$VALUES ('T1', 'T3', 'tax id'), ('T1', 'B', 'registration id'), ('T3', 'B', 'iban')$$,
    'members of a group are no duplicates, and closed customers do not matter');
SELECT set_eq($$SELECT customer_code, duplicate_code FROM ar.duplicate_customers(pg_temp.ledger(), ARRAY[pg_temp.customer('T3')], by_name => false)$$,
    $$VALUES ('T1', 'T3'), ('T3', 'B')$$, 'for some customers theirs alone');
SELECT is((SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'), 0::bigint, 'there is no pg_trgm yet');
SELECT is(pg_temp.outcome($$SELECT * FROM ar.duplicate_customers(pg_temp.ledger())$$, 'all'),
    E'0A000: names are compared by the extension pg_trgm, which this database does not have\n'
    'Run CREATE EXTENSION pg_trgm; or give by_name => false to compare identifiers only.', 'without it names are an error that says what to do');
SELECT is(pg_temp.outcome($$SELECT * FROM ar.duplicate_customers(pg_temp.ledger(), threshold => 0.2, by_name => false)$$) ||
          pg_temp.outcome($$SELECT * FROM ar.duplicate_customers(pg_temp.ledger(), threshold => NULL, by_name => false)$$), '2202322023', 'a threshold has its range');

SELECT is(ar.match_name('Müller & Söhne G.m.b.H.'), 'mueller soehne', 'names: accents, dots and the form of the company do not count');
SELECT is(ar.match_name('S.A. Électricité de Liège'), 'electricite de liege', 'in other languages');
SELECT is(ar.match_name('AG'), 'ag', 'but something remains');
SELECT is(ar.match_name('Agnes Cooper Inc.'), 'agnes cooper', 'a form is a word');

-- In a schema of its own, as a careful administrator has it.
CREATE SCHEMA extensions;
CREATE EXTENSION pg_trgm SCHEMA extensions;
INSERT INTO ar.customer (ledger_id, code, name, street, postal_code, city) VALUES
    (pg_temp.ledger(), 'N1', 'Hotel Alba Müller GmbH', 'Lindenstr. 1', '10117', 'Berlin'), (pg_temp.ledger(), 'N2', 'Hotel Alba Mueller', 'Lindenstr. 1', '10117', 'Berlin'),
    (pg_temp.ledger(), 'N3', 'Hotel Alba Muller', 'Lindenstrasse 1', '10117', 'Berlin'), (pg_temp.ledger(), 'N4', 'Hotel Alba Müller KG', 'Rue Haute 7', '4000', 'Liège'),
    (pg_temp.ledger(), 'N5', 'Kino Claro', 'Lindenstr. 1', '10117', 'Berlin'), (pg_temp.ledger(), 'N6', 'Cinema Claro', NULL, NULL, NULL), (pg_temp.ledger(), 'N7', 'Cinema Clara', NULL, NULL, NULL);
SELECT bag_has($$SELECT one, two, reason FROM pg_temp.pairs(true)$$, $$VALUES ('N1', 'N2', 'name and address'), ('N6', 'N7', 'name'), ('T1', 'T3', 'tax id')$$, 'by names and addresses');
SELECT bag_hasnt($$SELECT one, two FROM pg_temp.pairs(true)$$, $$VALUES ('N1', 'N5'), ('N5', 'N6')$$, 'not by an address alone, nor by half a name');
SELECT is((SELECT d.similarity FROM ar.duplicate_customers(pg_temp.ledger()) AS d WHERE d.duplicate_code = 'N2'), 1::real, 'the same but for spelling is 1');

-- The filter leaves out no pair: against comparing all with all.
INSERT INTO ar.customer (ledger_id, code, name, street, city, created_on)
SELECT pg_temp.ledger('OTHER'), 'R' || n, initcap((ARRAY['hotel','studio','garten','kanzlei','druckerei'])[1 + n * 7 % 5] || ' '
       || substr('abelmontisverdanogruhl', 1 + n * 13 % 17, 3 + n % 4) || substr('bergerhoffmannsteinmeier', 1 + n * 5 % 19, 4 + n * 3 % 3)),
       CASE WHEN n % 3 > 0 THEN 'Street ' || n % 7 END, CASE WHEN n % 3 > 0 THEN (ARRAY['Bonn','Berlin'])[1 + n % 2] END, '2026-01-05'
FROM generate_series(1, 400) AS n;
CREATE FUNCTION pg_temp.all_pairs(threshold real) RETURNS TABLE (one bigint, two bigint) LANGUAGE sql AS $$
    WITH c AS (SELECT c.customer_id, ar.match_name(c.name) AS name,
                      nullif(ar.match_name(concat_ws(' ', c.street, c.postal_code, c.city, c.country)), '') AS address
               FROM ar.customer AS c WHERE c.ledger_id = pg_temp.ledger('OTHER'))
    SELECT a.customer_id, b.customer_id FROM c AS a JOIN c AS b ON a.customer_id < b.customer_id
    WHERE CASE WHEN a.address IS NULL OR b.address IS NULL THEN extensions.similarity(a.name, b.name) >= $1
               ELSE (2 * extensions.similarity(a.name, b.name) + extensions.similarity(a.address, b.address)) / 3 >= $1 END $$;
SELECT cmp_ok((SELECT count(*) FROM pg_temp.all_pairs(0.7)), '>', 20::bigint, 'there are many pairs to find');
SELECT set_eq($$SELECT customer_id, duplicate_id FROM ar.duplicate_customers(pg_temp.ledger('OTHER'))$$, 'SELECT * FROM pg_temp.all_pairs(0.7)', 'all are found, and no other');
SELECT set_eq($$SELECT customer_id, duplicate_id FROM ar.duplicate_customers(pg_temp.ledger('OTHER'), threshold => 0.55)$$, 'SELECT * FROM pg_temp.all_pairs(0.55)', 'at a lower threshold, too');
SELECT set_eq($$SELECT customer_id, duplicate_id FROM ar.duplicate_customers(pg_temp.ledger('OTHER'), ARRAY[pg_temp.customer('R7', 'OTHER'), pg_temp.customer('R55', 'OTHER')])$$,
    $$SELECT * FROM pg_temp.all_pairs(0.7) WHERE pg_temp.customer('R7', 'OTHER') IN (one, two) OR pg_temp.customer('R55', 'OTHER') IN (one, two)$$, 'and for some customers');
SELECT is((SELECT count(*) FROM ar.customer WHERE ledger_id = pg_temp.ledger('OTHER')), 401::bigint, 'nothing is merged');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
