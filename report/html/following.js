// Campaigns follow the filter: one is shown if a match of it is, or if what it tells of itself passes.

// membersOf lists the matches of campaign k, by the records that the campaign names.
let members = null;
taken.push(() => { members = null; sets.length = tales.length = 0; });
function membersOf(k) {
  if (!members) {
    members = D.campaigns.map(() => []);
    const first = new Map(), others = new Map(); // by source: the runs of records of each campaign; of first events of lines, and of others
    D.campaigns.forEach((c, k) => c.spans.forEach(([source, nth, ...runs]) => {
      const of = nth ? others : first;
      of.set(source, [...(of.get(source) || []), [k, runs]]);
    }));
    for (let i = 0; i < N; i++) {
      let r = D.record[i], of = first;
      if (typeof r === "string") {
        const [record, nth] = r.split(".").map(Number);
        if (nth > 1) of = others;
        r = nth > 1 ? record * 2 ** 22 + nth : record;
      }
      for (const [k, runs] of of.get(S[D.source[i]]) || []) if (within(runs, r)) members[k].push(i);
    }
  }
  return members[k];
}

// within says that a record is in one of the runs, pairs of the first and the last in order.
function within(runs, r) {
  let a = 0, b = runs.length / 2;
  while (a < b) {
    const m = (a + b) >> 1;
    if (runs[2 * m] <= r) a = m + 1;
    else b = m;
  }
  return a > 0 && r <= runs[2 * a - 1];
}

const sets = [];
const belongs = (k) => (sets[k] ||= membersOf(k).reduce((is, i) => { is[i] = 1; return is; }, new Uint8Array(N)));
const matchesOf = (k) => membersOf(k).length;

// told is all that a campaign says, in lower case.
const tales = [];
function told(k) {
  const all = [];
  const walk = (x) => {
    if (typeof x === "string") all.push(x);
    else if (x && typeof x === "object") for (const v of Object.values(x)) walk(v);
  };
  if (tales[k] === undefined) { walk(D.campaigns[k]); tales[k] = all.join("\n").toLowerCase(); }
  return tales[k];
}

// tells says that a campaign itself has one of the values chosen of each facet, the words that are looked for, and a time in the range.
function tells(k) {
  const c = D.campaigns[k], lists = (name) => c.steps.flatMap((s) => s[name] || []);
  const named = new Set([...c.victims, ...c.victims.flatMap((v) => v.also || []), ...c.actors.flatMap((a) => a.handles)].map((e) => e.value.toLowerCase()));
  const any = (facet, of) => !chosen[facet].size || [...chosen[facet]].some(of);
  const called = (s) => named.has(S[s].toLowerCase());
  return !chosen.rule.size && any("level", (l) => levelNames[l] === (c.level || "unrated")) && any("host", called) && any("user", called) && any("address", called) &&
    any("tactic", (t) => D.tactics[t] && c.steps.some((s) => s.tactic === D.tactics[t][1])) && any("technique", (t) => lists("techniques").includes(techniques[t])) &&
    (state.from === null || us(c.last) === null || us(c.last) >= state.from) && (state.to === null || us(c.first) === null || us(c.first) <= state.to) &&
    terms(state.text).every((t) => (t.field ? 0 : Number(told(k).includes(t.word))) === t.want);
}

// campaignsShown lists the campaigns that pass the filter.
function campaignsShown() {
  const all = D.campaigns.map((c, k) => k);
  if (!filtered()) return all;
  const seen = new Uint8Array(N);
  for (const i of shown) seen[i] = 1;
  return all.filter((k) => (!chosen.campaign.size || chosen.campaign.has(k)) && (membersOf(k).some((i) => seen[i]) || tells(k)));
}
