// A developer's way through Keywright: set up, a service, a client of each type, a secret shown once, rotated, and the
// client's whole life up to the purge.
//
//     BASE_URL     where the portal answers
//     CONTROL_URL  see lib/control.mjs
//     SETUP_URL    the one-time link of an empty deployment, used by the first variant; without it, everybody signs in
//     EMAIL, PASSWORD   the administrator, made at set-up or there already
//     VARIANT      one of lib/variants.mjs, to run only that
import { Control } from './lib/control.mjs';
import { inEveryVariant } from './lib/variants.mjs';

const { BASE_URL, SETUP_URL, EMAIL = 'ada@example.com', PASSWORD = 'correct horse battery staple' } = process.env;

// Every word of the pages that the journey depends on.
const WORDS = {
  setUp: { company: 'Company name', name: 'Your name', email: 'E-mail', password: 'Password', submit: 'Set up Keywright' },
  signIn: { email: 'E-mail', password: 'Password', submit: 'Sign in' },
  confirm: { password: 'Password', submit: 'Confirm' },
  service: {
    add: 'Add service', name: 'Name', domain: 'Domain', description: 'Description', privacy: 'Privacy policy URL',
    terms: 'Terms URL', contact: 'Contact e-mail', submit: 'Add service',
  },
  client: {
    add: 'Add client', name: 'Name', submit: 'Add client', edit: 'Edit client', update: 'Update client',
    deactivate: 'Deactivate client', reactivate: 'Reactivate client', delete: 'Delete client', undo: 'Undo',
    redirects: 'Redirect URLs', scopes: 'Scopes', grants: 'Grant types',
  },
  secret: {
    add: 'Add secret', description: 'Description', show: 'Show secret', value: 'Client secret',
    copy: 'Copy client secret', rotate: 'Rotate secret', overlap: 'Overlap', hour: '1 hour',
  },
  status: { active: 'Active', inactive: 'Inactive', deleted: 'Deleted' },
};

// What the type chooser offers, and what each type needs to be told.
const TYPES = [
  { link: 'Client credentials', secret: true, scopes: ['roles'] },
  { link: 'Authorization code, web application', secret: true, scopes: ['openid'], redirects: 'https://shop.example.com/callback' },
  { link: 'Native, mobile or single-page (PKCE)', secret: false, scopes: ['openid'], redirects: 'com.example.shop:/callback' },
  { link: 'Hybrid', secret: true, scopes: ['openid'], redirects: 'https://shop.example.com/hybrid' },
  { link: 'Sync connector', secret: true },
  { link: 'Custom', secret: true, grants: ['client_credentials'], scopes: ['roles'] },
];

const SECRET = /^kws_sandbox_\S{20,}$/;
const control = new Control();

await inEveryVariant(BASE_URL, async (person, { name, first }) => {
  if (SETUP_URL && first) await setUp(person);
  else await signIn(person);

  const service = await addService(person, `Web shop ${name}`);
  const clients = [];
  for (const type of TYPES) clients.push(await addClient(person, service, type, `${type.link.split(/[ ,]/)[0]} ${name}`));

  const client = clients[0];
  await person.visit(client);
  await rotateSecret(person, client);
  await liveAndDie(person, client);
});

// ------------------------------------------------------------------------------------------------------------ accounts

async function setUp(person) {
  const words = WORDS.setUp;
  await person.visit(SETUP_URL);
  await person.fill(words.company, 'Häberle & Söhne');
  await person.fill(words.name, 'Ada Lovelace');
  await person.fill(words.email, EMAIL);
  await person.fill(words.password, PASSWORD);
  await person.press(words.submit);
}

async function signIn(person) {
  await person.visit('/sign-in');
  await fillInSignIn(person);
}

async function fillInSignIn(person) {
  await person.fill(WORDS.signIn.email, EMAIL);
  await person.fill(WORDS.signIn.password, PASSWORD);
  await person.press(WORDS.signIn.submit);
}

// Goes somewhere, through the sign-in page if the session has ended meanwhile.
async function visitAgain(person, address, options) {
  await signIn(person);
  await person.visit(address, options);
}

