// The table: only the rows in sight are elements, so that its length does not matter.

const columns = [
  { key: "time", name: T`Time (UTC)`, of: (i) => clock(D.time[i]), cmp: (a, b) => byTime(a, b) },
  { key: "level", name: T`Level`, of: (i) => tr(levelShort[level[i]]), cmp: (a, b) => level[b] - level[a] },
  { key: "rule", name: T`Rule`, of: (i) => line(D.rules[D.rule[i]].title), cmp: (a, b) => byText(D.rules[D.rule[a]].title, D.rules[D.rule[b]].title) },
  { key: "host", name: T`Host`, of: (i) => line(S[D.host[i]]), cmp: (a, b) => byText(S[D.host[a]], S[D.host[b]]) },
  { key: "user", name: T`User`, of: (i) => line(S[D.user[i]]), cmp: (a, b) => byText(S[D.user[a]], S[D.user[b]]) },
  { key: "address", name: T`Source`, of: (i) => S[D.address[i]], cmp: (a, b) => byText(S[D.address[a]], S[D.address[b]]) },
  { key: "details", name: T`Details`, of: (i) => line(S[D.details[i]]), cmp: (a, b) => byText(S[D.details[a]], S[D.details[b]]) },
];
const byText = (a, b) => (a === b ? 0 : !a ? 1 : !b ? -1 : a < b ? -1 : 1); // nothing comes last
const byTime = (a, b) => (D.time[a] ?? Infinity) - (D.time[b] ?? Infinity) || 0;
let sort = { key: "level", down: false };
let order = new Int32Array(0); // the matches as sorted
let current = -1; // the chosen match
const pool = [];

function resort() {
  const c = columns.find((c) => c.key === sort.key);
  const sign = sort.down ? -1 : 1;
  order = Int32Array.from(shown);
  order.sort((a, b) => sign * c.cmp(a, b) || a - b);
  const at = order.indexOf(current);
  if (at < 0) current = order.length ? order[0] : -1;
}

function drawColumns() {
  fill($("columns"), columns.map((c) => el("button", { type: "button", class: "c-" + c.key, "aria-label": T`Sort by ${c.name}` + (sort.key === c.key ? (sort.down ? T`, now descending` : T`, now ascending`) : ""),
    onclick: () => { sort = { key: c.key, down: sort.key === c.key && !sort.down }; drawTable(); } }, c.name, sort.key === c.key ? el("span", { "aria-hidden": "true" }, sort.down ? " ▾" : " ▴") : null)));
}

function rowHeight() {
  return parseFloat(getComputedStyle($("table")).getPropertyValue("--row")) || 32;
}

function drawTable() {
  resort();
  drawColumns();
  const n = shown.length;
  fill($("shown"), n === N ? plural(N, "match", "matches") : T`${number(n)} of ${plural(N, "match", "matches")}`, D.total > N ? T`; the worst ${number(N)} of ${number(D.total)} are in this page, all are in the JSONL` : "");
  drawChips();
  drawRows();
  drawEvidence();
}

function drawRows() {
  const table = $("table"), rows = $("rows"), h = rowHeight();
  rows.style.height = order.length * h + "px";
  const from = Math.max(0, Math.floor(table.scrollTop / h) - 4);
  const need = Math.min(order.length - from, Math.ceil(table.clientHeight / h) + 9);
  while (pool.length < need) {
    const row = el("div", { class: "row", role: "option" }, columns.map((c) => el("span", { class: "c-" + c.key })));
    row.addEventListener("click", () => choose(Number(row.dataset.at), true));
    pool.push(row);
    rows.append(row);
  }
  pool.forEach((row, k) => {
    row.hidden = k >= need;
    if (row.hidden) { row.removeAttribute("id"); return; }
    const at = from + k, i = order[at];
    row.style.transform = `translateY(${at * h}px)`;
    row.dataset.at = at;
    row.id = "row" + at;
    row.className = "row l" + level[i] + (i === current ? " current" : "") + (at % 2 ? " odd" : "");
    row.setAttribute("aria-selected", String(i === current));
    row.setAttribute("aria-setsize", order.length);
    row.setAttribute("aria-posinset", at + 1);
    columns.forEach((c, n) => { row.children[n].textContent = c.of(i); });
  });
  if (!order.length && !rows.querySelector(".nothing")) rows.append(el("p", { class: "nothing muted" }, N ? T`Nothing passes the filters.` : T`No match of a rule.`));
  else if (order.length) rows.querySelector(".nothing")?.remove();
  const at = order.indexOf(current);
  if (at >= from && at < from + need) table.setAttribute("aria-activedescendant", "row" + at);
  else table.removeAttribute("aria-activedescendant");
}

