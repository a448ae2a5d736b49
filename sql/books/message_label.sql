-- message: a ledger's own words on its documents.

CREATE TABLE ar.document_label (
    ledger_id integer NOT NULL,
    language text NOT NULL,
    label text NOT NULL,
    wording text NOT NULL,
    CONSTRAINT document_label_pkey PRIMARY KEY (ledger_id, language, label),
    CONSTRAINT document_label_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT document_label_language_check CHECK (language ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$'),
    CONSTRAINT document_label_label_check CHECK (label ~ '^[A-Za-z0-9_]+$')
);
COMMENT ON TABLE ar.document_label IS 'A row is one wording of a ledger for its documents, instead of that of ar.label_texts() or in a language that is not there.';
COMMENT ON COLUMN ar.document_label.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.document_label.language IS 'Language tag of BCP 47 in small letters: pt, or pt-br for what only Brazil writes so.';
COMMENT ON COLUMN ar.document_label.label IS 'What is worded: a label of ar.label_texts(), or unit_ and a unit''s code.';
COMMENT ON COLUMN ar.document_label.wording IS 'The words.';
