// The graph of a campaign: the names that the actors went by, the actors, and the victims by organisation. It is laid
// out in three columns in the order of the data, so that the same campaign always gives the same picture. A machine or
// account is one node, whatever it is called and whether it is a name of an actor, a target or both.

const mostNodes = { actors: 8, handles: 26, victims: 24 };

// identities gives what is the same one key, whatever it is called: an entity and what the report says it is also called,
// and an address and its machine's names, where these are names of one machine only.
function identities(c) {
  const up = new Map();
  const root = (k) => { while (up.has(k)) k = up.get(k); return k; };
  const join = (a, b) => { a = root(a); b = root(b); if (a !== b) up.set(b, a); };
  const key = (e) => (/^(host|address|machine)$/.test(e.kind) ? "machine" : e.kind) + ":" + e.value.toLowerCase();
  for (const v of c.victims) for (const e of v.also || []) join(key(v), key(e));
  const names = new Map();
  for (const n of c.names || []) if (n.kind === "machine" && !n.doubt) names.set(key(n.of), [...(names.get(key(n.of)) || []), n.name]);
  for (const [of, list] of names) {
    if (new Set(list.map((e) => e.value.toLowerCase().split(".")[0])).size === 1) for (const e of list) join(of, key(e));
  }
  return (e) => root(key(e));
}

