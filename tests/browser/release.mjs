// A service on its way from sandbox to live and back: a developer asks for its release and mends what blocks it, an
// approver compares, rejects and approves; a live secret, a change while live, and the way back to sandbox.
//
// The environment is that of journey.mjs, without EMAIL and PASSWORD.
import { act, expect, giveCredentials, goTo, seesProblem, signIn } from './lib/acts.mjs';
import { Control } from './lib/control.mjs';
import { inEveryVariant } from './lib/variants.mjs';

// Every word of the pages that the journey depends on.
const WORDS = {
  places: { reviews: 'Reviews', services: 'Services' },
  service: {
    add: 'Add service', edit: 'Edit service', update: 'Update service', name: 'Name', domain: 'Domain',
    privacy: 'Privacy policy URL', terms: 'Terms URL', contact: 'Contact e-mail', deactivate: 'Deactivate service',
    delete: 'Delete service', undo: 'Undo',
  },
  client: {
    add: 'Add client', type: 'Authorization code, web application', name: 'Name', redirects: 'Redirect URLs',
    edit: 'Edit client', update: 'Update client',
  },
  secret: {
    add: 'Add secret', description: 'Description', never: 'Never expires', show: 'Show secret', value: 'Client secret',
    delete: 'Delete secret', environment: 'Environment', live: 'Live', rotate: 'Rotate secret',
  },
  release: {
    request: 'Request service release', message: 'Message to the approver', again: 'Checks and requests',
    mend: 'Go to the field',
  },
  review: {
    reason: 'Reason', reject: 'Reject', approve: 'Approve', evidence: 'The service itself', decided: 'Decided',
    accept: 'Accept changes', takeBack: 'Take back to sandbox',
  },
  testUsers: { open: 'Test users', emails: 'E-mail addresses', add: 'Add test users', remove: 'Remove', undo: 'Undo' },
};

const control = new Control();

await inEveryVariant(process.env.BASE_URL, async (person, { name, another }) => {
  const people = await control.people(`harbour${name.replace(/\W/g, '')}`);
  const [developer, approver] = [person, await another()];
  const title = `Web shop ${name}`;
  await signIn(developer, people.developer);
  const service = await addService(developer, title);
  const client = await addClient(developer, people.developer, service, name);
  await nameTestUsers(developer, service);

  await mendWhatBlocks(developer, people.developer, service);
  await request(developer, service, 'Tried in sandbox for a week.');
  await reject(approver, people.approver);
  await correct(developer, people.developer, service, client);
  await request(developer, service, 'Now on the host of the shop.');
  await approve(approver, people.approver, title);

  await addLiveSecret(developer, people.developer, client);
  await changeWhileLive(developer, people.developer, client);
  await acceptChanges(approver, people.approver, title);
  await takeBack(approver, people.approver, title);
  await developer.visit(client);
  await developer.sees('No secret yet');

  await rest(await another(), people.administrator, title);
});

// ----------------------------------------------------------------------------------------------------------- a developer

// With nothing but what it can't be without.
async function addService(person, title) {
  const words = WORDS.service;
  await goTo(person, WORDS.places.services);
  await person.press(words.add);
  await person.fill(words.name, title);
  await person.fill(words.domain, 'shop.example.com');
  await person.press(words.add);
  await person.sees('Never requested');
  return person.address();
}

// Its address; with a secret that never expires.
async function addClient(person, { password }, service, name) {
  const { client, secret } = WORDS;
  await person.visit(service);
  await person.press(client.add);
  await person.press(client.type);
  await person.fill(client.name, `Shop front ${name}`);
  await person.fill(client.redirects, 'https://elsewhere.example.net/callback');
  await act(person, client.add, password);
  await person.fill(secret.description, 'For ever');
  await person.tick(secret.never);
  await act(person, secret.add, password);
  await act(person, secret.show, password);
  await person.visit(service);
  await person.unfold(`Shop front ${name}`);
  await person.press('Open client');
  return person.address();
}

async function nameTestUsers(person, service) {
  const words = WORDS.testUsers;
  await person.visit(service);
  await person.press(words.open);
  await person.press(words.add, { status: 422 });
  await seesProblem(person);
  await person.fill(words.emails, 'ada@example.com\nben@example.com');
  await person.press(words.add);
  await person.sees('2 test users added');
  await person.press(`${words.remove} ada@example.com`);
  await person.press(words.undo);
  await person.sees('ada@example.com');
}

