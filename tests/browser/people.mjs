// What each kind of person comes for, apart from developers and approvers, whose journey is release.mjs: an
// administrator invites somebody, changes what they may do, adds roles and scopes, shares a community and reads the
// audit log; somebody invited sets up a second factor; an operator looks after the deployment.
//
// The environment is that of journey.mjs; SETUP_URL is needed, because only set-up makes an operator.
import { act, expect, goTo, narrowDown, seesProblem, signIn, signOut } from './lib/acts.mjs';
import { Authenticator } from './lib/authenticator.mjs';
import { Control } from './lib/control.mjs';
import { inEveryVariant } from './lib/variants.mjs';

const { BASE_URL, SETUP_URL, EMAIL = 'ada@example.com', PASSWORD = 'correct horse battery staple' } = process.env;

// Every word of the pages that the journey depends on.
const WORDS = {
  places: {
    members: 'Members', communities: 'Communities', audit: 'Audit log', settings: 'Settings', operation: 'Operation',
    services: 'Services',
  },
  setUp: { company: 'Company name', name: 'Your name', email: 'E-mail', password: 'Password', submit: 'Set up Keywright' },
  invitation: { invite: 'Invite member', email: 'E-mail', roles: 'Roles' },
  join: { name: 'Your name', password: 'Password', accept: 'Accept invitation' },
  member: { roles: 'Roles', change: 'Change roles', search: 'Search' },
  role: { developer: 'Developer', approver: 'Approver' },
  service: { add: 'Add service', name: 'Name', domain: 'Domain' },
  settings: { roles: 'Client roles', scopes: 'Scopes', contact: 'Contact name', update: 'Update company' },
  clientRole: { add: 'Add role', edit: 'Edit', delete: 'Delete', name: 'Name', description: 'Description', update: 'Update role' },
  scope: { add: 'Add scope', name: 'Name', description: 'Description' },
  community: {
    add: 'Add community', name: 'Name', description: 'Description', id: 'Company ID', invite: 'Invite company',
    accept: 'Accept', people: 'Give people roles', roles: 'Community roles', update: 'Update roles',
    delete: 'Delete community', leave: 'Leave community',
  },
  audit: { who: 'Who', what: 'What', on: 'On what', unfold: 'detail', all: 'Members and invitations: all' },
  factor: {
    setUp: 'Set up second factor', code: 'Code', turnOn: 'Turn on second factor', stored: 'I have stored the codes',
    submit: 'Sign in', useRecovery: 'Use a recovery code', recovery: 'Recovery code', remove: 'Remove second factor',
  },
  operation: {
    approvers: 'Approvers', clients: 'Default clients', health: 'Health', add: 'Add tenant', company: 'Company name',
    contact: 'Contact e-mail', administrator: "Administrator's e-mail", search: 'Search', email: 'E-mail',
    name: 'Name approver', dismiss: 'Dismiss', undo: 'Undo', invite: 'Invite administrator',
  },
};

const control = new Control();
const ada = { email: EMAIL, password: PASSWORD };

await inEveryVariant(BASE_URL, async (person, { name, first, another }) => {
  if (SETUP_URL && first) await setUp(person);
  else await signIn(person, ada);

  const dora = { name: `Dora ${name}`, email: `dora-${name}@example.com`, password: 'dora has a long password' };
  const newcomer = await another();
  await invite(person, dora);
  await join(newcomer, dora);
  await changeRoles(person, newcomer, dora);

  await arrange(person, name);
  await share(person, await another(), name);
  await readTheLog(person, dora);
  await useSecondFactor(newcomer, dora);
  await operate(person, await another(), dora, name);
});

// ------------------------------------------------------------------------------------------------------------- members

async function setUp(person) {
  const words = WORDS.setUp;
  await person.visit(SETUP_URL);
  await person.fill(words.company, 'Häberle & Söhne');
  await person.fill(words.name, 'Ada Lovelace');
  await person.fill(words.email, ada.email);
  await person.fill(words.password, ada.password);
  await person.press(words.submit);
}

async function invite(person, somebody) {
  const words = WORDS.invitation;
  await goTo(person, WORDS.places.members);
  await person.sees('Nobody is invited just now');
  await person.press(words.invite);
  await person.press(words.invite, { status: 422 });
  await seesProblem(person);
  await person.fill(words.email, somebody.email);
  await person.tick(WORDS.role.developer, { in: words.roles });
  await act(person, words.invite, ada.password);
  await person.sees(`Invitation sent to ${somebody.email}`);
}

