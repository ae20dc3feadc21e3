// What the run has seen, and what it has not.

function drawCoverage() {
  const c = D.coverage;
  if (!c) { $("coverage").hidden = true; return; }
  const tile = (n, label, note, bad) => el("div", { class: "tile" + (bad ? " bad" : "") }, el("b", {}, n), el("span", {}, label), note ? el("small", { class: "muted" }, note) : null);
  const skipped = c.files - c.read, gone = c.letGo.reduce((n, g) => n + g[1], 0);
  fill($("coverage"),
    el("div", { class: "cardhead" }, el("h2", { id: "coverage-title" }, "Coverage"), el("p", { class: "muted" }, "What was not read, not understood or not kept could hide what happened.")),
    (c.unmet || []).map(u => el("p", { class: "warn" }, el("b", {}, "Unmet: "), line(u))),
    c.bare ? el("p", { class: "warn" }, line(c.bare)) : null,
    c.fields ? el("p", { class: "warn" }, el("b", {}, "Fields: "), "matches carry only these of their events: " + line(c.fields)) : null,
    c.pseudonyms ? el("p", { class: "warn" }, el("b", {}, "Names: "), line(c.pseudonyms)) : null,
    c.partial ? el("p", { class: "warn" }, el("b", {}, "The run ended before all was read: "), line(c.partial)) : null,
    el("div", { class: "tiles" },
      tile(number(c.read), c.read === 1 ? "file read" : "files read", bytes(c.bytes)),
      tile(number(skipped), skipped === 1 ? "file not read" : "files not read", "", skipped > 0),
      tile(number(c.events), "events", c.first === null ? "" : between(c.first, c.last) + " UTC"),
      tile(number(c.faults), "not decoded", "", c.faults > 0),
      gone ? tile(number(gone), "let go", "met and not kept", true) : null,
      tile(number(c.rules), "rules loaded", c.ruleSets ? line(c.ruleSets) : ""),
      tile(number(c.rejected.length), "rules rejected", "", c.rejected.length > 0),
      tile(number(c.idle.length), "rules without such logs", ""),
      tile(lasting(c.wallMillis), "taken", `CPU ${lasting(c.cpuMillis)}, ${lasting(c.loadMillis)} of it loading rules; ${bytes(c.memory)}`)),
    list("Files not read", c.fileList.filter((f) => f[2]), ["Path", "Why", "Size"], (f) => [line(f[0]), line(f[2]), f[3] ? bytes(f[3]) : ""], true),
    list("Not decoded", c.faultList, ["Place", "Why", "What to do"], faultRow, true, c.faults),
    list("Let go: met and not kept, so that whatever is told may lack it", c.letGo, ["What", "How many", "From (UTC)", "To (UTC)", "Why"], (g) => [line(g[0]), number(g[1]), clock(g[2]), clock(g[3]), line(g[4])], true),
    list("Times that rest on what the records do not say", c.guesses || [], ["File", "What", "Events", "Of", "Taken to be", "Because"], (g) => [line(g[0]), line(g[1]), number(g[2]), number(g[3]), line(g[4]), line(g[5])], true, c.guessesAll),
    list("Events years away from all others, left out of the span", c.strays || [], ["File", "Events", "From (UTC)", "To (UTC)"], (s) => [line(s[0]), number(s[1]), clock(s[2]), clock(s[3])], true, c.straysAll),
    list("Rules rejected", c.rejected, ["Place", "Why", "What to do"], faultRow, true),
    list("Missing records, silences and clock jumps", c.gaps, ["Kind", "File", "From", "To", "For"], (g) => [g[4] ? line(g[4]) : g[0] === "silence" ? "silence" : "clock went back", line(g[1]), clock(g[2]), clock(g[3]), lasting((g[3] - g[2]) / 1000)], true),
    list("Log sources seen", c.sources, ["Log source", "Events"], (s) => [line(s[0]), number(s[1])], false),
    list("Files read", c.fileList.filter((f) => !f[2]), ["Path", "Format", "Size", "Events", "Not decoded", "From", "To"], (f) => [line(f[0]), f[1], bytes(f[3]), number(f[4]), f[5] ? number(f[5]) : "", f[6] === null ? "" : clock(f[6]), f[7] === null ? "" : clock(f[7])], false, c.read),
    list("Chain of custody: SHA-256", (c.digests || []).concat([["data", "the JSON of this page", "", dataSum]]), ["Kind", "Path", "Size", "SHA-256"], (d) => [line(d[0]), line(d[1]), d[2] === "" ? "" : bytes(d[2]), line(d[3])], false),
    c.unhashed ? el("p", { class: "muted" }, `${number(c.unhashed)} files that were read have no SHA-256: it was not asked for, or they were not read whole or changed meanwhile.`) : null,
    list("Rules without such logs", idleBySource(c.idle), ["Log source", "Rules", "Titles"], (s) => [line(s[0]), number(s[1].length), line(s[1].join(", "))], false, c.idle.length));
}

const faultRow = (f) => [line(f[0]), line((f[1] ? f[1] + ": " : "") + f[2]), line(f[3])];

function idleBySource(idle) {
  const by = new Map();
  for (const [source, title] of idle) {
    if (!by.has(source)) by.set(source, []);
    by.get(source).push(title);
  }
  return [...by].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
}

// printCoverage unfolds all lists for paper.
function printCoverage() {
  for (const d of $("coverage").querySelectorAll("details")) if (!d.open) { d.open = true; d.dataset.shut = ""; d.dispatchEvent(new Event("toggle")); }
}
addEventListener("afterprint", () => { for (const d of $("coverage").querySelectorAll("details[data-shut]")) { d.open = false; delete d.dataset.shut; } });

// list is a table that unfolds; its rows are made when it first does.
function list(title, rows, heads, cells, open, all) {
  if (!rows.length) return null;
  let most = 200;
  const rest = el("p", { class: "muted paper" }), table = stacked(heads, []), body = table.tBodies[0];
  const more = el("button", { type: "button", class: "plain more", onclick: () => { most *= 5; draw(); } });
  const draw = () => {
    fill(body, rows.slice(0, most).map((r) => stackedRow(heads, cells(r).map((c) => (typeof c === "string" ? path(c) : c)))));
    more.hidden = rows.length <= most;
    fill(more, `${number(rows.length - most)} more`);
    fill(rest, rows.length > most ? `and ${number(rows.length - most)} more` : "");
  };
  const box = el("details", { class: "list", ontoggle: () => { if (box.open && !body.firstChild) draw(); } },
    el("summary", {}, el("b", {}, title), el("span", { class: "muted" }, number(all ?? rows.length) + (all > rows.length && heads[0] !== "Log source" ? `, the first ${number(rows.length)} here` : ""))),
    table, more, rest);
  if (open && rows.length <= 50) { draw(); box.open = true; }
  return box;
}
