// Shows what is typed into a password field, until the form is sent.
for (const button of document.querySelectorAll('button[data-reveal]')) {
  const input = document.getElementById(button.dataset.reveal);
  if (!input?.hasAttribute('data-reveal-password')) continue;
  const word = button.querySelector('[data-reveal-word]');
  const set = (shown) => {
    input.type = shown ? 'text' : 'password';
    word.textContent = shown ? 'Hide' : 'Show';
  };
  button.hidden = false;
  button.addEventListener('click', () => set(input.type === 'password'));
  input.form?.addEventListener('submit', () => set(false));
}
