// What pages do beyond links and forms: they say whether they are live, and a list can be worked through by single keys.
// Every page does its work without this file. What is live comes by htmx, which leaves focus and what is typed alone.
"use strict";

(() => {
  const AGAIN_MS = 5000;
  const ENDS = {
    full: "Too many are looking: load the page again to see what is new.",
    several: "Not live: four of your windows are already. Close one of them, then load this page again.",
    over: "This session is over: sign in again.",
  };
  const AWAY = "Not live: the database does not answer. What stands here may be out of date; it goes on by itself.";
  const live = document.getElementById("live");
  const link = document.getElementById("link");
  let over = false;

  function told(words, lost = false) {
    link.classList.toggle("lost", lost);
    if (link.textContent !== words) link.textContent = words;
  }

  function headline() {
    return live.querySelector(".headline")?.textContent ?? "";
  }

  // Nothing moves away under a pointer that may be about to press; but not for ever, a pointer may also be left lying.
  async function atRest() {
    for (let looks = 0; looks < 40 && live.querySelector("button:hover"); looks += 1) {
      await new Promise((done) => setTimeout(done, 250));
    }
  }

  function notLive(status) {
    over = status === 401;
    const away = status === 503 ? AWAY : "Not live: the server does not answer. Trying again.";
    told(over ? ENDS.over : away, true);
  }

  if (live) {
    let before = headline();
    live.addEventListener("htmx:sse:before:message", (event) => event.detail.waitUntil(atRest()));
    live.addEventListener("htmx:sse:after:message", (event) => {
      if (event.detail.message.event) return;
      const now = headline();
      if (now !== before) document.title = `${now} · Readback`;
      told(now === before ? "Live." : now);
      before = now;
    });
    live.addEventListener("htmx:sse:after:connection", () => told("Live."));
    live.addEventListener("end", (event) => told(ENDS[event.detail.data], true));
    live.addEventListener("records", (event) => {
      const away = event.detail.data === "away";
      told(away ? AWAY : "Live.", away);
    });
    live.addEventListener("htmx:sse:error", (event) => notLive(event.detail.status));
    live.addEventListener("htmx:sse:before:connection", (event) => {
      if (over) event.preventDefault();
    });
    for (const first of ["htmx:error", "htmx:response:error"]) {
      live.addEventListener(first, (event) => {
        notLive(event.detail.ctx?.response?.status);
        if (!over) setTimeout(() => window.htmx.trigger(live, "again"), AGAIN_MS);
      });
    }
  }

  function moved(by) {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  function pressed(key) {
    const meant = document.activeElement.closest("[data-row]")?.querySelector(`[data-key="${key}"]`);
    if (meant?.matches("input")) meant.focus(); // what nothing takes back is done by Enter, not by the key
    else meant?.click();
    return Boolean(meant);
  }

  // Where the field that somebody types into is taken away, what they go on typing is no key that decides.
  let typedInto = null;
  document.addEventListener("input", (event) => { typedInto = event.target; });
  for (const gone of ["focusin", "pointerdown"]) {
    document.addEventListener(gone, () => { typedInto = null; });
  }

  document.addEventListener("keydown", (event) => {
    if (typedInto && !typedInto.isConnected) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    if (event.repeat && !/^[jk]$/.test(event.key)) return; // a key that is held down decides once
    if (event.key === "j") moved(1);
    else if (event.key === "k") moved(-1);
    else if (!/^[a-z]$/.test(event.key) || !pressed(event.key)) return;
    event.preventDefault();
  });

  let sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
    keep(event.target);
  });
  window.addEventListener("pageshow", () => {
    sent = new WeakSet();
  });

  // What was typed outlives a button that led to an error or to the way in: in this tab, until a button has done its work.
  const KEPT = "typed";
  const PASSING = ["form_token", "seen"]; // another one when the same form is shown again
  const whose = (form) => [form.action, ...[...form.elements].filter((one) => one.type === "hidden" && !PASSING.includes(one.name)).map((one) => one.value)].join(" ");

  function keep(form) {
    const typed = [...new FormData(form)].filter(([name]) => form.elements[name].type !== "hidden");
    if (typed.length) sessionStorage.setItem(KEPT, JSON.stringify({ whose: whose(form), typed }));
    else if (form.matches(".who")) sessionStorage.removeItem(KEPT);
  }

  function typedAgain({ whose: one, typed }) {
    const form = [...document.querySelectorAll("form[method=post]")].find((other) => whose(other) === one);
    for (const field of form?.elements ?? []) {
      const values = typed.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values.length && field.type !== "hidden") field.value = values[0];
    }
    form?.closest("details")?.setAttribute("open", "");
  }

  if (document.querySelector(".said")) sessionStorage.removeItem(KEPT);
  const kept = sessionStorage.getItem(KEPT);
  if (kept) typedAgain(JSON.parse(kept));

  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
