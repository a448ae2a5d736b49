-- party: business calendars.
-- Protects: due dates leave free days by the policy of the ledger, over weekends, holidays, ends of months and of the year.
BEGIN;
\ir helper.psql
SELECT plan(25);
SELECT ar.create_ledger('TEST', 'Test Company', 'EUR', 'Europe/Berlin');

-- Without a calendar.  2026-01-03 is a Saturday.
SELECT ok(ar.is_business_day(pg_temp.ledger(), '2026-01-02') AND NOT ar.is_business_day(pg_temp.ledger(), '2026-01-03')
      AND NOT ar.is_business_day(pg_temp.ledger(), '2026-01-04') AND ar.is_business_day(pg_temp.ledger(), '2026-01-05'),
    'without a calendar Saturday and Sunday are free');
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-01-03'), '2026-01-03', 'unless told so due dates stay where they are');
UPDATE ar.ledger SET due_date_shift = 'next_business_day' WHERE code = 'TEST';
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-01-03'), '2026-01-05', 'Saturday goes to Monday');
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-01-05'), '2026-01-05', 'a business day stays');
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-01-31'), '2026-02-02', 'also into the next month');
UPDATE ar.ledger SET due_date_shift = 'modified_following' WHERE code = 'TEST';
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-01-31'), '2026-01-30', 'modified following stays in the month: Saturday the 31st goes back to Friday');
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-01-03'), '2026-01-05', 'and else goes on');
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2028-02-27'), '2028-02-28', 'Sunday the 27th of a leap year''s February goes on');

-- With one: Good Friday and Easter Monday 2026, the New Year, and the days before it.
INSERT INTO ar.calendar (ledger_id, calendar) VALUES (pg_temp.ledger(), 'TARGET');
INSERT INTO ar.holiday (ledger_id, calendar, day, name)
SELECT pg_temp.ledger(), 'TARGET', h.day, h.name FROM (VALUES ('2026-01-01'::date, 'New Year'), ('2026-04-03', 'Good Friday'), ('2026-04-06', 'Easter Monday'),
    ('2026-12-31', 'closed'), ('2027-01-01', 'New Year'), ('2028-02-29', 'leap day')) AS h(day, name);
SELECT ok(ar.is_business_day(pg_temp.ledger(), '2026-04-03'), 'a calendar that is not the ledger''s changes nothing');
SELECT ok(NOT ar.is_business_day(pg_temp.ledger(), '2026-04-03', 'TARGET'), 'unless it is asked');
UPDATE ar.ledger SET calendar = 'TARGET' WHERE code = 'TEST';
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-04-03'), '2026-04-07', 'Good Friday goes to Tuesday after Easter');
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-12-31'), '2026-12-30', 'modified following at the end of the year goes back');
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2028-02-29'), '2028-02-28', 'and on 29 February');
UPDATE ar.ledger SET due_date_shift = 'next_business_day' WHERE code = 'TEST';
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-12-31'), '2027-01-04', 'next business day: over the New Year and the weekend');
SELECT is(ar.shift_due_dates(pg_temp.ledger(), '{2026-04-04,2026-04-07,NULL,2026-04-03,2026-04-04,infinity}'),
    '{2026-04-07,2026-04-07,NULL,2026-04-07,2026-04-07,infinity}'::date[], 'many at once, in their order');
SELECT is(ar.shift_due_dates(pg_temp.ledger(), '{}'), '{}'::date[], 'none at once');

-- Other weeks.
INSERT INTO ar.calendar (ledger_id, calendar, weekend) VALUES (pg_temp.ledger(), 'RIYADH', '{5,6}'), (pg_temp.ledger(), 'ALWAYS', '{}');
UPDATE ar.ledger SET calendar = 'RIYADH' WHERE code = 'TEST';
SELECT is(ar.shift_due_date(pg_temp.ledger(), '2026-01-02'), '2026-01-04', 'where Friday and Saturday are free, Friday goes to Sunday');
SELECT ok(ar.is_business_day(pg_temp.ledger(), '2026-01-04', 'ALWAYS'), 'a calendar may have no free days');
SELECT is(pg_temp.outcome($$INSERT INTO ar.calendar (ledger_id, calendar, weekend) VALUES (pg_temp.ledger(), 'NEVER', '{1,2,3,4,5,6,7}')$$, 'constraint'),
    '23514 calendar_weekend_check', 'but not only free days');
SELECT is(pg_temp.outcome($$INSERT INTO ar.calendar (ledger_id, calendar, weekend) VALUES (pg_temp.ledger(), 'EIGHT', '{8}')$$, 'constraint'),
    '23514 calendar_weekend_check', 'nor an eighth day');
SELECT is(pg_temp.outcome($$UPDATE ar.ledger SET calendar = 'NONE' WHERE code = 'TEST'$$, 'constraint'), '23503 ledger_calendar_fkey', 'a ledger has no calendar that is not there');
SELECT is(pg_temp.outcome($$SELECT ar.is_business_day(pg_temp.ledger(), '2026-01-04', 'NONE')$$, 'all'),
    format(E'42704: calendar "NONE" does not exist in ledger %s\nCreate it by a row in ar.calendar.', pg_temp.ledger()), 'nor can it be asked');
SELECT is(pg_temp.outcome($$SELECT ar.shift_due_date(-1, '2026-01-04')$$) || pg_temp.outcome($$SELECT ar.is_business_day(-1, '2026-01-04')$$), '2350323503',
    'there are none without a ledger');
SELECT lives_ok($$DELETE FROM ar.calendar WHERE calendar = 'TARGET'$$, 'a calendar goes with its holidays');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
