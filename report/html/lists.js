// The summaries: levels, then rules, hosts, users and addresses, worst first; and the ATT&CK matrix. Each entry is a
// filter.

function drawLevels() {
  fill($("levels"), [5, 4, 3, 2, 1, 0].filter((l) => D.levels[l] || l > 1).map((l) => {
    const n = count.level.get(l) || 0;
    return el("button", { type: "button", class: "level l" + l, "aria-pressed": String(chosen.level.has(l)), disabled: !n && !chosen.level.has(l), onclick: () => toggle("level", l) },
      el("b", {}, number(n)), el("span", {}, tr(levelNames[l])));
  }));
}

// rank orders values: by their matches at the worst level, then the next, then by name.
function rank(facet, of, name) {
  const all = new Map();
  for (const i of shown) {
    const k = of(i);
    if (facet !== "rule" && !k) continue;
    let t = all.get(k);
    if (!t) all.set(k, (t = { k, by: new Uint32Array(6), first: null, last: null }));
    t.by[level[i]]++;
    if (D.time[i] !== null) { t.first ??= D.time[i]; t.last = D.time[i]; }
  }
  for (const k of chosen[facet]) if (!all.has(k)) all.set(k, { k, by: new Uint32Array(6), first: null, last: null });
  const list = [...all.values()];
  list.sort((a, b) => {
    for (let l = 5; l >= 0; l--) if (a.by[l] !== b.by[l]) return b.by[l] - a.by[l];
    return name(a.k) < name(b.k) ? -1 : 1;
  });
  return list;
}

const panels = [
  { facet: "rule", title: T`Rules`, of: (i) => D.rule[i], name: (k) => D.rules[k].title },
  { facet: "host", title: T`Hosts`, of: (i) => D.host[i], name: (k) => S[k] },
  { facet: "user", title: T`Users`, of: (i) => D.user[i], name: (k) => S[k] },
  { facet: "address", title: T`Source addresses`, of: (i) => D.address[i], name: (k) => S[k] },
];
const unfolded = new Set();

function drawFacets() {
  fill($("facets"), panels.map((p) => {
    const list = rank(p.facet, p.of, p.name);
    const few = 8, many = 200;
    const most = Math.max(1, ...list.map((t) => total(t.by)));
    const room = unfolded.has(p.facet) ? many : few;
    return el("section", { class: "card facet", "aria-label": p.title },
      el("div", { class: "cardhead" }, el("h2", {}, p.title), el("p", { class: "muted" }, number(list.length))),
      list.length ? el("ul", {}, list.slice(0, room).map((t) => entry(p, t, most))) : el("p", { class: "muted none" }, T`None named.`),
      list.length > room && el("p", { class: "muted paper" }, T`and ${number(list.length - room)} more`),
      list.length > few && el("button", { type: "button", class: "plain more", onclick: () => { if (!unfolded.delete(p.facet)) unfolded.add(p.facet); drawFacets(); } },
        unfolded.has(p.facet) ? (list.length > many ? T`The first ${many} of ${number(list.length)}. Show fewer` : T`Show fewer`) : T`${number(list.length - few)} more`));
  }));
}

const total = (by) => by.reduce((a, b) => a + b, 0);

function entry(p, t, most) {
  const n = total(t.by);
  const bar = el("span", { class: "meter", "aria-hidden": "true" }, [5, 4, 3, 2, 1, 0].filter((l) => t.by[l]).map((l) => {
    const part = el("i", { class: "l" + l });
    part.style.width = Math.max(1, (t.by[l] / most) * 100) + "%";
    return part;
  }));
  const when = t.first === null ? "" : between(t.first, t.last) + " UTC";
  const worst = [5, 4, 3, 2, 1, 0].find((l) => t.by[l]) ?? 0;
  return el("li", {}, el("button", { type: "button", "aria-pressed": String(chosen[p.facet].has(t.k)), title: line(p.name(t.k)) + (when ? "\n" + when : ""), onclick: () => toggle(p.facet, t.k) },
    el("span", { class: "dot l" + worst, "aria-hidden": "true" }), el("span", { class: "name" }, line(p.name(t.k))), el("span", { class: "n" }, number(n)), bar,
    el("span", { class: "sr" }, T`worst ${tr(levelNames[worst])}, ${when}`)));
}

// The matrix: tactics in the order of an intrusion; those without a match are slim.
let wholeMatrix = false;

function drawMatrix() {
  const few = 10;
  const cells = D.tactics.map(() => []);
  cells.push([]);
  const matches = new Uint32Array(techniques.length), worst = new Uint8Array(techniques.length);
  for (const i of shown) {
    for (const k of D.rules[D.rule[i]].techs) {
      matches[k]++;
      worst[k] = Math.max(worst[k], level[i]);
    }
  }
  let tactics = 0, found = 0, cut = 0;
  matches.forEach((n, k) => {
    if (!n && !chosen.technique.has(k)) return;
    found++;
    for (const t of columnsOf[k]) cells[t].push(k);
  });
  const cols = cells.map((techs, t) => {
    const n = count.tactic.get(t) || 0;
    if (t === noTactic && !n) return null;
    const [id, , name] = D.tactics[t] || ["", "", T`No tactic named`];
    if (n) tactics++;
    techs.sort((a, b) => matches[b] - matches[a] || a - b);
    const show = wholeMatrix ? techs : techs.slice(0, few);
    cut += techs.length - show.length;
    return el("div", { class: "tactic" + (n ? "" : " empty") },
      el("button", { type: "button", class: "tactichead", "aria-pressed": String(chosen.tactic.has(t)), disabled: !n && !chosen.tactic.has(t),
        title: name + (id === "TA0005" ? T` (until ATT&CK v18: Defense Evasion)` : "") + " " + id, onclick: () => toggle("tactic", t) }, el("span", {}, name), n ? el("b", {}, number(n)) : null),
      n ? show.map((k) => el("button", { type: "button", class: "tech l" + worst[k], "aria-pressed": String(chosen.technique.has(k)), title: T`${techniques[k]}: ${plural(matches[k], "match", "matches")}, worst ${tr(levelNames[worst[k]])}`, onclick: () => toggle("technique", k) },
        el("span", {}, techniques[k]), el("b", {}, brief(matches[k])))) : null,
      n && techs.length > show.length ? el("span", { class: "rest muted" }, T`${techs.length - show.length} more`) : null);
  });
  fill($("matrix"), cols);
  fill($("attack-note"), tactics ? `${plural(tactics, "tactic")}, ${plural(found, "technique")}` : T`No rule that matched names a tactic or technique.`);
  const more = $("matrix-more");
  more.hidden = !cut && !wholeMatrix;
  fill(more, wholeMatrix ? T`Fewer techniques` : T`All techniques`);
}
