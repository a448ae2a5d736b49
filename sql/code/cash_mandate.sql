-- cash: what customers allow to be drawn from their accounts.

CREATE FUNCTION ar.tg_guard_mandate() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_by := session_user;
        NEW.recorded_at := clock_timestamp();
        NEW.revoked_on := NULL;
        NEW.revoked_by := NULL;
        NEW.revocation_reason := NULL;
        NEW.account := ar.compact_id(NEW.account);
        NEW.bic := ar.compact_id(NEW.bic);
        -- The constraints would refuse these, too, but not say what to do.
        SELECT v.* INTO wrong FROM (VALUES
            ('reference', NEW.reference ~ '\S', 'a mandate has a reference', 'Give the one that the payer signed.'),
            ('scheme', NEW.scheme IN ('core', 'b2b', 'ach', 'bacs', 'other'), format('"%s" is no scheme of direct debits', NEW.scheme), 'The schemes are core, b2b, ach, bacs and other.'),
            ('sequence', NEW.sequence IN ('recurring', 'one_off'), format('"%s" is no sequence of direct debits', NEW.sequence), 'A mandate is recurring or one_off.'),
            ('account', NEW.account <> '' AND (NEW.scheme NOT IN ('core', 'b2b') OR ar.is_iban(NEW.account)), 'the account of a mandate is not valid',
             'Of a SEPA mandate (core, b2b) it is an IBAN whose check digits are right.'),
            ('bic', ar.is_bic(NEW.bic), 'the BIC of a mandate is not valid', 'It has 8 or 11 characters; within SEPA it may be left out.'),
            ('days', isfinite(NEW.signed_on) AND coalesce(isfinite(NEW.valid_until) AND NEW.valid_until >= NEW.signed_on, true),
             'a mandate is signed on a day, and valid from then on', 'Give the day on which it was signed, and perhaps a later one until which it is valid.')
            ) AS v(name, is_right, message, hint)
        WHERE NOT v.is_right LIMIT 1;
        IF FOUND THEN
            RAISE check_violation USING MESSAGE = wrong.message, HINT = wrong.hint,
                SCHEMA = 'ar', TABLE = 'mandate', CONSTRAINT = 'mandate_' || wrong.name || '_check';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.revoked_on IS NULL AND NEW.revoked_on IS NOT NULL
       AND to_jsonb(NEW) - '{revoked_on,revoked_by,revocation_reason}'::text[]
           = to_jsonb(OLD) - '{revoked_on,revoked_by,revocation_reason}'::text[] THEN
        NEW.revoked_by := session_user;
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('mandate %s cannot be %s', OLD.mandate_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Revoke one in force with ar.revoke_mandate(), and create another.',
        SCHEMA = 'ar', TABLE = 'mandate';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_mandate() IS
'Trigger, before each row of ar.mandate: stamps it, says of what its constraints refuse what it may be (23514), and refuses every change but its revocation (RA003).';

CREATE FUNCTION ar.mandate_states(ledger_id integer, mandate_ids bigint[] DEFAULT NULL, as_of date DEFAULT NULL)
RETURNS TABLE (mandate_id bigint, customer_id bigint, reference text, state text, last_used_on date)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(mandate_states.as_of, ar.business_date(mandate_states.ledger_id));
BEGIN
    RETURN QUERY
    SELECT m.mandate_id, m.customer_id, m.reference,
           CASE WHEN day < m.signed_on THEN 'not_signed'
                WHEN day >= m.revoked_on THEN 'revoked'
                WHEN day > m.valid_until THEN 'expired'
                WHEN m.sequence = 'one_off' AND u.has_stood THEN 'used'
                -- SEPA: one that nothing was drawn by for 36 months.
                WHEN m.scheme IN ('core', 'b2b') AND day > coalesce(u.last_used_on, m.signed_on) + interval '36 months' THEN 'lapsed'
                ELSE 'in_force' END,
           u.last_used_on
    FROM ar.mandate AS m
    CROSS JOIN LATERAL (
        SELECT max(p.received_on) AS last_used_on, bool_or(r.payment_id IS NULL) AS has_stood
        FROM ar.payment AS p
        LEFT JOIN ar.payment_reversal AS r ON r.ledger_id = p.ledger_id AND r.payment_id = p.payment_id
        WHERE p.ledger_id = m.ledger_id AND p.mandate_reference = m.reference AND p.received_on <= day) AS u
    WHERE m.ledger_id = mandate_states.ledger_id
      AND (mandate_states.mandate_ids IS NULL OR m.mandate_id = ANY (mandate_states.mandate_ids));
END
$$;
COMMENT ON FUNCTION ar.mandate_states(integer, bigint[], date) IS
'Whether something may be drawn by mandates on a day.
Arguments: ledger_id; mandate_ids, by default all; as_of, by default the business date.
Result: a row a mandate: mandate_id; customer_id; reference; state: in_force, not_signed yet, revoked, expired (valid_until), used (a one-off, unless what was drawn came back), lapsed (SEPA: nothing drawn for 36 months); last_used_on, when something was last drawn, or NULL.';

CREATE FUNCTION ar.check_mandate(ledger_id integer, customer_id bigint, mandate_reference text, received_on date) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    mandate record;
    wrong text;
BEGIN
    SELECT m.customer_id, s.state INTO mandate
    FROM ar.mandate AS m
    LEFT JOIN LATERAL ar.mandate_states(m.ledger_id, ARRAY[m.mandate_id], check_mandate.received_on) AS s ON true
    WHERE m.ledger_id = check_mandate.ledger_id AND m.reference = check_mandate.mandate_reference;
    wrong := CASE
        WHEN check_mandate.mandate_reference IS NULL THEN 'It names none.'
        WHEN mandate.state IS NULL THEN format('There is no mandate "%s".', check_mandate.mandate_reference)
        WHEN mandate.customer_id <> check_mandate.customer_id
        THEN format('Mandate "%s" is of another customer.', check_mandate.mandate_reference)
        WHEN mandate.state <> 'in_force'
        THEN format('Mandate "%s" is %s on %s.', check_mandate.mandate_reference,
                    CASE mandate.state WHEN 'not_signed' THEN 'not signed yet' ELSE mandate.state END,
                    check_mandate.received_on) END;
    IF wrong IS NOT NULL AND coalesce((
        SELECT c.requires_mandate
        FROM ar.cash_policies(check_mandate.ledger_id, ARRAY[check_mandate.customer_id]) AS c), true) THEN
        RAISE check_violation USING
            MESSAGE = 'a direct debit needs a mandate of its customer that is in force',
            DETAIL = wrong,
            HINT = 'Create it with ar.create_mandate() and name it in mandate_reference, or say in ar.cash_policy that none is required.',
            SCHEMA = 'ar', TABLE = 'payment', COLUMN = 'mandate_reference', CONSTRAINT = 'payment_mandate_check';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ar.check_mandate(integer, bigint, text, date) IS
'True if something may be drawn from a customer on a day: by a mandate of his that is in force, or because his policy requires none. For each payment whose method needs a mandate (ar.tg_guard_payment()).
Arguments: ledger_id; customer_id; mandate_reference, NULL: none is named; received_on.
Errors: 23514 otherwise.';

CREATE FUNCTION ar.create_mandates(ledger_id integer, mandates jsonb)
RETURNS TABLE (element bigint, mandate_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    reused text;
BEGIN
    PERFORM ar.check_keys('mandates', create_mandates.mandates,
        '{customer_id,reference,scheme,sequence,signed_on,valid_until,account,bic,account_holder,creditor_id,external_id}',
        '{customer_id,reference,signed_on}');
    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT e.position, nextval('ar.document_id') AS mandate_id, e.value AS payload, g.*
        FROM jsonb_array_elements(create_mandates.mandates) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
            customer_id bigint, reference text, scheme text, sequence text, signed_on date, valid_until date, account text,
            bic text, account_holder text, creditor_id text, external_id text)
    ), made AS (
        INSERT INTO ar.mandate AS m (ledger_id, mandate_id, customer_id, reference, scheme, sequence, signed_on, valid_until,
                                     account, bic, account_holder, creditor_id, external_id, external_digest)
        SELECT create_mandates.ledger_id, g.mandate_id, g.customer_id, g.reference, coalesce(g.scheme, 'core'),
               coalesce(g.sequence, 'recurring'), g.signed_on, g.valid_until, g.account, g.bic, g.account_holder, g.creditor_id,
               g.external_id, CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        ORDER BY g.external_id, g.mandate_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING m.mandate_id
    )
    SELECT g.position, coalesce(d.mandate_id, m.mandate_id)
    FROM given AS g
    LEFT JOIN made AS d ON d.mandate_id = g.mandate_id
    LEFT JOIN LATERAL (SELECT m.mandate_id FROM ar.mandate AS m
                       WHERE m.ledger_id = create_mandates.ledger_id AND m.external_id = g.external_id OFFSET 0) AS m ON true
    ORDER BY g.position;
    SELECT m.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(create_mandates.mandates) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT m.external_id, m.external_digest FROM ar.mandate AS m
                        WHERE m.ledger_id = create_mandates.ledger_id AND m.external_id = g.external_id OFFSET 0) AS m
    WHERE m.external_digest IS NULL OR m.external_digest <> ar.payload_digest(g.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('mandate', reused);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.create_mandates(integer, jsonb) IS
'Records any number of mandates, by which customers allow direct debits. All or none.
Arguments: ledger_id; mandates, a JSON array of objects with customer_id, reference, signed_on, and perhaps scheme (core, b2b, ach, bacs, other; by default core), sequence (recurring or one_off), valid_until, account (an IBAN for core and b2b, in any spacing), bic, account_holder, creditor_id, external_id.
Result: the position in the array, from 1, and the mandate_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer; 23505 the reference is taken; 23514 a scheme, sequence, IBAN, BIC or date that is none; RA006 the external id was used for another mandate.';

CREATE FUNCTION ar.create_mandate(
    ledger_id integer, customer_id bigint, reference text, signed_on date, scheme text DEFAULT 'core',
    sequence text DEFAULT 'recurring', valid_until date DEFAULT NULL, account text DEFAULT NULL, bic text DEFAULT NULL,
    account_holder text DEFAULT NULL, creditor_id text DEFAULT NULL, external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT m.mandate_id
    FROM ar.create_mandates(create_mandate.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', create_mandate.customer_id, 'reference', create_mandate.reference, 'signed_on', create_mandate.signed_on,
        'scheme', create_mandate.scheme, 'sequence', create_mandate.sequence, 'valid_until', create_mandate.valid_until,
        'account', create_mandate.account, 'bic', create_mandate.bic, 'account_holder', create_mandate.account_holder,
        'creditor_id', create_mandate.creditor_id, 'external_id', create_mandate.external_id)))) AS m
