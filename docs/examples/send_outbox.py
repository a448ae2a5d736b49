#!/usr/bin/python3
"""Sends the e-mails of the outbox by SMTP, as many of these at once as you like.

    send_outbox.py --smtp mail.example.com:587 --starttls
    send_outbox.py --smtp localhost:25 --once          # from cron: sends what is due, and ends

The database is the one that the variables of libpq name (PGHOST, PGDATABASE, PGUSER and so on); SMTP_USER and
SMTP_PASSWORD log in at the mail server.  Needs psycopg 3 (Debian: python3-psycopg).

Each message is claimed and committed, sent, and marked.  What the mail server refuses certainly has not gone out and is
tried again, or not, by the code it gives.  When the connection breaks after the message was handed over, or this program
dies, nobody knows: the message is ambiguous, and nothing sends it again unless the ledger's policy says so.
"""

import argparse
import base64
import os
import select
import smtplib
import socket
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

import psycopg
from psycopg.rows import namedtuple_row


def mime(row):
    """The message as it goes over the wire."""
    domain = row.sender_address.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(display_name=row.sender_name, addr_spec=row.sender_address)
    mail["To"] = Address(display_name=row.recipient or "", addr_spec=row.address)
    mail["Subject"] = row.subject
    mail["Date"] = format_datetime(localtime())
    # The same at each attempt, so that a second copy can be told for one, and found in the mail server's log.
    mail["Message-ID"] = f"<ar.{row.ledger}.{row.message_id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if row.language:
        mail["Content-Language"] = row.language
    mail.set_content(row.body, cte="quoted-printable")
    if row.html:
        mail.add_alternative(row.html, subtype="html", cte="quoted-printable")
    for file in row.attachments:
        maintype, subtype = file["type"].split("/")
        mail.add_attachment(base64.b64decode(file["content"]), maintype=maintype, subtype=subtype, filename=file["name"])
    return mail


class Mailer:
    """One connection to the mail server, opened when it is needed and kept."""

    def __init__(self, options):
        self.options = options
        self.smtp = None

    def connect(self):
        host, _, port = self.options.smtp.partition(":")
        self.smtp = smtplib.SMTP(host, int(port or 25), timeout=self.options.timeout)
        if self.options.starttls:
            self.smtp.starttls()
        if "SMTP_USER" in os.environ:
            self.smtp.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        self.smtp.ehlo_or_helo_if_needed()

    def close(self):
        if self.smtp:
            self.smtp.close()
        self.smtp = None

    def send(self, row):
        """What became of it, as (outcome, words): sent, temporary, permanent or ambiguous."""
        try:
            content = mime(row).as_bytes()
        except Exception as error:
            return "permanent", f"cannot be written as an e-mail: {error}"
        try:
            # A connection that was idle may be gone.
            if self.smtp and self.smtp.noop()[0] != 250:
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()
        try:
            if not self.smtp:
                self.connect()
            for command, address in (self.smtp.mail, row.sender_address), (self.smtp.rcpt, row.address):
                code, answer = command(address)
                if code >= 400:
                    self.smtp.rset()
                    return "permanent" if code >= 500 else "temporary", f"{code} {answer.decode(errors='replace')}"
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return "temporary", f"mail server: {error}"
        try:
            code, answer = self.smtp.data(content)
        except smtplib.SMTPDataError as error:
            # It did not even want to read it.
            return "permanent" if error.smtp_code >= 500 else "temporary", f"{error.smtp_code} {error.smtp_error.decode(errors='replace')}"
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return "ambiguous", f"the connection broke while the message was handed over: {error}"
        words = f"{code} {answer.decode(errors='replace')}"
        if code >= 400:
            return "permanent" if code >= 500 else "temporary", words
        return "sent", words


def deliver(database, mailer, row):
    """Sends one claimed message, and says what became of it."""
    if not row.sender_address:
        outcome, words = "temporary", "the ledger has no e-mail address to send from"
    else:
        outcome, words = mailer.send(row)
    if outcome == "sent":
        database.execute("SELECT ar.mark_sent(%s, %s, %s)", (row.ledger, row.message_id, words))
    elif outcome == "ambiguous":
        database.execute("SELECT ar.mark_ambiguous(%s, %s, %s, %s)", (row.ledger, row.message_id, words, row.attempt))
    else:
        database.execute("SELECT ar.mark_failed(%s, %s, %s, %s, %s)",
                         (row.ledger, row.message_id, words, outcome == "permanent", row.attempt))
    print(f"message {row.message_id}, attempt {row.attempt}: {outcome}: {words}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--smtp", default="localhost:25", help="host:port of the mail server")
    parser.add_argument("--starttls", action="store_true", help="encrypt the connection to it")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait for it; less than the lease of a claim")
    parser.add_argument("--ledger", type=int, help="the one ledger to send for; by default all")
    parser.add_argument("--once", action="store_true", help="end when nothing is due")
    parser.add_argument("--poll", type=float, default=15, help="seconds after which to look without being woken, for retries")
    options = parser.parse_args()
    name = f"{socket.gethostname()} {os.getpid()}"
    mailer = Mailer(options)
    woken = []
    with psycopg.connect(autocommit=True, row_factory=namedtuple_row) as database:
        database.add_notify_handler(woken.append)
        database.execute("LISTEN ar_outbox")
        while True:
            woken.clear()
            # One at a time: when this program dies, one message is ambiguous, and no more.
            row = database.execute("SELECT * FROM ar.claim_outbox(1, '{email}', %s, %s)", (options.ledger, name)).fetchone()
            if row:
                deliver(database, mailer, row)
            elif options.once:
                break
            elif not woken:
                select.select([database.fileno()], [], [], options.poll)


if __name__ == "__main__":
    main()
