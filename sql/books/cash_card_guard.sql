-- cash: card numbers are refused before they are stored.

-- First of all triggers, by its name, and before every constraint: whose error would print the row. Without a condition, which
-- would be compiled for every payment.
CREATE TRIGGER payment_card_bir BEFORE INSERT ON ar.payment
    FOR EACH ROW EXECUTE FUNCTION ar.tg_refuse_card_numbers('reference', 'structured_reference', 'remittance', 'payer_name', '~processor_reference', '~external_id');
CREATE TRIGGER adjustment_card_bir BEFORE INSERT ON ar.adjustment
    FOR EACH ROW WHEN (NEW.reference IS NOT NULL OR NEW.reason IS NOT NULL OR NEW.external_id IS NOT NULL)
    EXECUTE FUNCTION ar.tg_refuse_card_numbers('reference', 'reason', '~external_id');
-- What a clerk writes; what the rules found has passed already.
CREATE TRIGGER payment_transfer_card_bir BEFORE INSERT ON ar.payment_transfer
    FOR EACH ROW WHEN (NEW.rule IS NULL AND NEW.reason IS NOT NULL) EXECUTE FUNCTION ar.tg_refuse_card_numbers('reason');
CREATE TRIGGER bank_line_card_bur BEFORE UPDATE OF ignored_reason ON ar.bank_line
    FOR EACH ROW WHEN (NEW.ignored_reason IS NOT NULL) EXECUTE FUNCTION ar.tg_refuse_card_numbers('ignored_reason');
