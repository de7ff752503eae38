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
    // Somebody else in front of a window of the same kind, or the same person in another browser.
    const others = [];
    const another = async () => {
      others.push(await Person.sitsDown(browser, { base, label: `${name}-other`, ...options }));
      return others.at(-1);
    };
    try {
      await journey(person, { name, first: turn === 0, another });
      for (const somebody of [person, ...others]) somebody.endsWell();
      const sum = (count) => [person, ...others].reduce((total, somebody) => total + count(somebody), 0);
      console.log(`ok      ${name}: ${sum(({ pages }) => pages.length)} pages, ${sum(({ audited }) => audited)} audited, ${seconds()}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}, after ${seconds()}`);
      for (const somebody of [person, ...others]) {
        await somebody.screenshot('failed').catch(() => {});
        console.log(`    on ${somebody.address()} “${await somebody.page.title().catch(() => '?')}”
    having done: ${somebody.story.slice(-6).join(', ')}`);
      }
      console.log(`      ${error.message}
${error.stack.split('\n').filter((line) => line.includes('journey') || line.includes('.mjs:')).slice(0, 4).join('\n')}`);
    }
    for (const somebody of [person, ...others]) await somebody.leave();
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
}
