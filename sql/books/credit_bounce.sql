-- credit: payments that came to nothing are counted.

-- Fires after payment_reversal_follow_ais, by its name.
CREATE TRIGGER payment_reversal_zcredit_ais AFTER INSERT ON ar.payment_reversal
    REFERENCING NEW TABLE AS new_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('payment_reversal');
