// A user's browser without scripts: keeps cookies, follows redirects, fills in the portal's forms.

import { parse } from 'node-html-parser';

export class Browser {
  #cookies = new Map();
  // Whether a consent page was on the way, and what stood on it.
  consented = false;
  page = '';

  constructor(issuer, email, password) {
    Object.assign(this, { issuer, email, password });
  }

  async #send(url, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...init.headers, ...(cookie && { cookie }) };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(';');
      const at = pair.indexOf('=');
      const gone = rest.some((part) => /^\s*max-age=0\s*$/i.test(part));
      if (gone) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }

  // Goes to an address of the issuer, signs in and consents where asked, until the browser is sent to another host.
  // Answers with that address; a page on which nothing is to be done is an error.
  async authorize(address) {
    let [url, init] = [new URL(address), {}];
    for (let step = 0; step < 20; step += 1) {
      const response = await this.#send(url, init);
      init = {};
      const location = response.headers.get('location');
      if (location) {
        url = new URL(location, url);
        if (url.origin !== new URL(this.issuer).origin) return url;
        continue;
      }
      const page = parse(await response.text());
      const form = page.querySelectorAll('main form').find((form) => form.querySelector('[type=password], [name=decision]'));
      if (!form) throw new Error(`${response.status} at ${url.pathname}: ${page.querySelector('main')?.text.replace(/\s+/g, ' ')}`);
      if (form.querySelector('[name=decision]')) {
        this.consented = true;
        this.page = page.querySelector('main').toString();
      }
      const fields = new URLSearchParams();
      for (const input of form.querySelectorAll('input')) {
        const [name, type] = [input.getAttribute('name'), input.getAttribute('type')];
        if (!name || type === 'checkbox') continue;
        if (type === 'password') fields.set(name, this.password);
        else if (name === 'email') fields.set(name, this.email);
        else fields.set(name, input.getAttribute('value') ?? '');
      }
      const button = form.querySelector('button[name]');
      if (button) fields.set(button.getAttribute('name'), button.getAttribute('value'));
      url = new URL(form.getAttribute('action') || url.href, url);
      init = { method: 'POST', body: fields, headers: { origin: this.issuer, 'sec-fetch-site': 'same-origin' } };
    }
    throw new Error('the browser goes round in circles');
  }
}
