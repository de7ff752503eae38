// The protocol by `oauth4webapi`, which checks each answer for itself. Reads what it needs to know as JSON from standard
// input.

import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import * as oauth from 'oauth4webapi';
import { Browser } from './browser.mjs';

const { issuer, email, password, apps } = JSON.parse(await text(process.stdin));
const insecure = { [oauth.allowInsecureRequests]: true };
const url = new URL(issuer);

const steps = {
  async 'both discovery documents'() {
    const [oidc, oauth2] = await Promise.all(['oidc', 'oauth2'].map(async (algorithm) =>
      oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm, ...insecure }))));
    for (const name of Object.keys(oauth2)) assert.deepEqual(oauth2[name], oidc[name], name);
  },

  async 'client credentials'() {
    const as = await server();
    for (const auth of [oauth.ClientSecretBasic(apps.machine.secret), oauth.ClientSecretPost(apps.machine.secret)]) {
      const client = { client_id: apps.machine.client_id };
      const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: 'roles' }, insecure);
      const tokens = await oauth.processClientCredentialsResponse(as, client, answer);
      assert.equal(tokens.scope, 'roles');
      const about = await oauth.processIntrospectionResponse(as, client,
        await oauth.introspectionRequest(as, client, auth, tokens.access_token, insecure));
      assert.equal(about.active, true);
      const request = new Request(`${issuer}/api`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
      const claims = await oauth.validateJwtAccessToken(as, request, issuer, insecure);
      assert.equal(claims.client_id, client.client_id);
    }
  },

  async 'code with PKCE, each kind of client'() {
    const as = await server();
    for (const [app, auth] of [
      [apps.web, oauth.ClientSecretBasic(apps.web.secret)],
      [apps.es256, oauth.ClientSecretPost(apps.es256.secret)],
      [apps.native, oauth.None()],
    ]) {
      const client = { client_id: app.client_id, ...(app === apps.es256 && { id_token_signed_response_alg: 'ES256' }) };
      const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
      const asked = new URL(as.authorization_endpoint);
      asked.search = new URLSearchParams({
        client_id: client.client_id, redirect_uri: app.redirect_uri, response_type: 'code', scope: app.scope, state, nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
      });
      const back = await new Browser(issuer, email, password).authorize(asked);
      const answered = oauth.validateAuthResponse(as, client, back, state);
      const response = await oauth.authorizationCodeGrantRequest(as, client, auth, answered, app.redirect_uri, verifier, insecure);
      const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true });
      await oauth.validateApplicationLevelSignature(as, response, insecure);
      const { sub } = oauth.getValidatedIdTokenClaims(tokens);
      const info = await oauth.processUserInfoResponse(as, client, sub,
        await oauth.userInfoRequest(as, client, tokens.access_token, insecure));
      assert.deepEqual([info.sub, info.email], [sub, email]);
      const refreshed = await oauth.processRefreshTokenResponse(as, client,
        await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, insecure));
      assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
      await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, refreshed.refresh_token, insecure));
      const ended = await oauth.userInfoRequest(as, client, refreshed.access_token, insecure);
      assert.equal(ended.status, 401);
    }
  },

  async 'pushed authorization request'() {
    const as = await server();
    const [client, auth] = [{ client_id: apps.web.client_id }, oauth.ClientSecretBasic(apps.web.secret)];
    const parameters = new URLSearchParams({
      client_id: client.client_id, redirect_uri: apps.web.redirect_uri, response_type: 'code', scope: 'openid',
      code_challenge: await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()), code_challenge_method: 'S256',
    });
    const pushed = await oauth.processPushedAuthorizationResponse(as, client,
      await oauth.pushedAuthorizationRequest(as, client, auth, parameters, insecure));
    const asked = new URL(as.authorization_endpoint);
    asked.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
    const back = await new Browser(issuer, email, password).authorize(asked);
    assert.ok(oauth.validateAuthResponse(as, client, back, oauth.expectNoState).get('code'));
  },
};

async function server() {
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oidc', ...insecure }));
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
