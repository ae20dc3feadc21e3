// The timeline of a campaign: a lane for each tactic in the order in which they began, the points at which a person
// seems to have decided, and what was blocked. Long quiets are drawn short, and say how long they are.

// us is a time of the data as microseconds.
function us(iso) {
  const ms = iso ? Date.parse(iso) : NaN;
  return Number.isNaN(ms) ? null : ms * 1000;
}

const tacticName = (slug) => (D.tactics.find((t) => t[1] === slug) || [0, 0, slug || T`no tactic`])[2];

// pieces cuts a stretch of time into what was busy and what was quiet.
function pieces(c, from, to) {
  const total = to - from, all = [];
  const quiets = (c.gates || []).map((g) => [us(g.quiet), us(g.time)]).filter(([a, b]) => a !== null && b !== null && b - a > total * 0.05 && a >= from && b <= to).sort((a, b) => a[0] - b[0]);
  let at = from;
  for (const [a, b] of quiets) {
    if (a < at) continue;
    all.push({ a: at, b: a, quiet: false }, { a, b, quiet: true });
    at = b;
  }
  all.push({ a: at, b: to, quiet: false });
  return all;
}

// axis says where each time is drawn between left and right.
function axis(c, from, to, left, right) {
  const all = pieces(c, from, to);
  const quietWide = right - left < 500 ? 22 : 54;
  const busy = all.filter((p) => !p.quiet);
  const least = 14;
  const room = right - left - quietWide * (all.length - busy.length) - least * busy.length;
  const sum = busy.reduce((n, p) => n + (p.b - p.a), 0) || 1;
  let at = left;
  for (const p of all) {
    p.x = at;
    p.w = p.quiet ? quietWide : least + Math.max(0, room) * ((p.b - p.a) / sum);
    at += p.w;
  }
  const x = (t) => {
    for (const p of all) if (t <= p.b || p === all[all.length - 1]) return p.x + Math.min(1, Math.max(0, (t - p.a) / (p.b - p.a || 1))) * p.w;
    return right;
  };
  return { all, x };
}

function lanes(c, wide, tell) {
  const timed = (c.steps || []).map((s, i) => ({ s, i, a: us(s.first), b: us(s.last) })).filter((t) => t.a !== null && t.b !== null && t.b >= t.a);
  if (!timed.length) return el("p", { class: "muted" }, T`No step has a time.`);
  const gates = (c.gates || []).map((g, i) => ({ g, i, t: us(g.time) })).filter((g) => g.t !== null);
  const blocks = c.actors.flatMap((a) => (a.adaptations || []).map((d) => ({ d, t: us(d.blocked) }))).filter((b) => b.t !== null);
  const from = Math.min(...timed.map((t) => t.a)), to = Math.max(...timed.map((t) => t.b), from + 1);
  const tactics = [...new Set(timed.map((t) => t.s.tactic))];
  const narrow = wide < 640, left = narrow ? 6 : 158, right = wide - 10;
  const top = 30, lane = narrow ? 38 : 30, bar = 16;
  const bottom = top + tactics.length * lane, high = bottom + 24;
  const { all, x } = axis(c, from, to, left, right);
  const pic = svg("svg", { class: "lanes", viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, role: "group", "aria-label": T`Phases of the campaign over time` });
  for (const p of all) {
    if (!p.quiet) continue;
    pic.append(svg("rect", { class: "quiet", x: p.x, y: top - 4, width: p.w, height: bottom - top + 4 }));
    if (!narrow) pic.append(svg("text", { class: "axis", x: p.x + p.w / 2, y: bottom + 16, "text-anchor": "middle" }, lasting((p.b - p.a) / 1000)));
  }
  tactics.forEach((slug, k) => {
    const y = top + k * lane;
    pic.append(svg("line", { class: "grid", x1: narrow ? left : 0, x2: right, y1: y + lane, y2: y + lane }));
    pic.append(svg("text", { class: "lanename", x: narrow ? left : left - 12, y: y + (narrow ? 13 : lane / 2 + 4), "text-anchor": narrow ? "start" : "end" }, line(tacticName(slug))));
  });
  let last = -1e9;
  for (const p of all) {
    if (p.quiet || p.x - last < (narrow ? 92 : 84)) continue;
    last = p.x;
    const end = p.x > right - 80;
    pic.append(svg("text", { class: "axis", x: end ? right : p.x, y: 12, "text-anchor": end ? "end" : "start" }, clock(p.a).slice(5, 16)));
  }
  if (right - last > (narrow ? 190 : 170)) pic.append(svg("text", { class: "axis", x: right, y: 12, "text-anchor": "end" }, clock(to).slice(5, 16)));
  for (const { s, i, a, b } of timed) {
    const y = top + tactics.indexOf(s.tactic) * lane + (narrow ? lane - bar - 4 : (lane - bar) / 2);
    const known = s.worked + s.failed;
    const step = svg("g", { class: "step", tabindex: "0", role: "button", "aria-label": T`Step ${i + 1}: ${tacticName(s.tactic)}, ${line(s.summary)}, ${clock(a)}, ${plural(s.actions, "action")}` });
    for (const p of all) {
      if (p.quiet || b < p.a || a > p.b) continue;
      const u = x(Math.max(a, p.a)), v = x(Math.min(b, p.b));
      if (a !== b && v - u < 0.5 && (b === p.a || a === p.b)) continue;
      step.append(svg("rect", { x: u.toFixed(1), y, width: Math.max(5, v - u).toFixed(1), height: bar, rx: 3, "fill-opacity": (0.35 + 0.65 * (known > 0 ? s.worked / known : 0.5)).toFixed(2) }));
    }
    const show = () => tell(stepText(c, i), step);
    step.addEventListener("click", show);
    step.addEventListener("focus", show);
    pic.append(step);
  }
  for (const { g, i, t } of gates) {
    const u = x(t);
    const mark = svg("g", { class: "gate", tabindex: "0", role: "button", "aria-label": T`Decision ${i + 1}, ${clock(t)}: ${line(g.change)}` },
      svg("line", { x1: u, x2: u, y1: top - 6, y2: bottom }), svg("circle", { cx: u, cy: top - 8, r: 8 }), svg("text", { x: u, y: top - 4.5, "text-anchor": "middle" }, String(i + 1)));
    const show = () => tell(gateText(g, i), mark);
    mark.addEventListener("click", show);
    mark.addEventListener("focus", show);
    pic.append(mark);
  }
  for (const { d, t } of blocks) {
    const u = x(t);
    const mark = svg("g", { class: "block", tabindex: "0", role: "button", "aria-label": T`Blocked ${clock(t)}` }, svg("rect", { x: u - 8, y: bottom - 8, width: 16, height: 16, class: "hit" }), svg("path", { d: `M${u - 5} ${bottom - 5}l10 10m0 -10l-10 10` }));
    const show = () => tell(blockText(d), mark);
    mark.addEventListener("click", show);
    mark.addEventListener("focus", show);
    pic.append(mark);
  }
  return pic;
}

