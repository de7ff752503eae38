// A box that makes another field pointless ("Never expires") greys it out. What stands in it is still sent, so that nothing typed is lost.
for (const box of document.querySelectorAll('input[data-disables]')) {
  const field = document.getElementById(box.dataset.disables);
  if (!field) continue;
  const follow = () => { field.disabled = box.checked; };
  box.addEventListener('change', follow);
  box.form?.addEventListener('submit', () => { field.disabled = false; });
  addEventListener('pageshow', follow);
  follow();
}
