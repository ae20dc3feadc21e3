// Putting it together.

$("boot").hidden = false;
try {
  take(await unpack());
} catch (e) {
  fill($("boot"), T`The report could not be read: ${e.message}. A browser of 2023 or later is needed.`);
  return;
}

function drawTitle() {
  document.title = tr(D.title) + " – Tocsin";
  fill($("title"), tr(D.title));
  const hosts = new Set(D.host), users = new Set(D.user), from = new Set(D.address);
  for (const set of [hosts, users, from]) set.delete(0);
  const where = [hosts.size && plural(hosts.size, "host"), users.size && plural(users.size, "user"), from.size && plural(from.size, "source address", "source addresses")].filter(Boolean);
  const found = D.campaigns ? (D.campaignCount ? [el("b", {}, plural(D.campaignCount, "campaign")), "; "] : T`No campaign. `) : "";
  fill($("verdict"), found, D.total ? [el("b", {}, plural(D.total, "match", "matches")), T` of `, plural(D.rules.length, "rule"), where.length ? T` about ` + where.join(", ") : ""] :
    D.campaignCount ? T`no match of a rule is listed.` : D.live ? T`Nothing has matched yet.` : [T`No rule matched. `, D.coverage && !D.coverage.events ? T`Nothing was read, so this says nothing.` : T`See the coverage for what was read.`]);
  const gone = D.coverage ? D.coverage.letGo.reduce((n, g) => n + g[1], 0) : 0;
  if (D.coverage && (D.coverage.partial || gone)) {
    $("short").hidden = false;
    fill($("short"), D.coverage.partial ? [el("b", {}, T`The run ended before all was read: `), line(D.coverage.partial), ". "] : "", gone ? T`${number(gone)} of what was met was let go, so that what is told may lack it. ` : "", el("a", { href: "#coverage" }, T`See the coverage`));
  }
  fill($("span"), first <= final ? between(first, final) + " UTC" : "", D.made !== null ? (first <= final ? " · " : "") + (D.live ? T`as of ` : T`report made `) + clock(D.made) + " UTC" : "");
  fill($("footer"), T`Made by Tocsin` + (D.version ? " " + D.version : "") + T`. Rules are their authors' work under their licences, named with each match. Text from logs is shown as it was written, with control characters made visible.`);
}

// Light and dark: the system's, unless chosen.
const dark = matchMedia("(prefers-color-scheme: dark)");
function theme(t) {
  document.documentElement.dataset.theme = t;
  $("theme").textContent = t === "dark" ? T`Light` : T`Dark`;
}
theme(dark.matches ? "dark" : "light");
dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
$("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
$("print").addEventListener("click", () => print());
addEventListener("beforeprint", printTable);
addEventListener("beforeprint", printCampaigns);
addEventListener("beforeprint", printCoverage);
addEventListener("beforeprint", () => { wholeMatrix = true; drawMatrix(); });
addEventListener("afterprint", () => { wholeMatrix = false; drawMatrix(); });

$("find").addEventListener("input", debounce(() => { state.text = $("find").value; apply(); }, 180));
for (const id of ["from", "to"]) {
  $(id).addEventListener("change", () => {
    const v = instant($(id).value, id === "to");
    $(id).setAttribute("aria-invalid", String(v === undefined));
    if (v !== undefined) range(id === "from" ? v : state.from, id === "to" ? v : state.to);
  });
}
$("matrix-more").addEventListener("click", () => { wholeMatrix = !wholeMatrix; drawMatrix(); });
$("unbrush").addEventListener("click", () => range(null, null));
addEventListener("keydown", (e) => {
  if (e.key === "/" && !e.ctrlKey && !e.metaKey && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { $("find").focus(); $("find").select(); e.preventDefault(); }
  if (e.key === "Escape") $("evidence").classList.remove("open");
});

// keep draws a part anew and leaves the focus where it was, though the elements are new.
function keep(id, draw) {
  return () => {
    const all = () => [...$(id).querySelectorAll("button")];
    const at = all().indexOf(document.activeElement);
    const label = at >= 0 ? document.activeElement.textContent : "";
    draw();
    if (at >= 0) (all().find((b) => b.textContent === label) || all()[at])?.focus({ preventScroll: true });
  };
}

$("boot").hidden = true;
$("app").hidden = false;
document.documentElement.classList.add("live");
watchers.push(keep("campaign-list", followCampaigns), keep("levels", drawLevels), drawTimeline, keep("facets", drawFacets), keep("matrix", drawMatrix), drawTable);
function drawAll() {
  drawTitle();
  drawPrincipals();
  drawCampaigns();
  apply();
  drawCoverage();
}
drawAll();
let wide = innerWidth;
addEventListener("resize", debounce(() => { drawRows(); if (innerWidth !== wide) { wide = innerWidth; drawTimeline(); drawPrincipal(); drawCampaign(true); } }, 120));
