// For a page that answers a form with something new, shown once: to reload it asks for the page of
// the form, and does not send the form a second time. Without this file, the browser asks first.

history.replaceState(null, "", location.href);
