// Redraws what the server said: counts clocks down, shows whether the page is live, listens for
// shortcuts. It decides nothing; every page works without it.
(() => {
  "use strict";

  const page = document.documentElement;
  const spoken = document.getElementById("spoken");
  const DRAW = 15_000; // milliseconds between two redraws of the clocks
  let offset = Date.parse(page.dataset.now) - Date.now(); // of the server's clock

  page.classList.add("scripted");

  const serverNow = () => Date.now() + offset;

  // Changing the text of the one live region is what a screen reader hears.
  function say(text) {
    spoken.textContent = "";
    setTimeout(() => (spoken.textContent = text), 50);
  }

  // The same words as the server's `span()`: floored, so no time is promised that is not there.
  function span(milliseconds) {
    const minutes = Math.floor(milliseconds / 60_000);
    if (minutes < 1) return "<1 min";
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
  }

  function draw() {
    const crossed = [];
    for (const badge of document.querySelectorAll("[data-due]")) {
      const { state, due, what } = badge.dataset;
      const left = Date.parse(due) - serverNow();
      const text = badge.querySelector("[data-text]");
      if (state === "late") text.textContent = `Late ${span(-left)}`;
      else if (state === "running" || state === "soon") {
        text.textContent = left > 0 ? `${span(left)} left` : "Due now";
        if (left <= 0 && !badge.dataset.told) crossed.push(what);
        if (left <= 0) badge.dataset.told = "yes";
      }
    }
    if (crossed.length) say(`Due now: ${crossed.join(", ")}`);
  }

  // --- Whether the page is live ------------------------------------------------------------

  const stamp = document.querySelector("[data-stamp]");
  const clockOf = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: page.dataset.zone || "UTC",
  });
  let missed = 0;
  let heard = clockOf.format(serverNow());

  function live(request) {
    const date = request.getResponseHeader("Date");
    if (date) offset = Date.parse(date) - Date.now();
    heard = clockOf.format(serverNow());
    missed = 0;
    stamp.className = "stamp stamp-live";
    stamp.textContent = `Live · ${heard}`;
    draw();
  }

  function lost() {
    missed += 1;
    if (missed < 2) return;
    if (missed === 2) say(`Not live since ${heard}, retrying`);
    stamp.className = "stamp stamp-lost";
    stamp.textContent = `Not live since ${heard}, retrying`;
  }

  const polls = (event) => event.target.matches?.("[data-live], [data-bell]");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (polls(event) && document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr } = event.detail;
    if (event.detail.elt.matches("[data-live]") && xhr.status < 400) live(xhr);
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      if (event.detail.elt.matches("[data-bell]")) return;
      if (event.detail.elt.matches("[data-live]")) lost();
      else say("That did not reach the server. Nothing was changed; try again.");
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    draw();
    for (const poll of document.querySelectorAll("[data-live]")) htmx.trigger(poll, "look");
  });
  document.addEventListener("htmx:afterSettle", draw);

  // Whoever was logged out meanwhile signs in again and comes back here.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.xhr.responseURL.includes(page.dataset.login)) return;
    event.detail.shouldSwap = false;
    const back = encodeURIComponent(window.location.pathname + window.location.search);
    window.location.assign(`${page.dataset.login}?next=${back}`);
  });

  // --- Forms: sent once ----------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });

  // --- Shortcuts -----------------------------------------------------------------------------

  const keys = document.getElementById("keys");
  const places = { q: "queue", l: "leads", b: "board", s: "sla-report" };
  let going = false;

  const links = () => [...document.querySelectorAll("[data-rows] .row-link")];
  const rowOf = () => document.activeElement.closest?.(".row");

  function move(step) {
    const all = links();
    const here = all.findIndex((link) => link.closest(".row") === rowOf());
    all[Math.min(all.length - 1, Math.max(0, here < 0 && step < 0 ? 0 : here + step))]?.focus();
  }

  // In a list a verb is the row's that has the focus, else the page's.
  const press = (name) => () =>
    (document.querySelector("[data-rows]") ? rowOf() : document)
      ?.querySelector(`[data-${name}]`)?.click();

  const verbs = {
    j: () => move(1),
    k: () => move(-1),
    a: press("accept"),
    t: press("touch"),
    q: press("qualify"),
    c: press("recycle"),
    s: press("snooze"),
    r: press("reject"),
    f: press("plan"),
    "[": press("before"),
    "]": press("after"),
    n: () => document.querySelector("[data-work-next]")?.click(),
    ".": () => document.querySelector("[data-show]")?.click(),
    "/": () => document.querySelector("[data-find]")?.focus(),
    "?": () => keys?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const isFind = event.key === "k" && (event.ctrlKey || event.metaKey);
    if (isFind && page.dataset.shortcuts === "on" && !keys?.open) {
      event.preventDefault();
      document.querySelector("[data-find]")?.focus();
      return;
    }
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (page.dataset.shortcuts !== "on" || typing || keys?.open) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (going) {
      going = false;
      document.querySelector(`[data-go="${places[event.key]}"]`)?.click();
      return;
    }
    going = event.key === "g";
    if (!verbs[event.key]) return;
    event.preventDefault();
    verbs[event.key]();
  });

  document.querySelector("[data-open-keys]")?.addEventListener("click", () => keys.showModal());
  document.querySelector("[data-focus]")?.focus();

  const menu = document.querySelector(".menu");
  document.addEventListener("click", (event) => {
    if (!menu?.contains(event.target)) menu?.removeAttribute("open");
  });
  menu?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });

  // After an action the row is a new element: the focus goes to its lead, or to the next row's.
  document.addEventListener("htmx:afterSwap", (event) => {
    const row = event.detail.target?.id?.startsWith("handoff-") && event.detail.target.id;
    if (!row) return;
    const all = links();
    const at = all.findIndex((link) => link.closest(".row").id === row);
    (all[at + 1] || all[at] || document.getElementById(row.replace("handoff", "lead")))?.focus();
  });

  draw();
  setInterval(draw, DRAW);
})();