// From each finding to where it is mended.
async function mendWhatBlocks(person, { password }, service) {
  const { release, service: words, secret } = WORDS;
  await person.visit(service);
  await person.press(release.request);
  await person.sees('Blocking');
  expect(!(await person.asks(release.message)), 'nothing can be requested while a check is blocking');
  await person.press(release.mend);
  expect(person.address().endsWith('/edit#privacy_policy_url'), 'the first finding leads to the privacy policy');
  await person.fill(words.privacy, 'https://shop.example.com/privacy');
  await person.fill(words.terms, 'https://shop.example.com/terms');
  await person.fill(words.contact, 'team@shop.example.com');
  await person.press(words.update);
  await person.sees('Service updated');

  await person.press(release.request);
  await person.press(release.mend);
  expect(person.address().endsWith('#secrets'), 'what blocks now leads to the secrets');
  await person.press(secret.delete);
  await act(person, secret.delete, password);
}

async function request(person, service, message) {
  const words = WORDS.release;
  await person.visit(service);
  await person.press(words.request);
  await person.sees('0 blocking');
  await person.fill(words.message, message);
  await person.press(words.request);
  await person.sees('Release requested');
  await person.press(words.again);
  await person.sees('A request waits for an approver');
}

// What the approver wrote is there to read; then the client is changed.
async function correct(person, { password }, service, client) {
  const words = WORDS.client;
  await person.visit(service);
  await person.sees('Use the host of the shop');
  await person.visit(client);
  await person.press(words.edit);
  await person.fill(words.redirects, 'https://shop.example.com/callback');
  await act(person, words.update, password);
}

async function addLiveSecret(person, { password }, client) {
  const words = WORDS.secret;
  await person.visit(client);
  await person.press(words.add);
  await person.choose(words.environment, words.live);
  await act(person, words.add, password);
  await act(person, words.show, password);
  const secret = await person.reads(words.value);
  expect(/^kws_live_\S{20,}$/.test(secret), 'the live secret has the form that scanners know');
  await person.reload({ status: 'any' });
  expect(!(await person.carries(secret)), 'a reload does not show the secret again');
  await person.visit(client);
  expect(await person.has(words.rotate), 'the live secret is there');
}

async function changeWhileLive(person, { password }, client) {
  const words = WORDS.client;
  await person.visit(client);
  await person.press(words.edit);
  await person.fill(words.redirects, 'https://shop.example.com/signed-in');
  await act(person, words.update, password);
}

// ------------------------------------------------------------------------------------------------------------ an approver

// By the link in the mail, which asks for a sign-in first.
async function reject(person, approver) {
  const words = WORDS.review;
  await person.visit(await control.link(approver.email));
  await giveCredentials(person, approver);
  await person.sees('This service was never judged before');
  await person.unfold(words.evidence);
  await person.press(words.reject, { status: 422 });
  await seesProblem(person);
  await person.fill(words.reason, 'Use the host of the shop.');
  await act(person, words.reject, approver.password);
  await person.sees('is not released');
}

// What is different from what was rejected, and the password once more after a quarter of an hour.
async function approve(person, { password }, title) {
  const words = WORDS.review;
  await goTo(person, WORDS.places.reviews);
  await person.press(title);
  await person.sees('Compared with the request');
  await person.sees('https://shop.example.com/callback');
  await control.advance({ minutes: 16 });
  expect(await act(person, words.approve, password), 'approving asks for the password again after a quarter of an hour');
  await person.sees(`${title} is live`);
  await person.press(words.decided);
  await person.press(title);
}

async function acceptChanges(person, { password }, title) {
  const words = WORDS.review;
  await goTo(person, WORDS.places.reviews);
  await person.sees('Changed while live');
  await person.press(title);
  await person.sees('https://shop.example.com/signed-in');
  await act(person, words.accept, password);
  await person.sees('are accepted');
}

async function takeBack(person, { password }, title) {
  const words = WORDS.review;
  await goTo(person, WORDS.places.services);
  await person.press(title);
  await person.press(words.takeBack);
  await person.sees('1 live secret is deleted');
  await person.press(words.takeBack, { status: 422 });
  await seesProblem(person);
  await person.fill(words.reason, 'The privacy policy is gone.');
  await act(person, words.takeBack, password);
  await person.sees('is back in sandbox');
}

// ------------------------------------------------------------------------------------------------------ an administrator

// Links of the danger zone lead to pages that say what stops, with a button of the same name; both can be undone.
async function rest(person, administrator, title) {
  const words = WORDS.service;
  await signIn(person, administrator);
  for (const button of [words.deactivate, words.delete]) {
    await goTo(person, WORDS.places.services);
    await person.press(title);
    await person.press(button);
    await person.sees('1 active client');
    await act(person, button, administrator.password);
    await person.press(words.undo);
    await person.sees('is back');
  }
}
