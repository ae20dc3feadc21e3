// The graph of a campaign: the names that the actors went by, the actors, and the victims by organisation. It is laid
// out in three columns in the order of the data, so that the same campaign always gives the same picture.

const mostNodes = { actors: 8, handles: 26, victims: 24 };

function graph(c, wide, tell) {
  const nodes = [], edges = [], at = new Map();
  const node = (key, n) => { if (at.has(key)) return at.get(key); n.key = key; nodes.push(n); at.set(key, n); return n; };
  const actors = c.actors.slice(0, mostNodes.actors);
  const each = Math.max(2, Math.floor(mostNodes.handles / Math.max(1, actors.length)) - 1);
  for (const a of actors) {
    const n = node("actor " + a.id, { col: 1, kind: "actor", text: actorName(a), sub: drivenAs(c, a) + (a.tie === "weak" ? ", weak" : ""), weak: a.tie === "weak", tell: () => actorText(c, a) });
    n.group = a.id;
    a.handles.slice(0, each).forEach((h, i) => {
      const k = h.kind + ":" + h.value;
      if (at.has("handle " + k)) return;
      const m = node("handle " + k, { col: 0, kind: "handle", text: h.value, sub: h.kind, tell: () => [el("h5", {}, line(h.kind)), el("p", { class: "mono" }, line(h.value)), el("p", { class: "muted" }, "A name that " + line(actorName(a)) + " went by.")] });
      m.group = a.id;
      edges.push({ a: m, b: n, kind: "name", tell: m.tell, label: `${h.value} is a name of ${actorName(a)}` });
    });
    if (a.handles.length > each) node("fold " + a.id, { col: 0, kind: "fold", text: plural(a.handles.length - each, "more name"), tell: () => [el("h5", {}, "Further names"), el("ul", {}, a.handles.slice(each, each + 200).map((h) => el("li", {}, line(h.kind + " " + h.value))))] });
  }
  if (c.actors.length > actors.length) node("fold actors", { col: 1, kind: "fold", text: plural(c.actors.length - actors.length, "more actor"), tell: () => [el("h5", {}, "Further actors"), el("ul", {}, c.actors.slice(actors.length).map((a) => el("li", {}, line(actorName(a)))))] });
  const list = [...c.victims].sort((x, y) => y.reached - x.reached);
  const shown = list.slice(0, mostNodes.victims);
  const orgs = [...new Set(shown.map((v) => v.org || ""))];
  for (const org of orgs) for (const v of shown) {
    if ((v.org || "") !== org) continue;
    const n = node("victim " + v.kind + ":" + v.value, { col: 2, kind: v.reached ? "reached" : "tried", text: v.value, sub: (v.reached ? "entered" : "tried") + (v.tie === "weak" ? ", weak" : ""), weak: v.tie === "weak", org, tell: () => victimText(v) });
    for (const a of actors) {
      const steps = c.steps.filter((s) => (s.actors || []).includes(a.id) && (s.hosts || []).includes(v.value));
      if (steps.length) edges.push({ a: at.get("actor " + a.id), b: n, kind: v.reached ? "reach" : "try", label: `${actorName(a)} against ${v.value}`, tell: () => [el("h5", {}, line(actorName(a)) + " → " + line(v.value)), el("ul", {}, steps.map((s) => el("li", {}, el("b", {}, tacticName(s.tactic)), " " + line(s.summary), where(s.places))))] });
    }
    // Of one actor alone it needs no step to say who it was.
    if (c.actors.length === 1 && !edges.some((e) => e.b === n)) edges.push({ a: at.get("actor " + actors[0].id), b: n, kind: v.reached ? "reach" : "try", label: `${actorName(actors[0])} against ${v.value}`, tell: n.tell });
    const h = [v, ...(v.also || [])].map((e) => at.get("handle " + e.kind + ":" + e.value)).find(Boolean);
    if (h) edges.push({ a: h, b: n, kind: "same", label: v.value + " is used by the intruder", tell: () => [el("h5", {}, line(v.value)), el("p", {}, "A victim whose name the intruder went by.")] });
  }
  if (list.length > shown.length) node("fold victims", { col: 2, kind: "fold", org: "", text: plural(list.length - shown.length, "more target"), tell: () => [el("h5", {}, "Further targets"), el("p", {}, "They are in the table of victims below.")] });
  // An actor is called by its first name: a link of an actor is between names, one of the campaign between actors.
  const find = (k, kinds) => kinds.map((kind) => at.get(kind + " " + k)).find(Boolean);
  let lost = 0;
  const between = c.links || [], within = c.actors.flatMap((a) => a.links || []), links = [...between, ...within];
  for (const [i, l] of links.entries()) {
    const kinds = i < between.length ? ["actor", "handle", "victim"] : ["handle", "actor", "victim"];
    const a = find(l.from, kinds), b = find(l.to, kinds);
    if (!a || !b || a === b) { lost++; continue; }
    edges.push({ a, b, kind: "link", weak: l.tie === "weak", label: `${l.from} – ${l.to}${l.tie === "weak" ? " (weak)" : ""}: ${l.evidence}`, tell: () => linkText(l) });
  }
  return { pic: drawGraph(nodes, edges, wide, tell), nodes: nodes.length, lost, links };
}

