// The operator panel: what drives each actor, by which evidence, and its tempo.

const drivers = [T`human`, T`script`, "agent"];
const driverName = { human: T`human`, script: T`script`, agent: T`AI agent`, undecided: T`undecided` };

// empty says that of an actor no act of its own is known: it stands for alerts only, and there is nothing to judge.
const empty = (a) => !(a.tempo.actions > 0);

// drivenAs is what drives actor k of a campaign, in a word or two; the reasons follow it in the data.
const drivenAs = (c, a) => ((c.driven || [])[c.actors.indexOf(a)] || [driverName[a.driver] || a.driver])[0];

function operator(c, a, wide) {
  const why = ((c.driven || [])[c.actors.indexOf(a)] || []).slice(1);
  const two = a.share && "script" in a.share && !("agent" in a.share); // the logs cannot tell a script from an agent
  const named = two ? ["human", "script"] : drivers;
  const nameOf = (d) => (two && d === "script" ? T`script or AI agent` : driverName[d]);
  const shares = named.map((d) => (a.share && typeof a.share[d] === "number" ? Math.min(1, Math.max(0, a.share[d])) : 0));
  const sum = shares.reduce((x, y) => x + y, 0);
  const bar = el("div", { class: "sharebar", role: "img", "aria-label": named.map((d, k) => nameOf(d) + " " + percent(shares[k])).join(", ") });
  if (sum > 0) named.forEach((d, k) => { const i = el("i", { class: "d-" + d }); i.style.width = (shares[k] / sum) * 100 + "%"; bar.append(i); });
  return el("section", { class: "operator" },
    el("div", { class: "ophead" }, el("h4", {}, line(actorName(a))), weak(a), el("span", { class: "pill d-" + a.driver }, drivenAs(c, a).startsWith("driver") ? drivenAs(c, a) : T`driver: ` + drivenAs(c, a)),
      el("span", { class: "muted" }, `${plural(a.tempo.actions, "action")} · ${between(us(a.first), us(a.last))} UTC`)),
    sum > 0 ? [bar, el("p", { class: "legend" }, named.map((d, k) => el("span", {}, el("i", { class: "key d-" + d }), nameOf(d) + " " + percent(shares[k])))), el("ul", { class: "why" }, why.map((t) => el("li", {}, line(t))))] : el("p", { class: "muted" }, T`Not judged: `, line(why[0] || T`nothing says what drives it`), "."),
    el("div", { class: "opgrid" }, tempoOf(c, a, wide), evidenceOf(a)),
    (a.adaptations || []).length ? [el("h5", {}, T`How it went on when blocked`), el("ul", {}, a.adaptations.map((d) => el("li", {}, T`${clock(us(d.blocked))}: blocked as `, el("span", { class: "mono" }, line(d.from)), T`, went on ${lasting(d.after_ns / 1e6)} later as `, el("span", { class: "mono" }, line(d.to)), T`; changed ${(d.changed || []).map(line).join(", ")}. `, el("span", { class: "muted" }, line(d.evidence)))))] : null);
}

function tempoOf(c, a, wide) {
  const t = a.tempo, all = (t.per_minute || []).map((n) => Math.max(0, n));
  const facts = [[T`in a second`, number(t.peak_1s)], [T`in 10 s`, number(t.peak_10s)], [T`in a minute`, number(t.peak_60s)]];
  const from = us(a.first), to = us(a.last);
  let pic = null;
  if (all.length > 1) {
    const high = 88, w = Math.max(240, wide < 760 ? wide : Math.floor(wide * 0.46)), top = Math.max(1, ...all), step = w / all.length;
    pic = svg("svg", { class: "tempo", viewBox: `0 0 ${w} ${high + 18}`, width: w, height: high + 18, role: "img", "aria-label": T`Actions over time, at most ${number(top)} in one of ${all.length} equal stretches` });
    all.forEach((n, k) => { if (n) pic.append(svg("rect", { class: "d-" + a.driver, x: (k * step).toFixed(2), width: Math.max(1, step - (step > 3 ? 1 : 0)).toFixed(2), y: (high - (n / top) * (high - 12)).toFixed(2), height: ((n / top) * (high - 12)).toFixed(2) })); });
    pic.append(svg("line", { class: "base", x1: 0, x2: w, y1: high, y2: high }), svg("text", { class: "axis", x: 2, y: 9 }, T`most: ` + number(top) + (from !== null && to !== null ? T` in ` + lasting((to - from) / 1000 / all.length) : "")));
    if (from !== null && to !== null && to > from) {
      for (const [i, g] of (c.gates || []).entries()) {
        const u = ((us(g.time) - from) / (to - from)) * w;
        if (us(g.time) !== null && u >= 0 && u <= w) pic.append(svg("line", { class: "gateline", x1: u, x2: u, y1: 12, y2: high }), svg("text", { class: "gatenum", x: Math.min(w - 8, u + 3), y: 21 }, String(i + 1)));
      }
      pic.append(svg("text", { class: "axis", x: 0, y: high + 14 }, clock(from).slice(5, 16)), svg("text", { class: "axis", x: w, y: high + 14, "text-anchor": "end" }, clock(to).slice(5, 16)));
    }
  }
  const row = (k, v) => [el("dt", {}, k), el("dd", {}, v)];
  return el("div", { class: "tempobox" }, el("h5", {}, T`Tempo`), pic,
    el("dl", { class: "facts" }, row(T`Most`, facts.map(([k, v]) => v + " " + k).join(", ")),
      t.gaps_ns && t.gaps_ns.length > 1 ? row(T`Gaps`, T`half below ${lasting(t.gaps_ns[1] / 1e6)}${t.gaps_ns[2] ? T`, nine in ten below ` + lasting(t.gaps_ns[2] / 1e6) : ""}`) : null,
      row(T`Busy`, T`${lasting(t.busy_ns / 1e6)}, in ${percent(t.occupancy)} of the 5-minute windows`),
      row(T`Failures`, T`${percent(t.failed)} failed; after one, ${percent(t.changed)} were changed`),
      row(T`Breadth`, T`${plural(t.tools, "tool")}, ${plural(t.targets, "target")}, ${percent(t.unique)} distinct texts, ${percent(t.overlap)} overlapping`)));
}

