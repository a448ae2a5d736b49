-- credit: the limit is judged on the balance row, once it is written.

CREATE TRIGGER customer_balance_limit_ais AFTER INSERT ON ar.customer_balance
    REFERENCING NEW TABLE AS new_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_enforce_limit();
CREATE TRIGGER customer_balance_limit_aus AFTER UPDATE ON ar.customer_balance
    REFERENCING OLD TABLE AS old_balance NEW TABLE AS new_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_enforce_limit();