function drawGraph(nodes, edges, wide, tell) {
  const narrow = wide < 640, arc = narrow ? 20 : 56, gap = narrow ? 26 : Math.min(150, wide * 0.14);
  const col = (wide - arc - 2 * gap - 6) / 3, high = narrow ? 38 : 40, space = 9, head = 18;
  const y = [4, 4, 4], org = { now: null };
  const pic = svg("svg", { class: "graph", width: wide, role: "group", "aria-label": "Names, actors and victims with what links them" });
  const heads = svg("g", {});
  [narrow ? "Names" : "Names it went by", "Actors", "Targets"].forEach((t, k) => { heads.append(svg("text", { class: "colname", x: arc + k * (col + gap), y: 14 }, t)); y[k] = 26; });
  for (const n of nodes) {
    if (n.col === 2 && n.kind !== "fold" && n.org !== org.now) {
      org.now = n.org;
      y[2] += y[2] > 26 ? 6 : 0;
      heads.append(svg("text", { class: "orgname", x: arc + 2 * (col + gap), y: y[2] + 11 }, clip(line(n.org || "no organisation named"), col / 6.3)));
      y[2] += head;
    }
    n.x = arc + n.col * (col + gap);
    n.y = y[n.col];
    y[n.col] += high + space;
  }
  const all = Math.max(...y) + 4;
  // The actors stand in the middle of the names they went by where there is room.
  let down = 26;
  for (const n of nodes.filter((n) => n.kind === "actor")) {
    const own = nodes.filter((m) => m.kind === "handle" && m.group === n.group);
    const mid = own.length ? own.reduce((s, m) => s + m.y, 0) / own.length : down;
    n.y = Math.max(down, mid);
    down = n.y + high + space;
  }
  for (const n of nodes.filter((n) => n.col === 1 && n.kind === "fold")) n.y = down;
  const tall = Math.max(all, down + 50);
  pic.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
  pic.setAttribute("height", tall);
  const lines = svg("g", {}), boxes = svg("g", {});
  const show = (g, t) => { const f = () => tell(t(), g); g.addEventListener("click", f); g.addEventListener("focus", f); };
  const seen = new Map();
  for (const e of edges) {
    let { a, b } = e;
    if (a.col > b.col) [a, b] = [b, a];
    const pair = a.key + " " + b.key, turn = seen.get(pair) || 0;
    seen.set(pair, turn + 1);
    const ay = a.y + high / 2 + turn * 5, by = b.y + high / 2 + turn * 5;
    let d;
    if (a.col === b.col) {
      const right = a.col === 2 || a.col === 1, u = right ? a.x + col : a.x, v = (right ? 1 : -1) * Math.min(arc - 4, 14 + Math.abs(ay - by) / 4 + turn * 6);
      d = `M${u} ${ay}C${u + v} ${ay} ${u + v} ${by} ${u} ${by}`;
    } else {
      const u = a.x + col, v = b.x, m = (v - u) / 2;
      d = `M${u} ${ay}C${u + m} ${ay} ${v - m} ${by} ${v} ${by}`;
    }
    const g = svg("g", { class: "edge e-" + e.kind + (e.weak ? " weak" : ""), tabindex: "0", role: "button", "aria-label": line(e.label).slice(0, 300) }, svg("path", { class: "hit", d }), svg("path", { class: "line", d }));
    show(g, e.tell);
    lines.append(g);
  }
  const room = (col - 14) / (narrow ? 7.8 : 9.2);
  for (const n of nodes) {
    const g = svg("g", { class: "node n-" + n.kind + (n.weak ? " weak" : ""), tabindex: "0", role: "button", "aria-label": line((n.sub ? n.sub + " " : "") + n.text).slice(0, 300) },
      svg("rect", { x: n.x, y: n.y, width: col, height: high, rx: 6 }),
      svg("text", { class: "nodename", x: n.x + 8, y: n.y + (n.sub ? 16 : 24) }, clip(line(n.text), room)),
      n.sub ? svg("text", { class: "nodesub", x: n.x + 8, y: n.y + 31 }, clip(line(n.sub), room)) : null);
    show(g, n.tell);
    boxes.append(g);
  }
  pic.append(heads, lines, boxes);
  return pic;
}

// clip keeps both ends of a name: hosts differ at the front, accounts at the back.
function clip(s, n) {
  const a = [...s];
  n = Math.max(4, Math.floor(n));
  if (a.length <= n) return s;
  const tail = Math.floor((n - 1) * 0.4);
  return a.slice(0, n - 1 - tail).join("") + "…" + a.slice(a.length - tail).join("");
}

const actorName = (a) => (a.handles[0] && a.handles[0].value) || a.id || "unnamed";

function actorText(c, a) {
  return [el("h5", {}, line(actorName(a)), " ", weak(a)), el("p", {}, a.local ? "What happened on one machine; no doer is known." : `Driver: ${drivenAs(c, a)}.`),
    el("p", { class: "muted" }, `${plural(a.tempo.actions, "action")}, ${between(us(a.first), us(a.last))} UTC`)];
}

function victimText(v) {
  return [el("h5", {}, line(v.value), " ", weak(v)), el("p", {}, (v.reached ? "Entered" : "Tried") + `: ${v.kind}${v.org ? " of " + line(v.org) : ""}, ${plural(v.actions, "action")}.`), el("p", {}, (v.tactics || []).map(tacticName).map(line).join(" › ")), el("p", { class: "muted" }, between(us(v.first), us(v.last)) + " UTC")];
}

function linkText(l) {
  return [el("h5", {}, line(l.kind) + " link, weight " + weight(l.weight), " ", weak(l)), el("p", { class: "mono" }, line(l.from) + " – " + line(l.to)), el("p", {}, line(l.evidence)), us(l.time) !== null ? el("p", { class: "muted" }, clock(us(l.time)) + " UTC") : null, where(l.places)];
}

function percent(f) {
  if (typeof f !== "number") return "?";
  if (f > 0 && f < 0.01) return "< 1 %";
  if (f < 1 && f > 0.99) return "> 99 %";
  return Math.round(Math.min(1, Math.max(0, f)) * 100) + " %";
}
