// What pages do beyond links and forms: the overview stays fresh, and a list can be worked through by single keys.
// Every page does its work without this file.
"use strict";

(() => {
  const live = document.getElementById("live");
  const link = document.getElementById("link");

  function told(words) {
    if (link && link.textContent !== words) link.textContent = words;
  }

  function replaced(html) {
    const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const part = new DOMParser().parseFromString(html, "text/html").body;
    const before = live.querySelector("h1");
    const after = part.querySelector("h1");
    live.replaceChildren(...part.childNodes);
    if (focused) live.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    if (before && after && before.textContent !== after.textContent) {
      document.title = `${after.textContent} · Readback`;
      told(after.textContent);
    } else {
      told("Live.");
    }
  }

  if (live && "EventSource" in window) {
    const source = new EventSource(live.dataset.live);
    source.addEventListener("overview", (event) => replaced(event.data));
    source.addEventListener("full", () => { source.close(); told("Too many are looking: load the page again to see what is new."); });
    source.addEventListener("over", () => { source.close(); told("This session is over: sign in again."); });
    source.addEventListener("error", () => told("Not live: the server does not answer. Trying again."));
    window.addEventListener("pagehide", () => source.close());
  }

  const rows = [...document.querySelectorAll("[data-row]")];

  function moved(by) {
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

  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