// evidenceOf is the judgement as a sum that can be checked: weights by feature, their sums, the shares. The bars show
// what speaks for and against each driver, measured from the mean of the three.
function evidenceOf(a) {
  const list = a.evidence || [];
  if (!list.length || !a.share || !Object.keys(a.share).length) return null; // why it was not judged is said above
  const lean = (e) => { const m = drivers.reduce((n, d) => n + (e[d] || 0), 0) / 3; return drivers.map((d) => (e[d] || 0) - m); };
  const top = Math.max(0.5, ...list.flatMap((e) => lean(e).map(Math.abs)));
  const cell = (e, k) => {
    const v = lean(e)[k], i = el("i", { class: v < 0 ? "against" : "for" });
    i.style.width = Math.min(50, (Math.abs(v) / top) * 50) + "%";
    i.style[v < 0 ? "right" : "left"] = "50%";
    return el("td", { class: "w" }, el("span", { class: "lean", "aria-hidden": "true" }, i), weight(e[drivers[k]]));
  };
  const sums = drivers.map((d) => list.reduce((n, e) => n + (e[d] || 0), 0));
  return el("div", { class: "evidencebox" }, el("h5", {}, T`Evidence of the driver`),
    el("div", { class: "scroll" }, el("table", { class: "weights" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, T`Evidence`), drivers.map((d) => el("th", { scope: "col", class: "w" }, driverName[d])))),
      el("tbody", {}, list.map((e) => el("tr", {}, el("th", { scope: "row" }, line(e.feature), el("small", {}, line(e.seen))), drivers.map((d, k) => cell(e, k)))),
        el("tr", { class: "sum" }, el("th", { scope: "row" }, T`Sum`), sums.map((s) => el("td", { class: "w" }, weight(s)))),
        el("tr", { class: "sum" }, el("th", { scope: "row" }, T`Share`, el("small", {}, T`softmax of the sums`)), drivers.map((d) => el("td", { class: "w" }, percent(a.share ? a.share[d] : undefined))))))),
    el("p", { class: "muted small" }, T`Weights are log-likelihoods. Bars to the right speak for a driver, to the left against it.`));
}

// autonomy is the share of actions without a person, with its interval.
function autonomy(c) {
  const a = c.autonomy;
  if (!a || typeof a.value !== "number") return null;
  const box = el("div", { class: "autonomy", role: "img", "aria-label": T`Without a person: ${percent(a.value)}, between ${percent(a.low)} and ${percent(a.high)}` }, el("i", { class: "range" }), el("i", { class: "point" }));
  const at = (f) => Math.min(1, Math.max(0, f || 0)) * 100;
  box.children[0].style.left = at(a.low) + "%";
  box.children[0].style.width = Math.max(1, at(a.high) - at(a.low)) + "%";
  box.children[1].style.left = at(a.value) + "%";
  return el("div", { class: "autobox" }, el("p", {}, T`Done without a person`), el("p", {}, el("b", {}, percent(a.value)), el("span", { class: "muted" }, T` (90 % interval: ${percent(a.low)} to ${percent(a.high)})`)), box,
    el("p", { class: "muted small" }, (c.gates || []).length ? T`A person seems to have decided at ${plural(c.gates.length, "point")}, numbered in the charts.` : T`No point was found at which a person decided.`));
}