// choose makes the match at a place of the order the current one, brings it into sight and shows its evidence.
function choose(at, open) {
  if (!order.length) return;
  at = Math.min(order.length - 1, Math.max(0, at));
  current = order[at];
  const table = $("table"), h = rowHeight();
  if (at * h < table.scrollTop) table.scrollTop = at * h;
  else if ((at + 1) * h > table.scrollTop + table.clientHeight) table.scrollTop = (at + 1) * h - table.clientHeight;
  drawRows();
  drawEvidence();
  if (open) $("evidence").classList.add("open");
}

$("table").addEventListener("scroll", () => requestAnimationFrame(drawRows), { passive: true });
$("table").addEventListener("keydown", (e) => {
  const page = Math.max(1, Math.floor($("table").clientHeight / rowHeight()) - 1);
  const at = order.indexOf(current);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: order.length - 1 }[e.key];
  if (to !== undefined) choose(to, false);
  else if (e.key === "Enter" || e.key === " ") { choose(at, true); $("evidence").querySelector("h3")?.focus(); }
  else return;
  e.preventDefault();
});

// Chips name what filters; each takes its filter away.
function drawChips() {
  const chip = (label, value, off) => el("button", { type: "button", class: "chip", "aria-label": T`Remove filter ${label} ${value}`, onclick: off }, el("span", { class: "muted" }, label), el("span", { class: "what" }, value), el("span", { "aria-hidden": "true" }, "×"));
  const name = { level: (k) => tr(levelNames[k]), rule: (k) => line(D.rules[k].title), host: (k) => line(S[k]), user: (k) => line(S[k]), address: (k) => S[k], tactic: (k) => D.tactics[k]?.[2] || T`No tactic named`, technique: (k) => techniques[k], campaign: (k) => line(D.campaigns[k].id) };
  const all = facets.flatMap((f) => [...chosen[f]].map((k) => chip(tr(f), name[f](k), () => toggle(f, k))));
  if (state.from !== null || state.to !== null) all.push(chip(tr("time"), between(state.from ?? first, state.to ?? final), () => range(null, null)));
  if (state.text.trim()) all.push(chip(tr("find"), state.text.trim(), () => { state.text = $("find").value = ""; apply(); }));
  if (all.length > 1) all.push(el("button", { type: "button", class: "plain", onclick: clearAll }, T`Clear all`));
  fill($("chips"), all);
  drawFiltered(all.length > 0);
}

// drawFiltered says that not all is shown, and how much is.
function drawFiltered(on) {
  $("filter").hidden = $("paper-note").hidden = !on;
  if (!on) { fill($("filtered")); return; }
  const some = [T`${number(shown.length)} of ${plural(N, "match", "matches")}`];
  if (D.campaigns && D.campaigns.length) some.unshift(T`${number(following.length)} of ${plural(D.campaigns.length, "campaign")}`);
  fill($("filtered"), el("b", {}, T`Filtered: `), some.join(", "));
  const by = [...$("chips").querySelectorAll(".chip")].map((c) => [...c.children].slice(0, 2).map((e) => e.textContent).join(" "));
  fill($("paper-note"), el("b", {}, T`Filtered: `), T`${some.join(T` and `)} follow, by ${by.join("; ")}. The summary before is of all.`);
}

// whole is a text as long as paper has room for it, or its beginning and how much more there is.
const whole = (s) => (s.length > 2000 ? s.slice(0, 2000) + T` (and ${number(s.length - 2000)} characters more)` : s);

// A printed page has no scrolling: it gets the first matches as a plain table.
function printTable() {
  const most = 500;
  fill($("printed"), el("table", {}, el("thead", {}, el("tr", {}, columns.map((c) => el("th", { scope: "col" }, c.name)))),
    el("tbody", {}, Array.from(order.slice(0, most), (i) => el("tr", {}, columns.map((c) => el("td", {}, whole(c.of(i))))))))
  , order.length > most && el("p", {}, T`The first ${most} of ${number(order.length)} matches.`));
}
