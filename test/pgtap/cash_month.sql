-- cash: a month of bank lines, small; test/bench/cash_month.sql has the large one.
-- Protects: of lines that are clean, mangled, short, discounted, combined, double, foreign, nameless, misspelt into somebody else's number, or
-- paid for another, none is applied to what it is not for, and most are applied without a person.
BEGIN;
\ir helper.psql
SELECT plan(33);
CREATE EXTENSION pg_trgm SCHEMA public;
SELECT ar.index_payer_names() \g /dev/null
\set customers 120
\set QUIET on
\o /dev/null
\ir ../bench/cash_month.psql
\o
SELECT month.receive(:ledger) \g /dev/null
CREATE TEMPORARY TABLE answered AS SELECT * FROM ar.auto_apply(:ledger);
CREATE TEMPORARY TABLE outcome AS SELECT * FROM month.outcome(:ledger);

SELECT is((SELECT count(*) FROM month.line), 600::bigint, 'there are 600 lines');
SELECT is((SELECT count(DISTINCT kind) FROM month.line), 19::bigint, 'of 19 kinds');
SELECT is_empty($$SELECT o.n, o.kind, o.fault, l.reference, l.payer_name, l.payer_account, l.cents, a.found_by, a.explanation
                  FROM outcome AS o JOIN month.line AS l USING (n) LEFT JOIN answered AS a USING (payment_id) WHERE o.fault IS NOT NULL$$, 'no match is wrong');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE is_touchless) * 100 / count(*) FROM outcome WHERE can_be_applied), '>=', 95::bigint,
    'of the lines that can be, 95 of 100 are applied without a person');
-- Kind by kind, how many of a hundred at least, or at most.
SELECT cmp_ok((SELECT count(*) FILTER (WHERE o.is_touchless) * 100 / count(*) FROM outcome AS o WHERE o.kind = k.kind AND o.can_be_applied), '>=', k.least,
              format('of "%s" at least %s of 100 are applied', k.kind, k.least))
FROM (VALUES ('clean', 98::bigint), ('mangled', 98), ('short', 98), ('discount', 98), ('partial', 90), ('combined', 90), ('combination', 60), ('account', 60),
             ('name', 80), ('slip', 98)) AS k(kind, least);
SELECT is((SELECT count(*) FROM outcome AS o WHERE o.kind = k.kind AND o.is_touchless), 0::bigint, format('of "%s" none is applied', k.kind))
FROM unnest('{duplicate,foreign,group,shared,stranger,trap,blind,wrong}'::text[]) AS k(kind);
SELECT is((SELECT count(*) FROM outcome AS o WHERE o.kind = k.kind AND o.is_identified), 0::bigint, format('of "%s" nobody knows who paid', k.kind))
FROM unnest('{group,shared,stranger,blind}'::text[]) AS k(kind);
SELECT is((SELECT count(*) FROM outcome AS o JOIN month.line AS l USING (n) JOIN ar.match_suggestion AS s ON s.ledger_id = :ledger AND s.payment_id = l.payment_id
           WHERE o.kind = 'group' AND s.kind = 'payer' AND s.status = 'open' AND s.explanation LIKE '%of the same group%') > 0, true,
    'what a parent pays for a subsidiary is suggested');
SELECT is((SELECT count(*) FROM outcome WHERE kind IN ('duplicate') AND NOT is_identified), 0::bigint, 'who pays twice is known');
SELECT is((SELECT count(*) FROM answered), 600::bigint, 'each line gets an answer');
SELECT is((SELECT count(*) FROM answered WHERE explanation IS NULL OR explanation = ''), 0::bigint, 'in words');
-- Again: nothing that was left alone is taken up, and nothing is suggested twice.
SELECT (SELECT count(*) FROM ar.application) AS applications, (SELECT count(*) FROM ar.match_suggestion) AS suggestions \gset
CREATE TEMPORARY TABLE again AS SELECT * FROM ar.auto_apply(:ledger);
SELECT is((SELECT count(*) FROM ar.match_suggestion), :suggestions::bigint, 'asked again, nothing more is suggested');
SELECT is_empty('SELECT n, kind, fault FROM month.outcome(' || :ledger || ') WHERE fault IS NOT NULL', 'asked again, no match is wrong either');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
