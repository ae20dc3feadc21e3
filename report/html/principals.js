// The principals for whom agents worked: a list, worst first, and the chosen one in full.

let chosenPrincipal = 0, wholePrincipals = false;
const verdictClass = { turned: "l5", intrusion: "l5", suspicious: "l3", "security work": "l2" };
const targetName = (t) => t || T`its own machine`;
const phaseName = (slug) => { const t = D.tactics.find((t) => t[1] === slug); return t ? t[2] : slug; };
const nats = (w) => (typeof w === "number" ? (w < 0 ? "−" : "+") + Math.abs(w).toFixed(2) : "?");

function drawPrincipals() {
  const P = D.principals;
  if (!P) return;
  $("principals").hidden = $("to-principals").hidden = false;
  fill($("principals-note"), T`${plural(P.n, "principal")} with agents: ${plural(P.sessions, "session")}, ${plural(P.calls, "call")}` + (P.days ? T` over ${plural(P.days, "day")}` : "") + ` · ${P.verdicts.map(([n, v]) => number(n) + " " + tr(v)).join(", ")}`);
  drawPrincipalList();
  drawPrincipal();
}

function drawPrincipalList() {
  const P = D.principals, few = 8, list = wholePrincipals ? P.list : P.list.slice(0, few);
  fill($("principal-list"),
    list.map((p, k) => el("button", { type: "button", class: "camprow prinrow " + (verdictClass[p.verdict] || "l1"), "aria-pressed": String(k === chosenPrincipal), onclick: () => { chosenPrincipal = k; drawPrincipalList(); drawPrincipal(); if (innerWidth < 980) $("principal").scrollIntoView(); } },
      el("span", { class: "badge" }, tr(p.verdict)),
      el("span", { class: "camptitle" }, el("b", {}, line(p.principal)), el("small", { class: "muted wrap" }, line(p.because || ""))),
      el("span", { class: "campfacts muted" }, `${plural(p.sessionCount, "session")}, ${plural(p.calls, "call")}` + (p.first_alert_call ? T` · from call ${number(p.first_alert_call)} on` : "")))),
    P.list.length > few ? el("button", { type: "button", class: "plain more", onclick: () => { wholePrincipals = !wholePrincipals; drawPrincipalList(); } }, wholePrincipals ? T`Fewer` : T`${number(P.list.length - few)} more`) : null,
    P.beyond ? el("p", { class: "muted none" }, T`${number(P.beyond)} more are in the JSONL.`) : null,
    el("p", { class: "muted none" }, P.list.length ? (P.ordinary ? T`${number(P.ordinary)} ordinary: nothing to report of them.` : "") : T`Nothing to report.`),
    P.notes.map((s) => el("p", { class: "muted none" }, line(s[0].toUpperCase() + s.slice(1)) + ".")));
}

function drawPrincipal() {
  const P = D.principals, box = $("principal");
  if (!P || !P.list.length) { box.hidden = true; return; }
  box.hidden = false;
  fill(box, principalPage(P.list[chosenPrincipal], Math.max(260, box.clientWidth - parseFloat(getComputedStyle(box).paddingLeft) * 2)));
}

