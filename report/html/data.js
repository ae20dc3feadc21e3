// The report's data: JSON, gzip, Base64. Matches are columns of numbers; texts are numbers of one table.

const levelNames = ["unrated", "informational", "low", "medium", "high", "critical"];
const levelShort = ["–", "info", "low", "medium", "high", "critical"];

let dataSum = ""; // SHA-256 of the JSON

async function unpack() {
  const text = $("data").textContent;
  dataSum = $("data").dataset.sha256;
  $("data").remove();
  const raw = atob(text.trim());
  const bin = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bin[i] = raw.charCodeAt(i);
  return new Response(new Blob([bin]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

$("boot").hidden = false;
let D;
try {
  D = await unpack();
} catch (e) {
  fill($("boot"), "The report could not be read: " + e.message + ". A browser of 2023 or later is needed.");
  return;
}

const N = D.rule.length;
const S = D.strings;

// Where the values and the held pairs of each match begin.
const valuesAt = new Int32Array(N + 1), heldAt = new Int32Array(N + 1);
for (let i = 0, h = 0; i < N; i++) {
  valuesAt[i + 1] = valuesAt[i] + D.shapes[D.shape[i]].length;
  heldAt[i] = h;
  h += 1 + 2 * D.held[h];
  heldAt[i + 1] = h;
}

const level = new Uint8Array(N);
for (let i = 0; i < N; i++) level[i] = D.rules[D.rule[i]].level;

// Techniques get numbers too; a rule's are a list of them.
const techniques = [...new Set(D.rules.flatMap((r) => r.techniques))].sort();
{
  const at = new Map(techniques.map((t, i) => [t, i]));
  for (const r of D.rules) r.techs = r.techniques.map((t) => at.get(t));
}
const noTactic = D.tactics.length;
const columnsOf = techniques.map((t) => D.techniques[t] || [noTactic]); // the tactics that each technique stands under

// fieldsOf lists the fields of a match as [name, value] numbers.
function fieldsOf(i) {
  return D.shapes[D.shape[i]].map((name, k) => [name, D.values[valuesAt[i] + k]]);
}

function heldOf(i) {
  const all = [];
  for (let h = heldAt[i] + 1; h < heldAt[i + 1]; h += 2) all.push([D.held[h], D.held[h + 1]]);
  return all;
}
