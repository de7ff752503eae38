// Copy buttons: data-copy="#id" copies that element's text, data-copy-value="…" copies the value itself.
// They are hidden in the page and come up only where there is a clipboard to write to.
{
  const region = document.getElementById('announcements');
  const announce = (words) => {
    if (!region) return;
    region.textContent = '';
    setTimeout(() => { region.textContent = words; }, 50);
  };
  const show = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll('button[data-copy][hidden]')) button.hidden = false;
  };
  const select = (element) => {
    if (!element) return;
    if (element.select) element.select();
    else getSelection().selectAllChildren(element);
  };

  document.addEventListener('click', async (event) => {
    const button = event.target.closest?.('button[data-copy]');
    if (!button) return;
    const source = document.getElementById(button.dataset.copy.slice(1));
    const value = button.dataset.copyValue ?? source?.value ?? source?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(value.trim());
    } catch {
      select(source);
      announce('Could not copy. The text is selected: copy it with the keyboard.');
      return;
    }
    announce('Copied');
    if (button.hasAttribute('data-copied')) return;
    const note = document.createElement('span');
    note.className = 'copy-done';
    note.setAttribute('aria-hidden', 'true');
    note.textContent = 'Copied';
    button.setAttribute('data-copied', '');
    button.after(note);
    setTimeout(() => { button.removeAttribute('data-copied'); note.remove(); }, 2000);
  });

  document.addEventListener('keywright:replaced', show);
  show();
}
