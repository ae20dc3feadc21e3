// The frequency of matches over time, stacked by level; a stretch of it is chosen with the pointer, the keys or the
// two fields beside it.

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 7776000, 31536000].map((s) => s * 1e6);
let first, final;
taken.push(() => {
  first = Infinity; final = -Infinity;
  for (const t of D.time) if (t !== null) { if (t < first) first = t; if (t > final) final = t; }
});

function drawTimeline() {
  const box = $("timeline");
  if (first > final) { fill(box, el("p", { class: "muted" }, T`No match has a time.`)); return; }
  const wide = Math.max(280, box.clientWidth), high = 150, foot = 22, left = 44;
  const room = wide - left - 6;
  const most = Math.max(20, Math.floor(room / 7));
  const width = steps.find((s) => (final - first) / s < most) || steps[steps.length - 1] * Math.ceil((final - first) / steps[steps.length - 1] / most);
  const start = Math.floor(first / width) * width;
  const n = Math.floor((final - start) / width) + 1;
  const bins = Array.from({ length: n }, () => new Uint32Array(6));
  let top = 0;
  for (const i of inTime) {
    if (D.time[i] === null) continue;
    bins[Math.floor((D.time[i] - start) / width)][level[i]]++;
  }
  for (const b of bins) top = Math.max(top, b.reduce((x, y) => x + y, 0));
  const x = (us) => left + ((us - start) / (n * width)) * room;
  const y = (v) => (top ? (v / top) * (high - 12) : 0);
  const bar = room / n;
  const pic = svg("svg", { viewBox: `0 0 ${wide} ${high + foot}`, width: wide, height: high + foot, role: "img", tabindex: "0",
    "aria-label": `Matches over time, from ${clock(first)} to ${clock(final)} UTC, at most ${number(top)} in ${lasting(width / 1000)}. Arrow keys move a chosen stretch, Escape ends it.` });
  for (const v of ticks(top)) {
    pic.append(svg("line", { class: "grid", x1: left, x2: wide - 6, y1: high - y(v), y2: high - y(v) }), svg("text", { class: "axis", x: left - 6, y: high - y(v) + 4, "text-anchor": "end" }, brief(v)));
  }
  bins.forEach((b, k) => {
    let up = 0;
    const all = b.reduce((p, q) => p + q, 0);
    if (!all) return;
    const least = 2 / Math.max(0.001, y(all)); // a lone match is still seen
    const stretch = Math.max(1, least);
    for (let l = 0; l < 6; l++) {
      if (!b[l]) continue;
      const h = y(b[l]) * stretch;
      pic.append(svg("rect", { class: "l" + l, x: (left + k * bar).toFixed(2), y: (high - up - h).toFixed(2), width: Math.max(1, bar - (bar > 4 ? 1 : 0)).toFixed(2), height: h.toFixed(2) }));
      up += h;
    }
  });
  pic.append(svg("line", { class: "base", x1: left, x2: wide - 6, y1: high, y2: high }));
  for (const [at, label] of dates(start, start + n * width, Math.max(2, Math.floor(room / 110)))) {
    pic.append(svg("line", { class: "base", x1: x(at), x2: x(at), y1: high, y2: high + 4 }), svg("text", { class: "axis", x: x(at), y: high + 17, "text-anchor": "middle" }, label));
  }
  const veil = [svg("rect", { class: "veil", y: 0, height: high }), svg("rect", { class: "veil", y: 0, height: high })];
  const tip = svg("text", { class: "tip", y: 11 });
  pic.append(...veil, tip);
  const shade = (a, b) => {
    const on = a !== null || b !== null;
    veil[0].setAttribute("x", left);
    veil[0].setAttribute("width", on && a !== null ? Math.max(0, x(a) - left) : 0);
    const to = b !== null ? Math.min(wide - 6, x(b)) : wide - 6;
    veil[1].setAttribute("x", Math.max(left, to));
    veil[1].setAttribute("width", on ? Math.max(0, wide - 6 - to) : 0);
  };
  shade(state.from, state.to);
  const at = (e) => {
    const r = pic.getBoundingClientRect();
    return Math.min(n - 1, Math.max(0, Math.floor(((e.clientX - r.left) * (wide / r.width) - left) / bar)));
  };
  let from = -1;
  pic.addEventListener("pointerdown", (e) => { if (e.button === 0) { from = at(e); pic.setPointerCapture(e.pointerId); e.preventDefault(); } });
  pic.addEventListener("pointermove", (e) => {
    const k = at(e);
    const b = bins[k];
    tip.textContent = clock(start + k * width).slice(0, width < 60e6 ? 19 : 16) + "  " + number(b.reduce((p, q) => p + q, 0)) +
      [5, 4, 3, 2, 1].filter((l) => b[l]).map((l) => "  " + tr(levelShort[l]) + " " + number(b[l])).join("");
    const right = k > n / 2;
    tip.setAttribute("x", right ? left + k * bar - 8 : left + k * bar + bar + 8);
    tip.setAttribute("text-anchor", right ? "end" : "start");
    if (from >= 0) shade(start + Math.min(from, k) * width, start + (Math.max(from, k) + 1) * width);
  });
  pic.addEventListener("pointerleave", () => { tip.textContent = ""; });
  pic.addEventListener("pointercancel", () => { from = -1; shade(state.from, state.to); });
  pic.addEventListener("pointerup", (e) => {
    if (from < 0) return;
    const k = at(e), a = Math.min(from, k), b = Math.max(from, k) + 1;
    from = -1;
    range(start + a * width, start + b * width - 1);
  });
  pic.addEventListener("keydown", (e) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (e.key === "Escape") range(null, null);
    else if (move) {
      const a = state.from === null ? start : Math.floor(state.from / width) * width + move * width;
      const b = state.from === null ? start + width - 1 : e.shiftKey ? state.to + move * width : (state.to ?? final) + move * width;
      range(e.shiftKey && state.from !== null ? state.from : a, b);
    } else return;
    e.preventDefault();
    $("timeline").firstElementChild.focus();
  });
  fill(box, pic);
  fill($("brushed"), state.from === null && state.to === null ? T`one bar is ${lasting(width / 1000)}; drag to choose a stretch` : between(state.from ?? first, state.to ?? final) + " UTC");
  $("unbrush").hidden = state.from === null && state.to === null;
  for (const [id, v] of [["from", state.from], ["to", state.to]]) if (document.activeElement !== $(id)) $(id).value = v === null ? "" : clock(v);
}

