// Work that goes on in the background: the page is asked for again after so many seconds, as long
// as it says so, is looked at, and nobody types or chooses something, or has.
(() => {
  "use strict";

  const told = document.querySelector("[data-again]");
  if (!told) return;
  const seconds = Number(told.dataset.again);
  let isEdited = false;
  document.addEventListener("input", () => {
    isEdited = true;
  });

  function isBusy() {
    const at = document.activeElement;
    return isEdited || document.hidden || Boolean(at?.closest("form, [contenteditable], details"));
  }

  setInterval(() => {
    if (!isBusy()) location.reload();
  }, seconds * 1000);
})();
