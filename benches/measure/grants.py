"""Codes and refresh tokens of a user, written into the database as a sign-in would have left them: what is measured is
their redemption, not a person at a form."""

import hashlib
import time
import uuid
from dataclasses import dataclass
from urllib.parse import quote

from .data import SMALL, member

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
YEAR = 365 * 86_400 * 1_000_000


@dataclass
class Prepared:
    client_id: str
    secret: str
    # Bodies of token requests, each good for once.
    codes: list
    refreshing: list


def prepare(data, count):
    email = member(SMALL)
    [(account,)] = data.rows(f"SELECT id FROM accounts WHERE email_key = '{email}'")
    uid, client_id, service, redirect_urls = data.rows(
        "SELECT clients.uid, clients.client_id, clients.service_id, clients.redirect_urls FROM clients "
        "JOIN services ON services.id = clients.service_id JOIN members ON members.tenant_id = clients.tenant_id "
        f"WHERE members.account_id = '{account}' AND clients.client_type = 'authorization-code' "
        "AND clients.status = 'active' AND services.status = 'active' ORDER BY clients.client_id LIMIT 1"
    )[0]
    redirect_url = redirect_urls.strip('[]"')
    now = int(time.time() * 1_000_000)
    script = [
        # Tokens are refreshed, and the user may sign in while the service is in sandbox.
        f"""UPDATE clients SET grant_types = '["authorization_code","refresh_token"]' WHERE uid = '{uid}';""",
        f"INSERT INTO test_users (id, service_id, email, email_key, added_by, created_at) "
        f"VALUES ('{uuid.uuid4()}', '{service}', '{email}', '{email}', 'Generated', {now});",
    ]
    codes, refreshing = [], []
    for number in range(2 * count):
        grant, text = uuid.uuid4(), uuid.uuid4().hex * 2
        digest = hashlib.sha256(text.encode()).hexdigest()
        script.append(
            "INSERT INTO grants (id, client_uid, account_id, scopes, environment, redirect_url, authenticated_at, "
            "second_factor, nonce, claims, created_at, expires_at) "
            f"""VALUES ('{grant}', '{uid}', '{account}', '["openid","profile","email"]', 'sandbox', '{redirect_url}', {now}, """
            f"FALSE, '', '', {now}, {now + YEAR});"
        )
        if number < count:
            script.append(
                "INSERT INTO authorization_codes (code_hash, grant_id, redirect_url_given, code_challenge, expires_at) "
                f"VALUES ('{digest}', '{grant}', TRUE, '{CHALLENGE}', {now + YEAR});"
            )
            codes.append(
                f"grant_type=authorization_code&code={text}&redirect_uri={quote(redirect_url, safe='')}"
                f"&code_verifier={VERIFIER}"
            )
        else:
            script.append(
                "INSERT INTO refresh_tokens (token_hash, grant_id, live_of, created_at) "
                f"VALUES ('{digest}', '{grant}', '{grant}', {now});"
            )
            refreshing.append(f"grant_type=refresh_token&refresh_token={text}")
    data.change("\n".join(script))
    return Prepared(client_id, data.secrets()[client_id], codes, refreshing)
