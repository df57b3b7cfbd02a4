// For websites into which a form of Handoff was pasted: fills in where the visitor came from. It
// keeps the address and the time of the first visit in this website's own storage, nothing else, and
// the form works without it.
(() => {
  "use strict";

  const KEY = "handoff-first-visit";

  function firstVisit() {
    const now = { url: location.href, referrer: document.referrer, at: new Date().toISOString() };
    try {
      const kept = JSON.parse(localStorage.getItem(KEY));
      if (kept && typeof kept.url === "string") return kept;
      localStorage.setItem(KEY, JSON.stringify(now));
    } catch {
      // Storage is switched off, or holds something else.
    }
    return now;
  }

  function fill() {
    const first = firstVisit();
    const values = {
      page_url: location.href,
      referrer: document.referrer,
      first_url: first.url,
      first_referrer: first.referrer,
      first_at: first.at,
      nonce: [...crypto.getRandomValues(new Uint8Array(16))]
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join(""),
    };
    for (const form of document.querySelectorAll("form[data-handoff-form]"))
      for (const [name, value] of Object.entries(values)) {
        const input = form.querySelector(`input[type="hidden"][name="${name}"]`);
        if (input) input.value = value ?? "";
      }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", fill);
  else fill();
})();
