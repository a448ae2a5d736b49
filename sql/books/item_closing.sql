-- item: a customer is not closed while anything of his is open.

CREATE TRIGGER customer_closing_aus AFTER UPDATE ON ar.customer
    REFERENCING OLD TABLE AS old_customer NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_closing();
