-- cash: bank files of ISO 20022, camt.052, camt.053 and camt.054, in any version.

CREATE FUNCTION ar.camt_document(content bytea, encoding text) RETURNS xml
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    declared text := substring(
        pg_catalog.encode(substring(content FROM 1 FOR 200), 'escape')
        FROM '<\?xml[^>]*encoding[[:space:]]*=[[:space:]]*["'']([A-Za-z0-9._-]+)');
    body text;
    detail text;
BEGIN
    IF substring(content FROM 1 FOR 2) IN ('\xfffe', '\xfeff') THEN
        RAISE SQLSTATE 'RA008' USING
            MESSAGE = 'malformed camt file, line 1', DETAIL = 'The file is encoded in UTF-16.', HINT = 'Save it as UTF-8.';
    END IF;
    BEGIN
        body := convert_from(CASE WHEN substring(content FROM 1 FOR 3) = '\xefbbbf' THEN substring(content FROM 4) ELSE content END,
                             coalesce(camt_document.encoding, CASE WHEN declared ~* '^us-?ascii$' THEN 'UTF8' ELSE declared END, 'UTF8'));
    EXCEPTION
        WHEN character_not_in_repertoire OR untranslatable_character THEN
            RAISE SQLSTATE 'RA008' USING
                MESSAGE = 'malformed camt file',
                DETAIL = format('There are bytes that are not valid in encoding %s.', coalesce(camt_document.encoding, declared, 'UTF8')),
                HINT = 'Nothing of the file was imported. Ask the bank for it again.';
        WHEN invalid_parameter_value THEN
            RAISE SQLSTATE 'RA008' USING
                MESSAGE = 'malformed camt file, line 1',
                DETAIL = format('The encoding "%s" is unknown.', coalesce(camt_document.encoding, declared)),
                HINT = 'Save the file as UTF-8.';
    END;
    -- Entities could expand without end, or name files of the server: none is ever declared.
    IF position('<!DOCTYPE' IN body) > 0 OR position('<!ENTITY' IN body) > 0 THEN
        RAISE SQLSTATE 'RA008' USING
            MESSAGE = 'malformed camt file, element <!DOCTYPE>',
            DETAIL = 'A bank statement declares no document type and no entities.',
            HINT = 'Nothing of the file was imported. Find out who made it.';
    END IF;
    BEGIN
        RETURN xmlparse(DOCUMENT body);
    EXCEPTION WHEN invalid_xml_document OR invalid_xml_content THEN
        -- Its first line says where and what; the others quote the file.
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        RAISE SQLSTATE 'RA008' USING
            MESSAGE = format('malformed camt file, %s', coalesce(substring(detail FROM '^line [0-9]+'), 'line 1')),
            DETAIL = format('It is not well-formed XML: %s.',
                            coalesce(nullif(left(rtrim(substring(split_part(detail, E'\n', 1) FROM '^line [0-9]+: (.*)$'), '. '), 200), ''),
                                     'it cannot be parsed')),
            HINT = 'Nothing of the file was imported. Ask the bank for it again.';
    END;
END
$$;
COMMENT ON FUNCTION ar.camt_document(bytea, text) IS
'The XML of a camt file, in the encoding that it declares, or that is given.
Errors: RA008 not well-formed, a DOCTYPE, or bytes that are not valid.';

CREATE FUNCTION ar.xml_chunks(fragments xml[]) RETURNS TABLE (before integer, chunk xml)
LANGUAGE sql STABLE ROWS 100 PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (f.nth - 1)::integer / 100 * 100, xmlparse(DOCUMENT '<r>' || string_agg(f.fragment::text, '' ORDER BY f.nth) || '</r>')
    FROM unnest(fragments) WITH ORDINALITY AS f(fragment, nth)
    GROUP BY (f.nth - 1)::integer / 100
$$;
COMMENT ON FUNCTION ar.xml_chunks(xml[]) IS
'Fragments of a document by the hundred, each hundred under one root, with how many come before it. XMLTABLE reads a large document in a time that grows with its square; by the hundred it does not.';