function graph(c, wide, tell) {
  const nodes = [], edges = [], at = new Map(), same = identities(c);
  const node = (key, n) => { if (at.has(key)) return at.get(key); n.key = key; nodes.push(n); at.set(key, n); return n; };
  // alias lets a name lead to a node: links of the data name entities.
  const alias = (prefix, e, n) => { const k = prefix + e.kind + ":" + e.value; if (!at.has(k)) at.set(k, n); };
  const list = [...c.victims].sort((x, y) => y.reached - x.reached);
  const targets = new Map(); // by identity
  const orgs = [...new Set(list.slice(0, mostNodes.victims).map((v) => v.org || ""))];
  for (const org of orgs) for (const v of list.slice(0, mostNodes.victims)) {
    if ((v.org || "") !== org) continue;
    const id = same(v);
    let n = targets.get(id);
    if (n) {
      if (!n.names.includes(v.value)) n.names.push(v.value);
      if (v.reached) n.kind = "reached";
      n.of.push(v);
    } else {
      n = node("victim " + v.kind + ":" + v.value, { col: 2, kind: v.reached ? "reached" : "tried", names: [v.value], of: [v], weak: v.tie === "weak", org, tell: () => n.of.map(victimText) });
      targets.set(id, n);
    }
    for (const e of [v, ...(v.also || [])]) { alias("victim ", e, n); if (!n.names.some((s) => s.toLowerCase() === e.value.toLowerCase())) n.names.push(e.value); }
  }
  const named = new Set([...(c.links || []).flatMap((l) => [l.from, l.to]), ...c.steps.flatMap((s) => s.actors || [])]);
  const actors = [];
  for (const a of c.actors) {
    // An actor of whom nothing is known but one machine is that machine; what happened on one is no doer.
    const ids = new Set(a.handles.map(same)), own = ids.size === 1 && /^machine:/.test([...ids][0]) ? targets.get([...ids][0]) : undefined;
    if (own) at.set("actor " + a.id, own);
    if (own && a.local) continue;
    if (empty(a) && !named.has(a.id)) continue;
    actors.push(a);
  }
  const few = actors.slice(0, mostNodes.actors);
  const each = Math.max(2, Math.floor(mostNodes.handles / Math.max(1, few.length)) - 1);
  const owners = new Map(); // nodes of names by identity
  for (const a of few) {
    const own = at.get("actor " + a.id);
    if (own) Object.assign(own, { col: 1, act: a, tell: () => [actorText(c, a), own.of.map(victimText)] });
    const n = own || node("actor " + a.id, { col: 1, kind: "actor", names: [a.local ? T`what happened on ` + actorName(a) : actorName(a)], sub: drivenAs(c, a) + (a.tie === "weak" ? T`, weak` : ""), weak: a.tie === "weak", tell: () => actorText(c, a) });
    n.group = a.id;
    if (a.local) continue;
    a.handles.slice(0, each).forEach((h) => {
      const id = same(h), goes = T`${h.value} is a name of ${actorName(a)}`;
      let m = targets.get(id) || owners.get(id);
      if (m && m.kind === "handle" && !m.names.includes(h.value)) m.names.push(h.value);
      if (!m) {
        m = node("handle " + h.kind + ":" + h.value, { col: 0, kind: "handle", names: [h.value], sub: h.kind, tell: () => [el("h5", {}, line(h.kind)), el("p", { class: "mono" }, m.names.map(line).join(", ")), el("p", { class: "muted" }, T`A name that ` + line(actorName(a)) + T` went by.`)] });
        m.group = a.id;
        owners.set(id, m);
      }
      alias("handle ", h, m);
      if (m !== n && !edges.some((e) => e.a === m && e.b === n)) edges.push({ a: m, b: n, kind: m.col === 2 ? "same" : "name", tell: m.col === 2 ? () => [el("h5", {}, line(h.value)), el("p", {}, T`A target whose name ${line(actorName(a))} went by.`)] : m.tell, label: goes });
    });
    if (a.handles.length > each) node("fold " + a.id, { col: 0, kind: "fold", names: [plural(a.handles.length - each, "more name")], tell: () => [el("h5", {}, T`Further names`), el("ul", {}, a.handles.slice(each, each + 200).map((h) => el("li", {}, line(h.kind + " " + h.value))))] });
  }
  if (actors.length > few.length) node("fold actors", { col: 1, kind: "fold", names: [plural(actors.length - few.length, "more actor")], tell: () => [el("h5", {}, T`Further actors`), el("ul", {}, actors.slice(few.length).map((a) => el("li", {}, line(actorName(a)))))] });
  for (const [id, n] of targets) {
    n.sub = (n.act ? T`actor (` + drivenAs(c, n.act) + T`), itself ` : "") + (n.kind === "reached" ? T`entered` : T`tried`) + (n.weak ? T`, weak` : "");
    for (const a of few) {
      if (n.act === a) continue;
      const steps = c.steps.filter((s) => (s.actors || []).includes(a.id) && (s.hosts || []).some((h) => same({ kind: "host", value: h }) === id || n.names.includes(h)));
      if (steps.length) edges.push({ a: at.get("actor " + a.id), b: n, kind: n.kind === "reached" ? "reach" : "try", label: T`${actorName(a)} against ${n.names[0]}`, tell: () => [el("h5", {}, line(actorName(a)) + " → " + line(n.names[0])), el("ul", {}, steps.map((s) => el("li", {}, el("b", {}, tacticName(s.tactic)), " " + line(s.summary), where(s.places))))] });
    }
    // Of one actor alone it needs no step to say who it was.
    if (few.length === 1 && actors.length === 1 && !n.act && !edges.some((e) => e.b === n && e.kind !== "same")) edges.push({ a: at.get("actor " + few[0].id), b: n, kind: n.kind === "reached" ? "reach" : "try", label: T`${actorName(few[0])} against ${n.names[0]}`, tell: n.tell });
  }
  if (list.length > mostNodes.victims) node("fold victims", { col: 2, kind: "fold", org: "", names: [plural(list.length - mostNodes.victims, "more target")], tell: () => [el("h5", {}, T`Further targets`), el("p", {}, T`They are in the table of victims below.`)] });
  // An actor is called by its first name: a link of an actor is between names, one of the campaign between actors.
  const find = (k, kinds) => kinds.map((kind) => at.get(kind + " " + k)).find(Boolean);
  let lost = 0;
  const between = c.links || [], within = c.actors.flatMap((a) => a.links || []), links = [...between, ...within];
  for (const [i, l] of links.entries()) {
    const kinds = i < between.length ? ["actor", "handle", "victim"] : ["handle", "actor", "victim"];
    const a = find(l.from, kinds), b = find(l.to, kinds);
    if (!a || !b || a === b) { lost++; continue; } // of one machine or of none here
    edges.push({ a, b, kind: "link", weak: l.tie === "weak", label: `${l.from} – ${l.to}${l.tie === "weak" ? T` (weak)` : ""}: ${l.evidence}`, tell: () => linkText(l) });
  }
  return { pic: drawGraph(nodes, edges, wide, tell), nodes: nodes.length, same: edges.some((e) => e.kind === "same"), lost, links };
}

