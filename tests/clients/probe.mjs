// What a stock client observes of a registration, as one JSON object: `openid-client` asks for everything that the kind of
// client can have. Reads what it needs to know as JSON from standard input.

import { text } from 'node:stream/consumers';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { issuer, email, password, app } = JSON.parse(await text(process.stdin));
const insecure = { execute: [client.allowInsecureRequests] };
const auth = app.secret ? client.ClientSecretBasic(app.secret) : client.None();
const seen = {};

const part = (jwt, at) => JSON.parse(Buffer.from(jwt.split('.')[at], 'base64url').toString());

async function attempt(name, work) {
  try {
    seen[name] = await work();
  } catch (error) {
    const body = await error.response?.json().catch(() => null);
    const found = body?.error ?? error.error ?? error.cause?.error ?? error.cause?.get?.('error') ?? error.message;
    seen[name] = { error: String(found) };
  }
}

const metadata = { client_secret: app.secret || undefined, id_token_signed_response_alg: app.signing };
const config = await client.discovery(new URL(issuer), app.client_id, metadata, auth, insecure);
if (app.response_type === 'code id_token') client.useCodeIdTokenResponseType(config);

await attempt('client_credentials', async () => {
  const tokens = await client.clientCredentialsGrant(config);
  return { claims: part(tokens.access_token, 1), expires_in: tokens.expires_in, scope: tokens.scope };
});

await attempt('code', async () => {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const pkce = app.without_pkce ? {} : {
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  };
  const url = client.buildAuthorizationUrl(config, { redirect_uri: app.redirect_uri, scope: app.scope, state, nonce, ...pkce });
  const browser = new Browser(issuer, email, password);
  const back = await browser.authorize(url.href);
  const tokens = await client.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: app.without_pkce ? undefined : verifier, expectedState: state, expectedNonce: nonce,
  });
  await attempt('logout', async () => (await browser.authorize(client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: app.logout,
  }).href)).href);
  return {
    consented: browser.consented, scope: tokens.scope, expires_in: tokens.expires_in, refresh: Boolean(tokens.refresh_token),
    algorithm: part(tokens.id_token, 0).alg, subject: tokens.claims().sub, page: browser.page,
  };
});

await attempt('cors', async () => {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'none', client_id: app.client_id });
  const headers = { origin: app.origin };
  if (app.secret) headers.authorization = `Basic ${Buffer.from(`${app.client_id}:${app.secret}`).toString('base64')}`;
  const answer = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body, headers });
  return answer.headers.get('access-control-allow-origin') ?? 'none';
});

console.log(JSON.stringify(seen));
