// The main journey with the keyboard alone: Tab, Enter and Space, and letters in fields. Sign in, add a service, a
// client and a secret, and see it. At each stop somebody must see where they are.
//
// The environment is that of journey.mjs, without VARIANT.
import { Control } from './lib/control.mjs';
import { WIDE, launch, openWindow } from './lib/chromium.mjs';

const { BASE_URL, SETUP_URL, EMAIL = 'ada@example.com', PASSWORD = 'correct horse battery staple' } = process.env;

// More stops than any page has.
const FAR = 120;

const browser = await launch();
const window = await openWindow(browser, { base: BASE_URL, size: WIDE });
const { page } = window;
let stops = 0;
try {
  await journey();
  console.log(`ok      keyboard: ${stops} stops, the focus visible at each`);
} catch (error) {
  console.log(`FAILED  keyboard, on ${page.url()}\n      ${error.stack}`);
  process.exitCode = 1;
}
await browser.close();

async function journey() {
  let [email, password] = [EMAIL, PASSWORD];
  if (SETUP_URL) ({ email, password } = (await new Control().people('keys')).administrator);

  await page.goto('/sign-in');
  await type('E-mail', email);
  await type('Password', password);
  await press('Sign in');

  // The skip link is the first stop, and skips.
  await page.goto('/services');
  const skip = await tab();
  expect(skip.name === 'Skip to main content', 'the first stop is the skip link');
  await go('Enter', { load: false });
  expect(await page.evaluate(() => document.activeElement.id === 'main'), 'the skip link leads to the main content');

  await press('Add service');
  await press('Add service');
  expect((await focus()).text.includes('There is a problem'), 'the error summary has the focus');
  // From the summary to the field.
  await tab();
  await go('Enter', { load: false });
  expect((await focus()).name.startsWith('Name'), 'a link of the summary leads to its field');
  await page.keyboard.type('Keyboard shop');
  await type('Domain', 'shop.example.com');
  await press('Add service');

  await press('Add client');
  await press('Client credentials');
  await type('Name', 'Keyboard worker');
  await tick('roles');
  await press('Add client');

  await type('Description', 'By hand');
  await tick('Never expires');
  await press('Add secret');
  await press('Show secret');
  expect((await page.locator('#client-secret').innerText()).startsWith('kws_sandbox_'), 'the secret is shown');

  // Copying says so to those who can't see the button.
  await tabTo('Copy client secret');
  await go('Space', { load: false });
  await page.locator('#announcements', { hasText: 'Copied' }).waitFor({ state: 'attached' });

  // The account's menu opens with the keyboard, and closes with it.
  await tabTo(/account menu$/);
  await go('Enter', { load: false });
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await go('Escape', { load: false });
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' });
}

async function type(label, text) {
  await tabTo(label);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

async function tick(label) {
  await tabTo(label);
  await go('Space', { load: false });
}

async function press(name) {
  await tabTo(name);
  await go('Enter');
}

async function go(key, { load = true } = {}) {
  const loaded = load ? page.waitForEvent('load', { timeout: 15_000 }) : null;
  await page.keyboard.press(key);
  await loaded;
}

async function tabTo(name) {
  for (let i = 0; i < FAR; i += 1) {
    const here = await tab();
    if (name instanceof RegExp ? name.test(here.name) : here.name === name || here.name.startsWith(`${name} `)) return;
  }
  throw new Error(`Tab does not come to “${name}”`);
}

// One stop further.
async function tab() {
  await page.keyboard.press('Tab');
  const here = await focus();
  if (here.tag === 'body') return here;
  stops += 1;
  expect(here.visible, `the focus is visible at ${here.tag} “${here.name}”`);
  return here;
}

function focus() {
  return page.evaluate(() => {
    const element = document.activeElement;
    const labels = [...(element.labels ?? [])].map((label) => label.innerText).join(' ');
    const name = (element.getAttribute('aria-label') || labels || element.textContent || '').replace(/\s+/g, ' ').trim();
    // A card's link draws its outline around the card.
    const outlined = [null, '::before', '::after'].some((part) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element, part);
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    });
    const box = element.getBoundingClientRect();
    const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.width > 1 && box.height > 1;
    return { tag: element.localName, name, text: element.innerText ?? '', visible: outlined && inView };
  });
}

function expect(holds, what) {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