function range(a, b) {
  state.from = a;
  state.to = b;
  apply();
}

// instant reads what a person typed as a time; null for nothing, undefined for what is none. A stretch ends with the
// last moment of what was typed: "2026-03-01" is all of that day.
function instant(s, end) {
  s = s.trim();
  if (!s) return null;
  const m = /^(\d{4})-(\d\d?)-(\d\d?)(?:[ T](\d\d?)(?::(\d\d))?(?::(\d\d))?(?:\.(\d{1,6}))?Z?)?$/.exec(s);
  if (!m) return undefined;
  const ms = Date.UTC(+m[1], m[2] - 1, +m[3], +(m[4] || 0), +(m[5] || 0), +(m[6] || 0));
  const last = m[7] ? 0 : m[6] ? 1e6 : m[5] ? 60e6 : m[4] ? 3600e6 : 86400e6;
  return ms * 1000 + (m[7] ? +m[7].padEnd(6, "0") : 0) + (end && last ? last - 1 : 0);
}

function ticks(top) {
  if (top < 1) return [];
  const step = [1, 2, 5].map((s) => s * 10 ** Math.floor(Math.log10(Math.max(1, top / 3)))).find((s) => top / s <= 4) || 10 ** Math.ceil(Math.log10(top / 3));
  const all = [];
  for (let v = step; v <= top; v += step) all.push(v);
  return all;
}

// dates are the labels of the time axis: round times, at most n.
function dates(a, b, n) {
  const step = steps.find((s) => (b - a) / s <= n) || (b - a) / n;
  const all = [];
  if (step > 604800e6) { // months and years begin where the calendar has them
    const months = Math.max(1, ...[1, 2, 3, 6, 12, 24, 60, 120].filter((m) => (b - a) / (m * 2629746e6) > n).map((m) => m * 2));
    for (let m = new Date(a / 1000).getUTCFullYear() * 12; ; m += months) {
      const t = Date.UTC(Math.floor(m / 12), m % 12) * 1000;
      if (t > b) return all;
      if (t >= a) all.push([t, clock(t).slice(0, 7)]);
    }
  }
  for (let t = Math.ceil(a / step) * step; t <= b; t += step) {
    const s = clock(t);
    all.push([t, step >= 86400e6 ? s.slice(0, 10) : b - a > 86400e6 ? s.slice(5, 16) : step < 60e6 ? s.slice(11, 19) : s.slice(11, 16)]);
  }
  return all;
}
