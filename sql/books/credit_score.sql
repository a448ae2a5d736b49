-- credit: the scorecard: weighted points from the payment history, with all they were made from.

CREATE TABLE ar.credit_score_factor (
    ledger_id integer NOT NULL,
    factor text NOT NULL,
    weight numeric NOT NULL,
    CONSTRAINT credit_score_factor_pkey PRIMARY KEY (ledger_id, factor),
    CONSTRAINT credit_score_factor_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT credit_score_factor_factor_check CHECK (factor IN ('days_late', 'days_late_max', 'share_late', 'overdue_share',
        'utilisation', 'relation_days', 'bounced_payments', 'broken_promises', 'disputes')),
    CONSTRAINT credit_score_factor_weight_check CHECK (weight >= 0 AND weight < 'Infinity')
);
COMMENT ON TABLE ar.credit_score_factor IS 'A row is how much one factor weighs in the scorecard of a ledger. Without rows the ledger uses the default scorecard, as ar.create_scorecard() writes it.';
COMMENT ON COLUMN ar.credit_score_factor.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_score_factor.factor IS 'days_late, average days past due at which items were closed; days_late_max, of these and of what is open; share_late, percent of the items closed late; overdue_share, percent of what is open; utilisation, percent of the limit; relation_days; bounced_payments, broken_promises and disputes, counts. All over the last twelve months but relation_days.';
COMMENT ON COLUMN ar.credit_score_factor.weight IS 'Points are multiplied by it; zero leaves the factor out.';

CREATE TABLE ar.credit_score_band (
    ledger_id integer NOT NULL,
    factor text NOT NULL,
    from_value numeric NOT NULL,
    points numeric NOT NULL,
    CONSTRAINT credit_score_band_pkey PRIMARY KEY (ledger_id, factor, from_value),
    CONSTRAINT credit_score_band_factor_fkey FOREIGN KEY (ledger_id, factor) REFERENCES ar.credit_score_factor ON DELETE CASCADE,
    CONSTRAINT credit_score_band_points_check CHECK (points BETWEEN 0 AND 100)
);
COMMENT ON TABLE ar.credit_score_band IS 'A row is the points, from 0 to 100, that a factor gives from a value on, up to the next row.';
COMMENT ON COLUMN ar.credit_score_band.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_score_band.factor IS 'The factor.';
COMMENT ON COLUMN ar.credit_score_band.from_value IS 'The smallest value of the band; -Infinity for the first.';
COMMENT ON COLUMN ar.credit_score_band.points IS 'The points: 100 is best.';

CREATE TABLE ar.credit_score (
    ledger_id integer NOT NULL,
    score_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    scored_on date NOT NULL,
    score numeric NOT NULL,
    suggested_limit ar.monetary,
    inputs jsonb NOT NULL,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT credit_score_pkey PRIMARY KEY (ledger_id, score_id),
    CONSTRAINT credit_score_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_score_score_check CHECK (score BETWEEN 0 AND 100)
);
CREATE INDEX credit_score_customer_idx ON ar.credit_score (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.credit_score IS 'A row is the score of one customer on one day, with everything it was made from. A fact: never changed.';
COMMENT ON COLUMN ar.credit_score.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_score.score_id IS 'Id of the score.';
COMMENT ON COLUMN ar.credit_score.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_score.scored_on IS 'The day it was reckoned for.';
COMMENT ON COLUMN ar.credit_score.score IS 'From 0 to 100, the weighted average of the points; 100 is best.';
COMMENT ON COLUMN ar.credit_score.suggested_limit IS 'The limit that follows from his sales and terms, no more than the cap.';
COMMENT ON COLUMN ar.credit_score.inputs IS 'Each factor with value, points and weight, and what the suggested limit was made from.';
COMMENT ON COLUMN ar.credit_score.recorded_by IS 'Who had it reckoned; set by the database.';
COMMENT ON COLUMN ar.credit_score.recorded_at IS 'When; set by the database.';

CREATE TRIGGER credit_score_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.credit_score
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER credit_score_record_bir BEFORE INSERT ON ar.credit_score
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record_credit();

ALTER TABLE ar.credit_application ADD CONSTRAINT credit_application_score_fkey FOREIGN KEY (ledger_id, score_id) REFERENCES ar.credit_score;
ALTER TABLE ar.credit_review ADD CONSTRAINT credit_review_score_fkey FOREIGN KEY (ledger_id, score_id) REFERENCES ar.credit_score;
ALTER TABLE ar.credit_review ADD CONSTRAINT credit_review_limit_fkey FOREIGN KEY (ledger_id, limit_id) REFERENCES ar.credit_limit;
