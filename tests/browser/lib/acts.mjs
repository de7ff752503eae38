// What people of every kind do again and again, and the words of the pages that it depends on.
const WORDS = {
  signIn: { email: 'E-mail', password: 'Password', submit: 'Sign in' },
  confirm: { password: 'Password', submit: 'Confirm' },
  menu: 'Menu',
  account: 'account menu',
  signOut: 'Sign out',
};

export async function signIn(person, { email, password }) {
  await person.visit('/sign-in');
  await giveCredentials(person, { email, password });
}

// On the page that asks for them, wherever it leads to.
export async function giveCredentials(person, { email, password }) {
  const words = WORDS.signIn;
  await person.fill(words.email, email);
  await person.fill(words.password, password);
  await person.press(words.submit);
}

export async function signOut(person) {
  await person.unfold(WORDS.account);
  await person.press(WORDS.signOut);
}

// By the navigation, which a phone keeps folded away.
export async function goTo(person, place) {
  if (person.narrow) await person.pressInPlace(WORDS.menu);
  await person.press(place);
}

// Presses a button behind which the password may be asked for again. True if it was.
export async function act(person, button, password, { status = 200 } = {}) {
  const words = WORDS.confirm;
  await person.press(button, { status: 'any' });
  const asked = (await person.has(words.submit)) && (await person.asks(words.password));
  if (asked) {
    await person.fill(words.password, password);
    await person.press(words.submit, { status });
  }
  const answer = person.pages.at(-1).status;
  expect(answer === status, `“${button}” is answered with ${status}, not ${answer}`);
  return asked;
}

// With scripts a list follows what is filled in; without, its button is pressed. Either way it is in the address.
export async function narrowDown(person, fillIn, address) {
  await fillIn();
  if (person.scripts) await person.arrivesAt(address);
  else await person.press('Search');
  expect(person.address().includes(address), `the address has ${address}`);
}

// The summary is on top, and scripts put the focus there.
export async function seesProblem(person) {
  await person.sees('There is a problem');
  expect((await person.page.title()).startsWith('Error'), 'the title says that there is an error');
  if (person.scripts) expect((await person.focused()).includes('There is a problem'), 'the error summary has the focus');
}

export function expect(holds, what) {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
