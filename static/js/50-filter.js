// Filter as you type: <form data-autosubmit="#results"> asks for the same page with what stands in the form,
// and puts its #results in place. The address bar follows; the focus stays where it is.
for (const form of document.querySelectorAll('form[data-autosubmit]')) {
  const target = form.dataset.autosubmit;
  let timer;
  let asked;

  const load = async () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
    const url = `${form.getAttribute('action') || location.pathname}?${query}`;
    asked?.abort();
    asked = new AbortController();
    const place = document.querySelector(target);
    if (!place) return form.requestSubmit();
    try {
      place.setAttribute('aria-busy', 'true');
      const answer = await fetch(url, { signal: asked.signal, credentials: 'same-origin' });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelector(target);
      if (!answer.ok || answer.redirected || !fresh) return location.assign(url);
      place.replaceWith(fresh);
      history.replaceState(null, '', url);
      document.dispatchEvent(new Event('keywright:replaced'));
      const count = fresh.querySelector('[data-count]') ?? fresh.querySelector('.pagination p');
      const region = document.getElementById('announcements');
      if (region) region.textContent = count?.textContent ?? 'Nothing found';
    } catch (error) {
      if (error.name !== 'AbortError') form.submit();
    }
  };

  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(load, wait);
  };
  form.addEventListener('input', (event) => { if (event.target.type === 'search' || event.target.type === 'text') later(250); });
  form.addEventListener('change', (event) => { if (event.target.tagName === 'SELECT' || event.target.type === 'checkbox') later(0); });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    later(0);
  });
}