// Presses a button behind which the password may be asked for again.
async function act(person, button) {
  const before = person.address();
  await person.press(button);
  if (!(await person.has(WORDS.confirm.submit)) || !(await person.asks(WORDS.confirm.password))) return;
  await person.fill(WORDS.confirm.password, PASSWORD);
  await person.press(WORDS.confirm.submit);
  // Confirmed, and back where it began: the act itself is still to be done.
  if (person.address() === before && (await person.has(button))) await person.press(button);
}

// --------------------------------------------------------------------------------------------------- services, clients

async function addService(person, name) {
  const words = WORDS.service;
  await person.visit('/services');
  await person.press(words.add);
  await person.fill(words.name, name);
  await person.fill(words.domain, 'shop.example.com');
  await person.fill(words.description, 'Where our customers buy, and sign in to see what they bought.');
  await person.fill(words.privacy, 'https://shop.example.com/privacy');
  await person.fill(words.terms, 'https://shop.example.com/terms');
  await person.fill(words.contact, 'team@shop.example.com');
  await person.press(words.submit);
  await person.sees(name);
  return person.address();
}

// Its address.
async function addClient(person, service, type, name) {
  const words = WORDS.client;
  await person.visit(service);
  await person.press(words.add);
  await person.press(type.link);
  await person.fill(words.name, name);
  for (const grant of type.grants ?? []) await person.tick(grant, { in: words.grants });
  if (type.redirects) await person.fill(words.redirects, type.redirects);
  for (const scope of type.scopes ?? []) await person.tick(scope, { in: words.scopes });
  await person.press(words.submit);

  if (type.secret) {
    await person.fill(WORDS.secret.description, 'First one');
    await act(person, WORDS.secret.add);
    await seeSecretOnce(person);
  }
  await person.visit('/clients');
  await person.press(name);
  await person.sees(name);
  return person.address();
}

// ------------------------------------------------------------------------------------------------------------- secrets

// From the page that offers a new secret, to the certainty that nobody can look at it twice.
async function seeSecretOnce(person) {
  const words = WORDS.secret;
  const reveal = person.address();
  await act(person, words.show);

  const secret = await person.reads(words.value);
  expect(SECRET.test(secret), 'the secret has the form that scanners know');
  expect(!person.page.url().includes(secret), 'the secret is not in the address');
  if (person.scripts) {
    await person.pressInPlace(words.copy);
    expect((await person.clipboard()) === secret, 'the clipboard holds the secret');
  }

  await person.reload({ status: 200 });
  expect(!(await person.carries(secret)), 'a reload does not show the secret again');
  await person.visit('/clients');
  if (await person.back()) expect(!(await person.carries(secret)), 'Back does not show the secret again');
  await person.visit(reveal);
  expect(!(await person.carries(secret)), 'the address of the page does not show the secret again');
  return secret;
}

async function rotateSecret(person, client) {
  const words = WORDS.secret;
  await person.visit(client);
  await person.press(words.rotate);
  await person.choose(words.overlap, words.hour);
  await act(person, words.rotate);
  await seeSecretOnce(person);
}

// ------------------------------------------------------------------------------------------------------ a client's life

async function liveAndDie(person, client) {
  const words = WORDS.client;
  await person.visit(client);
  await person.press(words.edit);
  await person.fill(words.name, 'Nightly report');
  await act(person, words.update);
  await person.sees('Nightly report');

  await person.visit(client);
  await act(person, words.deactivate);
  await person.sees(WORDS.status.inactive);
  await person.visit(client);
  await act(person, words.reactivate);
  await person.sees(WORDS.status.active);

  await deleteClient(person, client);
  await person.press(words.undo);
  await person.visit(client);
  await person.sees(WORDS.status.active);

  await deleteClient(person, client);
  await person.visit(client);
  await person.sees(WORDS.status.deleted);

  await control.advance({ days: 14, seconds: 1 });
  await control.purge();
  await visitAgain(person, client, { status: 404 });
}

// A link that leads to a page which says what will happen, and a button of the same name there.
async function deleteClient(person, client) {
  await person.visit(client);
  await person.press(WORDS.client.delete);
  await act(person, WORDS.client.delete);
}

function expect(holds, what) {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