$$;
COMMENT ON FUNCTION ar.create_mandate(integer, bigint, text, date, text, text, date, text, text, text, text, text) IS
'Records one mandate, and returns its mandate_id: ar.create_mandates() with one, where the arguments are described.
Errors: as there.';

CREATE FUNCTION ar.revoke_mandates(ledger_id integer, mandate_ids bigint[], revoked_on date DEFAULT NULL, reason text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing bigint;
    revoked bigint;
BEGIN
    SELECT w.mandate_id INTO missing
    FROM unnest(revoke_mandates.mandate_ids) AS w(mandate_id)
    WHERE NOT EXISTS (SELECT FROM ar.mandate AS m WHERE m.ledger_id = revoke_mandates.ledger_id AND m.mandate_id = w.mandate_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('mandate %s does not exist in ledger %s', missing, revoke_mandates.ledger_id);
    END IF;
    UPDATE ar.mandate AS m
    SET revoked_on = coalesce(revoke_mandates.revoked_on, ar.business_date(revoke_mandates.ledger_id)),
        revocation_reason = revoke_mandates.reason
    WHERE m.ledger_id = revoke_mandates.ledger_id AND m.mandate_id = ANY (revoke_mandates.mandate_ids) AND m.revoked_on IS NULL;
    GET DIAGNOSTICS revoked = ROW_COUNT;
    RETURN revoked;
END
$$;
COMMENT ON FUNCTION ar.revoke_mandates(integer, bigint[], date, text) IS
'Revokes mandates, and returns how many; those revoked before stay as they are.
Arguments: ledger_id; mandate_ids; revoked_on, the first day on which nothing may be drawn any more, by default the business date; reason.
Errors: 23503 no such mandate; 23514 a day before it was signed.';

CREATE FUNCTION ar.revoke_mandate(ledger_id integer, mandate_id bigint, revoked_on date DEFAULT NULL, reason text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.revoke_mandates(revoke_mandate.ledger_id, ARRAY[revoke_mandate.mandate_id], revoke_mandate.revoked_on, revoke_mandate.reason) $$;
COMMENT ON FUNCTION ar.revoke_mandate(integer, bigint, date, text) IS
'Revokes one mandate, and returns 1, or 0 if it was revoked before: ar.revoke_mandates() with one. Errors: as there.';

REVOKE ALL ON FUNCTION ar.tg_guard_mandate(), ar.create_mandates(integer, jsonb),
    ar.create_mandate(integer, bigint, text, date, text, text, date, text, text, text, text, text),
    ar.revoke_mandates(integer, bigint[], date, text), ar.revoke_mandate(integer, bigint, date, text) FROM PUBLIC;