CREATE FUNCTION ar.xml_texts(elements xml) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(btrim(e.content), ' ' ORDER BY e.nth)
    FROM XMLTABLE('/r/*' PASSING xmlparse(DOCUMENT '<r>' || elements::text || '</r>')
                  COLUMNS nth FOR ORDINALITY, content text PATH '.') AS e
$$;
COMMENT ON FUNCTION ar.xml_texts(xml) IS 'The texts of elements beside each other, with a blank between two.';

CREATE FUNCTION ar.camt_entries(document xml, namespace text)
RETURNS TABLE (number integer, amount text, currency text, side text, is_reversal boolean, status text, booked_on text,
               value_on text, bank_reference text, entry_reference text, code text, additional text, batch_size integer,
               details integer)
LANGUAGE sql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT k.before + e.nth, e.amount, e.currency, e.side, e.is_reversal = 'true' OR e.is_reversal = '1', e.status,
           e.booked_on, e.value_on, e.bank_reference, e.entry_reference,
           CASE WHEN e.domain <> '' THEN concat_ws('/', e.domain, nullif(e.family, ''), nullif(e.subfamily, '')) ELSE nullif(e.proprietary, '') END,
           e.additional, CASE WHEN e.batch_size ~ '^[0-9]{1,9}$' THEN e.batch_size::integer END, e.details
    FROM ar.xml_chunks(xpath('//c:Document/*/*/c:Ntry', document, ARRAY[ARRAY['c', namespace]])) AS k
    CROSS JOIN LATERAL XMLTABLE(XMLNAMESPACES(namespace AS c), '/r/c:Ntry' PASSING k.chunk COLUMNS
        nth FOR ORDINALITY,
        amount text PATH 'c:Amt[1]',
        currency text PATH 'c:Amt[1]/@Ccy',
        side text PATH 'normalize-space(c:CdtDbtInd)',
        is_reversal text PATH 'normalize-space(c:RvslInd)',
        status text PATH 'normalize-space(c:Sts)',
        booked_on text PATH 'normalize-space(c:BookgDt)',
        value_on text PATH 'normalize-space(c:ValDt)',
        bank_reference text PATH 'normalize-space(c:AcctSvcrRef)',
        entry_reference text PATH 'normalize-space(c:NtryRef)',
        domain text PATH 'normalize-space(c:BkTxCd/c:Domn/c:Cd)',
        family text PATH 'normalize-space(c:BkTxCd/c:Domn/c:Fmly/c:Cd)',
        subfamily text PATH 'normalize-space(c:BkTxCd/c:Domn/c:Fmly/c:SubFmlyCd)',
        proprietary text PATH 'normalize-space(c:BkTxCd/c:Prtry/c:Cd)',
        additional text PATH 'normalize-space(c:AddtlNtryInf)',
        batch_size text PATH 'normalize-space(c:NtryDtls/c:Btch/c:NbOfTxs)',
        details integer PATH 'count(c:NtryDtls/c:TxDtls)') AS e
$$;
COMMENT ON FUNCTION ar.camt_entries(xml, text) IS
'The entries of a camt message, counted through all its statements, as they are written.
Arguments: document; namespace, the one of its elements.';

CREATE FUNCTION ar.camt_details(document xml, namespace text)
RETURNS TABLE (number integer, amount text, currency text, side text, bank_reference text, end_to_end_reference text,
               mandate_reference text, transaction_reference text, cheque_number text, structured_reference text,
               code text, content text, debtor text, debtor_account text, debtor_bank text, creditor text,
               creditor_account text, creditor_bank text, return_reason text, original_end_to_end_reference text, structured_references text)
