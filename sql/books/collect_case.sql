-- collect: cases, who works on them, and how they are ranked.

CREATE TABLE ar.collector (
    ledger_id integer NOT NULL,
    collector text NOT NULL,
    name text NOT NULL,
    team text,
    role_name text,
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT collector_pkey PRIMARY KEY (ledger_id, collector),
    CONSTRAINT collector_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT collector_collector_check CHECK (collector ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT collector_name_check CHECK (name ~ '\S'),
    CONSTRAINT collector_team_check CHECK (team ~ '^[a-z][a-z0-9_]*$')
);
COMMENT ON TABLE ar.collector IS 'A row is somebody who collects for a ledger.';
COMMENT ON COLUMN ar.collector.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.collector.collector IS 'Short name, such as anna.';
COMMENT ON COLUMN ar.collector.name IS 'Name.';
COMMENT ON COLUMN ar.collector.team IS 'The team; a rule may assign to a team, which shares its cases evenly.';
COMMENT ON COLUMN ar.collector.role_name IS 'The role of the database that he works as, if any.';
COMMENT ON COLUMN ar.collector.is_active IS 'Whether cases are assigned to him; those of one who is not are given to others by the next ar.assign_cases().';

CREATE TABLE ar.assignment_rule (
    ledger_id integer NOT NULL,
    "position" integer NOT NULL,
    collector text,
    team text,
    customer_class text,
    country text,
    code_from text,
    code_to text,
    overdue_from numeric,
    overdue_below numeric,
    note text,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT assignment_rule_pkey PRIMARY KEY (ledger_id, "position"),
    CONSTRAINT assignment_rule_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT assignment_rule_collector_fkey FOREIGN KEY (ledger_id, collector) REFERENCES ar.collector,
    CONSTRAINT assignment_rule_collector_check CHECK (num_nonnulls(collector, team) = 1),
    CONSTRAINT assignment_rule_country_check CHECK (ar.is_country(country)),
    CONSTRAINT assignment_rule_code_check CHECK (code_from <> '' AND code_to <> ''),
    CONSTRAINT assignment_rule_overdue_check CHECK (overdue_from >= 0 AND overdue_below > 0 AND overdue_from < 'Infinity' AND overdue_below < 'Infinity'
                                                    AND overdue_below > overdue_from)
);
COMMENT ON TABLE ar.assignment_rule IS 'A row says to whom the cases of some customers go: all its conditions hold, and the first rule by position whose do decides. A column that is NULL is no condition.';
COMMENT ON COLUMN ar.assignment_rule.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.assignment_rule."position" IS 'Which rule is asked first: the lowest.';
COMMENT ON COLUMN ar.assignment_rule.collector IS 'To whom; passed over while he is not active.';
COMMENT ON COLUMN ar.assignment_rule.team IS 'Or to whom of a team: whoever has the fewest open cases.';
COMMENT ON COLUMN ar.assignment_rule.customer_class IS 'Customers of this class (ar.customer.customer_class).';
COMMENT ON COLUMN ar.assignment_rule.country IS 'Customers in this country.';
COMMENT ON COLUMN ar.assignment_rule.code_from IS 'Customers whose code is this or later, compared byte by byte and without case.';
COMMENT ON COLUMN ar.assignment_rule.code_to IS 'Customers whose code is this, begins with it, or is earlier: from a to m takes all that begin with a to m.';
COMMENT ON COLUMN ar.assignment_rule.overdue_from IS 'Customers of whom at least so much is overdue, in units of the currency of the ledger.';
COMMENT ON COLUMN ar.assignment_rule.overdue_below IS 'Customers of whom less is overdue than this.';
COMMENT ON COLUMN ar.assignment_rule.note IS 'Why.';
COMMENT ON COLUMN ar.assignment_rule.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.assignment_rule.changed_at IS 'When; set by the database.';

CREATE TABLE ar.collection_case (
    ledger_id integer NOT NULL,
    case_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    opened_on date NOT NULL,
    opened_by text NOT NULL DEFAULT session_user,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_on date,
    closed_by text,
    closed_at timestamptz,
    collector text,
    activities integer NOT NULL DEFAULT 0,
    CONSTRAINT collection_case_pkey PRIMARY KEY (ledger_id, case_id),
    CONSTRAINT collection_case_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT collection_case_collector_fkey FOREIGN KEY (ledger_id, collector) REFERENCES ar.collector,
    CONSTRAINT collection_case_days_check CHECK (isfinite(opened_on) AND isfinite(closed_on) AND closed_on >= opened_on),
    CONSTRAINT collection_case_closed_check CHECK (num_nonnulls(closed_on, closed_by, closed_at) IN (0, 3))
);
-- One open case a customer, whoever is first.
CREATE UNIQUE INDEX collection_case_open_key ON ar.collection_case (ledger_id, customer_id) WHERE closed_on IS NULL;
CREATE INDEX collection_case_customer_idx ON ar.collection_case (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.collection_case IS 'A row is the time from when money of a customer was overdue until none was any more. A customer has one open case at a time; ar.refresh_cases() opens and closes them.';
COMMENT ON COLUMN ar.collection_case.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.collection_case.case_id IS 'Id of the case.';
COMMENT ON COLUMN ar.collection_case.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.collection_case.opened_on IS 'Day as of which it was opened.';
COMMENT ON COLUMN ar.collection_case.opened_by IS 'Who or whose job opened it; set by the database.';
COMMENT ON COLUMN ar.collection_case.opened_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.collection_case.closed_on IS 'Day as of which it was closed; NULL: it is open.';
COMMENT ON COLUMN ar.collection_case.closed_by IS 'Who or whose job closed it; set by the database.';
COMMENT ON COLUMN ar.collection_case.closed_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.collection_case.collector IS 'Who works on it; derived: the latest of ar.case_assignment.';
COMMENT ON COLUMN ar.collection_case.activities IS 'How many rows of ar.collection_activity it has; derived. Whoever records one changes it, so that two who call at once meet here.';

CREATE TABLE ar.case_assignment (
    ledger_id integer NOT NULL,
    assignment_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    case_id bigint NOT NULL,
    collector text NOT NULL,
    assigned_on date NOT NULL,
    is_manual boolean NOT NULL DEFAULT true,
    reason text NOT NULL,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT case_assignment_pkey PRIMARY KEY (ledger_id, assignment_id),
    CONSTRAINT case_assignment_case_fkey FOREIGN KEY (ledger_id, case_id) REFERENCES ar.collection_case,
    CONSTRAINT case_assignment_collector_fkey FOREIGN KEY (ledger_id, collector) REFERENCES ar.collector,
    CONSTRAINT case_assignment_assigned_on_check CHECK (isfinite(assigned_on)),
    CONSTRAINT case_assignment_reason_check CHECK (reason ~ '\S')
);
CREATE INDEX case_assignment_case_idx ON ar.case_assignment (ledger_id, case_id) WHERE case_id IS NOT NULL;
COMMENT ON TABLE ar.case_assignment IS 'A row says that a case was given to a collector. The latest counts. A fact: never changed.';
COMMENT ON COLUMN ar.case_assignment.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.case_assignment.assignment_id IS 'Id of the assignment.';
COMMENT ON COLUMN ar.case_assignment.case_id IS 'The case.';
COMMENT ON COLUMN ar.case_assignment.collector IS 'Who works on it from then on.';
COMMENT ON COLUMN ar.case_assignment.assigned_on IS 'Day as of which.';
COMMENT ON COLUMN ar.case_assignment.is_manual IS 'Whether somebody decided it, and not a rule: rules leave it alone while the collector is active.';
COMMENT ON COLUMN ar.case_assignment.reason IS 'Why; of a rule, which.';
COMMENT ON COLUMN ar.case_assignment.recorded_by IS 'Who assigned it; set by the database.';
COMMENT ON COLUMN ar.case_assignment.recorded_at IS 'When; set by the database.';

CREATE TABLE ar.worklist_policy (
    ledger_id integer NOT NULL,
    policy_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_class text,
    customer_id bigint,
    overdue_weight numeric,
    days_weight numeric,
    risk_weight numeric,
    broken_promise_weight numeric,
    bounced_weight numeric,
    disputed_weight numeric,
    contacted_weight numeric,
    predicted_weight numeric,
    contacted_days integer,
    predicted_days integer,
    prior_invoices numeric,
    place_days integer,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT worklist_policy_pkey PRIMARY KEY (ledger_id, policy_id),
    CONSTRAINT worklist_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT worklist_policy_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT worklist_policy_scope_check CHECK (num_nonnulls(customer_class, customer_id) <= 1 AND customer_class <> ''),
    CONSTRAINT worklist_policy_weight_check CHECK (
        -- Not BETWEEN first: restored from a dump it would be nested otherwise.
        overdue_weight >= 0 AND overdue_weight <= 1000 AND days_weight BETWEEN 0 AND 1000 AND risk_weight BETWEEN 0 AND 1000
        AND broken_promise_weight BETWEEN 0 AND 1000 AND bounced_weight BETWEEN 0 AND 1000 AND disputed_weight BETWEEN -1000 AND 1000
        AND contacted_weight BETWEEN -1000 AND 0 AND predicted_weight BETWEEN -1000 AND 0),
    CONSTRAINT worklist_policy_days_check CHECK (contacted_days >= 1 AND predicted_days >= 0 AND place_days >= 1
                                                 AND prior_invoices >= 0 AND prior_invoices <= 1000)
);
CREATE UNIQUE INDEX worklist_policy_scope_key
    ON ar.worklist_policy (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, '')));
