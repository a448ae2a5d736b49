-- cash: what holds refunds and transfers to the money that there is.

-- Before each commit, for it may take two statements: the adjustment, and what is applied to it.
CREATE CONSTRAINT TRIGGER adjustment_settled_air AFTER INSERT ON ar.adjustment
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'transfer' OR NEW.kind = 'refund' AND NEW.reverses_id IS NULL)
    EXECUTE FUNCTION ar.tg_check_settled();
CREATE CONSTRAINT TRIGGER application_settled_air AFTER INSERT ON ar.application
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL)
    EXECUTE FUNCTION ar.tg_check_settled();