// By the link in the mail, to the first thing that a developer does.
async function join(person, somebody) {
  const words = WORDS.join;
  await person.visit(await control.link(somebody.email));
  await person.press(words.accept, { status: 422 });
  await seesProblem(person);
  await person.fill(words.name, somebody.name);
  await person.fill(words.password, somebody.password);
  await person.press(words.accept);
  await person.sees('your account is active');

  await addService(person, 'The first one');
  await person.visit('/members', { status: 403 });
}

async function addService(person, name) {
  const words = WORDS.service;
  await goTo(person, WORDS.places.services);
  await person.press(words.add);
  await person.fill(words.name, name);
  await person.fill(words.domain, 'shop.example.com');
  await person.press(words.add);
  await person.sees(`Service ${name} added`);
}

// What somebody may do follows at once, where they are signed in already.
async function changeRoles(person, theirs, somebody) {
  const words = WORDS.member;
  await goTo(person, WORDS.places.members);
  await narrowDown(person, () => person.fill(words.search, somebody.name), 'search=');
  await person.press(somebody.name);
  await person.untick(WORDS.role.developer, { in: words.roles });
  await person.tick(WORDS.role.approver, { in: words.roles });
  await act(person, words.change, ada.password);
  await person.sees(`Take roles from ${somebody.name}?`);
  await act(person, words.change, ada.password);
  await person.sees(`${somebody.name} is now: Tenant Member, Approver`);
  await theirs.visit('/services/new', { status: 403 });
  await theirs.visit('/reviews');

  await control.advance({ minutes: 16 });
  await person.tick(WORDS.role.developer, { in: words.roles });
  expect(await act(person, words.change, ada.password), 'changing roles asks for the password after a quarter of an hour');
  await person.sees(`${somebody.name} is now:`);
  await theirs.visit('/services/new');
}

// ------------------------------------------------------------------------------------------------------- arrangements

async function arrange(person, name) {
  const { settings, clientRole, scope } = WORDS;
  await goTo(person, WORDS.places.settings);
  await person.fill(settings.contact, 'The portal team');
  await act(person, settings.update, ada.password);

  await person.press(settings.roles);
  await person.press(clientRole.add);
  await person.press(clientRole.add, { status: 422 });
  await seesProblem(person);
  await person.fill(clientRole.name, `Auditor ${name}`);
  await person.fill(clientRole.description, 'Reads what others write.');
  await act(person, clientRole.add, ada.password);
  await person.sees(`Role Auditor ${name} added`);
  await person.press(`${clientRole.edit} Auditor ${name}`);
  await person.fill(clientRole.description, 'Reads everything that others write.');
  await act(person, clientRole.update, ada.password);
  await person.sees('Role updated');
  await person.press(`${clientRole.delete} Auditor ${name}`);
  await person.sees('Auditor');

  await goTo(person, WORDS.places.settings);
  await person.press(settings.scopes);
  await person.press(scope.add);
  await person.fill(scope.name, 'Not A Scope');
  await person.press(scope.add, { status: 422 });
  await seesProblem(person);
  await person.fill(scope.name, 'orders.read');
  await person.fill(scope.description, 'See your orders');
  await act(person, scope.add, ada.password);
  await person.sees('Scope orders.read added');
  await person.press('orders.read');
}

// A community that another company joins, whose people are given its roles, and leaves.
async function share(person, partner, name) {
  const words = WORDS.community;
  const community = `Harbour ${name}`;
  const { administrator } = await control.people(`partner${name.replace(/\W/g, '')}`);
  await signIn(partner, administrator);
  await goTo(partner, WORDS.places.communities);
  const id = await partner.reads(words.id);

  await goTo(person, WORDS.places.communities);
  await person.press(words.add);
  await person.press(words.add, { status: 422 });
  await seesProblem(person);
  await person.fill(words.name, community);
  await person.fill(words.description, 'What the quays share.');
  await act(person, words.add, ada.password);
  await person.sees(`Community ${community} added`);
  const address = person.address();
  await person.fill(words.id, id);
  await act(person, words.invite, ada.password);
  await person.sees('is invited');
  await person.press(WORDS.clientRole.add);
  await person.fill(WORDS.clientRole.name, 'Pilot');
  await act(person, WORDS.clientRole.add, ada.password);
  await person.sees('Role Pilot added');

  await partner.visit('/communities');
  await act(partner, words.accept, administrator.password);
  await partner.sees(`in the community ${community}`);
  await partner.press(words.people);
  await partner.press('Change roles of Developer');
  await partner.tick('Pilot', { in: words.roles });
  await act(partner, words.update, administrator.password);
  await partner.sees('Community roles of');
  await partner.visit(address);
  await partner.press(words.leave);
  await act(partner, words.leave, administrator.password);
  await partner.sees('has left the community');

  await person.visit(address);
  await person.press(words.delete);
  await person.sees(community);
  await person.visit('/communities');
  await person.sees(community);
}