LANGUAGE sql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT k.before + d.nth, nullif(coalesce(nullif(d.amount, ''), d.transaction_amount), ''),
           nullif(CASE WHEN d.amount <> '' THEN d.currency ELSE d.transaction_currency END, ''), nullif(d.side, ''),
           nullif(d.bank_reference, ''), nullif(d.end_to_end_reference, ''), nullif(d.mandate_reference, ''),
           nullif(coalesce(nullif(d.transaction_reference, ''), d.instruction_reference), ''), nullif(d.cheque_number, ''),
           nullif(d.structured_reference, ''),
           CASE WHEN d.domain <> '' THEN concat_ws('/', d.domain, nullif(d.family, ''), nullif(d.subfamily, '')) ELSE nullif(d.proprietary, '') END,
           nullif(concat_ws(' ',
               CASE WHEN d.texts > 1 THEN ar.xml_texts(d.more_texts) ELSE nullif(d.content, '') END,
               CASE WHEN d.additional_texts > 1 THEN ar.xml_texts(d.more_additional) ELSE nullif(d.additional, '') END,
               nullif(d.additional_information, '')), ''),
           coalesce(nullif(d.debtor, ''), nullif(d.ultimate_debtor, '')), nullif(d.debtor_account, ''), nullif(d.debtor_bank, ''),
           nullif(d.creditor, ''), nullif(d.creditor_account, ''), nullif(d.creditor_bank, ''),
           nullif(d.return_reason, ''), nullif(d.original_end_to_end_reference, ''),
           CASE WHEN d.references_count > 1 THEN ar.xml_texts(d.more_references) END
    FROM ar.xml_chunks(xpath('//c:Document/*/*/c:Ntry/c:NtryDtls/c:TxDtls', document, ARRAY[ARRAY['c', namespace]])) AS k
    CROSS JOIN LATERAL XMLTABLE(XMLNAMESPACES(namespace AS c), '/r/c:TxDtls' PASSING k.chunk COLUMNS
        nth FOR ORDINALITY,
        amount text PATH 'normalize-space(c:Amt)',
        currency text PATH 'normalize-space(c:Amt/@Ccy)',
        transaction_amount text PATH 'normalize-space(c:AmtDtls/c:TxAmt/c:Amt)',
        transaction_currency text PATH 'normalize-space(c:AmtDtls/c:TxAmt/c:Amt/@Ccy)',
        side text PATH 'normalize-space(c:CdtDbtInd)',
        bank_reference text PATH 'normalize-space(c:Refs/c:AcctSvcrRef)',
        end_to_end_reference text PATH 'normalize-space(c:Refs/c:EndToEndId)',
        mandate_reference text PATH 'normalize-space(c:Refs/c:MndtId)',
        transaction_reference text PATH 'normalize-space(c:Refs/c:TxId)',
        instruction_reference text PATH 'normalize-space(c:Refs/c:InstrId)',
        cheque_number text PATH 'normalize-space(c:Refs/c:ChqNb)',
        structured_reference text PATH 'normalize-space(c:RmtInf/c:Strd/c:CdtrRefInf/c:Ref)',
        references_count integer PATH 'count(c:RmtInf/c:Strd/c:CdtrRefInf/c:Ref)',
        more_references xml PATH 'c:RmtInf/c:Strd/c:CdtrRefInf/c:Ref',
        domain text PATH 'normalize-space(c:BkTxCd/c:Domn/c:Cd)',
        family text PATH 'normalize-space(c:BkTxCd/c:Domn/c:Fmly/c:Cd)',
        subfamily text PATH 'normalize-space(c:BkTxCd/c:Domn/c:Fmly/c:SubFmlyCd)',
        proprietary text PATH 'normalize-space(c:BkTxCd/c:Prtry/c:Cd)',
        content text PATH 'string(c:RmtInf/c:Ustrd)',
        texts integer PATH 'count(c:RmtInf/c:Ustrd)',
        more_texts xml PATH 'c:RmtInf/c:Ustrd',
        additional text PATH 'string(c:RmtInf/c:Strd/c:AddtlRmtInf)',
        additional_texts integer PATH 'count(c:RmtInf/c:Strd/c:AddtlRmtInf)',
        more_additional xml PATH 'c:RmtInf/c:Strd/c:AddtlRmtInf',
        additional_information text PATH 'normalize-space(c:AddtlTxInf)',
        -- Up to version 7 the name is the party's own; from 8 on it stands in Pty.
        debtor text PATH 'normalize-space(c:RltdPties/c:Dbtr/c:Nm | c:RltdPties/c:Dbtr/c:Pty/c:Nm)',
        ultimate_debtor text PATH 'normalize-space(c:RltdPties/c:UltmtDbtr/c:Nm | c:RltdPties/c:UltmtDbtr/c:Pty/c:Nm)',
        debtor_account text PATH 'normalize-space(c:RltdPties/c:DbtrAcct/c:Id/c:IBAN | c:RltdPties/c:DbtrAcct/c:Id/c:Othr/c:Id)',
        debtor_bank text PATH 'normalize-space(c:RltdAgts/c:DbtrAgt/c:FinInstnId/c:BIC | c:RltdAgts/c:DbtrAgt/c:FinInstnId/c:BICFI)',
        creditor text PATH 'normalize-space(c:RltdPties/c:Cdtr/c:Nm | c:RltdPties/c:Cdtr/c:Pty/c:Nm)',
        creditor_account text PATH 'normalize-space(c:RltdPties/c:CdtrAcct/c:Id/c:IBAN | c:RltdPties/c:CdtrAcct/c:Id/c:Othr/c:Id)',
        creditor_bank text PATH 'normalize-space(c:RltdAgts/c:CdtrAgt/c:FinInstnId/c:BIC | c:RltdAgts/c:CdtrAgt/c:FinInstnId/c:BICFI)',
        return_reason text PATH 'normalize-space(c:RtrInf/c:Rsn/c:Cd | c:RtrInf/c:Rsn/c:Prtry)',
        original_end_to_end_reference text PATH 'normalize-space(c:RtrInf/c:OrgnlEndToEndId)') AS d
