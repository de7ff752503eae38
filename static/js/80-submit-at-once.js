// The answer for an application that wants it posted goes there without another click.
document.querySelector('form[data-submit-at-once]')?.requestSubmit();
