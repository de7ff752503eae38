// Somebody in front of a window. They find things as people and assistive technology do: fields by their label, buttons
// and links by their name. Every page they come to is checked: it answered as expected, fits the width, said nothing
// in the console, fetched nothing from elsewhere, and axe-core finds nothing wrong with it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { openWindow } from './chromium.mjs';

const PATIENCE = 15_000;

export class Person {
  // What they did, newest last, for whoever reads a failure.
  story = [];
  // Every page seen: {address, title, status}.
  pages = [];

  #audited = new Set();
  #problems = [];
  #status = 0;
  #pictures = 0;

  // label names this person's pictures; the rest is openWindow's.
  static async sitsDown(browser, { label = 'page', ...options }) {
    const window = await openWindow(browser, options);
    return new Person(window, options.base, label);
  }

  constructor(window, base, label) {
    Object.assign(this, { window, page: window.page, scripts: window.scripts, base, label });
    this.page.setDefaultTimeout(PATIENCE);
    this.#watch();
  }

  get narrow() {
    return this.window.size.width < 600;
  }

  leave() {
    return this.window.close();
  }

  // ------------------------------------------------------------------------------------------------- going somewhere

  visit(address, { status = 200 } = {}) {
    return this.#travel(`visit ${address}`, () => this.page.goto(address), status);
  }

  reload({ status = 200 } = {}) {
    return this.#travel('reload', () => this.page.reload(), status);
  }

  // Presses a button or a link that leads to a page.
  async press(name, { status = 200 } = {}) {
    const control = await this.#control(name);
    await this.#travel(`press “${name}”`, () => control.click(), status);
  }

