// Work that goes on in the background: the page is asked for again after so many seconds, as long
// as it says so, is looked at, and nobody is about to type or choose something.
(() => {
  "use strict";

  const told = document.querySelector("[data-again]");
  if (!told) return;
  const seconds = Number(told.dataset.again);

  function isBusy() {
    const at = document.activeElement;
    return document.hidden || Boolean(at?.closest("form, [contenteditable], details"));
  }

  setInterval(() => {
    if (!isBusy()) location.reload();
  }, seconds * 1000);
})();
