// A form that has just been sent is not sent again by a double click. The button keeps its value and the focus.
{
  const sent = new WeakMap();
  const buttons = (form) => [...form.elements].filter((control) => control.type === 'submit');
  const release = (form) => {
    clearTimeout(sent.get(form));
    sent.delete(form);
    for (const button of buttons(form)) button.removeAttribute('aria-disabled');
  };
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    if (event.defaultPrevented) return;
    sent.set(form, setTimeout(() => release(form), 8000));
    for (const button of buttons(form)) button.setAttribute('aria-disabled', 'true');
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) for (const form of document.forms) release(form);
  });
}