$$;
COMMENT ON FUNCTION ar.camt_details(xml, text) IS
'The transaction details of a camt message, counted through all its entries, as they are written.
Arguments: document; namespace, the one of its elements.';

CREATE FUNCTION ar.camt_statements(document xml, namespace text)
RETURNS TABLE (number integer, element text, account text, bank text, account_name text, currency text, reference text,
               opened text, closed text, created text, opening text, opening_currency text, opening_side text, opening_on text,
               closing text, closing_currency text, closing_side text, closing_on text, entries integer,
               stated_entries text, stated_credit_entries text, stated_credit text, stated_debit_entries text, stated_debit text)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT s.nth, s.element, nullif(s.account, ''), nullif(s.bank, ''), nullif(s.account_name, ''), nullif(s.currency, ''),
           concat_ws(' ', nullif(s.id, ''), nullif(s.sequence, '')), nullif(s.opened, ''), nullif(s.closed, ''), nullif(s.created, ''),
           nullif(s.opening, ''), nullif(s.opening_currency, ''), s.opening_side, nullif(s.opening_on, ''),
           nullif(s.closing, ''), nullif(s.closing_currency, ''), s.closing_side, nullif(s.closing_on, ''),
           s.entries, nullif(s.stated_entries, ''), nullif(s.stated_credit_entries, ''), nullif(s.stated_credit, ''),
           nullif(s.stated_debit_entries, ''), nullif(s.stated_debit, '')
    FROM XMLTABLE(XMLNAMESPACES(namespace AS c),
        '//c:Document/*/*[self::c:Stmt or self::c:Ntfctn or self::c:Rpt]' PASSING document COLUMNS
        nth FOR ORDINALITY,
        element text PATH 'local-name(.)',
        id text PATH 'normalize-space(c:Id)',
        sequence text PATH 'normalize-space(c:ElctrncSeqNb)',
        created text PATH 'normalize-space(c:CreDtTm)',
        opened text PATH 'normalize-space(c:FrToDt/c:FrDtTm)',
        closed text PATH 'normalize-space(c:FrToDt/c:ToDtTm)',
        account text PATH 'normalize-space(c:Acct/c:Id/c:IBAN | c:Acct/c:Id/c:Othr/c:Id)',
        currency text PATH 'normalize-space(c:Acct/c:Ccy)',
        account_name text PATH 'normalize-space(c:Acct/c:Nm | c:Acct/c:Ownr/c:Nm)',
        bank text PATH 'normalize-space(c:Acct/c:Svcr/c:FinInstnId/c:BIC | c:Acct/c:Svcr/c:FinInstnId/c:BICFI)',
        -- The opening balance, or the closing one of the statement before; between pages, interim ones.
        opening text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="OPBD" or c:Tp/c:CdOrPrtry/c:Cd="PRCD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][1]/c:Amt)',
        opening_currency text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="OPBD" or c:Tp/c:CdOrPrtry/c:Cd="PRCD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][1]/c:Amt/@Ccy)',
        opening_side text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="OPBD" or c:Tp/c:CdOrPrtry/c:Cd="PRCD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][1]/c:CdtDbtInd)',
        opening_on text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="OPBD" or c:Tp/c:CdOrPrtry/c:Cd="PRCD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][1]/c:Dt)',
        closing text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="CLBD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][last()]/c:Amt)',
        closing_currency text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="CLBD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][last()]/c:Amt/@Ccy)',
        closing_side text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="CLBD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][last()]/c:CdtDbtInd)',
        closing_on text PATH 'normalize-space(c:Bal[c:Tp/c:CdOrPrtry/c:Cd="CLBD" or c:Tp/c:CdOrPrtry/c:Cd="ITBD"][last()]/c:Dt)',
        entries integer PATH 'count(c:Ntry)',
        stated_entries text PATH 'normalize-space(c:TxsSummry/c:TtlNtries/c:NbOfNtries)',
        stated_credit_entries text PATH 'normalize-space(c:TxsSummry/c:TtlCdtNtries/c:NbOfNtries)',
        stated_credit text PATH 'normalize-space(c:TxsSummry/c:TtlCdtNtries/c:Sum)',
        stated_debit_entries text PATH 'normalize-space(c:TxsSummry/c:TtlDbtNtries/c:NbOfNtries)',
        stated_debit text PATH 'normalize-space(c:TxsSummry/c:TtlDbtNtries/c:Sum)') AS s
