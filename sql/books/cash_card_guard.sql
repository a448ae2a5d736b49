-- cash: card numbers are refused before they are stored.

-- First of all triggers, by its name, and before every constraint: whose error would print the row.
CREATE TRIGGER payment_card_bir BEFORE INSERT ON ar.payment
    FOR EACH ROW WHEN (NEW.reference IS NOT NULL OR NEW.structured_reference IS NOT NULL
        OR NEW.remittance IS NOT NULL OR NEW.payer_name IS NOT NULL)
    EXECUTE FUNCTION ar.tg_refuse_card_numbers('reference', 'structured_reference', 'remittance', 'payer_name');
CREATE TRIGGER adjustment_card_bir BEFORE INSERT ON ar.adjustment
    FOR EACH ROW WHEN (NEW.reference IS NOT NULL OR NEW.reason IS NOT NULL)
    EXECUTE FUNCTION ar.tg_refuse_card_numbers('reference', 'reason');
