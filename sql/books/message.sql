-- message: templates, and how a ledger sends.

CREATE TABLE ar.message_policy (
    ledger_id integer NOT NULL,
    language text,
    channels text[],
    sender_name text,
    sender_address text,
    lease interval,
    on_ambiguous text,
    attempts_at_most integer,
    retry_after interval,
    retry_at_most interval,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT message_policy_pkey PRIMARY KEY (ledger_id),
    CONSTRAINT message_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT message_policy_language_check CHECK (ar.is_language(language) AND language = lower(language)),
    CONSTRAINT message_policy_channels_check CHECK (
        channels <@ '{email,letter,sms,phone,e_invoice}'::text[] AND channels <> '{}'),
    CONSTRAINT message_policy_sender_name_check CHECK (sender_name ~ '\S' AND sender_name !~ '[[:cntrl:]]'),
    CONSTRAINT message_policy_sender_address_check CHECK (sender_address IS NULL OR ar.is_contact_address('email', sender_address)),
    CONSTRAINT message_policy_on_ambiguous_check CHECK (on_ambiguous IN ('hold', 'resend')),
    CONSTRAINT message_policy_attempts_at_most_check CHECK (attempts_at_most >= 1),
    CONSTRAINT message_policy_interval_check CHECK (
        lease > interval '0' AND retry_after > interval '0' AND retry_at_most > interval '0')
);
COMMENT ON TABLE ar.message_policy IS 'A row is how a ledger writes and sends. A column that is NULL, and a ledger without a row, has the default.';
COMMENT ON COLUMN ar.message_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.message_policy.language IS 'Language for customers of whom none is known, and for whose language there is no template: a BCP 47 tag in small letters. By default that of the ledger''s country (ar.language_of()).';
COMMENT ON COLUMN ar.message_policy.channels IS 'Channels by which a customer is written to when none is given, the first that reaches him. By default email, letter.';
COMMENT ON COLUMN ar.message_policy.sender_name IS 'Name in From: of an e-mail. By default that of the ledger.';
COMMENT ON COLUMN ar.message_policy.sender_address IS 'Address in From: of an e-mail. By default that of the ledger.';
COMMENT ON COLUMN ar.message_policy.lease IS 'For so long a claimed message is its sender''s; after that it is ambiguous whether it was sent. By default 10 minutes.';
COMMENT ON COLUMN ar.message_policy.on_ambiguous IS 'What becomes of a message of which nobody knows whether it was sent: hold (a person decides, ar.resolve_ambiguous()) or resend (perhaps twice). By default hold.';
COMMENT ON COLUMN ar.message_policy.attempts_at_most IS 'After so many attempts a message has failed. By default 8.';
COMMENT ON COLUMN ar.message_policy.retry_after IS 'How long to wait after the first failed attempt; twice as long after each further one. By default 1 minute.';
COMMENT ON COLUMN ar.message_policy.retry_at_most IS 'The longest such wait. By default 6 hours.';
COMMENT ON COLUMN ar.message_policy.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.message_policy.changed_at IS 'When; set by the database.';

CREATE TRIGGER message_policy_stamp_biur BEFORE INSERT OR UPDATE ON ar.message_policy
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_message_policy();

CREATE TABLE ar.message_template (
    ledger_id integer NOT NULL,
    template_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    code text NOT NULL,
    purpose text NOT NULL,
    level smallint,
    language text NOT NULL,
    channel text,
    version integer NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    html text,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT message_template_pkey PRIMARY KEY (ledger_id, template_id),
    CONSTRAINT message_template_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT message_template_code_check CHECK (code ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT message_template_purpose_check CHECK (purpose ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT message_template_level_check CHECK (level >= 0),
    CONSTRAINT message_template_language_check CHECK (ar.is_language(language) AND language = lower(language)),
    CONSTRAINT message_template_channel_check CHECK (channel IN ('email', 'letter', 'sms', 'phone', 'e_invoice')),
    CONSTRAINT message_template_version_check CHECK (version >= 1),
    CONSTRAINT message_template_text_check CHECK (subject ~ '\S' AND subject !~ '[[:cntrl:]]' AND body ~ '\S' AND html ~ '\S')
);
CREATE UNIQUE INDEX message_template_version_key
    ON ar.message_template (ledger_id, code, language, (coalesce(channel, '')), version);
COMMENT ON TABLE ar.message_template IS 'A row is one version of one letter in one language. A fact: it is changed by another version, and the last one counts.';
COMMENT ON COLUMN ar.message_template.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.message_template.template_id IS 'Id of this version.';
COMMENT ON COLUMN ar.message_template.code IS 'Name of the letter, such as dunning_1: the same in each language.';
COMMENT ON COLUMN ar.message_template.purpose IS 'What it is for, which says what placeholders there are (ar.message_placeholders()): the same in each version of the letter.';
COMMENT ON COLUMN ar.message_template.level IS 'Level of a dunning letter: the same in each version of the letter.';
COMMENT ON COLUMN ar.message_template.language IS 'Language, a BCP 47 tag in small letters: de, or de-at for what only Austria writes so.';
COMMENT ON COLUMN ar.message_template.channel IS 'The channel that it is written for, such as sms; NULL: every other.';
COMMENT ON COLUMN ar.message_template.version IS 'Counts from 1 for each code, language and channel; set by the database.';
COMMENT ON COLUMN ar.message_template.subject IS 'Subject, one line, with placeholders.';
COMMENT ON COLUMN ar.message_template.body IS 'Plain text, with placeholders such as {{customer_name}} and sections such as {{#items}}...{{/items}}.';
COMMENT ON COLUMN ar.message_template.html IS 'The same in HTML: what stands between header and footer of the ledger, or a whole page where it begins with <!DOCTYPE. NULL: made from body.';
COMMENT ON COLUMN ar.message_template.recorded_by IS 'Who wrote it; set by the database.';
COMMENT ON COLUMN ar.message_template.recorded_at IS 'When; set by the database.';

CREATE TRIGGER message_template_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.message_template
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_message_template();
CREATE TRIGGER message_template_guard_bts BEFORE TRUNCATE ON ar.message_template
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_message_template();