  // Presses a button that acts where it stands.
  async pressInPlace(name) {
    this.#note(`press “${name}”`);
    await (await this.#control(name)).click();
    this.#blame();
  }

  // Folds something out: its summary carries these words.
  async unfold(words) {
    this.#note(`unfold “${words}”`);
    const summary = this.page.locator('summary').filter({ hasText: words, visible: true }).first();
    await summary.waitFor().catch(() => this.#fail(`nothing on the page unfolds at “${words}”`));
    await summary.click();
    await this.#examine('unfolded');
  }

  // Waits until the page, which a script changes in place, is at an address that has this in it.
  async arrivesAt(part) {
    await this.page.waitForURL((url) => url.href.includes(part))
      .catch(() => this.#fail(`the address does not come to have “${part}” in it`));
    await this.page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
    await this.#examine('in place');
  }

  // The browser's Back. Chromium asks before it sends a form again; nobody confirms that here, and null is the answer.
  async back() {
    this.#note('go back');
    try {
      await this.page.goBack();
    } catch (error) {
      if (!error.message.includes('ERR_CACHE_MISS')) throw error;
      await this.page.waitForURL('chrome-error://**');
      return null;
    }
    return this.address();
  }

  // ----------------------------------------------------------------------------------------------------- filling in

  async fill(label, text) {
    this.#note(`fill in “${label}”`);
    await (await this.#field(label)).fill(text);
  }

  // In: the name of the group, where the label alone is not enough.
  async tick(label, { in: group } = {}) {
    this.#note(`tick “${label}”`);
    await (await this.#field(label, group)).check();
  }

  async untick(label, { in: group } = {}) {
    this.#note(`untick “${label}”`);
    await (await this.#field(label, group)).uncheck();
  }

  // From a select, or from a group of radio buttons.
  async choose(label, option) {
    this.#note(`choose “${option}” as “${label}”`);
    if (await this.#group(label).count()) return (await this.#field(option, label)).check();
    await (await this.#field(label)).selectOption({ label: option });
  }

  // --------------------------------------------------------------------------------------------------- looking around

  address() {
    return this.page.url().replace(this.base, '');
  }

  heading() {
    return this.page.getByRole('heading', { level: 1 }).innerText();
  }

  async sees(text) {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor()
      .catch(() => this.#fail(`“${text}” is not on the page`));
  }

  async seesNot(text) {
    if (await this.page.getByText(text).filter({ visible: true }).count()) this.#fail(`“${text}” is on the page`);
  }

  async has(name) {
    return (await this.#controls(name).count()) > 0;
  }

  async asks(label) {
    return (await this.#fields(label).count()) > 0;
  }

  // What stands in a field with this label, or beside this term of a list of facts.
  async reads(label) {
    const fact = this.page.locator('dl > div').filter({ has: this.page.locator('dt', { hasText: exactly(label) }) });
    const field = this.#labelled(this.page, label).and(this.page.locator(':not(button)'));
    const thing = ((await field.count()) ? field : fact.locator('code, dd:not(:has(code))')).first();
    await thing.waitFor().catch(() => this.#fail(`nothing on the page is labelled “${label}”`));
    return thing.evaluate((element) => (element.value ?? element.textContent).trim());
  }

  // The words of whatever has the focus.
  focused() {
    return this.page.evaluate(() => document.activeElement.innerText ?? '');
  }

  // True if the page carries this anywhere: in its text, its source, or what its fields hold now.
  carries(value) {
    return this.page.evaluate(
      (value) => document.documentElement.outerHTML.includes(value)
        || [...document.querySelectorAll('input, textarea')].some((field) => field.value.includes(value)),
      value,
    );
  }

  clipboard() {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  async screenshot(name) {
    if (!process.env.SCREENSHOT_DIR) return;
    mkdirSync(process.env.SCREENSHOT_DIR, { recursive: true });
    await this.page.screenshot({ path: join(process.env.SCREENSHOT_DIR, `${this.label}-${name}.png`), fullPage: true });
  }

  // -------------------------------------------------------------------------------------------------- finding things

  async #control(name) {
    const controls = this.#controls(name);
    await controls.first().waitFor().catch(() => this.#fail(`no button or link “${name}” is on the page`));
    return controls.first();
  }

  #controls(name) {
    return this.#named('button', name).or(this.#named('link', name)).filter({ visible: true });
  }

  // The name itself, or with words behind it that only say which one: “Delete secret CI, sandbox”.
  #named(role, name) {
    return this.page.getByRole(role, { name: new RegExp(`^${literally(name)}($|[ ,:(].*$)`, 's') })
      .and(this.page.locator(':not([disabled])'));
  }

  async #field(label, group) {
    const fields = this.#fields(label, group);
    await fields.first().waitFor()
      .catch(() => this.#fail(`no field “${label}” is on the page${group ? ` in “${group}”` : ''}`));
    return fields.first();
  }

  // With or without "(optional)" behind it.
  #labelled(scope, label) {
    return scope.getByLabel(new RegExp(`^\\s*${literally(label)}(\\s*\\(.*\\))?\\s*$`));
  }

  // By its label; or the first one of a group of that name, as in a list of URLs.
  #fields(label, group) {
    const scope = group ? this.#group(group) : this.page;
    const fields = this.page.locator('input, select, textarea');
    return this.#labelled(scope, label).and(fields)
      .or(this.#group(label).locator('input:not([type=checkbox], [type=radio]), textarea'))
      .filter({ visible: true });
  }

  #group(name) {
    const exact = { name: new RegExp(`^${literally(name)}(\\s*\\(.*\\))?$`) };
    return this.page.getByRole('group', exact).or(this.page.getByRole('radiogroup', exact));
  }

  // ---------------------------------------------------------------------------------------------- arriving somewhere

  async #travel(what, act, expected) {
    this.#note(what);
    this.#status = 0;
    const loaded = this.page.waitForEvent('load', { timeout: PATIENCE });
    // Whichever fails first tells the story; the other must not end the process.
    loaded.catch(() => {});
    await act();
    await loaded.catch(async () => this.#fail(`${what} led nowhere. ${await this.#complaints()}`));
    await this.#arrive(expected);
  }

  async #arrive(expected) {
    const { page } = this;
    this.pages.push({ address: this.address(), title: await page.title(), status: this.#status });
    if (expected !== 'any' && this.#status !== expected) {
      this.#fail(`answered ${this.#status} instead of ${expected}. ${await this.#complaints()}`);
    }
    await this.#examine();
  }

  // `how` the page came to look as it does, if it did not come so.
  async #examine(how = '') {
    const { page } = this;
    // On a phone a page that is too wide is zoomed out, so the window's own idea of its width says nothing.
    const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
    if (width > this.window.size.width) this.#problems.push(`the page is ${width} px wide:${await this.#widest()}`);

    const look = `${how} ${await this.#look()}`;
    if (!this.#audited.has(look)) {
      this.#audited.add(look);
      this.#problems.push(...(await audit(this.window)));
      this.#pictures += 1;
      await this.screenshot(`${String(this.#pictures).padStart(3, '0')}${shape(this.address()).replaceAll('/', '-')}`);
    }
    this.#blame();
  }

  get audited() {
    return this.#audited.size;
  }

  // Two pages of the same kind with the same elements need no second look.
  async #look() {
    const elements = await this.page.evaluate(() => {
      const kinds = [...document.querySelectorAll('body *')].map((element) => `${element.localName}.${element.className}`);
      return [...new Set(kinds)].sort().join(' ');
    });
    return `${shape(this.address())} ${elements}`;
  }

  #widest() {
    return this.page.evaluate((limit) => {
      const sticksOut = (element) => element.getBoundingClientRect().left + element.scrollWidth > limit + 1;
      const innermost = [...document.querySelectorAll('body *')].filter((element) => sticksOut(element) && ![...element.children].some(sticksOut));
      return innermost.slice(0, 3).map((element) => `\n        ${element.outerHTML.slice(0, 120)}`).join('');
    }, this.window.size.width);
  }

  // What the page itself gives as the reason: an error summary, or fields that the browser would not send.
  async #complaints() {
    return this.page.evaluate(() => {
      const said = [...document.querySelectorAll('[role=alert], [role=status]')].map((element) => element.innerText.trim());
      const held = [...document.querySelectorAll('input:invalid, select:invalid, textarea:invalid')]
        .map((field) => `${field.labels?.[0]?.innerText ?? field.name}: ${field.validationMessage}`);
      return [...said, ...held].filter(Boolean).join(' | ');
    }).catch(() => '');
  }

  // ------------------------------------------------------------------------------------------------- what goes wrong

  #watch() {
    const { page } = this;
    const problem = (text) => this.#problems.push(text);
    const documents = new Set();

    page.on('request', (request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) documents.add(request.url());
      else if (!request.url().startsWith(this.base) && !request.url().startsWith('data:')) problem(`asks elsewhere for ${request.url()}`);
    });
    page.on('response', (response) => {
      const request = response.request();
      const status = response.status();
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) {
        if (status < 300 || status >= 400) this.#status = status;
      } else if (status >= 400) problem(`${status} for ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // What was still under way when somebody moved on.
      if (reason !== 'net::ERR_ABORTED' && reason !== 'net::ERR_CACHE_MISS') problem(`${reason} for ${request.url()}`);
    });
    page.on('pageerror', (error) => problem(`script: ${error.message}`));
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      // Chromium also logs the status of the page itself, which #arrive judges.
      if (message.text().startsWith('Failed to load resource') && documents.has(message.location().url)) return;
      problem(`console: ${message.text()}`);
    });
  }

  #note(what) {
    this.story.push(what);
  }

  #blame() {
    if (this.#problems.length) this.#fail([...new Set(this.#problems.splice(0))].join('\n      '));
  }

  #fail(what) {
    throw new Error(what);
  }

  // For the end of a journey: anything that went wrong after the last page.
  endsWell() {
    this.#blame();
  }
}

const exactly = (text) => new RegExp(`^\\s*${literally(text)}\\s*$`);

const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// /clients/0190ab…/edit?page=2 -> /clients/{id}/edit
const shape = (address) => address.replace(/[?#].*/, '').replace(/\/(?=[^/]*\d)[^/]{6,}/g, '/{id}').replace(/\/\d+/g, '/{id}');
