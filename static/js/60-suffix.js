// Proposes the client id suffix from the name, until somebody types one of their own.
for (const suffix of document.querySelectorAll('input[data-suffix-from]')) {
  const name = document.getElementById(suffix.dataset.suffixFrom);
  if (!name) continue;
  const propose = () => name.value.normalize('NFKD').toLowerCase().replace(/[^0-9a-z]/g, '').slice(0, 64);
  let mine = suffix.value === '' || suffix.value === propose();
  suffix.addEventListener('input', () => { mine = suffix.value === ''; });
  name.addEventListener('input', () => { if (mine) suffix.value = propose(); });
}
