// Pictures of pages, whole, to look at or for the README.
//
//     BASE_URL=… EMAIL=… PASSWORD=… node tests/browser/screens.mjs FOLDER PAGE…
//     BASE_URL=… EMAIL=… PASSWORD=… node tests/browser/screens.mjs --readme
//
// A PAGE is an address, or NAME=ADDRESS, or NAME=ADDRESS>LINK>LINK: the page behind these links; a LINK that begins
// with + is unfolded instead of followed. Without EMAIL nobody signs in. Each page is taken at both widths, in light and in dark:
// FOLDER/NAME-1280-light.png. --readme takes the README's, on `keywright demo`, at 1280 px in light: what fits a window,
// into docs/screenshots; tests/screenshots does all of it.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NARROW, WIDE, launch, openWindow } from './lib/chromium.mjs';

const { BASE_URL, EMAIL, PASSWORD } = process.env;
const README = [
  'service=/services>Scooter sharing>+Scooter web application',
  'client=/clients>Scooter web application',
  'clients=/clients',
];

const [first, ...rest] = process.argv.slice(2);
if (!BASE_URL || !first) {
  console.error('usage: BASE_URL=… EMAIL=… PASSWORD=… node tests/browser/screens.mjs FOLDER PAGE… | --readme');
  process.exit(2);
}
const readme = first === '--readme';
const folder = readme ? join(dirname(fileURLToPath(import.meta.url)), '../../docs/screenshots') : first;
const pages = (readme ? README : rest).map(parse);
const looks = readme
  ? [{ size: { ...WIDE, height: 960 }, colours: 'light' }]
  : [WIDE, NARROW].flatMap((size) => ['light', 'dark'].map((colours) => ({ size, colours })));

mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  for (const look of looks) {
    const { page, close } = await openWindow(browser, { base: BASE_URL, ...look });
    if (EMAIL) await signIn(page);
    for (const { name, address, links } of pages) {
      await page.goto(address);
      for (const link of links) await follow(page, link);
      const file = join(folder, readme ? `${name}.png` : `${name}-${look.size.width}-${look.colours}.png`);
      // Nothing lights up because a pointer happens to be there.
      await page.mouse.move(0, 0);
      await page.screenshot({ path: file, fullPage: !readme });
      console.log(file);
    }
    await close();
  }
} finally {
  await browser.close();
}

function parse(page) {
  const [, name, way] = page.match(/^(?:([\w-]+)=)?(\/.*)$/) ?? [];
  if (!way) throw new Error(`a page is ADDRESS or NAME=ADDRESS>LINK, not ${page}`);
  const [address, ...links] = way.split('>');
  return { name: name ?? (way.replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'start'), address, links };
}

async function follow(page, link) {
  if (link.startsWith('+')) return page.locator('summary', { hasText: link.slice(1) }).first().click();
  await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name: link }).first().click()]);
}

async function signIn(page) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Sign in' }).click()]);
}
