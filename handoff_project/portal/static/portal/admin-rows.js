// Rows of the admin: adds one without asking the server, shows the columns that matter, and asks the
// server what a row would say. It decides nothing; every page works without it.
(() => {
  "use strict";

  document.documentElement.classList.add("scripted");

  const ASKS = 300; // milliseconds after the last key until the server is asked
  const told = document.getElementById("asked");
  const asked = told ? JSON.parse(told.textContent) : null;

  const rowOf = (element) => element.closest("[data-row]");
  const columnOf = (row, name) => row.querySelector(`[data-column="${name}"]`);
  const inputOf = (row, name) => columnOf(row, name)?.querySelector("input, select, textarea");
  const valueOf = (row, name) => inputOf(row, name)?.value ?? "";

  // --- Which columns matter --------------------------------------------------------------------

  const WAYS = { segment: "A segment", field: "A field", count: "How often or long a signal happened" };
  const COLUMNS = {
    segment: ["segment"],
    field: ["field", "operator", "value", "signal", "window_days"],
    count: ["signal", "window_days", "counts", "per", "cap", "half_life_days"],
  };
  const MEASURES = { on_days: "Days", in_visits: "Visits", for_seconds: "Seconds" };
  const GIVE_POINTS = ["fit", "interest"];

  function wayOf(row) {
    const chosen = row.querySelector("[data-way]");
    if (chosen?.value) return chosen.value;
    if (valueOf(row, "segment")) return "segment";
    if (valueOf(row, "field")) return "field";
    if (valueOf(row, "signal")) return "count";
    return valueOf(row, "kind") === "interest" ? "count" : "segment";
  }

  // What is hidden must not be asked for: it is set aside, and comes back with the column.
  function show(row, name, shown) {
    const column = columnOf(row, name);
    if (!column || column.hidden === !shown) return;
    const input = inputOf(row, name);
    column.hidden = !shown;
    if (shown) input.value = input.dataset.kept ?? input.value;
    else {
      input.dataset.kept = input.value;
      input.value = { per: "1", points: "0", counts: "times" }[name] ?? "";
    }
  }

  function narrow(row) {
    if (!asked || !columnOf(row, "operator")) return;
    const rule = Boolean(columnOf(row, "kind"));
    const points = rule && GIVE_POINTS.includes(valueOf(row, "kind"));
    const way = rule ? wayIn(row, points) : "field";
    for (const name of new Set(Object.values(COLUMNS).flat()))
      show(row, name, COLUMNS[way].includes(name));
    if (rule) for (const name of ["points", "group"]) show(row, name, points);
    if (way !== "field") return;
    const type = asked.types[valueOf(row, "field")];
    const behaviour = type === "behaviour";
    const operator = operatorsOf(row, type);
    for (const name of ["signal", "window_days"]) show(row, name, behaviour);
    show(row, "value", !asked.without_value.includes(operator) && operator !== "not_since");
    hint(row, type, operator);
  }

  function wayIn(row, points) {
    let select = row.querySelector("[data-way]");
    if (!select) {
      const column = document.createElement("div");
      column.className = "column";
      const label = document.createElement("label");
      select = document.createElement("select");
      select.dataset.way = "";
      select.id = `${row.dataset.row}-way`;
      label.htmlFor = select.id;
      label.textContent = "Asks for";
      for (const [way, words] of Object.entries(WAYS)) select.add(new Option(words, way));
      select.value = wayOf(row);
      column.append(label, select);
      columnOf(row, "segment").before(column);
    }
    const count = select.querySelector('[value="count"]');
    count.hidden = count.disabled = !points;
    if (!points && select.value === "count") select.value = "segment";
    return select.value;
  }

  const words = new Map(); // of the operators, in their order, from the first select that has all

  function operatorsOf(row, type) {
    const select = inputOf(row, "operator");
    if (!words.size) for (const option of select.options) words.set(option.value, option.text);
    const now = select.value;
    const fits = type ? asked.operators[type] : [...words.keys()].filter(Boolean);
    select.replaceChildren(
      ...["", ...fits].map((name) => new Option(words.get(name), name, false, name === now)),
    );
    if (type && !fits.includes(now)) select.value = fits[0];
    return select.value;
  }

  function hint(row, type, operator) {
    const input = inputOf(row, "value");
    const field = valueOf(row, "field");
    const label = columnOf(row, "value").querySelector("label");
    label.textContent =
      type === "behaviour" ? (MEASURES[operator] ?? "Times")
      : operator === "between" ? "Two values: 200, 2000"
      : asked.named.includes(operator) ? "Name of the list"
      : asked.lists.includes(operator) ? "Values, separated by commas"
      : type === "date" ? "Date, like 2026-03-31"
      : "Value";
    input.inputMode = { number: "decimal", behaviour: "numeric" }[type] ?? "text";
    if (operator === "between") input.inputMode = "text";
    const named = asked.named.includes(operator);
    const offered = named ? asked.names : asked.values[field];
    if (offered) input.setAttribute("list", listOf(named ? "of-lists" : field, offered));
    else input.removeAttribute("list");
  }

  function listOf(what, offered) {
    const id = `values-${what}`;
    if (!document.getElementById(id)) {
      const list = document.createElement("datalist");
      list.id = id;
      for (const value of offered) list.append(new Option(value, value));
      document.body.append(list);
    }
    return id;
  }

  // --- What it would say -----------------------------------------------------------------------

  const waiting = new WeakMap();

  function ask(part) {
    const rows = part.closest("[data-rows]");
    if (!rows.dataset.sentence) return;
    clearTimeout(waiting.get(part)?.timer);
    waiting.get(part)?.stop.abort();
    const stop = new AbortController();
    waiting.set(part, { stop, timer: setTimeout(() => send(rows, part, stop), ASKS) });
  }

  async function send(rows, part, stop) {
    const body = new FormData();
    const prefix = part.dataset.row ? `${part.dataset.row}-` : "";
    for (const [name, value] of new FormData(rows.closest("form")))
      if (name.startsWith(prefix || rows.dataset.rows)) body.append(name.slice(prefix.length), value);
    const form = rows.closest("form");
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(rows.dataset.sentence, {
        method: "POST", body, signal: stop.signal, credentials: "same-origin",
      });
      if (answer.ok) say(part, await answer.json());
    } catch {
      // Asked anew, or no connection: the last words stay, and saving says what is wrong.
    }
  }

  function say(part, { words: sentence, problem, gives, rows }) {
    if (rows) {
      document.getElementById(part.dataset.whole).textContent = problem || sentence;
      for (const row of part.querySelectorAll("[data-row]"))
        if (rows[row.dataset.row]) say(row, rows[row.dataset.row]);
      return;
    }
    const place = part.querySelector("[data-words]");
    place.setAttribute("aria-live", "polite");
    place.textContent = problem ? `Not complete yet. ${problem}` : sentence;
    part.classList.remove("line-wrong");
    part.classList.toggle("line-unfinished", Boolean(problem));
    const given = part.querySelector("[data-gives]");
    if (given) given.textContent = gives;
  }

  // --- One row more ----------------------------------------------------------------------------

  function add(rows, place) {
    const total = document.getElementById(`id_${rows.dataset.rows}-TOTAL_FORMS`);
    const made = document.createElement("div");
    made.innerHTML = rows
      .querySelector("template[data-empty]")
      .innerHTML.replaceAll("__prefix__", total.value);
    const row = made.firstElementChild;
    row.removeAttribute("id");
    total.value = Number(total.value) + 1;
    rows.querySelector(`[data-section="${place}"]`).append(row);
    for (const name of ["kind", "group"])
      if (rows.dataset.placedBy === name) inputOf(row, name).value = place;
    row.querySelector("details").open = true;
    narrow(row);
    inputOf(row, "label")?.focus();
    return row;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-add]");
    if (!button) return;
    event.preventDefault();
    add(button.closest("[data-rows]"), button.dataset.add);
  });

  for (const kind of ["input", "change"])
    document.addEventListener(kind, (event) => {
      const row = rowOf(event.target);
      if (!row) return;
      if (kind === "change") narrow(row);
      const name = row.querySelector("[data-name]");
      if (name && event.target === inputOf(row, "label")) name.textContent = event.target.value;
      const rows = row.closest("[data-rows]");
      ask(rows.dataset.whole ? rows : row);
    });

  // --- Unfolding -------------------------------------------------------------------------------

  // The fields of a rule come when they are wanted; where they do not, its button asks for them.
  async function unfold(row) {
    const place = row.querySelector("[data-fetch]");
    if (!place) return narrow(row);
    const { fetch: url } = place.dataset;
    delete place.dataset.fetch;
    const answer = await fetch(`${url}?prefix=${row.dataset.row}`).catch(() => null);
    if (!answer?.ok || answer.redirected) return place.classList.add("fetch-failed");
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    place.replaceWith(made.content);
    narrow(row);
  }

  for (const details of document.querySelectorAll("[data-row] details")) {
    if (details.open) unfold(rowOf(details));
    details.addEventListener("toggle", () => details.open && unfold(rowOf(details)));
  }

  // After a move the page comes back at the button that was pressed, or at its twin.
  const [, moved] = /^#(move-\d+-)\w+$/.exec(location.hash) || [];
  const button = moved && document.getElementById(location.hash.slice(1));
  (button || (moved && document.querySelector(`[id^="${moved}"]`)))?.focus();
})();