// folded breaks a text into lines no wider than so many pixels, after separators where there are some.
const pen = document.createElement("canvas").getContext("2d");
function folded(text, font, room) {
  pen.font = font;
  const lines = [];
  let now = "";
  for (const part of text.match(/[^\s\\/@.:,_-]*[\s\\/@.:,_-]?/gu)) {
    if (now && pen.measureText(now + part).width > room) { lines.push(now); now = ""; }
    for (const c of part) {
      if (now && pen.measureText(now + c).width > room) { lines.push(now); now = ""; }
      now += c;
    }
  }
  lines.push(now);
  return lines.filter((l) => l.trim());
}

function drawGraph(nodes, edges, wide, tell) {
  const narrow = wide < 700, arc = narrow ? 30 : 56, gap = narrow ? 48 : Math.min(150, wide * 0.14);
  const used = [0, 1, 2].filter((k) => nodes.some((n) => n.col === k)); // a column without a node is left out
  const col = Math.min(320, (wide - arc - 60 - (used.length - 1) * gap) / used.length), space = 9, head = 18, left = (k) => arc + used.indexOf(k) * (col + gap);
  const family = getComputedStyle(document.body).fontFamily;
  const y = [4, 4, 4], org = { now: null };
  const pic = svg("svg", { class: "graph", width: wide, role: "group", "aria-label": T`Names, actors and targets with what links them` });
  const heads = svg("g", {});
  [T`Names it went by`, T`Actors`, T`Targets`].forEach((t, k) => {
    if (used.includes(k)) heads.append(svg("text", { class: "colname", x: left(k), y: 14 }, t));
    y[k] = 26;
  });
  for (const n of nodes) {
    n.lines = folded(line(n.names[0]), "600 12.5px " + family, col - 20);
    n.subs = [...(n.names.length > 1 ? folded(T`also ` + n.names.slice(1).map(line).join(", "), "11px " + family, col - 18) : []), ...(n.sub ? folded(line(n.sub), "11px " + family, col - 18) : [])];
    n.high = 12 + n.lines.length * 15 + n.subs.length * 14;
    if (n.col === 2 && n.kind !== "fold" && n.org !== org.now) {
      org.now = n.org;
      y[2] += y[2] > 26 ? 6 : 0;
      for (const l of folded(line(n.org || T`no organisation named`), "11.5px " + family, col)) { heads.append(svg("text", { class: "orgname", x: left(2), y: y[2] + 11 }, l)); y[2] += head; }
    }
    n.x = left(n.col);
    n.y = y[n.col];
    y[n.col] += n.high + space;
  }
  const all = Math.max(...y) + 4;
  // The actors stand in the middle of the names they went by where there is room.
  let down = 26;
  for (const n of nodes.filter((n) => n.col === 1 && n.kind !== "fold")) {
    const own = nodes.filter((m) => m.kind === "handle" && m.group === n.group);
    const mid = own.length ? own.reduce((s, m) => s + m.y + m.high / 2, 0) / own.length - n.high / 2 : down;
    n.y = Math.max(down, mid);
    down = n.y + n.high + space;
  }
  for (const n of nodes.filter((n) => n.col === 1 && n.kind === "fold")) { n.y = down; down += n.high + space; }
  const tall = Math.max(all, down + 4);
  pic.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
  pic.setAttribute("height", tall);
  const lines = svg("g", {}), boxes = svg("g", {});
  const show = (g, t) => {
    const f = () => tell(t(), g);
    g.addEventListener("click", f);
    g.addEventListener("focus", f);
  };
  const seen = new Map();
  for (const e of edges) {
    let { a, b } = e;
    if (a.col > b.col) [a, b] = [b, a];
    const pair = a.key + " " + b.key, turn = seen.get(pair) || 0;
    seen.set(pair, turn + 1);
    const ay = a.y + a.high / 2 + Math.min(turn * 5, a.high / 2 - 2), by = b.y + b.high / 2 + Math.min(turn * 5, b.high / 2 - 2);
    let d;
    if (a.col === b.col) {
      const right = a.col === 2 || a.col === 1, u = right ? a.x + col : a.x, v = (right ? 1 : -1) * Math.min(arc - 4, 14 + Math.abs(ay - by) / 4 + turn * 6);
      d = `M${u} ${ay}C${u + v} ${ay} ${u + v} ${by} ${u} ${by}`;
    } else {
      const u = a.x + col, v = b.x, m = (v - u) / 2;
      d = `M${u} ${ay}C${u + m} ${ay} ${v - m} ${by} ${v} ${by}`;
    }
    const g = svg("g", { class: "edge e-" + e.kind + (e.weak ? " weak" : ""), tabindex: "0", role: "button", "aria-label": line(e.label) }, svg("path", { class: "hit", d }), svg("path", { class: "line", d }));
    show(g, e.tell);
    lines.append(g);
  }
  for (const n of nodes) {
    const rows = (list, kind, from, step) => list.map((l, k) => svg("text", { class: kind, x: n.x + 9, y: n.y + from + k * step }, l + " "));
    const g = svg("g", { class: "node n-" + n.kind + (n.weak ? " weak" : ""), tabindex: "0", role: "button" },
      svg("rect", { x: n.x, y: n.y, width: col, height: n.high, rx: 6 }), rows(n.lines, "nodename", 17, 15), rows(n.subs, "nodesub", 16 + n.lines.length * 15, 14));
    show(g, n.tell);
    boxes.append(g);
  }
  pic.append(heads, lines, boxes);
  return pic;
}

