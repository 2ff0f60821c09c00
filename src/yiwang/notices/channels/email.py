"""E-mail by SMTP, with STARTTLS, TLS or (inside a closed network) neither."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.settings import Settings
from yiwang.kernel.text import render
from yiwang.notices import addresses
from yiwang.notices.channels.port import AGAIN, REFUSED, TAKEN, Answer, Outgoing
from yiwang.notices.errors import BadAddress, BadGateway

SECURITY = ("starttls", "tls", "none")
_TIMEOUT_S = 30
_SHOWN = 200


class Mail:
    """The channel to one mail server."""

    def __init__(self, settings: Settings, trust: ssl.SSLContext | None = None) -> None:
        """Raises BadGateway for settings that cannot work."""
        self._host, self._port = settings.smtp_host, settings.smtp_port
        self._security = settings.smtp_security
        self._user, self._password = settings.smtp_user, settings.smtp_password
        self._name, self._from = parseaddr(settings.smtp_from)
        self._trust = trust or ssl.create_default_context()
        if self._security not in SECURITY:
            raise BadGateway("smtp_security", problem=f"{self._security!r}: {', '.join(SECURITY)}")
        try:
            good = bool(addresses.email(self._from))
        except BadAddress:
            good = False
        if self._host and not good:
            raise BadGateway("smtp_from", problem=f"{settings.smtp_from!r} is no e-mail address")

    def send(self, message: Outgoing) -> Answer:
        if not self._host:
            return Answer(AGAIN, "smtp_host is not set", down=True)
        try:
            letter = self.letter(message)
        except (ValueError, IndexError) as error:
            return Answer(REFUSED, f"{type(error).__name__}: {error}"[:_SHOWN])
        try:
            with self._open() as server:
                server.send_message(letter)
                return Answer(TAKEN, "250")
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            return _refusal(code, said)
        except smtplib.SMTPAuthenticationError as error:
            why = f"{error.smtp_code} the server does not take our name and password"
            return Answer(AGAIN, why, down=True)
        except smtplib.SMTPResponseException as error:
            return _refusal(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return Answer(AGAIN, f"{type(error).__name__}: {error}"[:_SHOWN], down=True)

    def _open(self) -> smtplib.SMTP:
        if self._security == "tls":
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=_TIMEOUT_S, context=self._trust
            )
        else:
            made = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            if self._security == "starttls":
                made.starttls(context=self._trust)
            if self._user:
                made.login(self._user, self._password)
        except BaseException:
            made.close()
            raise
        return made

    def letter(self, message: Outgoing) -> EmailMessage:
        """The message as it is sent: plain text, marked as written by a machine (RFC 3834), with
        a Message-ID that is the same at every attempt, and with the link that ends such letters,
        also for one click of a mail program (RFC 8058)."""
        made = EmailMessage()
        made["From"] = formataddr((self._name, self._from))
        made["To"] = message.address
        made["Subject"] = " ".join(message.subject.split())
        made["Date"] = format_datetime(clock.to_datetime(message.at))
        made["Message-ID"] = f"<{message.id}@{self._from.rpartition('@')[2]}>"
        made["Auto-Submitted"] = "auto-generated"
        if message.language:
            made["Content-Language"] = message.language
        text = message.text
        if message.unsubscribe:
            made["List-Unsubscribe"] = f"<{message.unsubscribe}>"
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            fields = {"link": message.unsubscribe}
            text += "\n\n-- \n" + render("notices.unsubscribe_line", message.language, fields)
        made.set_content(text + "\n")
        return made


def _refusal(code: int, said: Any) -> Answer:
    """What a server answers for good (5xx) and for now (4xx)."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    outcome = REFUSED if 500 <= code < 600 else AGAIN
    return Answer(outcome, f"{code} {' '.join(text.split())}"[:_SHOWN])
