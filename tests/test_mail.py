"""How a mail leaves: encrypted where the server can, and never a password in the clear."""

from __future__ import annotations

import re
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest

from lms import mail
from lms.resources import data_folder
from lms.settings import Settings


class Server:
    """An SMTP server that offers what it is told to and notes each line it hears."""

    def __init__(self, *offers: str) -> None:
        self.offers = offers
        self.heard: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rwb", buffering=0) as wire:
            wire.write(b"220 here\r\n")
            in_data = False
            while line := wire.readline():
                text = line.decode().strip()
                if in_data:
                    in_data = text != "."
                    wire.write(b"" if in_data else b"250 taken\r\n")
                    continue
                self.heard.append(text.upper())
                verb = text.split()[0].upper()
                if verb == "EHLO":
                    lines = ["here", *self.offers]
                    joined = [f"250{'-' if n < len(lines) - 1 else ' '}{one}\r\n" for n, one in enumerate(lines)]
                    wire.write("".join(joined).encode())
                elif verb == "STARTTLS":
                    wire.write(b"454 not now\r\n")
                elif verb == "DATA":
                    in_data = True
                    wire.write(b"354 go on\r\n")
                elif verb == "AUTH":
                    wire.write(b"235 welcome\r\n")
                elif verb == "QUIT":
                    wire.write(b"421 not in the mood\r\n")
                else:
                    wire.write(b"250 fine\r\n")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def message() -> EmailMessage:
    text = EmailMessage()
    text["Subject"], text["From"], text["To"] = "Hello", "a@test.example", "b@test.example"
    text.set_content("A link that opens an account.")
    return text


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A server that is reached under a name that is not this machine's."""
    servers: list[Server] = []
    real = smtplib.SMTP._get_socket  # type: ignore[attr-defined]
    monkeypatch.setattr(
        smtplib.SMTP, "_get_socket", lambda self, host, port, timeout: real(self, "127.0.0.1", port, timeout)
    )

    def start(*offers: str) -> Server:
        servers.append(Server(*offers))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def send(server: Server, message: EmailMessage, *, host: str = "mail.test.example", who: str = "") -> None:
    settings = replace(Settings(), mail_url=f"smtp://{who}{host}:{server.port}", mail_timeout_seconds=2)
    mail.deliver(message, settings, name="1")


def test_encryption_is_asked_for_wherever_it_is_offered(serve, message: EmailMessage) -> None:
    server = serve("STARTTLS", "AUTH PLAIN")

    with pytest.raises(smtplib.SMTPException):
        send(server, message, who="user:secret@")

    assert server.heard[1:] == ["STARTTLS"]


def test_a_password_is_never_sent_in_the_clear(serve, message: EmailMessage) -> None:
    server = serve("AUTH PLAIN")

    with pytest.raises(smtplib.SMTPNotSupportedError):
        send(server, message, who="user:secret@")

    assert not any(line.startswith("AUTH") for line in server.heard)


def test_a_relay_that_cannot_encrypt_and_asks_for_no_password_takes_the_mail(serve, message: EmailMessage) -> None:
    server = serve()

    send(server, message)

    assert "DATA" in server.heard


def test_this_machines_own_server_may_be_spoken_to_plainly(serve, message: EmailMessage) -> None:
    server = serve("AUTH PLAIN")

    send(server, message, host="127.0.0.1", who="user:secret@")

    assert "DATA" in server.heard


def test_a_failed_goodbye_does_not_make_a_taken_mail_a_failure(serve, message: EmailMessage) -> None:
    server = serve()

    send(server, message)

    assert server.heard[-1] == "QUIT"


def test_the_mails_about_an_account_say_in_their_subject_what_they_are_about() -> None:
    names = ("password-reset", "verify-email", "password-changed", "account-exists", "invitation")
    for language in ("en", "es"):
        texts = [data_folder("templates") / "mail" / f"{name}.{language}.txt" for name in names]
        assert len({text.read_text(encoding="utf-8").partition("\n")[0] for text in texts}) == len(names)


def test_an_english_mail_begins_with_a_capital_after_its_greeting() -> None:
    for path in sorted((data_folder("templates") / "mail").glob("*.en.txt")):
        found = re.search(r"\nHello[^\n]*,\n\n(.)", path.read_text(encoding="utf-8"))
        assert found is None or not found[1].islower(), path.name
