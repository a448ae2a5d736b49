-- party: business calendars.

CREATE TABLE ar.calendar (
    ledger_id integer NOT NULL,
    calendar text NOT NULL,
    weekend smallint[] NOT NULL DEFAULT '{6,7}',
    CONSTRAINT calendar_pkey PRIMARY KEY (ledger_id, calendar),
    CONSTRAINT calendar_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT calendar_calendar_check CHECK (calendar <> ''),
    -- A week without a business day would have no end.
    CONSTRAINT calendar_weekend_check CHECK (
        weekend <@ '{1,2,3,4,5,6,7}' AND NOT weekend @> '{1,2,3,4,5,6,7}')
);
COMMENT ON TABLE ar.calendar IS 'A row is one business calendar of a ledger: which days of the week are free. Its holidays are in ar.holiday.';
COMMENT ON COLUMN ar.calendar.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.calendar.calendar IS 'Name of the calendar, such as TARGET.';
COMMENT ON COLUMN ar.calendar.weekend IS 'Free days of every week: 1 is Monday, 7 is Sunday.';

CREATE TABLE ar.holiday (
    ledger_id integer NOT NULL,
    calendar text NOT NULL,
    day date NOT NULL,
    name text,
    CONSTRAINT holiday_pkey PRIMARY KEY (ledger_id, calendar, day),
    CONSTRAINT holiday_calendar_fkey FOREIGN KEY (ledger_id, calendar) REFERENCES ar.calendar ON DELETE CASCADE,
    CONSTRAINT holiday_day_check CHECK (isfinite(day))
);
COMMENT ON TABLE ar.holiday IS 'A row is one free day of a calendar beside its weekends.';
COMMENT ON COLUMN ar.holiday.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.holiday.calendar IS 'The calendar.';
COMMENT ON COLUMN ar.holiday.day IS 'The free day.';
COMMENT ON COLUMN ar.holiday.name IS 'What it is called.';

ALTER TABLE ar.ledger ADD CONSTRAINT ledger_calendar_fkey FOREIGN KEY (ledger_id, calendar) REFERENCES ar.calendar;