const where = (places) => (places && places.length ? el("p", { class: "places" }, el("span", { class: "muted" }, T`Evidence `), places.map((p) => [placeLink(p), " "])) : null);

function stepText(c, i) {
  const s = c.steps[i];
  return [el("h5", {}, `${i + 1}. ${tacticName(s.tactic)}`, s.techniques && s.techniques.length ? el("span", { class: "muted" }, " " + s.techniques.join(", ")) : null),
    el("p", {}, line(s.summary)),
    el("p", { class: "muted" }, between(us(s.first), us(s.last)) + T` UTC · ${plural(s.actions, "action")}, ${number(s.worked)} worked, ${number(s.failed)} failed or denied`, s.hosts && s.hosts.length ? T` · on ` + s.hosts.map(line).join(", ") : ""),
    s.acts && s.acts.length ? el("ul", { class: "places" }, s.acts.map(actItem)) : [s.commands && s.commands.length ? el("pre", { class: "raw", tabindex: "0", "aria-label": T`Commands` }, s.commands.join("\n")) : null, where(s.places)]];
}

// actItem is an act on one line, with all sensors that told of it.
const actItem = (a) => el("li", {}, el("code", {}, line(a.text || "")), a.actions > 1 ? T`, and ${number(a.actions - 1)} more like it` : "", (a.seen || []).map((x) => [" ", placeLink(x.place), el("span", { class: "muted" }, " " + line(x.sensor) + (x.off_ns >= 1e9 ? T`, ${lasting(x.off_ns / 1e6)} later` : ""))]));

function gateText(g, i) {
  const a = us(g.quiet), b = us(g.time);
  return [el("h5", {}, T`Decision ${i + 1}`), el("p", {}, line(g.change)), el("p", { class: "muted" }, clock(b) + " UTC" + (a !== null && b !== null ? T`, after ${lasting((b - a) / 1000)} of quiet` : "") + T` · weight ${weight(g.weight)}`)];
}

function blockText(d) {
  return [el("h5", {}, T`Blocked, and how it went on`), el("p", {}, T`As ${line(d.from)}; ${lasting(d.after_ns / 1e6)} later as ${line(d.to)}. Changed: ${(d.changed || []).map(line).join(", ")}.`), el("p", { class: "muted" }, line(d.evidence) + " · " + clock(us(d.blocked)) + " UTC")];
}

// weight writes log-odds with their sign.
function weight(w) {
  return typeof w === "number" ? (w < 0 ? "−" : "+") + Math.abs(w).toFixed(2) : "?";
}
