// Looks at a page as axe-core does, in light and in dark.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// The findings, one readable string each; an empty list is what we want.
export async function audit(window) {
  const { page, scripts, setScripts } = window;
  if (!scripts) await setScripts(true);
  try {
    // Evaluated, not added as a script element: the page's Content-Security-Policy forbids those, rightly.
    await page.evaluate(AXE);
    const findings = await look(page, { runOnly: TAGS });
    // Only colours change with the scheme.
    await page.emulateMedia({ colorScheme: 'dark' });
    findings.push(...(await look(page, { runOnly: { type: 'rule', values: ['color-contrast'] } })).map((f) => `in the dark, ${f}`));
    await page.emulateMedia({ colorScheme: 'light' });
    return findings;
  } finally {
    if (!scripts) await setScripts(false);
  }
}

async function look(page, options) {
  const violations = await page.evaluate(
    async (options) => (await globalThis.axe.run({ ...options, resultTypes: ['violations'] })).violations
      .map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html, any }) => ({ html, why: any[0]?.message })) })),
    options,
  );
  return violations.map(({ id, help, nodes }) => {
    const shown = nodes.slice(0, 3).map(({ html, why }) => `\n        ${html.slice(0, 160)}${why ? `\n          ${why}` : ''}`);
    const more = nodes.length > 3 ? `\n        and ${nodes.length - 3} more` : '';
    return `${id}: ${help}${shown.join('')}${more}`;
  });
}
