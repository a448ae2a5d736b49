-- load.sql: load a book from a CSV file of invoices, and print its aging.
--
--   make demo DATA=file.csv [AS_OF=2013-09-30]
--
-- The first line of the file names its columns, in any order and case; others than these are ignored:
--
--   customer      who owes; any code or name                                        (or: customerID)
--   number        the invoice's number                                              (or: invoiceNumber)
--   invoiced_on   its day: 2013-01-02, or 1/2/2013 with the month first             (or: InvoiceDate)
--   due_on        when it is due; without it, on the day of the invoice             (or: DueDate)
--   amount        what is owed, such as 1234.50                                     (or: InvoiceAmount)
--   currency      of the amount, such as USD; without it, USD
--   settled_on    when it was paid in full; empty while it is not                   (or: SettledDate)
--
-- To use it in a database of your own, give psql the columns of your file:
--
--   psql -v columns='"customer" text, "number" text, ...' -v as_of='' -v ledger=ACME -f docs/load.sql < file.csv
--
-- An invoice with settled_on gets a payment of that day over its whole amount, applied to it.

\set ON_ERROR_STOP on
\if :{?ledger}
\else
    \set ledger LOADED
\endif
BEGIN;
SET LOCAL datestyle TO 'ISO, MDY';

-- 1. The file as it is: text, whatever columns it has.
CREATE TEMPORARY TABLE file (:columns) ON COMMIT DROP;
\copy file FROM pstdin WITH (FORMAT csv, HEADER true)
ALTER TABLE file ADD line bigint GENERATED ALWAYS AS IDENTITY (START 2);

-- 2. The columns we know, by either name.  As JSON, a column that is not there is null rather than an error.
CREATE TEMPORARY TABLE file_invoice ON COMMIT DROP AS
SELECT (f ->> 'line')::bigint AS line,
       trim(COALESCE(f ->> 'customer', f ->> 'customerid')) AS customer,
       trim(COALESCE(f ->> 'number', f ->> 'invoicenumber')) AS number,
       trim(COALESCE(f ->> 'invoiced_on', f ->> 'invoicedate')) AS invoiced_on,
       trim(COALESCE(f ->> 'due_on', f ->> 'duedate', f ->> 'invoiced_on', f ->> 'invoicedate')) AS due_on,
       trim(COALESCE(f ->> 'amount', f ->> 'invoiceamount')) AS amount,
       upper(trim(COALESCE(f ->> 'currency', 'USD'))) AS currency,
       NULLIF(trim(COALESCE(f ->> 'settled_on', f ->> 'settleddate')), '') AS settled_on
FROM (SELECT to_jsonb(file) FROM file) AS file_row (f);

-- 3. What cannot be read is refused, with its line, before anything is loaded.
CREATE FUNCTION pg_temp.is_valid(value text, of_type regtype) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SELECT %L::%s', value, of_type);
    RETURN value IS NOT NULL;
EXCEPTION WHEN data_exception THEN
    RETURN false;
END
$$;

DO $$
DECLARE
    day CONSTANT text := '^(\d{4}-\d{1,2}-\d{1,2}|(0?[1-9]|1[0-2])/\d{1,2}/\d{4})$';
    missing text;
    problems text;
