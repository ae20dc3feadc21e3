"use strict";
// Pages that are made whole by the console: light and dark, and newer data by loading the page's main part again.
(() => {
  const root = document.documentElement, button = document.getElementById("theme"), dark = matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("script");
  const words = root.lang === "fr" ? ["Clair", "Sombre"] : ["Light", "Dark"];
  const theme = (t) => { root.dataset.theme = t; button.textContent = words[t === "dark" ? 0 : 1]; };
  let chosen = "";
  try { chosen = localStorage.getItem("theme") || ""; } catch { /* kept from us */ }
  theme(chosen === "dark" || chosen === "light" ? chosen : dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => { if (!chosen) theme(dark.matches ? "dark" : "light"); });
  button.addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    theme(chosen);
    try { localStorage.setItem("theme", chosen); } catch { /* for this page only */ }
  });
  if (!document.body.dataset.again) return;
  let busy = false, last = 0;
  const again = async () => {
    const main = document.getElementById("top");
    if (busy || document.hidden || Date.now() - last < 4000 || main.contains(document.activeElement) || !getSelection().isCollapsed) return;
    busy = true;
    last = Date.now();
    try {
      const r = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (r.ok && !r.redirected) {
        const next = new DOMParser().parseFromString(await r.text(), "text/html").getElementById("top");
        if (next) main.replaceChildren(...next.childNodes);
      }
    } catch { /* tried again with the next change */ }
    busy = false;
  };
  let source = null;
  const listen = () => {
    if (source || document.hidden) return;
    source = new EventSource("/api/v1/events");
    for (const kind of ["campaign", "source"]) source.addEventListener(kind, again);
  };
  const quiet = () => { source?.close(); source = null; };
  document.addEventListener("visibilitychange", () => { if (document.hidden) quiet(); else { listen(); again(); } });
  addEventListener("pagehide", quiet);
  addEventListener("pageshow", listen);
  setInterval(again, 10000);
  listen();
})();
