// Everything that `openid-client` can do against a portal. Reads what it needs to know as JSON from standard input.

import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { issuer, email, password, apps, registration } = JSON.parse(await text(process.stdin));
const insecure = { execute: [client.allowInsecureRequests] };
const discover = (app, auth, metadata) => client.discovery(new URL(issuer), app.client_id, metadata ?? app.secret, auth, insecure);

const steps = {
  async 'client credentials, secret in the header'() {
    const config = await discover(apps.machine, client.ClientSecretBasic(apps.machine.secret));
    const tokens = await client.clientCredentialsGrant(config, { scope: 'directory.read' });
    assert.equal(tokens.scope, 'directory.read');
    const about = await client.tokenIntrospection(config, tokens.access_token);
    assert.equal(about.active, true);
    assert.equal(about.client_id, apps.machine.client_id);
    await client.tokenRevocation(config, tokens.access_token);
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
  },

  async 'client credentials, secret in the body'() {
    const config = await discover(apps.machine, client.ClientSecretPost(apps.machine.secret));
    assert.ok((await client.clientCredentialsGrant(config)).access_token);
  },

  async 'client credentials, signed assertion'() {
    const key = await crypto.subtle.importKey('jwk', apps.keyed.key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
    const config = await discover(apps.keyed, client.PrivateKeyJwt({ key, kid: apps.keyed.key.kid }), {});
    assert.ok((await client.clientCredentialsGrant(config)).access_token);
  },

  async 'authorization code with a secret, refresh, userinfo, reuse, logout'() {
    const config = await discover(apps.web, client.ClientSecretBasic(apps.web.secret));
    const [browser, tokens] = await signIn(config, apps.web);
    const claims = tokens.claims();
    const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.equal(info.email, email);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(refreshed.claims().sub, claims.sub);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
    await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), { error: 'invalid_grant' });
    await assert.rejects(client.fetchUserInfo(config, refreshed.access_token, claims.sub), /./);
    const out = client.buildEndSessionUrl(config, {
      id_token_hint: refreshed.id_token, post_logout_redirect_uri: apps.web.logout, state: 'bye',
    });
    const back = await browser.authorize(out.href);
    assert.equal(back.href, `${apps.web.logout}?state=bye`);
    const again = await browser.authorize(client.buildAuthorizationUrl(config, { ...await request(apps.web), prompt: 'none' }).href);
    assert.equal(again.searchParams.get('error'), 'login_required');
  },

  async 'authorization code of a public client'() {
    const config = await discover(apps.native, client.None());
    const [, tokens] = await signIn(config, apps.native);
    assert.ok((await client.refreshTokenGrant(config, tokens.refresh_token)).access_token);
    await client.tokenRevocation(config, tokens.access_token);
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), /./);
  },

  async 'hybrid: code and ID token'() {
    const config = await discover(apps.hybrid, client.ClientSecretBasic(apps.hybrid.secret));
    client.useCodeIdTokenResponseType(config);
    const [, tokens] = await signIn(config, apps.hybrid, { nonce: client.randomNonce() });
    assert.ok(tokens.claims().sub);
  },

  async 'pushed authorization request'() {
    const config = await discover(apps.web, client.ClientSecretBasic(apps.web.secret));
    const [, tokens] = await signIn(config, apps.web, {}, client.buildAuthorizationUrlWithPAR);
    assert.ok(tokens.access_token);
  },

  async 'signed with ES256, after consent, and the same subject each time'() {
    const metadata = { client_secret: apps.es256.secret, id_token_signed_response_alg: 'ES256' };
    const config = await discover(apps.es256, client.ClientSecretBasic(apps.es256.secret), metadata);
    const [, first] = await signIn(config, apps.es256);
    const [, second] = await signIn(config, apps.es256);
    assert.equal(first.claims().sub, second.claims().sub);
  },

  async 'registration by machine, and what was registered works'() {
    const metadata = { redirect_uris: [apps.web.redirect_uri], client_name: 'By machine', scope: apps.web.scope };
    const config = await client.dynamicClientRegistration(new URL(issuer), metadata, undefined, {
      ...insecure, initialAccessToken: registration,
    });
    const registered = config.clientMetadata();
    const [, tokens] = await signIn(config, { ...apps.web, client_id: registered.client_id });
    assert.ok(tokens.access_token);
    const manage = { headers: { authorization: `Bearer ${registered.registration_access_token}` } };
    assert.equal((await fetch(registered.registration_client_uri, manage)).status, 200);
    assert.equal((await fetch(registered.registration_client_uri, { ...manage, method: 'DELETE' })).status, 204);
    await assert.rejects(signIn(config, apps.web));
  },
};

const secrets = new WeakMap();

async function request(app) {
  const verifier = client.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: app.redirect_uri, scope: app.scope, state: client.randomState(),
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  };
  secrets.set(parameters, verifier);
  return parameters;
}

async function signIn(config, app, extra = {}, build = client.buildAuthorizationUrl) {
  const parameters = await request(app);
  const url = await build(config, { ...parameters, ...extra });
  const browser = new Browser(issuer, email, password);
  const back = await browser.authorize(url.href);
  const tokens = await client.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: secrets.get(parameters), expectedState: parameters.state, expectedNonce: extra.nonce, idTokenExpected: true,
  });
  return [browser, tokens];
}

for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(`${name}: ${error.stack ?? error} ${JSON.stringify(error.cause ?? {})}`);
    process.exitCode = 1;
  }
}