BEGIN
    SELECT string_agg(format('"%s" (or "%s")', c.name, c.other), ', ') INTO missing
    FROM (VALUES ('customer', 'customerID'), ('number', 'invoiceNumber'), ('invoiced_on', 'InvoiceDate'),
                 ('amount', 'InvoiceAmount')) AS c (name, other)
    WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                      WHERE a.attrelid = 'pg_temp.file'::regclass AND a.attname IN (c.name, lower(c.other)));
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = 'the first line of the file does not name all columns that are needed',
            DETAIL = format('Missing: %s.', missing),
            HINT = 'The first lines of docs/load.sql describe the columns.';
    END IF;

    SELECT string_agg(format('line %s: %s', p.line, p.problem), E'\n' ORDER BY p.line, p.problem) INTO problems
    FROM (
        SELECT i.line, c.problem
        FROM (SELECT *, count(*) OVER (PARTITION BY number) AS times FROM file_invoice) AS i,
        LATERAL (VALUES
            (COALESCE(i.customer, '') <> '', 'there is no customer'),
            (COALESCE(i.number, '') <> '', 'there is no number'),
            (COALESCE(i.number, '') = '' OR i.times = 1, format('number "%s" is there more than once', i.number)),
            (i.invoiced_on ~ day AND pg_temp.is_valid(i.invoiced_on, 'date'),
             format('invoiced_on is no date: "%s"', i.invoiced_on)),
            (i.due_on IS NOT DISTINCT FROM i.invoiced_on OR i.due_on ~ day AND pg_temp.is_valid(i.due_on, 'date'),
             format('due_on is no date: "%s"', i.due_on)),
            (i.settled_on IS NULL OR i.settled_on ~ day AND pg_temp.is_valid(i.settled_on, 'date'),
             format('settled_on is no date: "%s"', i.settled_on)),
            (i.amount ~ '^\d+(\.\d+)?$', format('amount is no number, or below zero: "%s"', i.amount)),
            (ar.is_currency(i.currency), format('currency is no ISO 4217 code: "%s"', i.currency)),
            (NOT ar.is_currency(i.currency) OR i.amount !~ '^\d+(\.\d+)?$'
             OR pg_temp.is_valid(i.currency || ' ' || i.amount, 'ar.monetary'),
             format('amount is too large, or has more decimals than %s: "%s"', i.currency, i.amount))
        ) AS c (is_fine, problem)
        WHERE c.is_fine IS NOT TRUE
        ORDER BY i.line, c.problem
        LIMIT 10
    ) AS p;
    IF problems IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'data_exception',
            MESSAGE = 'the file cannot be loaded as it is',
            DETAIL = problems,
            HINT = 'The first lines of docs/load.sql describe the columns. Correct the file, and load it again; nothing was loaded.';
    END IF;
    IF NOT EXISTS (SELECT FROM file_invoice) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = 'the file holds no invoices',
            HINT = 'The first line names the columns; the invoices follow, one a line.';
    END IF;
END
$$;

-- 4. The book: a ledger, then everything of one kind by one statement.
SELECT ar.create_ledger(code => :'ledger', name => 'Loaded from a file',
                        currency => mode() WITHIN GROUP (ORDER BY currency)) AS ledger_id,
       COALESCE(NULLIF(:'as_of', '')::date, max(invoiced_on::date)) AS as_of
FROM file_invoice \gset

INSERT INTO ar.customer (ledger_id, code, name)
SELECT DISTINCT :ledger_id, i.customer, i.customer
FROM file_invoice AS i;

INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
SELECT :ledger_id, c.customer_id, i.number, i.invoiced_on::date, i.due_on::date,
       (i.currency || ' ' || i.amount)::ar.monetary, 'open'
FROM file_invoice AS i
JOIN ar.customer AS c ON c.ledger_id = :ledger_id AND c.code = i.customer;

INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference)
SELECT v.ledger_id, v.customer_id, v.total, i.settled_on::date, v.number
FROM file_invoice AS i
JOIN ar.invoice AS v ON v.ledger_id = :ledger_id AND v.number = i.number
WHERE i.settled_on IS NOT NULL AND i.amount::numeric > 0;

-- What was paid before it was invoiced waits, unapplied, for the invoice.
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT p.ledger_id, credit.item_id, debit.item_id, p.amount, greatest(p.received_on, v.invoiced_on)
FROM ar.payment AS p
JOIN ar.item AS credit ON credit.ledger_id = p.ledger_id AND credit.payment_id = p.payment_id
JOIN ar.invoice AS v ON v.ledger_id = p.ledger_id AND v.number = p.reference
JOIN ar.item AS debit ON debit.ledger_id = v.ledger_id AND debit.invoice_id = v.invoice_id
WHERE p.ledger_id = :ledger_id;

COMMIT;

-- 5. What came of it.
\echo
\echo 'Loaded into ledger' :ledger_id 'with code' :ledger
\echo
SELECT (SELECT count(*) FROM ar.customer WHERE ledger_id = :ledger_id) AS customers,
       (SELECT count(*) FROM ar.invoice WHERE ledger_id = :ledger_id) AS invoices,
       (SELECT count(*) FROM ar.payment WHERE ledger_id = :ledger_id) AS payments,
       (SELECT count(*) FROM ar.verify(:ledger_id)) AS "violations found by ar.verify()";

\echo 'Aging as of' :as_of
\echo
SELECT currency, count(*) AS customers, sum(not_due) AS not_due, sum(days_1_30) AS days_1_30,
       sum(days_31_60) AS days_31_60, sum(days_61_90) AS days_61_90, sum(days_91_plus) AS days_91_plus,
       sum(unapplied) AS unapplied, sum(balance) AS balance
FROM ar.aging(ledger_id => :ledger_id, as_of => :'as_of')
GROUP BY currency
ORDER BY currency;

\echo 'The ten customers that owe most'
\echo
SELECT customer_code, currency, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, unapplied, balance
FROM ar.aging(ledger_id => :ledger_id, as_of => :'as_of')
ORDER BY balance DESC, customer_code
LIMIT 10;