const actorName = (a) => (a.handles[0] && a.handles[0].value) || a.id || "unnamed";

function actorText(c, a) {
  return [el("h5", {}, line(actorName(a)), " ", weak(a)), el("p", {}, a.local ? T`What happened on one machine; no doer is known.` : T`Driver: ${drivenAs(c, a)}.`),
    el("p", { class: "muted" }, `${plural(a.tempo.actions, "action")}, ${between(us(a.first), us(a.last))} UTC`)];
}

function victimText(v) {
  return [el("h5", {}, line(v.value), " ", weak(v)), el("p", {}, (v.reached ? T`Entered` : T`Tried`) + `: ${v.kind}${v.org ? T` of ` + line(v.org) : ""}, ${plural(v.actions, "action")}.`), el("p", {}, (v.tactics || []).map(tacticName).map(line).join(" › ")), el("p", { class: "muted" }, between(us(v.first), us(v.last)) + " UTC")];
}

function linkText(l) {
  return [el("h5", {}, line(l.kind) + T` link, weight ` + weight(l.weight), " ", weak(l)), el("p", { class: "mono" }, line(l.from) + " – " + line(l.to)), el("p", {}, line(l.evidence)), us(l.time) !== null ? el("p", { class: "muted" }, clock(us(l.time)) + " UTC") : null, where(l.places)];
}

function percent(f) {
  if (typeof f !== "number") return "?";
  if (f > 0 && f < 0.01) return "< 1 %";
  if (f < 1 && f > 0.99) return "> 99 %";
  return Math.round(Math.min(1, Math.max(0, f)) * 100) + " %";
}
