// Starts Chromium and opens windows in it.
import { chromium } from 'playwright-core';

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

// A browser that only talks to the server under test: no updates, no look-ups, no first-run questions.
const QUIET = [
  '--disable-background-networking', '--disable-component-update', '--disable-quic', '--disable-sync',
  '--disable-gpu', '--no-first-run', '--lang=en-GB',
];

export function launch() {
  // Chromium's sandbox refuses to start as root, which containers and CI are.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({
    executablePath: process.env.TEST_CHROMIUM ?? '/usr/bin/chromium',
    args: [...QUIET, ...asRoot],
  });
}

// A window of somebody who has never been here: no cookies, an empty cache.
export async function openWindow(browser, { base, size = WIDE, colours = 'light', scripts = true } = {}) {
  const phone = size.width < 600;
  const context = await browser.newContext({
    baseURL: base,
    viewport: size,
    isMobile: phone,
    hasTouch: phone,
    colorScheme: colours,
    // A colour measured half-way through a transition is a colour that nobody chose.
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base });
  const page = await context.newPage();
  // Not Playwright's `javaScriptEnabled`: that is for good, and axe-core needs scripts for a moment to look at a page
  // that was built without any.
  const devtools = await context.newCDPSession(page);
  const setScripts = (on) => devtools.send('Emulation.setScriptExecutionDisabled', { value: !on });
  await setScripts(scripts);
  return { page, setScripts, scripts, size, close: () => context.close() };
}
