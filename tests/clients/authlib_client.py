"""What Authlib can do against a portal. Reads what it needs to know as JSON from standard input."""

import json
import sys
import warnings
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

warnings.filterwarnings("ignore")
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402
from authlib.jose import JsonWebKey, jwt  # noqa: E402
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # noqa: E402
from joserfc.jwk import ECKey  # noqa: E402
from authlib.oidc.core import CodeIDToken  # noqa: E402
from authlib.common.security import generate_token  # noqa: E402

KNOWN = json.load(sys.stdin)
ISSUER, APPS = KNOWN["issuer"], KNOWN["apps"]
METADATA = requests.get(f"{ISSUER}/.well-known/openid-configuration").json()


class Forms(HTMLParser):
    """The forms of a page: where they go, and their fields."""

    def __init__(self):
        super().__init__()
        self.forms = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append((attrs.get("action"), {}))
        elif tag in ("input", "button") and self.forms and attrs.get("name") and attrs.get("type") != "checkbox":
            self.forms[-1][1].setdefault(attrs["name"], attrs.get("value", ""))


def browse(address):
    """Signs in and consents until the browser is sent to another host; answers with that address."""
    session, method, fields = requests.Session(), "GET", None
    for _ in range(20):
        headers = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}
        answer = session.request(method, address, data=fields, headers=headers, allow_redirects=False)
        method, fields = "GET", None
        if "Location" in answer.headers:
            address = urljoin(address, answer.headers["Location"])
            if urlsplit(address).netloc != urlsplit(ISSUER).netloc:
                return address
            continue
        page = Forms()
        page.feed(answer.text)
        action, fields = next(form for form in page.forms if "password" in form[1] or "decision" in form[1])
        if "password" in fields:
            fields.update(email=KNOWN["email"], password=KNOWN["password"])
        method, address = "POST", urljoin(address, action or address)
    raise AssertionError("the browser goes round in circles")


def session(app, method="client_secret_basic"):
    return OAuth2Session(
        app["client_id"], app.get("secret"), redirect_uri=app.get("redirect_uri"), scope=app.get("scope"),
        code_challenge_method="S256", token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )


def client_credentials():
    for method in ("client_secret_basic", "client_secret_post"):
        token = session(APPS["machine"], method).fetch_token(METADATA["token_endpoint"], grant_type="client_credentials")
        assert token["token_type"] == "Bearer" and token["access_token"]


def signed_assertion():
    app = APPS["keyed"]
    client = OAuth2Session(app["client_id"], ECKey.import_key(app["key"]), token_endpoint_auth_method="private_key_jwt")
    client.register_client_auth_method(PrivateKeyJWT(METADATA["token_endpoint"], alg="ES256"))
    assert client.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials")["access_token"]


def code_and_refresh():
    for name, method in (("web", "client_secret_basic"), ("native", "none")):
        client, verifier, nonce = session(APPS[name], method), generate_token(48), generate_token(20)
        url, state = client.create_authorization_url(METADATA["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
        back = browse(url)
        assert parse_qs(urlsplit(back).query)["iss"] == [ISSUER]
        token = client.fetch_token(METADATA["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state)
        keys = JsonWebKey.import_key_set(requests.get(METADATA["jwks_uri"]).json())
        claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken, claims_options={"iss": {"value": ISSUER}},
                            claims_params={"nonce": nonce, "client_id": APPS[name]["client_id"]})
        claims.validate()
        about = client.get(METADATA["userinfo_endpoint"]).json()
        assert about["sub"] == claims["sub"]
        refreshed = client.refresh_token(METADATA["token_endpoint"], refresh_token=token["refresh_token"])
        assert refreshed["refresh_token"] != token["refresh_token"]
        again = client.refresh_token(METADATA["token_endpoint"], refresh_token=refreshed["refresh_token"])
        client.revoke_token(METADATA["revocation_endpoint"], again["refresh_token"], "refresh_token")
        try:
            client.refresh_token(METADATA["token_endpoint"], refresh_token=again["refresh_token"])
        except Exception as error:
            assert "invalid_grant" in str(error), error
        else:
            raise AssertionError("a revoked refresh token was taken")


for step in (client_credentials, signed_assertion, code_and_refresh):
    step()
    print("ok", step.__name__)
