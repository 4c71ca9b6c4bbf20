"""Secrets that are found, and what looks like one and is none (TKT-3)."""

from __future__ import annotations

import pytest

from billtui.services.ticket_review.secrets_found import secrets_in

FOUND = [
    ("password: hunter2x", "hunter2x"),
    ("Password = 'correct horse'", "correct horse"),
    ("the root password is Qw9!kd2Lz, please", "Qw9!kd2Lz"),
    ("pass: qwerty", "qwerty"),
    ("root password for the box, as you asked: Mm3-lala-77.", "Mm3-lala-77"),
    ("пароль: Зима2026", "Зима2026"),
    ("пароль от сервера такой — Kd93jf_Lm", "Kd93jf_Lm"),
    ("Пароль root від сервера: Snih-2026", "Snih-2026"),
    ("MYSQL_ROOT_PASSWORD=tiger77", "tiger77"),
    ('"api_key": "9f2c77e01ab84d6f"', "9f2c77e01ab84d6f"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("key id AKIAIOSFODNN7EXAMPLE works", "AKIAIOSFODNN7EXAMPLE"),
    ("bpk_Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA", "bpk_Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA"),
    ("Authorization: Bearer 9f2c77e01ab84d6f93d0c551", "9f2c77e01ab84d6f93d0c551"),
    ("redis://:s3cr3t-one@203.0.113.5:6379/0", "s3cr3t-one"),
    ("postgresql://shop:Lm3-kk2@192.0.2.20/prod", "Lm3-kk2"),
    ("mysqldump -u root -pS3cret99 shop", "S3cret99"),
    ("login root / Tr0ub4dor&3x", "Tr0ub4dor&3x"),
    ("PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=", "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="),
    ("CREATE USER 'a'@'%' IDENTIFIED BY 'fox-19-w'", "fox-19-w"),
    ("--token=abc123def456", "abc123def456"),
]
NONE = [
    "I changed my password yesterday and it is not accepted.",
    "password: [removed]",
    "password: ********",
    "DB_PASSWORD=${DB_PASSWORD}",
    "postgres://user:<password>@host/db",
    "root@192.0.2.1's password: Permission denied, please try again.",
    "Пароль: не подходит, хотя я его не менял.",
    "Забыл пароль от личного кабинета, письмо не приходит с 14:30.",
    "Пароль не приймає з 10 червня 2026, сервер web-kyiv-1.",
    "Password authentication is off since Debian12 was installed on web-kyiv-1.",
    "the key idea of this article is at https://docs.example.org/keys",
    "token expired at 2026-06-10T10:00:00Z",
    "ssh root@192.0.2.10 does not answer",
    "The public key ssh-ed25519 is in authorized_keys.",
    "passing 12 parameters to pass-through devices",
    "user web-kyiv-1 and admin panel 8080",
    "$password = getenv('DB_PASSWORD');",
    "password=self.settings.password, token=token",
    'self.password = settings["database"].get("password")',
    "secret: SecretStr = Annotated[SecretStr, Field()]",
    '{"code": "wrong-password", "detail": "The current password is wrong", "rule": "ACC-2"}',
    'call("GET", path, token=token)[1]["items"]',
    "token = 33n7LJ…",
    "the session's token: `Authorization: Bearer …`",
    'File "/srv/app.py", line 7, in check_password',
    "Your password was changed on 10 June at 14:30 from 198.51.100.7.",
]


@pytest.mark.parametrize(("text", "secret"), FOUND)
def test_found(text: str, secret: str) -> None:
    around = f"Hello,\n{text}\nThanks"
    [place] = secrets_in(around)
    assert around[place.start : place.end] == secret


@pytest.mark.parametrize("text", NONE)
def test_not_found(text: str) -> None:
    assert secrets_in(text) == []


def test_a_key_is_found_as_a_whole_and_without_its_end() -> None:
    key = "-----BEGIN EC PRIVATE KEY-----\n" + "MHcCAQEEIBmadeuponlyletters12345678\n" * 3
    whole = f"before\n{key}-----END EC PRIVATE KEY-----\nafter"
    [place] = secrets_in(whole)
    assert whole[: place.start] == "before\n"
    assert whole[place.end :] == "\nafter"
    cut = f"before\n{key}\nThis is what is left of it."
    [place] = secrets_in(cut)
    assert "MHcCAQ" not in cut[: place.start] + cut[place.end :]
    assert cut[place.end :].strip() == "This is what is left of it."


def test_a_secret_far_behind_a_long_log_is_found() -> None:
    text = "Jun 10 03:09:44 backup kernel: all is well\n" * 15_000 + "password: hunter2x\n"
    [place] = secrets_in(text)
    assert text[place.start : place.end] == "hunter2x"
