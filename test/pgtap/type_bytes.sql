-- The bytes of every type: as they are sent in the binary protocol, and as they lie in a page.
--
-- Protects: values written by any version, on disk or in a binary copy, mean the same to all later ones. Should a line
-- here have to change, old databases can no longer be read: keep the old form readable, and add another.

BEGIN;
\ir helper.psql
SELECT plan(12);
CREATE EXTENSION pageinspect SCHEMA tap;

CREATE TABLE public.byte (id integer, monetary ar.monetary, aging_bucket ar.aging_bucket, invoice_status ar.invoice_status, terms ar.terms);
INSERT INTO public.byte VALUES
    (1, 'USD 1234.50', 'current', 'draft', 'due on receipt'),
    (2, 'JPY -5', '1-30', 'held', 'net 30'),
    (3, 'BHD 0.001', '91+', 'open', '2/10 net 30'),
    (4, 'CLF 922337203685477.5807', '-8-', 'partial', '30% due on receipt, 70% 2.5/day 10 cutoff 25 net 2 months'),
    (5, 'EUR -92233720368547758.08', '-7-0', 'paid', 'eom cutoff 25 net 45 next day 15'),
    (6, 'EUR 0.00', '-32768-32767', 'written_off', '500.50 next friday, 50% of rest net 1, rest net 3 months same month day 31'),
    (7, NULL, NULL, 'void', NULL);

-- Sent: the high byte first, whatever the machine.
SELECT results_eq($$SELECT id, monetary_send(monetary) FROM byte WHERE monetary IS NOT NULL ORDER BY id$$, $$VALUES
    (1, '\x0155534402000000000001e23a'::bytea), (2, '\x014a505900fffffffffffffffb'), (3, '\x01424844030000000000000001'),
    (4, '\x01434c46047fffffffffffffff'), (5, '\x01455552028000000000000000'), (6, '\x01455552020000000000000000')$$, 'monetary is sent so');
SELECT results_eq($$SELECT id, aging_bucket_send(aging_bucket) FROM byte WHERE aging_bucket IS NOT NULL ORDER BY id$$, $$VALUES
    (1, '\x80000000'::bytea), (2, '\x0001001e'), (3, '\x005b7fff'), (4, '\x8000fff8'), (5, '\xfff90000'), (6, '\x80007fff')$$, 'aging_bucket');
SELECT results_eq($$SELECT id, invoice_status_send(invoice_status) FROM byte ORDER BY id$$, $$VALUES
    (1, '\x01'::bytea), (2, '\x02'), (3, '\x03'), (4, '\x04'), (5, '\x05'), (6, '\x06'), (7, '\x07')$$, 'invoice_status');
SELECT results_eq($$SELECT id, terms_send(terms) FROM byte WHERE terms IS NOT NULL ORDER BY id$$, $$VALUES
    (1, 'due on receipt'::bytea), (2, 'net 30'), (3, '2/10 net 30'), (4, '30% due on receipt, 70% 2.5/day 10 cutoff 25 net 2 months'),
    (5, 'eom cutoff 25 net 45 next day 15'), (6, '500.50 next friday, 50% of rest net 1, rest net 3 months same month day 31')$$, 'terms');
-- The states of the aggregates travel between servers, which may be of two versions.
SELECT results_eq($$SELECT monetary_sum_state_send(s::monetary_sum_state) FROM unnest('{0,3 USD 12.50,1 JPY -1}'::text[]) AS s$$, $$VALUES
    ('\x01'::bytea), ('\x01000000000000000355534402000000000000000000000000000004e2'), ('\x0100000000000000014a505900ffffffffffffffffffffffffffffffff')$$,
    'monetary_sum_state');
SELECT results_eq($$SELECT monetary_total_state_send(s::monetary_total_state) FROM unnest(ARRAY['', '3 EUR 12.50,1 JPY -1']) AS s$$, $$VALUES
    ('\x0100000000'::bytea), ('\x0100000002000000000000000345555202000000000000000000000000000004e200000000000000014a505900ffffffffffffffffffffffffffffffff')$$,
    'monetary_total_state');
SELECT is(aging_state_send(aging_add(NULL, 'USD 5', '2026-01-01', '2026-01-10', '{0,30}')),
    '\x01'::bytea || '\x0000000000000001' || '\x55534402' || '\x00000002' || '\x000000000000001e'
    || '\x00000000000000000000000000000000' || '\x000000000000000000000000000001f4' || '\x00000000000000000000000000000000', 'aging_state');

-- Stored. What lies in a row after its header, on a machine with the low byte first.
CREATE TEMP TABLE stored AS
SELECT lp AS id, t_attrs
FROM heap_page_item_attrs(get_raw_page('public.byte', 0), 'public.byte'::regclass);
SELECT is((SELECT count(*) FROM stored), 7::bigint, 'seven rows lie in the page');
SELECT CASE WHEN is_little THEN results_eq($$SELECT id::integer, t_attrs[2] FROM stored WHERE id < 7 ORDER BY id$$, $$VALUES
    (1, '\x3ae201000000000002445355'::bytea), (2, '\xfbffffffffffffff0059504a'), (3, '\x010000000000000003444842'),
    (4, '\xffffffffffffff7f04464c43'), (5, '\x000000000000008002525545'), (6, '\x000000000000000002525545')$$, 'monetary is stored so')
    ELSE skip('this machine has the high byte first') END
FROM (SELECT t_attrs[1] = '\x01000000' AS is_little FROM stored WHERE id = 1) AS t;
SELECT CASE WHEN is_little THEN results_eq($$SELECT id::integer, t_attrs[3] FROM stored WHERE id < 7 ORDER BY id$$, $$VALUES
    (1, '\x00000080'::bytea), (2, '\x1e000100'), (3, '\xff7f5b00'), (4, '\xf8ff0080'), (5, '\x0000f9ff'), (6, '\xff7f0080')$$, 'aging_bucket')
    ELSE skip('this machine has the high byte first') END
FROM (SELECT t_attrs[1] = '\x01000000' AS is_little FROM stored WHERE id = 1) AS t;
SELECT results_eq($$SELECT id::integer, t_attrs[4] FROM stored ORDER BY id$$, $$VALUES
    (1, '\x01'::bytea), (2, '\x02'), (3, '\x03'), (4, '\x04'), (5, '\x05'), (6, '\x06'), (7, '\x07')$$, 'invoice_status');
-- A text of up to 126 bytes has a length of one byte before it.
SELECT results_eq($$SELECT id::integer, substr(t_attrs[5], 2) FROM stored WHERE id < 7 ORDER BY id$$,
    $$SELECT id, terms_send(terms) FROM byte WHERE terms IS NOT NULL ORDER BY id$$, 'terms, as they are sent');
SELECT * FROM finish();
ROLLBACK;