$$;
COMMENT ON FUNCTION ar.camt_statements(xml, text) IS
'The statements, notifications and reports of a camt message, as they are written.
Arguments: document; namespace, the one of its elements.';

CREATE FUNCTION ar.camt_side(side text, place text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF side = 'CRDT' THEN
        RETURN 1;
    ELSIF side = 'DBIT' THEN
        RETURN -1;
    END IF;
    RAISE SQLSTATE 'RA008' USING
        MESSAGE = format('malformed camt file, element %s', place),
        DETAIL = 'It says neither CRDT nor DBIT.',
        HINT = 'Nothing of the file was imported. Ask the bank for it again.';
END
$$;
COMMENT ON FUNCTION ar.camt_side(text, text) IS
'1 for CRDT, -1 for DBIT. Errors: RA008 neither, with place, the path of its element.';

CREATE FUNCTION ar.read_camt(content bytea, encoding text DEFAULT NULL, currency text DEFAULT NULL) RETURNS SETOF ar.bank_record
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
-- Nobody knows how many entries there will be; compiling for the worst costs more than reading them.
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    document xml := ar.camt_document(read_camt.content, read_camt.encoding);
    namespace text;
    message text;
    missing record;
BEGIN
    namespace := (xpath('namespace-uri((//*[local-name()="Document"])[1])', document))[1]::text;
    message := (xpath('local-name((//*[local-name()="Document"])[1]/*[1])', document))[1]::text;
    IF coalesce(message, '') NOT IN ('BkToCstmrStmt', 'BkToCstmrDbtCdtNtfctn', 'BkToCstmrAcctRpt') THEN
        RAISE SQLSTATE 'RA008' USING
            MESSAGE = 'malformed camt file, element Document',
            DETAIL = CASE WHEN coalesce(message, '') = '' THEN 'There is no element Document, or nothing in it.'
                          ELSE format('It holds %s, which is no statement, notification or report of an account.', left(message, 40)) END,
            HINT = 'Give a file of camt.052, camt.053 or camt.054.';
    END IF;
    IF coalesce(namespace, '') = '' THEN
        -- Some programs forget it. Every path needs one.
        namespace := 'urn:iso:std:iso:20022:tech:xsd:camt';
        document := xmlparse(DOCUMENT regexp_replace(document::text, '<Document([[:space:]>])', '<Document xmlns="' || namespace || '"\1'));
    END IF;
    SELECT s.number, s.element, s.account INTO missing
    FROM ar.camt_statements(document, namespace) AS s ORDER BY s.account IS NULL DESC, s.number LIMIT 1;
    IF NOT FOUND OR missing.account IS NULL THEN
        RAISE SQLSTATE 'RA008' USING
            MESSAGE = format('malformed camt file, element %s', CASE WHEN missing.number IS NULL THEN message
                             ELSE format('%s[%s]/Acct/Id', missing.element, missing.number) END),
            DETAIL = CASE WHEN missing.number IS NULL THEN 'There is no statement in it: no Stmt, Ntfctn or Rpt.'
                          ELSE 'The statement does not name its account.' END,
            HINT = 'Nothing of the file was imported. Ask the bank for it again.';
    END IF;

    RETURN QUERY
    WITH raw_statement AS MATERIALIZED (
        SELECT s.*, format('%s[%s]', s.element, s.number) AS place FROM ar.camt_statements(document, namespace) AS s
    ), place AS (
        -- Which statement each entry is in: they are counted through.
        SELECT s.number AS statement, e.nth AS in_statement, row_number() OVER (ORDER BY s.number, e.nth) AS number,
               format('%s/Ntry[%s]', s.place, e.nth) AS place, s.created
        FROM raw_statement AS s CROSS JOIN LATERAL generate_series(1, s.entries) AS e(nth)
    ), entry AS MATERIALIZED (
        SELECT p.statement, p.in_statement, p.place, e.number, e.status, e.is_reversal, e.code, e.batch_size, e.details,
               nullif(e.bank_reference, '') AS bank_reference, nullif(e.entry_reference, '') AS entry_reference,
               nullif(e.additional, '') AS additional,
               coalesce(nullif(e.booked_on, ''), nullif(e.value_on, ''), p.created) AS booked_on,
               ar.camt_date(e.value_on, p.place || '/ValDt') AS value_on,
               ar.camt_side(e.side, p.place || '/CdtDbtInd') AS side,
               ar.camt_amount(e.amount, e.currency, p.place || '/Amt') AS amount
        FROM ar.camt_entries(document, namespace) AS e
        JOIN place AS p ON p.number = e.number
    ), detail_place AS (
        SELECT e.number AS entry, d.nth, row_number() OVER (ORDER BY e.number, d.nth) AS number,
               e.place || format('/NtryDtls/TxDtls[%s]', d.nth) AS place, e.side AS entry_side
        FROM entry AS e CROSS JOIN LATERAL generate_series(1, e.details) AS d(nth)
    ), detail AS MATERIALIZED (
        SELECT p.entry, p.nth, d.*,
               CASE WHEN d.amount IS NOT NULL
                    THEN ar.camt_amount(d.amount, d.currency, p.place || '/Amt')
                         * (CASE WHEN d.side IS NULL THEN 1 ELSE p.entry_side * ar.camt_side(d.side, p.place || '/CdtDbtInd') END)::bigint END AS money
        FROM ar.camt_details(document, namespace) AS d
        JOIN detail_place AS p ON p.number = d.number
    ), split AS (
        -- A batch is split where the amounts of its details make up its own; else it is one line.
        SELECT e.number
        FROM entry AS e JOIN detail AS d ON d.entry = e.number
        WHERE e.details > 1
        GROUP BY e.number, e.amount
        HAVING count(*) = count(d.money)
           AND bool_and(ar.currency(d.money) = ar.currency(e.amount)) AND bool_and(ar.sign(d.money) > 0)
           AND sum(ar.amount(d.money)) = ar.amount(e.amount)
    ), line AS MATERIALIZED (
        SELECT e.statement, e.number AS entry, e.in_statement, d.nth AS detail, e.details, e.side, e.amount AS entry_amount,
               CASE WHEN s.number IS NOT NULL THEN d.money ELSE e.amount END AS amount,
               s.number IS NOT NULL AS is_split, e.place, e.booked_on, e.value_on, e.status, e.is_reversal, e.bank_reference,
               e.entry_reference, e.additional, e.batch_size, coalesce(d.code, e.code) AS code, e.code AS entry_code,
               d.bank_reference AS detail_reference, d.end_to_end_reference, d.mandate_reference, d.transaction_reference,
               d.cheque_number, d.structured_reference, d.structured_references, d.content,
               CASE WHEN e.side > 0 THEN d.debtor ELSE d.creditor END AS payer_name,
               CASE WHEN e.side > 0 THEN d.debtor_account ELSE d.creditor_account END AS payer_account,
               CASE WHEN e.side > 0 THEN d.debtor_bank ELSE d.creditor_bank END AS payer_bank,
               d.return_reason, d.original_end_to_end_reference
        FROM entry AS e
        LEFT JOIN split AS s ON s.number = e.number
        LEFT JOIN detail AS d ON d.entry = e.number AND (e.details = 1 OR s.number IS NOT NULL)
    ), whole AS (
        -- What the details of a batch that stays one line say.
        SELECT d.entry, string_agg(concat_ws(' ', d.end_to_end_reference, d.structured_reference, d.content), ' ' ORDER BY d.nth) AS content
        FROM detail AS d
        JOIN entry AS e ON e.number = d.entry
        LEFT JOIN split AS s ON s.number = d.entry
        WHERE e.details > 1 AND s.number IS NULL
        GROUP BY d.entry
    ), total AS (
        SELECT e.statement, count(*)::integer AS entries, sum(e.details)::integer AS details,
               min(ar.currency(e.amount)) AS currency,
               count(*) FILTER (WHERE e.side > 0) AS credit_entries, count(*) FILTER (WHERE e.side < 0) AS debit_entries,
               sum(ar.amount(e.amount)) FILTER (WHERE e.side > 0) AS credits, sum(ar.amount(e.amount)) FILTER (WHERE e.side < 0) AS debits,
               array_agg(format('the details of entry %s do not add up to its amount: it is one line', e.in_statement) ORDER BY e.number)
                   FILTER (WHERE e.details > 1 AND s.number IS NULL) AS mismatch
        FROM entry AS e LEFT JOIN split AS s ON s.number = e.number GROUP BY e.statement
    )
    SELECT 'statement', s.number, NULL::integer, NULL::integer, s.account, s.bank, s.account_name,
           coalesce(s.currency, s.opening_currency, s.closing_currency, t.currency, read_camt.currency),
           CASE s.element WHEN 'Stmt' THEN 'statement' WHEN 'Ntfctn' THEN 'notification' ELSE 'intraday' END,
           s.reference,
           ar.camt_date(coalesce(s.opening_on, s.opened), s.place || '/Bal/Dt'),
           ar.camt_date(coalesce(s.closing_on, s.closed, s.created), s.place || '/Bal/Dt'),
           CASE WHEN s.opening IS NOT NULL THEN ar.camt_amount(s.opening, s.opening_currency, s.place || '/Bal/Amt')
                * ar.camt_side(s.opening_side, s.place || '/Bal/CdtDbtInd')::bigint END,
           CASE WHEN s.closing IS NOT NULL THEN ar.camt_amount(s.closing, s.closing_currency, s.place || '/Bal/Amt')
                * ar.camt_side(s.closing_side, s.place || '/Bal/CdtDbtInd')::bigint END,
           coalesce(t.entries, 0), coalesce(t.details, 0),
           nullif(coalesce(t.mismatch, '{}') || array_remove(ARRAY[
               CASE WHEN s.opening_currency <> s.closing_currency
                    THEN format('the opening balance is in %s, the closing balance in %s', s.opening_currency, s.closing_currency) END,
               CASE WHEN ar.stated_differs(s.stated_entries, coalesce(t.entries, 0))
                    THEN format('the summary counts %s entries, there are %s', s.stated_entries, coalesce(t.entries, 0)) END,
               CASE WHEN ar.stated_differs(s.stated_credit_entries, coalesce(t.credit_entries, 0))
                    THEN format('the summary counts %s credits, there are %s', s.stated_credit_entries, coalesce(t.credit_entries, 0)) END,
               CASE WHEN ar.stated_differs(s.stated_debit_entries, coalesce(t.debit_entries, 0))
                    THEN format('the summary counts %s debits, there are %s', s.stated_debit_entries, coalesce(t.debit_entries, 0)) END,
               CASE WHEN ar.stated_differs(s.stated_credit, coalesce(t.credits, 0))
                    THEN format('the summary adds credits up to %s, they are %s', s.stated_credit, coalesce(t.credits, 0)) END,
               CASE WHEN ar.stated_differs(s.stated_debit, coalesce(t.debits, 0))
                    THEN format('the summary adds debits up to %s, they are %s', s.stated_debit, coalesce(t.debits, 0)) END], NULL), '{}'),
           NULL::ar.monetary, NULL::date, NULL::date, NULL::boolean, NULL::boolean, NULL, NULL, NULL::ar.monetary, NULL::integer, NULL::integer,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL::jsonb
    FROM raw_statement AS s LEFT JOIN total AS t ON t.statement = s.number
    UNION ALL
    SELECT 'line', l.statement, (row_number() OVER (PARTITION BY l.statement ORDER BY l.entry, l.detail))::integer, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           l.amount * l.side::bigint,
           coalesce(ar.camt_date(l.booked_on, l.place || '/BookgDt'), l.value_on),
           coalesce(l.value_on, ar.camt_date(l.booked_on, l.place || '/BookgDt')),
           l.status = 'BOOK', coalesce(l.is_reversal, false),
           coalesce(l.detail_reference, l.bank_reference), l.bank_reference, l.entry_amount * l.side::bigint,
           greatest(l.batch_size, l.details), CASE WHEN l.is_split THEN l.detail END,
           nullif(l.end_to_end_reference, 'NOTPROVIDED'), nullif(l.mandate_reference, 'NOTPROVIDED'), l.structured_reference, l.cheque_number, l.code,
           coalesce(l.content, w.content, l.additional),
           l.payer_name, l.payer_account, l.payer_bank, l.return_reason, l.original_end_to_end_reference,
           nullif(jsonb_strip_nulls(jsonb_build_object(
               'entry', l.in_statement, 'entry_reference', l.entry_reference, 'transaction_reference', l.transaction_reference,
               'structured_references', l.structured_references,
               'status', CASE WHEN l.status <> 'BOOK' THEN l.status END,
               'entry_information', CASE WHEN l.content IS NOT NULL THEN l.additional END)), '{}')
    FROM line AS l
    LEFT JOIN whole AS w ON w.entry = l.entry;
END
$$;
COMMENT ON FUNCTION ar.read_camt(bytea, text, text) IS
'Reads a bank file of camt.052, camt.053 or camt.054, of any version and namespace, and stores nothing.
Arguments: content; encoding, by default what the file declares, or UTF8; currency, of statements that name none.
Errors: RA008 malformed, with the line of the XML or the path of the element.';

CREATE FUNCTION ar.stated_differs(stated text, found numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN stated ~ '^[0-9]{1,30}(\.[0-9]{1,30})?$' THEN stated::numeric <> found ELSE stated IS NOT NULL END $$;
COMMENT ON FUNCTION ar.stated_differs(text, numeric) IS
'Whether a count or sum that a file states is another than the one found; what is no number differs.';
