// What is shown: each facet is a set of chosen values, any of which will do; all facets must agree.

const facets = ["level", "rule", "host", "user", "address", "tactic", "technique", "campaign"];
const chosen = Object.fromEntries(facets.map((f) => [f, new Set()]));
const state = { text: "", from: null, to: null };
let shown = new Int32Array(0); // the matches that pass, in order of time
let following = []; // the campaigns that pass
const watchers = []; // called when shown has changed
const filtered = () => state.text.trim() !== "" || state.from !== null || state.to !== null || facets.some((f) => chosen[f].size);

// has says that match i has a chosen value of a facet.
const has = {
  level: (i, set) => set.has(level[i]),
  rule: (i, set) => set.has(D.rule[i]),
  host: (i, set) => set.has(D.host[i]),
  user: (i, set) => set.has(D.user[i]),
  address: (i, set) => set.has(D.address[i]),
  tactic: (i, set) => tacticsOf(D.rules[D.rule[i]]).some((t) => set.has(t)),
  technique: (i, set) => D.rules[D.rule[i]].techs.some((t) => set.has(t)),
  campaign: (i, set) => [...set].some((k) => belongs(k)[i]),
};

// A rule that names techniques but no tactic counts for a column of its own.
function tacticsOf(r) {
  return r.tactics.length || !r.techs.length ? r.tactics : [noTactic];
}

// count holds for each facet how many matches each value has among those that all other facets let through.
const count = {};
let inTime = []; // the matches that all but the time range let through: what the timeline shows

function apply() {
  for (const f of facets) count[f] = new Map();
  const up = (f, k) => count[f].set(k, (count[f].get(k) || 0) + 1);
  const found = search(state.text);
  const active = facets.filter((f) => chosen[f].size);
  const out = [], times = [];
  for (let i = 0; i < N; i++) {
    if (found && !found[i]) continue;
    let failed = "", fails = 0;
    for (const f of active) {
      if (!has[f](i, chosen[f])) { failed = f; if (++fails > 1) break; }
    }
    if (fails > 1) continue;
    const t = D.time[i];
    const timely = (state.from === null || (t !== null && t >= state.from)) && (state.to === null || (t !== null && t <= state.to));
    if (!fails) times.push(i);
    if (!timely) continue;
    if (!fails) out.push(i);
    const r = D.rules[D.rule[i]];
    if (!fails || failed === "level") up("level", level[i]);
    if (!fails || failed === "rule") up("rule", D.rule[i]);
    if (D.host[i] && (!fails || failed === "host")) up("host", D.host[i]);
    if (D.user[i] && (!fails || failed === "user")) up("user", D.user[i]);
    if (D.address[i] && (!fails || failed === "address")) up("address", D.address[i]);
    if (!fails || failed === "tactic") for (const t of tacticsOf(r)) up("tactic", t);
    if (!fails || failed === "technique") for (const t of r.techs) up("technique", t);
  }
  shown = Int32Array.from(out);
  inTime = times;
  following = D.campaigns ? campaignsShown() : [];
  for (const w of watchers) w();
}

function toggle(facet, value) {
  const set = chosen[facet];
  if (!set.delete(value)) set.add(value);
  apply();
}

function clearAll() {
  for (const f of facets) chosen[f].clear();
  state.text = $("find").value = "";
  state.from = state.to = null;
  apply();
}

// Search: words and "phrases" that must all occur in a match, -words that must not, and Field:word. The table of
// texts is searched, not the matches: a text that many matches share is looked at once.
let lower = null;
let last = { query: "", hits: null };
taken.push(() => { lower = null; last = { query: "", hits: null }; });

// terms are the parts of a query in lower case: a word or phrase, the field it must be in, and whether it must occur (1) or not (0).
function terms(query) {
  const all = [];
  for (const m of query.matchAll(/(-?)(?:([^\s":]+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const word = (m[3] ?? m[4] ?? "").toLowerCase();
    if (word) all.push({ word, field: (m[2] || "").toLowerCase(), want: m[1] ? 0 : 1 });
  }
  return all;
}

function search(query) {
  query = query.trim();
  if (!query) return null;
  if (query === last.query) return last.hits;
  lower = lower || S.map((s) => s.toLowerCase());
  const names = new Map();
  for (const shape of D.shapes) for (const n of shape) names.set(lower[n], n);
  const hits = new Uint8Array(N).fill(1);
  for (let { word, field, want } of terms(query)) {
    if (field && !names.has(field)) { word = field + ":" + word; field = ""; }
    const hit = new Uint8Array(S.length);
    for (let s = 0; s < S.length; s++) if (lower[s].includes(word)) hit[s] = 1;
    const rules = D.rules.map((r) => !field && (r.title + " " + (r.id || "") + " " + r.tags.join(" ")).toLowerCase().includes(word));
    const places = field ? D.shapes.map((shape) => shape.flatMap((n, k) => (lower[n] === field ? [k] : []))) : null;
    for (let i = 0; i < N; i++) {
      if (hits[i] && occurs(i, hit, rules, places) !== want) hits[i] = 0;
    }
  }
  last = { query, hits };
  return hits;
}

function occurs(i, hit, rules, places) {
  const at = valuesAt[i];
  if (places) return places[D.shape[i]].some((k) => hit[D.values[at + k]]) ? 1 : 0;
  if (rules[D.rule[i]] || hit[D.host[i]] || hit[D.user[i]] || hit[D.details[i]] || hit[D.source[i]] || hit[D.raw[i]]) return 1;
  for (let k = at; k < valuesAt[i + 1]; k++) if (hit[D.values[k]]) return 1;
  return 0;
}
