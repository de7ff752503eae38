// The ways through Keywright: set up, a service, a client of each type, a secret shown once, rotated, the client's
// whole life up to the purge; the list of clients, accounts, registration, and the pages for when something is wrong.
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
  account: {
    name: 'Name', update: 'Update name', current: 'Current password', new: 'New password', change: 'Change password',
    endOthers: 'End all other sessions', menu: 'account menu', signOut: 'Sign out', navigation: 'Menu',
  },
  reset: {
    email: 'E-mail', send: 'Send code', code: 'Code', password: 'New password', submit: 'Set new password',
  },
  register: {
    name: 'Your name', email: 'E-mail', password: 'Password', next: 'Continue', company: 'Company name',
    contact: 'Contact e-mail', code: 'Activation code', activate: 'Activate account',
  },
  list: { search: 'Search', type: 'Type', status: 'Status', name: 'Client', created: 'Created' },
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
  { link: 'Custom', secret: true, grants: ['Client credentials'], without: { 'Grant types': 'Authorization code', 'Response types': 'code' }, scopes: ['roles'] },
];

const SECRET = /^kws_sandbox_\S{20,}$/;
const control = new Control();

await inEveryVariant(BASE_URL, async (person, { name, first, another }) => {
  if (SETUP_URL && first) await setUp(person);
  else await signIn(person);

  const service = await addService(person, `Web shop ${name}`);
  const clients = [];
  for (const type of TYPES) clients.push(await addClient(person, service, type, `${type.link.split(/[ ,]/)[0]} ${name}`));
  await unfoldClient(person, service, `Hybrid ${name}`);
  await lookForClients(person, name);

  const [client, other] = clients;
  await rotateSecret(person, client);
  await changeAtTheSameTime(person, await another(), other);
  await liveAndDie(person, client);

  await mistakes(person, service);
  await ownAccount(person, await another());

  const people = await control.people(`company${name.replace(/\W/g, '')}`);
  await resetPassword(await another(), people.developer.email);
  await lookOnly(await another(), people.member, service);
  await register(await another(), `newcomer-${name}@example.com`);
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

async function signIn(person, { email, password } = { email: EMAIL, password: PASSWORD }) {
  await person.visit('/sign-in');
  await person.fill(WORDS.signIn.email, email);
  await person.fill(WORDS.signIn.password, password);
  await person.press(WORDS.signIn.submit);
}

// Presses a button behind which the password may be asked for again.
async function act(person, button) {
  await person.press(button);
  if (!(await person.has(WORDS.confirm.submit)) || !(await person.asks(WORDS.confirm.password))) return false;
  await person.fill(WORDS.confirm.password, PASSWORD);
  await person.press(WORDS.confirm.submit);
  return true;
}

// The account's page, with the same person in two browsers; then the menu: theme, sign out.
async function ownAccount(person, elsewhere) {
  const words = WORDS.account;
  await signIn(elsewhere);
  await person.visit('/account');
  await person.fill(words.name, 'Ada King');
  await person.press(words.update);
  await person.sees('Name updated');

  await person.fill(words.current, 'not my password');
  await person.fill(words.new, 'an even longer horse battery');
  await person.press(words.change, { status: 422 });
  await seesProblem(person);

  await person.visit('/account');
  await person.press(words.endOthers);
  await elsewhere.visit('/clients');
  expect(elsewhere.address().startsWith('/sign-in'), 'the other session has ended');

  if (person.narrow) {
    await person.pressInPlace(words.navigation);
    await person.press('Services');
  }
  for (const theme of ['Dark', 'Light', 'Auto']) {
    await person.unfold(words.menu);
    await person.press(theme);
  }
  await person.unfold(words.menu);
  await person.press(words.signOut);
  await person.visit('/account');
  expect(person.address().startsWith('/sign-in'), 'signed out');
}

async function resetPassword(person, email) {
  const words = WORDS.reset;
  await person.visit('/password-reset');
  await person.fill(words.email, email);
  await person.press(words.send);
  await person.fill(words.code, 'AAAA-AAAA');
  await person.fill(words.password, 'another long test password');
  await person.press(words.submit, { status: 422 });
  await seesProblem(person);
  await person.fill(words.code, await control.code(email));
  await person.fill(words.password, 'another long test password');
  await person.press(words.submit);
  await signIn(person, { email, password: 'another long test password' });
  expect(person.address() === '/', 'the new password opens the start page');
}

// A company of one's own, and what it looks like while there is nothing in it.
async function register(person, email) {
  const words = WORDS.register;
  await person.visit('/register');
  await person.press(words.next, { status: 422 });
  await seesProblem(person);
  await person.fill(words.name, 'Nina Newcomer');
  await person.fill(words.email, email);
  await person.fill(words.password, 'a newcomer has a long password');
  await person.press(words.next);
  await person.fill(words.company, 'Newcomers & Co');
  await person.fill(words.contact, email);
  await person.press(words.next);
  await person.fill(words.code, await control.code(email));
  await person.press(words.activate);
  if (person.address().startsWith('/sign-in')) {
    await signIn(person, { email, password: 'a newcomer has a long password' });
  }
  for (const page of ['/', '/services', '/clients', '/account']) await person.visit(page);
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
  for (const [group, choice] of Object.entries(type.without ?? {})) await person.untick(choice, { in: group });
  for (const grant of type.grants ?? []) await person.tick(grant, { in: words.grants });
  if (type.redirects) await person.fill(words.redirects, type.redirects);
  for (const scope of type.scopes ?? []) await person.tick(scope, { in: words.scopes });
  await person.press(words.submit);

  if (type.secret) {
    await person.fill(WORDS.secret.description, 'First one');
    await act(person, WORDS.secret.add);
    await act(person, WORDS.secret.show);
    expect(SECRET.test(await person.reads(WORDS.secret.value)), 'the secret has the form that scanners know');
  }
  await person.visit('/clients');
  await person.press(name);
  await person.sees(name);
  return person.address();
}

async function unfoldClient(person, service, name) {
  await person.visit(service);
  await person.unfold(name);
  await person.sees('Open client');
  await person.press('Open client');
  expect((await person.heading()) === name, 'the client that was unfolded opens');
}

// Search, filters and order, all in the address. With scripts the list follows what is typed.
async function lookForClients(person, name) {
  const words = WORDS.list;
  await person.visit('/clients');
  await person.press(words.created);
  await person.press(words.name);
  expect(person.address().includes('sort='), 'the order is in the address');

  await person.visit('/clients');
  await narrowDown(person, () => person.fill(words.search, `hybrid ${name}`), 'search=hybrid');
  await person.sees(`Hybrid ${name}`);
  await person.seesNot(`Sync ${name}`);
  await narrowDown(person, () => person.fill(words.search, 'nobody is called that'), 'search=nobody');
  await person.sees('No client matches');

  await person.visit('/clients');
  await narrowDown(person, () => person.choose(words.type, 'Hybrid'), 'type=hybrid');
  await narrowDown(person, () => person.choose(words.status, 'Active'), 'status=active');
  await person.sees(`Hybrid ${name}`);
  await person.reload();
  await person.seesNot(`Sync ${name}`);
}

async function narrowDown(person, fillIn, address) {
  await fillIn();
  if (person.scripts) await person.arrivesAt(address);
  else await person.press(WORDS.list.search);
  expect(person.address().includes(address), `the address has ${address}`);
}

// Two people edit the same client: who comes second is told, loses nothing, and decides.
async function changeAtTheSameTime(person, other, client) {
  const words = WORDS.client;
  await signIn(other);
  for (const somebody of [person, other]) {
    await somebody.visit(client);
    await somebody.press(words.edit);
  }
  await person.fill(words.name, 'What Ada calls it');
  await act(person, words.update);
  await other.fill(words.name, 'What somebody else calls it');
  await other.press(words.update, { status: 409 });
  expect((await other.reads(words.name)) === 'What somebody else calls it', 'what was typed is still there');
  await other.sees('What Ada calls it');
  await other.press(words.update);
  await other.sees('What somebody else calls it');
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

  await person.reload({ status: 'any' });
  expect(!(await person.carries(secret)), 'a reload does not show the secret again');
  await person.visit('/clients');
  if (await person.back()) expect(!(await person.carries(secret)), 'Back does not show the secret again');
  await person.visit(reveal, { status: 'any' });
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

  await control.advance({ minutes: 16 });
  expect(await deleteClient(person, client), 'deleting asks for the password again after a quarter of an hour');
  await person.press(words.undo);
  await person.visit(client);
  await person.sees(WORDS.status.active);

  await deleteClient(person, client);
  await person.visit(client);
  await person.sees(WORDS.status.deleted);

  await control.advance({ days: 14, seconds: 1 });
  const { clients } = await control.purge();
  expect(clients === 1, 'the purge removes one client');
  await signIn(person);
  await person.visit(client, { status: 404 });
}

// A link that leads to a page which says what will happen, and a button of the same name there.
async function deleteClient(person, client) {
  await person.visit(client);
  await person.press(WORDS.client.delete);
  return act(person, WORDS.client.delete);
}

// -------------------------------------------------------------------------------------------- when something is wrong

async function mistakes(person, service) {
  await person.visit('/nowhere', { status: 404 });
  await person.visit('/services/new');
  await person.press(WORDS.service.submit, { status: 422 });
  await seesProblem(person);

  await person.visit(`${service}/clients/new/authorization-code`);
  await person.fill(WORDS.client.name, 'n'.repeat(100));
  await person.fill(WORDS.client.redirects, 'javascript:alert(1)\nhttps://*.example.com/callback');
  await person.press(WORDS.client.submit, { status: 422 });
  await seesProblem(person);
  expect((await person.reads(WORDS.client.name)) === 'n'.repeat(100), 'what was typed is still there');
}

// The summary is on top, and scripts put the focus there.
async function seesProblem(person) {
  await person.sees('There is a problem');
  expect((await person.page.title()).startsWith('Error'), 'the title says that there is an error');
  if (person.scripts) expect((await person.focused()).includes('There is a problem'), 'the error summary has the focus');
}

// Somebody who may see and not act; and another company's things, which do not exist for them.
async function lookOnly(person, member, service) {
  await signIn(person, member);
  for (const page of ['/', '/services', '/clients']) await person.visit(page);
  await person.visit('/services/new', { status: 403 });
  await person.sees('role');
  await person.visit(service, { status: 404 });
}

function expect(holds, what) {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
