// Puts the focus where the news is: the error summary, and from there the field. A notice is read aloud.
{
  const summary = document.querySelector('.error-summary');
  if (summary) {
    summary.focus();
    summary.addEventListener('click', (event) => {
      const link = event.target.closest('a[href^="#"]');
      const field = link && document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      const label = field.labels?.[0] ?? field;
      (field.closest('fieldset')?.querySelector('legend') ?? label).scrollIntoView({ block: 'center' });
      field.focus({ preventScroll: true });
    });
  }

  const notice = document.querySelector('.banner .banner-text');
  const region = document.getElementById('announcements');
  if (notice && region && !summary) setTimeout(() => { region.textContent = notice.textContent; }, 300);
}