// ----------------------------------------------------------------------------------------------------------- audit log

async function readTheLog(person, somebody) {
  const words = WORDS.audit;
  await goTo(person, WORDS.places.audit);
  await person.unfold(words.unfold);
  await narrowDown(person, () => person.choose(words.what, words.all), 'what=');
  await narrowDown(person, () => person.fill(words.who, 'nobody is called that'), 'who=nobody');
  await person.sees('No event matches');
  await narrowDown(person, () => person.fill(words.who, 'ada'), 'who=ada');
  await narrowDown(person, () => person.fill(words.on, somebody.name), 'on=Dora');
  await person.sees('changed the roles of');
  await person.seesNot('accepted the invitation as');

  await person.reload();
  const newest = await person.page.getByRole('link', { name: /, event \d+$/ }).first().locator('time').innerText();
  await person.press(newest);
  await person.sees('Before and after');
  await person.sees(somebody.name);
}

// ------------------------------------------------------------------------------------------------------- second factor

async function useSecondFactor(person, somebody) {
  const words = WORDS.factor;
  await person.visit('/account');
  await act(person, words.setUp, somebody.password);
  const app = new Authenticator(await person.page.locator('#factor-secret').innerText());
  await person.fill(words.code, '000000');
  await act(person, words.turnOn, somebody.password, { status: 422 });
  await seesProblem(person);
  await person.fill(words.code, app.code(await control.now()));
  await person.press(words.turnOn);
  await person.sees('This is the only time that you see them');
  const recovery = (await person.page.locator('#recovery-codes').innerText()).trim().split(/\s+/);
  expect(recovery.length === 10, 'there are ten recovery codes');
  await person.press(words.stored);
  await person.visit('/account');
  await person.sees('10 recovery codes are left');

  await signOut(person);
  await control.advance({ seconds: 30 });
  await signIn(person, somebody);
  await person.sees('Your second factor');
  await person.fill(words.code, '000000');
  await person.press(words.submit, { status: 422 });
  await seesProblem(person);
  await person.fill(words.code, app.code(await control.now()));
  await person.press(words.submit);
  expect(person.address() === '/', 'password and code open the start page');

  await signOut(person);
  await signIn(person, somebody);
  await person.unfold(words.useRecovery);
  await person.fill(words.recovery, recovery[0]);
  await person.press(words.submit);
  await person.visit('/account/second-factor');
  await person.sees('9 of 10 left');
  await person.press(words.remove);
  await act(person, words.remove, somebody.password);
  await person.sees('Your second factor is removed');
}

// ----------------------------------------------------------------------------------------------------------- operation

async function operate(person, administrator, somebody, name) {
  const words = WORDS.operation;
  const company = `Northwind ${name}`;
  const email = `nora-${name}@example.com`;
  await goTo(person, WORDS.places.operation);
  await person.press(words.add);
  await person.press(words.add, { status: 422 });
  await seesProblem(person);
  await person.fill(words.company, company);
  await person.fill(words.contact, email);
  await person.fill(words.administrator, email);
  await act(person, words.add, ada.password);
  await person.sees(`${company} added`);
  await narrowDown(person, () => person.fill(words.search, company), 'search=');
  await person.sees('No administrator yet');
  await person.press(words.invite);
  await person.visit('/operation');

  await administrator.visit(await control.link(email));
  await administrator.fill(WORDS.join.name, 'Nora Northwind');
  await administrator.fill(WORDS.join.password, 'nora has a long password');
  await administrator.press(WORDS.join.accept);
  await goTo(administrator, WORDS.places.members);
  await administrator.visit('/operation', { status: 403 });

  await person.press(words.approvers);
  await person.fill(words.email, 'nobody@example.com');
  await act(person, words.name, ada.password, { status: 422 });
  await seesProblem(person);
  await person.fill(words.email, somebody.email);
  await act(person, words.name, ada.password);
  await person.sees('decides on the release requests of every tenant');
  await act(person, words.dismiss, ada.password);
  await person.sees('is no platform approver any more');
  await person.press(words.undo);
  await person.sees(somebody.email);
  await person.press(words.clients);
  await person.press(words.health);
  await person.sees('No mail has failed');
}
