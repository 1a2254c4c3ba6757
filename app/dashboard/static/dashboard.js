// What pages do beyond links and forms: they say whether they are live, and a list can be worked through by single keys.
// Every page does its work without this file. What is live comes by htmx, which leaves focus and what is typed alone.
"use strict";

(() => {
  const AGAIN_MS = 5000;
  const ENDS = { full: "Too many are looking: load the page again to see what is new.", over: "This session is over: sign in again." };
  const live = document.getElementById("live");
  const link = document.getElementById("link");
  let over = false;

  function told(words) {
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
    told(over ? ENDS.over : "Not live: the server does not answer. Trying again.");
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
    live.addEventListener("end", (event) => told(ENDS[event.detail.data]));
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
    const button = document.activeElement.closest("[data-row]")?.querySelector(`[data-key="${key}"]`);
    button?.click();
    return Boolean(button);
  }

  document.addEventListener("keydown", (event) => {
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
  });
  window.addEventListener("pageshow", () => {
    sent = new WeakSet();
  });

  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