function principalPage(p, wide) {
  const targets = p.by_target || [];
  return [
    el("div", { class: "camphead " + (verdictClass[p.verdict] || "l1") }, el("span", { class: "badge" }, tr(p.verdict)), el("span", { class: "muted" }, T`named by its ${tr(p.by)}`)),
    el("h3", { class: "campname" }, line(p.principal)),
    el("p", { class: "story" }, line(p.because || T`No evidence is listed`), "."),
    el("p", { class: "why muted" }, [`${plural(p.sessionCount, "session")}, ${plural(p.calls, "call")}`, (p.agents || []).map(line).join(", "), us(p.first) === null ? "" : between(us(p.first), us(p.last)) + " UTC", p.first_alert_call ? T`suspicious from call ${number(p.first_alert_call)} on` : ""].filter(Boolean).join(" · ")),
    targets.some((t) => (t.course || []).length) ? [el("h4", {}, T`Phases by target`), el("div", { class: "figure" }, courseChart(p, targets, wide))] : null,
    targets.map((t) => [
      el("h4", {}, T`At `, line(targetName(t.target)), ": ", el("span", { class: "badge " + (verdictClass[t.verdict] || "l1") }, tr(t.verdict))),
      (t.course || []).length ? el("ol", { class: "course" }, t.course.map((g) => el("li", {},
        el("p", {}, el("b", {}, phaseName(g.id)), g.techniques ? " (" + g.techniques.map(line).join(", ") + ")" : "", ": ", line(g.sentence)),
        callAt(g), quoteOf(g)))) : el("p", {}, t.phases.map(phaseName).join(" › ")),
      sumTable(t.evidence, t.score)]),
    el("h4", {}, T`Evidence in all`),
    sumTable(p.evidence, p.score),
    el("h4", {}, T`What speaks for honest work, and what would clear it`),
    el("ul", { class: "clears" }, (p.cleared || []).length ? p.cleared.map((s) => el("li", {}, line(s))) : el("li", {}, T`Nothing that was read speaks for honest work.`), p.would.map((s) => el("li", {}, line(s)))),
    el("h4", {}, T`Sight`), el("p", {}, line(p.seen)),
    el("details", { class: "list" }, el("summary", {}, T`Sessions`, el("span", { class: "muted" }, number(p.sessionCount))), el("p", { class: "ids" }, p.sessions.map((s) => el("code", {}, line(s)))), p.sessionCount > p.sessions.length ? el("p", { class: "muted" }, T`The JSONL has all.`) : null),
  ];
}

// callAt says which call it was, when, and where it can be read again.
function callAt(g) {
  const t = us(g.place.time);
  return el("p", { class: "muted standing" }, T`call ${number(g.call)}`, t === null ? "" : ` · ${clock(t)} UTC`, " · ", placeLink(g.place));
}

const quoteOf = (g) => (g.quote ? el("pre", { class: "raw" }, g.quote) : null);

// sumTable shows evidence as a sum that the reader can add up.
function sumTable(all, score) {
  const sum = all.reduce((n, g) => n + (g.weight || 0), 0);
  return el("div", { class: "sum" },
    all.map((g) => el("div", { class: "sumrow" }, el("span", { class: "nats" }, nats(g.weight)), el("div", {}, el("p", {}, line(g.sentence)), callAt(g), quoteOf(g)))),
    el("div", { class: "sumrow total" }, el("span", { class: "nats" }, nats(sum)), el("div", {}, T`in sum, in nats (log-odds)`, Math.abs(sum - score) < 0.005 ? "" : T`; the score is ${nats(score)}: part of the evidence is not shown`)));
}

// courseChart draws a line for each target and on it the first call of each phase, in the order of calls.
function courseChart(p, targets, wide) {
  const few = targets.filter((t) => (t.course || []).length).slice(0, 12), lane = 58, pad = 14;
  const x = (call) => pad + ((wide - 2 * pad) * (call - 1)) / Math.max(1, p.calls - 1);
  const parts = [];
  few.forEach((t, i) => {
    const y = i * lane + 38;
    parts.push(svg("text", { x: 0, y: y - 20, class: "lanename" }, shortened(line(targetName(t.target)), Math.floor(wide / 8))));
    parts.push(svg("line", { x1: pad, x2: wide - pad, y1: y, y2: y, class: "grid" }));
    let last = -99;
    t.course.forEach((g, k) => {
      last = Math.max(x(g.call), last + 19); // side by side where calls are close
      const at = Math.min(last, wide - pad);
      parts.push(svg("g", { class: verdictClass[t.verdict] || "l1" }, svg("title", {}, T`${k + 1}. ${phaseName(g.id)}: call ${g.call}, ${line(g.sentence)}`), svg("circle", { cx: at, cy: y, r: 9, class: "phasedot" }), svg("text", { x: at, y: y + 4, "text-anchor": "middle", class: "phasenum" }, String(k + 1))));
    });
  });
  const high = few.length * lane + 14;
  parts.push(svg("text", { x: pad, y: high - 2, class: "axis" }, T`call ${number(1)}`), svg("text", { x: wide - pad, y: high - 2, "text-anchor": "end", class: "axis" }, T`call ${number(p.calls)}`));
  return svg("svg", { class: "lanes", width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": T`Phases by target, in the order of calls; the lists below have the same` }, parts);
}

const shortened = (s, n) => (s.length > n ? s.slice(0, n - 1) + "…" : s);
