-- message: the outbox: what goes out, and how far it has come.

CREATE TABLE ar.outbox (
    ledger_id integer NOT NULL,
    message_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    purpose text NOT NULL,
    customer_id bigint,
    contact_id bigint,
    template_id bigint,
    channel text NOT NULL,
    recipient text,
    address text NOT NULL,
    language text,
    subject text NOT NULL,
    body text NOT NULL,
    html text,
    attachments jsonb NOT NULL DEFAULT '[]',
    dedupe_key text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL DEFAULT 'queued',
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    claimed_by text,
    claimed_at timestamptz,
    lease_until timestamptz,
    sent_at timestamptz,
    provider_reference text,
    bounced_at timestamptz,
    last_error text,
    CONSTRAINT outbox_pkey PRIMARY KEY (ledger_id, message_id),
    CONSTRAINT outbox_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT outbox_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT outbox_template_fkey FOREIGN KEY (ledger_id, template_id) REFERENCES ar.message_template,
    CONSTRAINT outbox_purpose_check CHECK (purpose ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT outbox_channel_check CHECK (channel IN ('email', 'letter', 'sms', 'phone', 'e_invoice')),
    CONSTRAINT outbox_address_check CHECK (ar.is_contact_address(channel, address)),
    CONSTRAINT outbox_language_check CHECK (ar.is_language(language)),
    -- A line break here could add lines to the head of an e-mail.
    CONSTRAINT outbox_subject_check CHECK (subject ~ '\S' AND subject !~ '[[:cntrl:]]' AND recipient !~ '[[:cntrl:]]'),
    CONSTRAINT outbox_body_check CHECK (body ~ '\S'),
    CONSTRAINT outbox_attachments_check CHECK (ar.is_attachments(attachments)),
    CONSTRAINT outbox_dedupe_key_check CHECK (dedupe_key <> ''),
    CONSTRAINT outbox_status_check CHECK (attempts >= 0 AND CASE status
        WHEN 'queued' THEN num_nonnulls(claimed_by, claimed_at, lease_until, sent_at, bounced_at) = 0
        WHEN 'sending' THEN attempts > 0 AND num_nonnulls(claimed_at, lease_until) = 2 AND num_nonnulls(sent_at, bounced_at) = 0
        WHEN 'sent' THEN attempts > 0 AND sent_at IS NOT NULL AND bounced_at IS NULL
        WHEN 'ambiguous' THEN attempts > 0 AND num_nonnulls(sent_at, bounced_at) = 0
        WHEN 'failed' THEN attempts > 0 AND last_error IS NOT NULL AND (sent_at IS NULL) = (bounced_at IS NULL)
        WHEN 'cancelled' THEN last_error IS NOT NULL AND num_nonnulls(sent_at, bounced_at) = 0
        ELSE false END)
);
CREATE UNIQUE INDEX outbox_dedupe_key ON ar.outbox (ledger_id, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX outbox_customer_idx ON ar.outbox (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX outbox_template_idx ON ar.outbox (ledger_id, template_id) WHERE template_id IS NOT NULL;
CREATE INDEX outbox_queued_idx ON ar.outbox (ledger_id, channel, next_attempt_at, message_id) WHERE status = 'queued';
CREATE INDEX outbox_sending_idx ON ar.outbox (ledger_id, lease_until) WHERE status = 'sending';
CREATE INDEX outbox_bounced_idx ON ar.outbox (ledger_id, contact_id) WHERE bounced_at IS NOT NULL;
COMMENT ON TABLE ar.outbox IS 'A row is one message that leaves the book. What it says and to whom is a fact; only its delivery moves, as ar.can_move_message() allows.';
COMMENT ON COLUMN ar.outbox.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.outbox.message_id IS 'Id of the message.';
COMMENT ON COLUMN ar.outbox.purpose IS 'What it is for, such as dunning. Before it goes out, ar.recheck_ and the purpose is asked, if there is such a function.';
COMMENT ON COLUMN ar.outbox.customer_id IS 'The customer it is for; NULL: somebody else.';
COMMENT ON COLUMN ar.outbox.contact_id IS 'The contact it was addressed to, who may be gone since; NULL: none.';
COMMENT ON COLUMN ar.outbox.template_id IS 'The version of the template that it was made from; NULL: none.';
COMMENT ON COLUMN ar.outbox.channel IS 'email, letter, sms, phone or e_invoice.';
COMMENT ON COLUMN ar.outbox.recipient IS 'Name of whom it is for.';
COMMENT ON COLUMN ar.outbox.address IS 'Where it goes, in the form that the channel needs (ar.is_contact_address()).';
COMMENT ON COLUMN ar.outbox.language IS 'Its language.';
COMMENT ON COLUMN ar.outbox.subject IS 'Subject, one line.';
COMMENT ON COLUMN ar.outbox.body IS 'What it says, as text.';
COMMENT ON COLUMN ar.outbox.html IS 'The same as a page of HTML, or NULL.';
COMMENT ON COLUMN ar.outbox.attachments IS 'JSON array of objects with name, type (such as application/pdf) and content (in base64).';
COMMENT ON COLUMN ar.outbox.dedupe_key IS 'What makes it the same message: unique in the ledger, so that it is queued once. NULL: it is like no other.';
COMMENT ON COLUMN ar.outbox.recorded_at IS 'When it was queued; set by the database.';
COMMENT ON COLUMN ar.outbox.status IS 'queued, sending (claimed by a sender), sent, failed (for good, or came back), ambiguous (nobody knows whether it was sent), cancelled.';
COMMENT ON COLUMN ar.outbox.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN ar.outbox.next_attempt_at IS 'Not to be claimed before.';
COMMENT ON COLUMN ar.outbox.claimed_by IS 'The sender that claimed it last.';
COMMENT ON COLUMN ar.outbox.claimed_at IS 'When.';
COMMENT ON COLUMN ar.outbox.lease_until IS 'Until when it is that sender''s.';
COMMENT ON COLUMN ar.outbox.sent_at IS 'When it was sent.';
COMMENT ON COLUMN ar.outbox.provider_reference IS 'By which whoever delivered it knows it.';
COMMENT ON COLUMN ar.outbox.bounced_at IS 'When it came back.';
COMMENT ON COLUMN ar.outbox.last_error IS 'What went wrong last, or why it was cancelled.';

CREATE TRIGGER outbox_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.outbox
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_outbox();
CREATE TRIGGER outbox_guard_bts BEFORE TRUNCATE ON ar.outbox
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_outbox();
CREATE TRIGGER outbox_notify_ais AFTER INSERT ON ar.outbox
    REFERENCING NEW TABLE AS new_outbox
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_notify_outbox();
CREATE TRIGGER outbox_notify_aur AFTER UPDATE ON ar.outbox
    FOR EACH ROW WHEN (NEW.status = 'queued' AND OLD.status <> 'queued')
    EXECUTE FUNCTION ar.tg_notify_outbox();
