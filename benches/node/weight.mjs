// How heavy pages are for a browser: requests and bytes on the wire, the first time and again.
//
//     BASE_URL=… COOKIE=name=value CHROMIUM=… node weight.mjs PATH…
//
// Prints one line of JSON: {path: {cold: {requests, bytes}, warm: {requests, bytes}}}. The bytes are the answers', headers
// included, as they were compressed.
import { chromium } from 'playwright-core';

const { BASE_URL, COOKIE, CHROMIUM } = process.env;
const separator = COOKIE.indexOf('=');
const cookie = { name: COOKIE.slice(0, separator), value: COOKIE.slice(separator + 1), url: BASE_URL };

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const weights = {};
try {
  for (const path of process.argv.slice(2)) {
    // A window of its own, so that nothing is kept from another page.
    const context = await browser.newContext();
    await context.addCookies([cookie]);
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const kept = new Set();
    let seen;
    devtools.on('Network.requestServedFromCache', ({ requestId }) => kept.add(requestId));
    devtools.on('Network.responseReceived', ({ requestId, response }) => {
      if (response.fromDiskCache) kept.add(requestId);
    });
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (kept.has(requestId)) return;
      seen.requests += 1;
      seen.bytes += encodedDataLength;
    });
    weights[path] = {};
    for (const visit of ['cold', 'warm']) {
      seen = { requests: 0, bytes: 0 };
      const answer = await page.goto(BASE_URL + path, { waitUntil: 'networkidle' });
      if (answer.status() !== 200) throw new Error(`${path}: ${answer.status()}`);
      weights[path][visit] = seen;
    }
    await context.close();
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(weights));
