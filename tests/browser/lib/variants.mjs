// Runs a journey on a desk and on a phone, with scripts and without.
import { NARROW, WIDE, launch } from './chromium.mjs';
import { Person } from './person.mjs';

const ALL = [
  { name: '1280', size: WIDE, scripts: true },
  { name: '1280-no-scripts', size: WIDE, scripts: false },
  { name: '390', size: NARROW, scripts: true },
  { name: '390-no-scripts', size: NARROW, scripts: false },
];

// VARIANT=390 runs only that one. Prints one line for each, and ends the process with 0 if all held.
export async function inEveryVariant(base, journey) {
  const wanted = ALL.filter(({ name }) => !process.env.VARIANT || process.env.VARIANT === name);
  if (!wanted.length) throw new Error(`VARIANT is one of ${ALL.map(({ name }) => name).join(', ')}`);

  const browser = await launch();
  let failed = 0;
  for (const [turn, { name, ...options }] of wanted.entries()) {
    const person = await Person.sitsDown(browser, { base, label: name, ...options });
    const start = Date.now();
    const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
    try {
      await journey(person, { name, first: turn === 0 });
      person.endsWell();
      console.log(`ok      ${name}: ${person.pages.length} pages, ${person.audited} audited, ${seconds()}`);
    } catch (error) {
      failed += 1;
      await person.screenshot('failed').catch(() => {});
      console.log(`FAILED  ${name}, after ${seconds()}
    on ${person.address()} “${await person.page.title().catch(() => '?')}”
    having done: ${person.story.slice(-6).join(', ')}
      ${error.message}
${error.stack.split('\n').filter((line) => line.includes('journey') || line.includes('.mjs:')).slice(0, 4).join('\n')}`);
    }
    await person.leave();
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
}
