
// What grows: the console says when something changed, and the newer data is taken up.

document.documentElement.classList.add("script");
$("principal").removeAttribute("aria-live"); // it would be read out again and again
let stored = "";
try { stored = localStorage.getItem("theme") || ""; } catch { /* kept from us */ }
if (stored === "dark" || stored === "light") theme(stored);
$("theme").addEventListener("click", () => { try { localStorage.setItem("theme", document.documentElement.dataset.theme); } catch { /* for this page only */ } });

$("record-close").addEventListener("click", () => $("record").close());

// An alert leads to a principal by the page's anchor.
function showNamed() {
  let anchor = "";
  try { anchor = decodeURIComponent(location.hash); } catch { /* not one of an alert */ }
  const k = D.principals ? D.principals.list.findIndex((p) => anchor === "#principal:" + p.principal) : -1;
  if (k < 0) return;
  chosenPrincipal = k;
  drawPrincipalList();
  drawPrincipal();
  $("principals").scrollIntoView();
}
addEventListener("hashchange", showNamed);
showNamed();

// Newer data is asked for at most every two seconds, and not while nobody looks.
let stale = false, asking = false, asked = 0, paused = false, lost = false;
const least = 2000;
function tellFeed() {
  const at = new Date().toISOString().slice(11, 19);
  fill($("feed"), paused ? T`Paused: what is shown does not change.` : lost ? T`The connection is lost; it is tried again.` : T`Live, as of ${at} UTC.`);
}

async function refresh() {
  if (!stale || asking || paused || document.hidden) return;
  const wait = asked + least - Date.now();
  if (wait > 0) { setTimeout(refresh, wait); return; }
  stale = false; asking = true; asked = Date.now();
  try {
    const data = await fetchData();
    if (data) {
      const known = new Set((D.campaigns || []).map((c) => c.id));
      renew(data);
      const fresh = (D.campaigns || []).filter((c) => !known.has(c.id) && !(c.was || []).some((id) => known.has(id)));
      tellFeed();
      if (fresh.length) $("feed").append(" " + T`New: ${fresh.slice(0, 3).map((c) => line(c.title || c.id)).join("; ")}`);
    } else tellFeed();
    lost = false;
  } catch (e) {
    stale = true;
    lost = true;
    tellFeed();
    setTimeout(refresh, 5000);
  }
  asking = false;
  if (stale) refresh();
}

const wake = () => { stale = true; refresh(); };
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? T`Go on` : T`Pause`;
  tellFeed();
  refresh();
});

// A browser has few connections for one console: a page that nobody looks at gives its own back.
let source = null, again = 0;
function listen() {
  clearTimeout(again);
  if (source || document.hidden) return;
  source = new EventSource("/api/v1/events");
  for (const kind of ["snapshot", "campaign"]) source.addEventListener(kind, wake);
  source.addEventListener("open", () => { if (lost) { lost = false; tellFeed(); } });
  source.addEventListener("error", () => {
    lost = true;
    tellFeed();
    if (source && source.readyState === EventSource.CLOSED) { source = null; again = setTimeout(listen, 10000); } // it does not try again by itself
  });
}
function quiet() {
  source?.close();
  source = null;
}
document.addEventListener("visibilitychange", () => (document.hidden ? quiet() : listen())); // a new stream begins with a snapshot
addEventListener("pagehide", quiet);
addEventListener("pageshow", listen);
tellFeed();
listen();
