// What a test may do to the server that a person can't: move its clock, run its jobs, read its mail.
export class Control {
  constructor(url = process.env.CONTROL_URL) {
    this.url = url;
  }

  advance({ days = 0, hours = 0, minutes = 0, seconds = 0 }) {
    const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    return this.#ask('POST', `/clock/advance?seconds=${total}`);
  }

  // What was due, and is gone now.
  purge() {
    return this.#ask('POST', '/jobs/purge');
  }

  // [{to, subject, text}], the newest last.
  mail() {
    return this.#ask('GET', '/mail');
  }

  // The newest code mailed to somebody.
  async code(to) {
    const letter = (await this.mail()).findLast((mail) => mail.to.includes(to));
    const [code] = letter?.text.match(/\b[A-Z0-9]{4}-[A-Z0-9]{4}\b/) ?? [];
    if (!code) throw new Error(`no mail to ${to} has a code`);
    return code;
  }

  // The link in the newest mail to somebody.
  async link(to) {
    const letter = (await this.mail()).findLast((mail) => mail.to.includes(to));
    const [link] = letter?.text.match(/https?:\/\/\S+/) ?? [];
    if (!link) throw new Error(`no mail to ${to} has a link`);
    return link;
  }

  // What time it is for the server.
  async now() {
    return new Date((await this.advance({})).now);
  }

  // A company with one person of each kind: {administrator, developer, approver, member}, each {email, password}.
  async people(company) {
    const people = await this.#ask('POST', `/people?company=${encodeURIComponent(company)}`);
    return Object.fromEntries(people.map(({ kind, ...person }) => [kind.toLowerCase(), person]));
  }

  async #ask(method, path) {
    const response = await fetch(this.url + path, { method });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} on the control address: ${response.status} ${text}`);
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
  }
}
