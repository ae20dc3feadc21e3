// The report's data. Matches are columns of numbers; texts are numbers of one table. unpack gets it.

const levelNames = ["unrated", "informational", "low", "medium", "high", "critical"];
const levelShort = ["–", "info", "low", "medium", "high", "critical"];

let dataSum = ""; // SHA-256 of the JSON, where the page says it
let D, N, S;
let valuesAt, heldAt; // where the values and the held pairs of each match begin
let level; // of each match
let techniques, columnsOf, noTactic; // techniques have numbers too; the tactics that each stands under
const taken = []; // called after data was taken up: what was derived from other data is no longer true

// take takes up data.
function take(data) {
  D = data;
  N = D.rule.length;
  S = D.strings;
  valuesAt = new Int32Array(N + 1);
  heldAt = new Int32Array(N + 1);
  for (let i = 0, h = 0; i < N; i++) {
    valuesAt[i + 1] = valuesAt[i] + D.shapes[D.shape[i]].length;
    heldAt[i] = h;
    h += 1 + 2 * D.held[h];
    heldAt[i + 1] = h;
  }
  level = new Uint8Array(N);
  for (let i = 0; i < N; i++) level[i] = D.rules[D.rule[i]].level;
  techniques = [...new Set(D.rules.flatMap((r) => r.techniques))].sort();
  const at = new Map(techniques.map((t, i) => [t, i]));
  for (const r of D.rules) r.techs = r.techniques.map((t) => at.get(t));
  noTactic = D.tactics.length;
  columnsOf = techniques.map((t) => D.techniques[t] || [noTactic]);
  for (const f of taken) f();
}

// fieldsOf lists the fields of a match as [name, value] numbers.
function fieldsOf(i) {
  return D.shapes[D.shape[i]].map((name, k) => [name, D.values[valuesAt[i] + k]]);
}

function heldOf(i) {
  const all = [];
  for (let h = heldAt[i] + 1; h < heldAt[i + 1]; h += 2) all.push([D.held[h], D.held[h + 1]]);
  return all;
}
