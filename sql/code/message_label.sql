-- message: the words on a document, and how dates and numbers are written, in the reader's language.

CREATE FUNCTION ar.label_texts() RETURNS TABLE (language text, label text, wording text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 500
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.language, w.label, t.wording
    FROM (VALUES
        ('decimal_separator', '.', ',', ',', ',', ',', ','),
        -- French groups digits by a narrow space at which no line breaks.
        ('group_separator', ',', '.', E'\u202F', '.', '.', '.'),
        ('date_format', 'FMDD Mon YYYY', 'DD.MM.YYYY', 'DD/MM/YYYY', 'DD/MM/YYYY', 'DD/MM/YYYY', 'DD-MM-YYYY'),
        ('money_format', '{currency} {amount}', '{amount} {currency}', '{amount} {currency}', '{amount} {currency}', '{amount} {currency}', '{currency} {amount}'),
        ('percent_format', '{number}%', E'{number}\u00A0%', E'{number}\u00A0%', E'{number}\u00A0%', '{number}%', '{number}%'),
        ('invoice', 'Invoice', 'Rechnung', 'Facture', 'Factura', 'Fattura', 'Factuur'),
        ('credit_memo', 'Credit note', 'Gutschrift', 'Avoir', 'Factura rectificativa', 'Nota di credito', 'Creditnota'),
        ('debit_memo', 'Debit note', 'Belastungsanzeige', 'Note de débit', 'Nota de cargo', 'Nota di debito', 'Debetnota'),
        ('deposit', 'Prepayment invoice', 'Anzahlungsrechnung', 'Facture d’acompte', 'Factura de anticipo', 'Fattura di acconto', 'Voorschotfactuur'),
        ('draft', 'Draft', 'Entwurf', 'Brouillon', 'Borrador', 'Bozza', 'Concept'),
        ('held', 'On hold', 'Zurückgestellt', 'En attente', 'Retenida', 'In sospeso', 'Aangehouden'),
        ('void', 'Void', 'Storniert', 'Annulée', 'Anulada', 'Annullata', 'Geannuleerd'),
        ('number', 'Number', 'Nummer', 'Numéro', 'Número', 'Numero', 'Nummer'),
        ('invoiced_on', 'Date', 'Datum', 'Date', 'Fecha', 'Data', 'Datum'),
        ('due_on', 'Due', 'Fällig am', 'Échéance', 'Vencimiento', 'Scadenza', 'Vervaldatum'),
        ('supplied_on', 'Date of supply', 'Leistungsdatum', 'Date de livraison', 'Fecha de entrega', 'Data di consegna', 'Leverdatum'),
        ('period', 'Period', 'Leistungszeitraum', 'Période', 'Periodo', 'Periodo', 'Periode'),
        ('customer', 'Customer number', 'Kundennummer', 'Numéro de client', 'Número de cliente', 'Codice cliente', 'Klantnummer'),
        ('purchase_order', 'Your order', 'Ihre Bestellung', 'Votre commande', 'Su pedido', 'Vostro ordine', 'Uw bestelling'),
        ('buyer_reference', 'Your reference', 'Ihr Zeichen', 'Votre référence', 'Su referencia', 'Vostro riferimento', 'Uw referentie'),
        ('buyer_tax_id', 'Your VAT number', 'Ihre USt-IdNr.', 'Votre n° de TVA', 'Su NIF', 'Vostra partita IVA', 'Uw btw-nummer'),
        ('corrects', 'For invoice', 'Zu Rechnung', 'Pour la facture', 'Factura rectificada', 'Per la fattura', 'Bij factuur'),
        ('tax_id', 'VAT number', 'USt-IdNr.', 'N° de TVA', 'NIF', 'Partita IVA', 'Btw-nummer'),
        ('registration_id', 'Registration', 'Registernummer', 'N° d’immatriculation', 'Registro', 'Registro imprese', 'KvK-nummer'),
        ('position', '#', 'Pos.', 'N°', 'N.º', 'N.', 'Nr.'),
        ('description', 'Description', 'Beschreibung', 'Désignation', 'Descripción', 'Descrizione', 'Omschrijving'),
        ('item_number', 'Item', 'Artikel', 'Réf.', 'Artículo', 'Articolo', 'Artikel'),
        ('buyer_item_number', 'Your item', 'Ihr Artikel', 'Votre réf.', 'Su artículo', 'Vostro articolo', 'Uw artikel'),
        ('quantity', 'Quantity', 'Menge', 'Quantité', 'Cantidad', 'Quantità', 'Aantal'),
        ('unit_price', 'Unit price', 'Einzelpreis', 'Prix unitaire', 'Precio', 'Prezzo', 'Prijs'),
        ('tax', 'VAT', 'USt.', 'TVA', 'IVA', 'IVA', 'Btw'),
        ('amount', 'Amount', 'Betrag', 'Montant', 'Importe', 'Importo', 'Bedrag'),
        ('discount', 'Discount', 'Rabatt', 'Remise', 'Descuento', 'Sconto', 'Korting'),
        ('charge', 'Surcharge', 'Zuschlag', 'Supplément', 'Recargo', 'Maggiorazione', 'Toeslag'),
        ('of_price_with_tax', 'tax included', 'inkl. USt.', 'TTC', 'IVA incluido', 'IVA inclusa', 'incl. btw'),
        ('subtotal', 'Subtotal', 'Zwischensumme', 'Sous-total', 'Subtotal', 'Subtotale', 'Subtotaal'),
        ('net', 'Total without VAT', 'Nettobetrag', 'Total HT', 'Base imponible', 'Totale imponibile', 'Totaal excl. btw'),
        ('tax_on', 'VAT {rate} on {taxable}', 'USt. {rate} auf {taxable}', 'TVA {rate} sur {taxable}', 'IVA {rate} sobre {taxable}', 'IVA {rate} su {taxable}', 'Btw {rate} over {taxable}'),
        ('untaxed', '{category}: {taxable}', '{category}: {taxable}', '{category} : {taxable}', '{category}: {taxable}', '{category}: {taxable}', '{category}: {taxable}'),
        ('cash_rounding', 'Rounding', 'Rundung', 'Arrondi', 'Redondeo', 'Arrotondamento', 'Afronding'),
        ('total', 'Total', 'Gesamtbetrag', 'Total TTC', 'Total', 'Totale', 'Totaal'),
        ('prepaid', 'Paid in advance', 'Bereits bezahlt', 'Acompte versé', 'Anticipo pagado', 'Acconto versato', 'Vooruitbetaald'),
        ('set_off', 'Set off already', 'Bereits verrechnet', 'Déjà imputé', 'Ya compensado', 'Già compensato', 'Reeds verrekend'),
        ('payable', 'Amount due', 'Zahlbetrag', 'Net à payer', 'Total a pagar', 'Totale da pagare', 'Te betalen'),
        ('credited', 'Amount credited', 'Gutschriftbetrag', 'Montant crédité', 'Importe abonado', 'Importo accreditato', 'Gecrediteerd bedrag'),
        ('category_Z', 'Zero rated', 'Nullsatz', 'Taux zéro', 'Tipo cero', 'Aliquota zero', 'Nultarief'),
        ('category_E', 'Exempt from VAT', 'Umsatzsteuerfrei', 'Exonéré de TVA', 'Exento de IVA', 'Esente IVA', 'Vrijgesteld van btw'),
        ('category_AE', 'Reverse charge', 'Steuerschuldnerschaft des Leistungsempfängers', 'Autoliquidation', 'Inversión del sujeto pasivo', 'Inversione contabile', 'Btw verlegd'),
        ('category_K', 'Intra-Community supply', 'Steuerfreie innergemeinschaftliche Lieferung', 'Livraison intracommunautaire exonérée', 'Entrega intracomunitaria exenta', 'Cessione intracomunitaria non imponibile', 'Intracommunautaire levering'),
        ('category_G', 'Export outside the EU', 'Steuerfreie Ausfuhrlieferung', 'Exportation hors UE exonérée', 'Exportación exenta', 'Esportazione non imponibile', 'Uitvoer buiten de EU'),
        ('category_O', 'Not subject to VAT', 'Nicht steuerbar', 'Non soumis à la TVA', 'No sujeto a IVA', 'Fuori campo IVA', 'Niet aan btw onderworpen'),
        ('category_L', 'IGIC', 'IGIC', 'IGIC', 'IGIC', 'IGIC', 'IGIC'),
        ('category_M', 'IPSI', 'IPSI', 'IPSI', 'IPSI', 'IPSI', 'IPSI'),
        ('payment', 'Payment', 'Zahlung', 'Règlement', 'Pago', 'Pagamento', 'Betaling'),
        ('pay_by', 'Please pay {amount} by {date}.', 'Bitte zahlen Sie {amount} bis zum {date}.', 'Merci de régler {amount} au plus tard le {date}.', 'Rogamos el pago de {amount} hasta el {date}.', 'Si prega di pagare {amount} entro il {date}.', 'Gelieve {amount} uiterlijk {date} te betalen.'),
        ('discount_by', 'If paid by {date}: {amount} (discount {discount})', 'Bei Zahlung bis {date}: {amount} (Skonto {discount})', 'Si paiement au plus tard le {date} : {amount} (escompte {discount})', 'Si paga hasta el {date}: {amount} (descuento {discount})', 'Con pagamento entro il {date}: {amount} (sconto {discount})', 'Bij betaling uiterlijk {date}: {amount} (korting {discount})'),
        ('nothing_due', 'Nothing is due.', 'Es ist nichts zu zahlen.', 'Aucun règlement n’est dû.', 'No hay importe pendiente.', 'Nulla è dovuto.', 'Er is niets verschuldigd.'),
        ('credit_note_terms', 'The amount is set against what you owe, or paid out at your request.', 'Der Betrag wird mit offenen Forderungen verrechnet oder auf Wunsch ausgezahlt.', 'Ce montant est imputé sur vos factures ou remboursé à votre demande.', 'El importe se compensa con lo pendiente o se reembolsa si lo solicita.', 'L’importo è compensato con quanto dovuto o rimborsato su richiesta.', 'Het bedrag wordt verrekend met openstaande posten of op verzoek uitbetaald.'),
        ('instalment', 'Instalment', 'Rate', 'Échéance', 'Plazo', 'Rata', 'Termijn'),
        ('account_holder', 'Account holder', 'Kontoinhaber', 'Titulaire', 'Titular', 'Intestatario', 'Begunstigde'),
        ('iban', 'IBAN', 'IBAN', 'IBAN', 'IBAN', 'IBAN', 'IBAN'),
        ('bic', 'BIC', 'BIC', 'BIC', 'BIC', 'BIC', 'BIC'),
        ('payment_reference', 'Reference', 'Verwendungszweck', 'Référence', 'Referencia', 'Causale', 'Kenmerk'),
        ('scan_to_pay', 'Scan to pay', 'Zum Zahlen scannen', 'Scanner pour payer', 'Escanear para pagar', 'Scansiona per pagare', 'Scan om te betalen'),
        ('page', 'Page {page} of {pages}', 'Seite {page} von {pages}', 'Page {page} sur {pages}', 'Página {page} de {pages}', 'Pagina {page} di {pages}', 'Pagina {page} van {pages}'),
        ('unit_C62', '', '', '', '', '', ''),
        ('unit_H87', 'pcs', 'Stk.', 'pce', 'ud.', 'pz', 'st.'),
        ('unit_EA', 'pcs', 'Stk.', 'pce', 'ud.', 'pz', 'st.'),
        ('unit_SET', 'set', 'Satz', 'lot', 'juego', 'set', 'set'),
        ('unit_MIN', 'min', 'Min.', 'min', 'min', 'min', 'min'),
        ('unit_HUR', 'h', 'Std.', 'h', 'h', 'h', 'uur'),
        ('unit_DAY', 'days', 'Tage', 'jours', 'días', 'giorni', 'dagen'),
        ('unit_WEE', 'weeks', 'Wochen', 'semaines', 'semanas', 'settimane', 'weken'),
        ('unit_MON', 'months', 'Monate', 'mois', 'meses', 'mesi', 'maanden'),
        ('unit_ANN', 'years', 'Jahre', 'années', 'años', 'anni', 'jaar'),
        ('unit_GRM', 'g', 'g', 'g', 'g', 'g', 'g'),
        ('unit_KGM', 'kg', 'kg', 'kg', 'kg', 'kg', 'kg'),
        ('unit_TNE', 't', 't', 't', 't', 't', 't'),
        ('unit_MTR', 'm', 'm', 'm', 'm', 'm', 'm'),
        ('unit_KMT', 'km', 'km', 'km', 'km', 'km', 'km'),
        ('unit_MTK', 'm²', 'm²', 'm²', 'm²', 'm²', 'm²'),
        ('unit_MTQ', 'm³', 'm³', 'm³', 'm³', 'm³', 'm³'),
        ('unit_LTR', 'l', 'l', 'l', 'l', 'l', 'l'),
        ('unit_KWH', 'kWh', 'kWh', 'kWh', 'kWh', 'kWh', 'kWh'),
        ('unit_LS', 'flat', 'pauschal', 'forfait', 'global', 'a corpo', 'forfaitair'),
        ('unit_P1', '%', '%', '%', '%', '%', '%')
    ) AS w(label, en, de, fr, es, it, nl)
    CROSS JOIN LATERAL (VALUES
        ('en', w.en), ('de', w.de), ('fr', w.fr), ('es', w.es), ('it', w.it), ('nl', w.nl)
    ) AS t(language, wording)
    UNION ALL
    -- Where English or German is written in another way.
    SELECT v.language, v.label, v.wording
    FROM (VALUES
        ('en-us', 'date_format', 'Mon FMDD, YYYY'),
        ('en-us', 'tax', 'Tax'),
        ('en-us', 'tax_id', 'Tax ID'),
        ('en-us', 'buyer_tax_id', 'Your tax ID'),
        ('en-us', 'net', 'Total before tax'),
        ('en-us', 'tax_on', 'Tax {rate} on {taxable}'),
        ('en-us', 'category_E', 'Tax exempt'),
        ('en-us', 'category_O', 'Not taxable'),
        ('en-us', 'credit_memo', 'Credit memo'),
        ('en-us', 'debit_memo', 'Debit memo'),
        ('de-at', 'tax_id', 'UID'),
        ('de-at', 'buyer_tax_id', 'Ihre UID'),
        ('de-ch', 'group_separator', '’'),
        ('de-ch', 'decimal_separator', '.'),
        ('de-ch', 'money_format', '{currency} {amount}'),
        ('de-ch', 'tax', 'MWST'),
        ('de-ch', 'tax_on', 'MWST {rate} auf {taxable}'),
        ('de-ch', 'tax_id', 'MWST-Nr.'),
        ('de-ch', 'buyer_tax_id', 'Ihre MWST-Nr.')
    ) AS v(language, label, wording)
$$;
COMMENT ON FUNCTION ar.label_texts() IS
'The words that documents come with, and how dates and numbers are written: a row a language and label, in English (en, en-us), German (de, de-at, de-ch), French (fr), Spanish (es), Italian (it) and Dutch (nl).
Labels ending in _format and _separator say how: date_format is a template of to_char, the others have their places in braces. unit_ and a code of UN/ECE recommendation 20 names a unit. Rows of ar.document_label come before these, and add languages.';

CREATE FUNCTION ar.labels(ledger_id integer, language text) RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    -- What counts more comes later: English, then the language, then the language as one country writes it.
    spoken text[] := ARRAY['en', split_part(lower(labels.language), '-', 1), lower(labels.language)];
BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE feature_not_supported USING
            MESSAGE = format('documents cannot be worded in a database in %s', current_setting('server_encoding')),
            HINT = 'Keep the books in a database in UTF8.';
    END IF;
    RETURN (
        SELECT jsonb_object_agg(w.label, w.wording ORDER BY array_position(spoken, w.language), w.is_own)
        FROM (SELECT t.language, t.label, t.wording, false AS is_own FROM ar.label_texts() AS t
              UNION ALL
              SELECT lower(d.language), d.label, d.wording, true
              FROM ar.document_label AS d
              WHERE d.ledger_id = labels.ledger_id) AS w
        WHERE w.language = ANY (spoken));
END
$$;
COMMENT ON FUNCTION ar.labels(integer, text) IS
'The words for documents of a ledger in a language, as a JSON object of label and wording. For each label the first there is of: the language as given, such as de-at; the language without its country, de; English. In each of them the ledger''s own wording of ar.document_label comes first, then that of ar.label_texts().
Arguments: ledger_id; language, a tag of BCP 47.
Errors: 0A000 the database is not in UTF8.';

CREATE FUNCTION ar.language_of(country text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN country = 'AT' THEN 'de-at'
        WHEN country IN ('DE', 'LI') THEN 'de'
        WHEN country IN ('FR', 'MC') THEN 'fr'
        WHEN country IN ('AR', 'CL', 'CO', 'ES', 'MX', 'PE', 'UY') THEN 'es'
        WHEN country IN ('IT', 'SM', 'VA') THEN 'it'
        WHEN country = 'NL' THEN 'nl'
        WHEN country = 'US' THEN 'en-us'
        ELSE 'en' END
$$;
COMMENT ON FUNCTION ar.language_of(text) IS
'The language for documents of a country that has one language among those of ar.label_texts(), and English for every other: what is taken where a customer has no language.
Argument: the code of ISO 3166-1 alpha-2.';

CREATE FUNCTION ar.fill_template(template text, fields text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result text := '';
    rest text := fill_template.template;
    place text;
BEGIN
    -- From left to right, so that a brace in what is filled in is no place.
    LOOP
        place := substring(rest FROM '\{[a-z]+\}');
        EXIT WHEN place IS NULL;
        result := result || left(rest, strpos(rest, place) - 1)
            || coalesce((SELECT f.fields[i + 1] FROM (SELECT fill_template.fields) AS f(fields),
                                generate_series(1, array_length(fill_template.fields, 1), 2) AS i
                         WHERE f.fields[i] = btrim(place, '{}')), '');
        rest := substr(rest, strpos(rest, place) + length(place));
    END LOOP;
    RETURN result || rest;
END
$$;
COMMENT ON FUNCTION ar.fill_template(text, text[]) IS
'A template with its places in braces filled in. Arguments: template, such as ''{amount} by {date}''; fields, names and values in turn. A name that has no value, or NULL, leaves nothing.';

CREATE FUNCTION ar.format_number(number numeric, labels jsonb, decimals integer DEFAULT 0) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rounded numeric := round(format_number.number, greatest(scale(trim_scale(format_number.number)), format_number.decimals));
    digits text := abs(rounded)::text;
    whole text := split_part(digits, '.', 1);
BEGIN
    IF format_number.number IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN CASE WHEN rounded < 0 THEN E'\u2212' ELSE '' END
        || CASE WHEN length(whole) <= 3 THEN whole
           ELSE replace(to_char(whole::numeric, 'FM' || repeat('999,', length(whole) / 3) || '990'), ',', labels ->> 'group_separator') END
        || CASE WHEN digits LIKE '%.%' THEN (labels ->> 'decimal_separator') || split_part(digits, '.', 2) ELSE '' END;
END
$$;
COMMENT ON FUNCTION ar.format_number(numeric, jsonb, integer) IS
'A number as a language writes it. Never rounds: decimals is how many there are at least.
Arguments: number; labels, of ar.labels(); decimals.';

CREATE FUNCTION ar.format_amount(amount ar.monetary, labels jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.format_number(ar.amount(amount), labels, scale(ar.amount(amount))) $$;
COMMENT ON FUNCTION ar.format_amount(ar.monetary, jsonb) IS
'An amount without its currency as a language writes it, with all decimals of the currency. Arguments: amount; labels, of ar.labels().';

CREATE FUNCTION ar.format_money(amount ar.monetary, labels jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    number numeric := ar.amount(amount);
BEGIN
    RETURN replace(replace(replace(labels ->> 'money_format', '{currency}', ar.currency(amount)),
                           '{amount}', ar.format_number(number, labels, scale(number))), ' ', E'\u00A0');
END
$$;
COMMENT ON FUNCTION ar.format_money(ar.monetary, jsonb) IS
'An amount with its currency as a language writes it, in one piece that does not break at the end of a line. Arguments: amount; labels, of ar.labels().';

CREATE FUNCTION ar.format_date(day date, labels jsonb) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT to_char(day, labels ->> 'date_format') $$;
COMMENT ON FUNCTION ar.format_date(date, jsonb) IS
'A day as a language writes it. Arguments: day; labels, of ar.labels().';

CREATE FUNCTION ar.format_percent(percent numeric, labels jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.fill_template(labels ->> 'percent_format', ARRAY['number', ar.format_number(trim_scale(percent), labels)]) $$;
COMMENT ON FUNCTION ar.format_percent(numeric, jsonb) IS
'A percentage as a language writes it: 7,7 % of 7.70. Arguments: percent; labels, of ar.labels().';
