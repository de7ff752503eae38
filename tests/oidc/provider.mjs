// Another OpenID provider on loopback: oidc-provider as it is, with people who sign in and agree by themselves.
//
//     REDIRECT_URI=http://127.0.0.1:…/sign-in/external/callback node tests/oidc/provider.mjs
//
// Prints its address. POST /person with {"sub", "email", "email_verified"} says who signs in next.

import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';

const { REDIRECT_URI } = process.env;
let person = { sub: 'nobody' };

function key(type, options, alg) {
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg };
}

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const people = new Map();
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'keywright', client_secret: 'what only the two know', redirect_uris: [REDIRECT_URI] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    cookies: { keys: ['of this run'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => people.get(id) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    jwks: {
      keys: [
        key('ec', { namedCurve: 'P-256' }, 'ES256'),
        key('rsa', { modulusLength: 2048 }, 'RS256'),
      ],
    },
    pkce: { required: () => true },
  });
  provider.on('server_error', (_, error) => console.error(error));

  async function interact(request, response) {
    const { prompt, session, params, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      return provider.interactionFinished(request, response, { login: { accountId: person.sub } });
    }
    const known = grantId && (await provider.Grant.find(grantId));
    const grant = known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    const result = { consent: { grantId: await grant.save() } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  }

  const callback = provider.callback();
  server.on('request', async (request, response) => {
    if (request.method === 'POST' && request.url === '/person') {
      let body = '';
      for await (const chunk of request) body += chunk;
      person = JSON.parse(body);
      people.set(person.sub, person);
      response.end();
    } else if (request.url.startsWith('/interaction/')) {
      interact(request, response).catch((error) => {
        console.error(error);
        response.writeHead(500).end();
      });
    } else {
      callback(request, response);
    }
  });
  console.log(issuer);
});