COMMENT ON TABLE ar.worklist_policy IS 'A row is how cases are ranked: of one customer, of a class of customers, or of all. Each column by itself: the customer''s, else that of his class, else that of the ledger, else the default.';
COMMENT ON COLUMN ar.worklist_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.worklist_policy.policy_id IS 'Id of the policy.';
COMMENT ON COLUMN ar.worklist_policy.customer_class IS 'The class it is for (ar.customer.customer_class); NULL: not for a class.';
COMMENT ON COLUMN ar.worklist_policy.customer_id IS 'The customer it is for; NULL: not for one customer.';
COMMENT ON COLUMN ar.worklist_policy.overdue_weight IS 'Points for each power of ten of what is overdue, in the currency of the ledger. By default 10: 1000.00 are 30 points.';
COMMENT ON COLUMN ar.worklist_policy.days_weight IS 'Points for each 30 days past due of the oldest item, a year at most. By default 5.';
COMMENT ON COLUMN ar.worklist_policy.risk_weight IS 'Points at full risk: credit score 0, customer on hold or credit stopped; none at score 100, half without a score. By default 20.';
COMMENT ON COLUMN ar.worklist_policy.broken_promise_weight IS 'Points for each promise or plan broken within a year, five at most. By default 5.';
COMMENT ON COLUMN ar.worklist_policy.bounced_weight IS 'Points for each payment bounced within a year, five at most. By default 5.';
COMMENT ON COLUMN ar.worklist_policy.disputed_weight IS 'Points if all that is overdue is disputed, else its share. By default -10.';
COMMENT ON COLUMN ar.worklist_policy.contacted_weight IS 'Points if he was contacted today, fading to none after contacted_days. By default -20.';
COMMENT ON COLUMN ar.worklist_policy.predicted_weight IS 'Points if all that is overdue is predicted to be paid within predicted_days, else its share. By default -10.';
COMMENT ON COLUMN ar.worklist_policy.contacted_days IS 'Days after which a contact counts no more. By default 7.';
COMMENT ON COLUMN ar.worklist_policy.predicted_days IS 'Days within which a predicted payment counts. By default 7.';
COMMENT ON COLUMN ar.worklist_policy.prior_invoices IS 'How many paid invoices of his own weigh as much as what is known of his class (ar.predicted_payments). By default 5.';
COMMENT ON COLUMN ar.worklist_policy.place_days IS 'Days past due from which handing over to an agency is suggested. By default 120.';
COMMENT ON COLUMN ar.worklist_policy.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.worklist_policy.changed_at IS 'When; set by the database.';

CREATE TRIGGER assignment_rule_stamp_biur BEFORE INSERT OR UPDATE ON ar.assignment_rule
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_change();
CREATE TRIGGER worklist_policy_stamp_biur BEFORE INSERT OR UPDATE ON ar.worklist_policy
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_change();
CREATE TRIGGER collection_case_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.collection_case
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_case();
CREATE TRIGGER collection_case_fact_bts BEFORE TRUNCATE ON ar.collection_case
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER case_assignment_guard_bir BEFORE INSERT ON ar.case_assignment
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_assignment();
CREATE TRIGGER case_assignment_follow_ais AFTER INSERT ON ar.case_assignment
    REFERENCING NEW TABLE AS new_assignment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_assignments();
CREATE TRIGGER case_assignment_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.case_assignment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
