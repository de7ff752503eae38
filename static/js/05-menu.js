// The account menu closes on Escape and on a click elsewhere.
{
  const close = (menu, focus) => {
    menu.open = false;
    if (focus) menu.querySelector('summary').focus();
  };
  document.addEventListener('click', (event) => {
    for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(event.target)) close(menu, false);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of document.querySelectorAll('.menu[open]')) close(menu, menu.contains(document.activeElement));
  });
}
