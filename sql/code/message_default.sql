-- message: the letters that come with the extension.

CREATE FUNCTION ar.message_letters() RETURNS TABLE (code text, purpose text, level smallint, language text, subject text, body text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 24
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.code, v.purpose, v.level::smallint, v.language, v.subject, v.body
    FROM (VALUES
    ('reminder', 'reminder', NULL, 'en', 'Payment falling due: {{total_open}}',
'Dear {{contact_name}},

This is a courtesy note that the following items fall due shortly:

[items]

[totals]

[pay]

If your payment is already on its way, there is nothing for you to do.

Kind regards
{{company_name}}'),
    ('reminder', 'reminder', NULL, 'de', 'Zahlungsavis: {{total_open}} werden fällig',
'Guten Tag {{contact_name}},

wir möchten Sie freundlich darauf hinweisen, dass folgende Posten in Kürze fällig werden:

[items]

[totals]

[pay]

Sollten Sie die Zahlung bereits veranlasst haben, ist nichts weiter zu tun.

Mit freundlichen Grüßen
{{company_name}}'),
    ('reminder', 'reminder', NULL, 'fr', 'Échéance prochaine : {{total_open}}',
'Bonjour {{contact_name}},

Nous nous permettons de vous rappeler que les éléments suivants arrivent prochainement à échéance :

[items]

[totals]

[pay]

Si votre règlement est déjà en cours, vous n’avez rien à faire.

Cordialement,
{{company_name}}'),
    ('reminder', 'reminder', NULL, 'es', 'Próximo vencimiento: {{total_open}}',
'Estimado cliente {{contact_name}}:

Le recordamos que las siguientes partidas vencen próximamente:

[items]

[totals]

[pay]

Si ya ha ordenado el pago, no tiene que hacer nada más.

Atentamente,
{{company_name}}'),

    ('dunning_1', 'dunning', 1, 'en', 'Payment reminder: {{total_due}}',
'Dear {{contact_name}},

According to our records the following items are past due as of {{today}}. It may well have escaped your attention:

[items]

[totals]

Please pay by {{pay_by}}.

[pay]

If you have paid in the meantime, please disregard this letter. Should anything be unclear, just reply.

Kind regards
{{company_name}}'),
    ('dunning_1', 'dunning', 1, 'de', 'Zahlungserinnerung: {{total_due}}',
'Guten Tag {{contact_name}},

sicher ist es Ihrer Aufmerksamkeit entgangen: Für die folgenden Posten konnten wir bis zum {{today}} keinen Zahlungseingang feststellen.

[items]

[totals]

Wir bitten Sie, den Betrag bis zum {{pay_by}} zu begleichen.

[pay]

Haben Sie inzwischen bezahlt, betrachten Sie dieses Schreiben bitte als gegenstandslos. Bei Fragen antworten Sie uns einfach.

Mit freundlichen Grüßen
{{company_name}}'),
    ('dunning_1', 'dunning', 1, 'fr', 'Rappel de paiement : {{total_due}}',
'Bonjour {{contact_name}},

Sauf erreur de notre part, les éléments suivants demeurent impayés au {{today}}. Il s’agit sans doute d’un oubli :

[items]

[totals]

Nous vous remercions de bien vouloir régler cette somme au plus tard le {{pay_by}}.

[pay]

Si vous avez payé entre-temps, veuillez ne pas tenir compte de ce courrier. Pour toute question, il vous suffit de nous répondre.

Cordialement,
{{company_name}}'),
    ('dunning_1', 'dunning', 1, 'es', 'Recordatorio de pago: {{total_due}}',
'Estimado cliente {{contact_name}}:

Según nuestros registros, a fecha {{today}} las siguientes partidas siguen pendientes de pago. Probablemente se trate de un descuido:

[items]

[totals]

Le rogamos que efectúe el pago antes del {{pay_by}}.

[pay]

Si ya ha pagado, le rogamos que no tenga en cuenta este escrito. Para cualquier duda, basta con responder.

Atentamente,
{{company_name}}'),

    ('dunning_2', 'dunning', 2, 'en', 'Second reminder: {{total_due}} overdue',
'Dear {{contact_name}},

We refer to our earlier reminder, to which we have received neither payment nor reply. As of {{today}} the following items remain unpaid:

[items]

[totals]

We ask you to pay this amount by {{pay_by}}. If you dispute an item, or cannot pay in full at present, please contact us before that date.

[pay]

If you have paid in the meantime, please disregard this letter.

Yours sincerely
{{company_name}}'),
    ('dunning_2', 'dunning', 2, 'de', '2. Mahnung: {{total_due}} überfällig',
'Guten Tag {{contact_name}},

auf unsere Zahlungserinnerung haben Sie bisher weder gezahlt noch geantwortet. Am {{today}} sind folgende Posten noch offen:

[items]

[totals]

Wir fordern Sie auf, den Betrag bis zum {{pay_by}} zu zahlen. Beanstanden Sie einen Posten oder können Sie derzeit nicht in voller Höhe zahlen, so melden Sie sich bitte vor diesem Tag bei uns.

[pay]

Haben Sie inzwischen bezahlt, betrachten Sie dieses Schreiben bitte als gegenstandslos.

Mit freundlichen Grüßen
{{company_name}}'),
    ('dunning_2', 'dunning', 2, 'fr', 'Deuxième relance : {{total_due}} en retard',
'Bonjour {{contact_name}},

Notre précédent rappel est resté sans règlement ni réponse de votre part. Au {{today}}, les éléments suivants restent impayés :

[items]

[totals]

Nous vous demandons de régler cette somme au plus tard le {{pay_by}}. Si vous contestez l’un de ces éléments ou ne pouvez pas tout régler actuellement, merci de prendre contact avec nous avant cette date.

[pay]

Si vous avez payé entre-temps, veuillez ne pas tenir compte de ce courrier.

Veuillez agréer nos salutations distinguées.
{{company_name}}'),
    ('dunning_2', 'dunning', 2, 'es', 'Segundo aviso: {{total_due}} vencidos',
'Estimado cliente {{contact_name}}:

No hemos recibido ni pago ni respuesta a nuestro recordatorio anterior. A fecha {{today}} siguen pendientes las siguientes partidas:

[items]

[totals]

Le pedimos que pague este importe antes del {{pay_by}}. Si no está conforme con alguna partida o no puede pagar la totalidad en este momento, póngase en contacto con nosotros antes de esa fecha.

[pay]

Si ya ha pagado, le rogamos que no tenga en cuenta este escrito.

Atentamente,
{{company_name}}'),

    ('dunning_3', 'dunning', 3, 'en', 'Final notice: {{total_due}} overdue',
'Dear {{contact_name}},

Despite our reminders the following items are still unpaid as of {{today}}:

[items]

[totals]

This is our final notice before further steps. Unless we receive the full amount by {{pay_by}}, we shall hand the matter over for collection without writing to you again. The costs of this may be charged to you.

[pay]

If you have paid in the meantime, please let us know the date of your payment.

Yours sincerely
{{company_name}}'),
    ('dunning_3', 'dunning', 3, 'de', 'Letzte Mahnung: {{total_due}} überfällig',
'Guten Tag {{contact_name}},

trotz unserer Mahnungen sind am {{today}} folgende Posten weiterhin unbezahlt:

[items]

[totals]

Dies ist unsere letzte Mahnung. Geht der volle Betrag nicht bis zum {{pay_by}} bei uns ein, leiten wir ohne weitere Ankündigung das Inkasso- oder gerichtliche Verfahren ein. Die Kosten hierfür können Ihnen in Rechnung gestellt werden.

[pay]

Haben Sie inzwischen bezahlt, teilen Sie uns bitte das Datum Ihrer Zahlung mit.

Mit freundlichen Grüßen
{{company_name}}'),
    ('dunning_3', 'dunning', 3, 'fr', 'Dernier avis avant recouvrement : {{total_due}}',
'Bonjour {{contact_name}},

Malgré nos relances, les éléments suivants restent impayés au {{today}} :

[items]

[totals]

Le présent courrier est notre dernier avis. À défaut de règlement intégral au plus tard le {{pay_by}}, nous confierons le dossier au recouvrement sans nouvel avis ; les frais correspondants pourront vous être imputés.

[pay]

Si vous avez payé entre-temps, merci de nous indiquer la date de votre règlement.

Veuillez agréer nos salutations distinguées.
{{company_name}}'),
    ('dunning_3', 'dunning', 3, 'es', 'Último aviso: {{total_due}} vencidos',
'Estimado cliente {{contact_name}}:

A pesar de nuestros recordatorios, a fecha {{today}} las siguientes partidas siguen sin pagarse:

[items]

[totals]

Este es nuestro último aviso. Si no recibimos el importe íntegro antes del {{pay_by}}, encargaremos el cobro a terceros sin más notificación. Los gastos correspondientes podrán correr a su cargo.

[pay]

Si ya ha pagado, le rogamos que nos indique la fecha de su pago.

Atentamente,
{{company_name}}'),

    ('statement', 'statement', NULL, 'en', 'Statement of account as of {{to_on}}',
'Dear {{contact_name}},

Here is the statement of your account {{customer_code}} from {{from_on}} to {{to_on}}:

{{?items}}
[items]
{{/items}}
{{^items}}
There were no movements in this period.
{{/items}}

[totals]

{{#to_pay}}
[pay]

{{/to_pay}}
Please let us know within two weeks if your books show otherwise.

Kind regards
{{company_name}}'),
    ('statement', 'statement', NULL, 'de', 'Kontoauszug zum {{to_on}}',
'Guten Tag {{contact_name}},

hier ist der Auszug Ihres Kontos {{customer_code}} vom {{from_on}} bis zum {{to_on}}:

{{?items}}
[items]
{{/items}}
{{^items}}
In diesem Zeitraum gab es keine Bewegungen.
{{/items}}

[totals]

{{#to_pay}}
[pay]

{{/to_pay}}
Bitte teilen Sie uns innerhalb von zwei Wochen mit, falls Ihre Bücher etwas anderes zeigen.

Mit freundlichen Grüßen
{{company_name}}'),
    ('statement', 'statement', NULL, 'fr', 'Relevé de compte au {{to_on}}',
'Bonjour {{contact_name}},

Voici le relevé de votre compte {{customer_code}} du {{from_on}} au {{to_on}} :

{{?items}}
[items]
{{/items}}
{{^items}}
Il n’y a eu aucun mouvement pendant cette période.
{{/items}}

[totals]

{{#to_pay}}
[pay]

{{/to_pay}}
Merci de nous signaler sous deux semaines toute différence avec votre comptabilité.

Cordialement,
{{company_name}}'),
    ('statement', 'statement', NULL, 'es', 'Extracto de cuenta a {{to_on}}',
'Estimado cliente {{contact_name}}:

Le enviamos el extracto de su cuenta {{customer_code}} del {{from_on}} al {{to_on}}:

{{?items}}
[items]
{{/items}}
{{^items}}
No hubo movimientos en este periodo.
{{/items}}

[totals]

{{#to_pay}}
[pay]

{{/to_pay}}
Le rogamos que nos comunique en el plazo de dos semanas cualquier diferencia con su contabilidad.

Atentamente,
{{company_name}}'),

    ('receipt', 'receipt', NULL, 'en', 'We have received your payment of {{amount}}',
'Dear {{contact_name}},

Thank you. We received your payment of {{amount}} on {{received_on}}{{#reference}} (reference {{reference}}){{/reference}}.

{{?items}}
It was applied as follows:

[items]
{{/items}}

[totals]

Kind regards
{{company_name}}'),
    ('receipt', 'receipt', NULL, 'de', 'Ihre Zahlung über {{amount}} ist eingegangen',
'Guten Tag {{contact_name}},

vielen Dank. Ihre Zahlung über {{amount}} ist am {{received_on}} bei uns eingegangen{{#reference}} (Verwendungszweck {{reference}}){{/reference}}.

{{?items}}
Wir haben sie wie folgt verbucht:

[items]
{{/items}}

[totals]

Mit freundlichen Grüßen
{{company_name}}'),
    ('receipt', 'receipt', NULL, 'fr', 'Nous avons bien reçu votre règlement de {{amount}}',
'Bonjour {{contact_name}},

Nous vous remercions de votre règlement de {{amount}}, reçu le {{received_on}}{{#reference}} (référence {{reference}}){{/reference}}.

{{?items}}
Il a été imputé comme suit :

[items]
{{/items}}

[totals]

Cordialement,
{{company_name}}'),
    ('receipt', 'receipt', NULL, 'es', 'Hemos recibido su pago de {{amount}}',
'Estimado cliente {{contact_name}}:

Le damos las gracias por su pago de {{amount}}, recibido el {{received_on}}{{#reference}} (referencia {{reference}}){{/reference}}.

{{?items}}
Lo hemos aplicado como sigue:

[items]
{{/items}}

[totals]

Atentamente,
{{company_name}}')
    ) AS v(code, purpose, level, language, subject, body)
$$;
COMMENT ON FUNCTION ar.message_letters() IS
'The letters that come with the extension, in English, German, French and Spanish: reminder, dunning_1 to dunning_3, statement, receipt. In body, [items], [totals] and [pay] stand for what ar.default_message_templates() puts there.';

CREATE FUNCTION ar.message_columns() RETURNS TABLE (purpose text, part text, place integer, placeholder text, width integer, condition boolean, strong boolean, language text, heading text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.purpose, c.part, c.place, c.placeholder, c.width, c.condition, c.strong, t.language, t.heading
    FROM (VALUES
        -- A width below zero is of a column of words, above zero of a column of figures.
        ('reminder', 'items', 1, 'number', -18, false, false, 'Number', 'Nummer', 'Numéro', 'Número'),
        ('reminder', 'items', 2, 'issued_on', -12, false, false, 'Date', 'Datum', 'Date', 'Fecha'),
        ('reminder', 'items', 3, 'due_on', -12, false, false, 'Due', 'Fällig am', 'Échéance', 'Vencimiento'),
        ('reminder', 'items', 4, 'open', 18, false, false, 'Open', 'Offen', 'Solde dû', 'Pendiente'),
        ('reminder', 'totals', 1, 'total_open', 18, false, true, 'Total', 'Gesamt', 'Total', 'Total'),
        ('dunning', 'items', 1, 'number', -18, false, false, 'Number', 'Nummer', 'Numéro', 'Número'),
        ('dunning', 'items', 2, 'due_on', -12, false, false, 'Due', 'Fällig am', 'Échéance', 'Vencimiento'),
        ('dunning', 'items', 3, 'days_past_due', 6, false, false, 'Days', 'Tage', 'Jours', 'Días'),
        ('dunning', 'items', 4, 'open', 18, false, false, 'Open', 'Offen', 'Solde dû', 'Pendiente'),
        ('dunning', 'totals', 1, 'total_open', 18, false, false, 'Open items', 'Offene Posten', 'Éléments impayés', 'Partidas pendientes'),
        ('dunning', 'totals', 2, 'interest', 18, true, false, 'Interest', 'Verzugszinsen', 'Intérêts de retard', 'Intereses de demora'),
        ('dunning', 'totals', 3, 'fee', 18, true, false, 'Fee', 'Mahngebühr', 'Frais de relance', 'Gastos de aviso'),
        ('dunning', 'totals', 4, 'total_due', 18, false, true, 'To be paid', 'Zu zahlen', 'À régler', 'A pagar'),
        ('statement', 'items', 1, 'issued_on', -12, false, false, 'Date', 'Datum', 'Date', 'Fecha'),
        ('statement', 'items', 2, 'number', -18, false, false, 'Number', 'Nummer', 'Numéro', 'Número'),
        ('statement', 'items', 3, 'description', -14, false, false, 'Document', 'Beleg', 'Pièce', 'Documento'),
        ('statement', 'items', 4, 'amount', 18, false, false, 'Amount', 'Betrag', 'Montant', 'Importe'),
        ('statement', 'items', 5, 'balance', 18, false, false, 'Balance', 'Saldo', 'Solde', 'Saldo'),
        ('statement', 'totals', 1, 'opening', 18, false, false, 'Opening balance', 'Anfangssaldo', 'Solde initial', 'Saldo inicial'),
        ('statement', 'totals', 2, 'closing', 18, false, true, 'Closing balance', 'Endsaldo', 'Solde final', 'Saldo final'),
        ('statement', 'totals', 3, 'not_due', 18, true, false, 'Not due yet', 'Noch nicht fällig', 'Non échu', 'No vencido'),
        ('statement', 'totals', 4, 'days_1_30', 18, true, false, '1 to 30 days past due', '1 bis 30 Tage überfällig', '1 à 30 jours de retard', 'Vencido de 1 a 30 días'),
        ('statement', 'totals', 5, 'days_31_60', 18, true, false, '31 to 60 days past due', '31 bis 60 Tage überfällig', '31 à 60 jours de retard', 'Vencido de 31 a 60 días'),
        ('statement', 'totals', 6, 'days_61_90', 18, true, false, '61 to 90 days past due', '61 bis 90 Tage überfällig', '61 à 90 jours de retard', 'Vencido de 61 a 90 días'),
        ('statement', 'totals', 7, 'days_91_plus', 18, true, false, 'More than 90 days past due', 'Mehr als 90 Tage überfällig', 'Plus de 90 jours de retard', 'Vencido más de 90 días'),
        ('statement', 'totals', 8, 'unapplied', 18, true, false, 'Payments not yet applied', 'Noch nicht verrechnete Zahlungen', 'Règlements non imputés', 'Pagos aún no aplicados'),
        ('receipt', 'items', 1, 'number', -18, false, false, 'Number', 'Nummer', 'Numéro', 'Número'),
        ('receipt', 'items', 2, 'issued_on', -12, false, false, 'Date', 'Datum', 'Date', 'Fecha'),
        ('receipt', 'items', 3, 'applied', 18, false, false, 'Paid', 'Bezahlt', 'Réglé', 'Pagado'),
        ('receipt', 'items', 4, 'open', 18, false, false, 'Still open', 'Noch offen', 'Reste dû', 'Pendiente'),
        ('receipt', 'totals', 1, 'amount', 18, false, true, 'Payment', 'Zahlung', 'Règlement', 'Pago'),
        ('receipt', 'totals', 2, 'unapplied', 18, true, false, 'On your account', 'Guthaben auf Ihrem Konto', 'Au crédit de votre compte', 'A su favor en cuenta')
    ) AS c(purpose, part, place, placeholder, width, condition, strong, en, de, fr, es)
    CROSS JOIN LATERAL (VALUES ('en', c.en), ('de', c.de), ('fr', c.fr), ('es', c.es)) AS t(language, heading)
$$;
COMMENT ON FUNCTION ar.message_columns() IS
'The columns of the tables in the letters that come with the extension, and the lines of their totals, in each language. For ar.default_message_templates().';

CREATE FUNCTION ar.default_message_templates()
RETURNS TABLE (code text, purpose text, level smallint, language text, subject text, body text, html text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 24
SET search_path = pg_catalog, ar, pg_temp
AS $$
    WITH cell AS (
        SELECT c.*, greatest(abs(c.width), length(c.heading)) AS wide, '{{' || c.placeholder || '}}' AS tag,
               max(length(c.heading)) OVER (PARTITION BY c.purpose, c.part, c.language) AS longest,
               CASE WHEN c.width > 0 THEN 'right' ELSE 'left' END AS align,
               CASE WHEN c.place = max(c.place) OVER (PARTITION BY c.purpose, c.part, c.language) THEN '0' ELSE '8px' END AS gap
        FROM ar.message_columns() AS c
    ), piece AS (
        SELECT c.purpose, c.language, c.part,
               CASE c.part WHEN 'items' THEN
                   rtrim(string_agg(CASE WHEN c.width > 0 THEN lpad(c.heading, c.wide) ELSE rpad(c.heading, c.wide) END, ' ' ORDER BY c.place))
                   || E'\n' || string_agg(repeat('-', c.wide), ' ' ORDER BY c.place) || E'\n{{#items}}\n'
                   || string_agg(format('{{%s:%s}}', c.placeholder, sign(c.width) * c.wide), ' ' ORDER BY c.place) || E'\n{{/items}}'
               ELSE string_agg(CASE WHEN c.condition THEN format('{{#%s}}', c.placeholder) ELSE '' END
                       || rpad(c.heading, c.longest) || format(' {{%s:%s}}', c.placeholder, c.width) || E'\n'
                       || CASE WHEN c.condition THEN format('{{/%s}}', c.placeholder) ELSE '' END, '' ORDER BY c.place) END AS text,
               '<table cellspacing="0" cellpadding="0" style="border-collapse:collapse;margin:0 0 16px' || CASE c.part WHEN 'items' THEN ';width:100%' ELSE '' END || '">' || CASE c.part WHEN 'items' THEN
                   E'\n<thead><tr>' || string_agg(format('<th scope="col" style="padding:5px %s 5px 0;border-bottom:1px solid #18212b;color:#5b6672;font-size:12px;text-align:%s">%s</th>',
                       c.gap, c.align, ar.html(c.heading)), '' ORDER BY c.place) || E'</tr></thead>\n<tbody>{{#items}}\n<tr>'
                   || string_agg(format('<td style="padding:6px %s 6px 0;border-bottom:1px solid #d5dbe1;font-size:14px;vertical-align:top;text-align:%s">%s</td>',
                       c.gap, c.align || CASE WHEN c.width > 0 THEN ';white-space:nowrap' ELSE '' END, c.tag), '' ORDER BY c.place) || '</tr>{{/items}}</tbody>'
               ELSE string_agg(CASE WHEN c.condition THEN format('{{#%s}}', c.placeholder) ELSE '' END
                       || format(E'\n<tr><th scope="row" style="padding:3px 28px 3px 0;text-align:left;font-weight:%1$s">%2$s</th><td style="padding:3px 0;text-align:right;white-space:nowrap;font-weight:%1$s">%3$s</td></tr>',
                              CASE WHEN c.strong THEN 'bold' ELSE 'normal' END, ar.html(c.heading), c.tag)
                       || CASE WHEN c.condition THEN format('{{/%s}}', c.placeholder) ELSE '' END, '' ORDER BY c.place) END
               || E'\n</table>' AS html
        FROM cell AS c GROUP BY c.purpose, c.language, c.part
    ), letter AS (
        SELECT l.*, p.text AS pay, items.text AS items, items.html AS items_html, totals.text AS totals, totals.html AS totals_html
        FROM ar.message_letters() AS l
        JOIN piece AS items ON items.purpose = l.purpose AND items.language = l.language AND items.part = 'items'
        JOIN piece AS totals ON totals.purpose = l.purpose AND totals.language = l.language AND totals.part = 'totals'
        JOIN (VALUES
            ('en', E'{{#company_iban}}\nPlease transfer the amount to IBAN {{company_iban}}{{#company_bic}} (BIC {{company_bic}}){{/company_bic}}, quoting the number of each document.\n{{/company_iban}}\n{{#payment_link}}\nYou can also pay online: {{payment_link}}\n{{/payment_link}}'),
            ('de', E'{{#company_iban}}\nBitte überweisen Sie auf das Konto IBAN {{company_iban}}{{#company_bic}} (BIC {{company_bic}}){{/company_bic}} und geben Sie die Nummer jedes Belegs an.\n{{/company_iban}}\n{{#payment_link}}\nSie können auch online bezahlen: {{payment_link}}\n{{/payment_link}}'),
            ('fr', E'{{#company_iban}}\nMerci d’effectuer le virement sur le compte IBAN {{company_iban}}{{#company_bic}} (BIC {{company_bic}}){{/company_bic}} en indiquant le numéro de chaque pièce.\n{{/company_iban}}\n{{#payment_link}}\nVous pouvez aussi payer en ligne : {{payment_link}}\n{{/payment_link}}'),
            ('es', E'{{#company_iban}}\nPuede transferir el importe a la cuenta IBAN {{company_iban}}{{#company_bic}} (BIC {{company_bic}}){{/company_bic}}, indicando el número de cada documento.\n{{/company_iban}}\n{{#payment_link}}\nTambién puede pagar en línea: {{payment_link}}\n{{/payment_link}}')
        ) AS p(language, text) ON p.language = l.language
    )
    SELECT l.code, l.purpose, l.level, l.language, l.subject,
           replace(replace(replace(l.body, '[items]', l.items), '[totals]', rtrim(l.totals, E'\n')), '[pay]', l.pay) || E'\n',
           -- Paragraph by paragraph; the tags of a section that stand alone stay outside of them.
           (SELECT string_agg(CASE
                       WHEN c.content = '[items]' THEN l.items_html
                       WHEN c.content = '[totals]' THEN l.totals_html
                       WHEN c.content ~ '^\{\{[#^?/][a-z_]+\}\}$' THEN c.content
                       ELSE '<p style="margin:0 0 14px">' || replace(replace(c.content, E'\n', E'<br>\n'),
                                '{{payment_link}}', '<a href="{{payment_link}}">{{payment_link}}</a>') || '</p>' END, E'\n' ORDER BY c.place)
            FROM regexp_split_to_table(regexp_replace(replace(l.body, '[pay]', l.pay), '^(\{\{[#^?/][a-z_]+\}\})$', E'\n\\1\n', 'gn'), '\n{2,}')
                 WITH ORDINALITY AS c(content, place)
            WHERE c.content <> '')
    FROM letter AS l
$$;
COMMENT ON FUNCTION ar.default_message_templates() IS
'The templates that come with the extension: reminder (before the due date), dunning_1, dunning_2, dunning_3, statement and receipt, each in en, de, fr and es, as text and as HTML with a table of the items. ar.create_message_templates() gives them to a ledger.';

CREATE FUNCTION ar.create_message_templates(ledger_id integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    made bigint;
BEGIN
    PERFORM ar.business_date(create_message_templates.ledger_id);   -- says if there is no such ledger
    INSERT INTO ar.message_template (ledger_id, code, purpose, level, language, version, subject, body, html)
    SELECT create_message_templates.ledger_id, d.code, d.purpose, d.level, d.language, 1, d.subject, d.body, d.html
    FROM ar.default_message_templates() AS d
    WHERE NOT EXISTS (SELECT FROM ar.message_template AS t
                      WHERE t.ledger_id = create_message_templates.ledger_id AND t.code = d.code AND t.language = d.language
                        AND t.channel IS NULL)
    ORDER BY d.code, d.language;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$$;
COMMENT ON FUNCTION ar.create_message_templates(integer) IS
'Gives a ledger the templates that come with the extension (ar.default_message_templates()), those that it has no version of yet, and returns how many.
Errors: 23503 no such ledger.';
REVOKE ALL ON FUNCTION ar.create_message_templates(integer) FROM PUBLIC;
