// Small things for making elements. Text from logs goes through text nodes only, never through markup.

const $ = (id) => document.getElementById(id);

// el makes an element: el("div", {class: "x", onclick: f, "aria-label": "y"}, "text", child, …).
function el(tag, props, ...kids) {
  const e = document.createElement(tag);
  put(e, props);
  add(e, kids);
  return e;
}

// svg is el for SVG.
function svg(tag, props, ...kids) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  put(e, props);
  add(e, kids);
  return e;
}

function put(e, props) {
  for (const k in props || {}) {
    const v = props[k];
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else e.setAttribute(k, v === true ? "" : v);
  }
}

function add(e, kids) {
  for (const k of kids.flat(9)) {
    if (k === undefined || k === null || k === false) continue;
    e.append(k instanceof Node ? k : show(String(k)));
  }
}

function fill(e, ...kids) {
  e.replaceChildren();
  add(e, kids);
  return e;
}

// show makes visible what would hide, ring, or turn text around; line breaks and tabs stay.
const hidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
function show(s) {
  return s.replace(hidden, (c) => {
    const n = c.codePointAt(0);
    return n < 256 ? "\\x" + n.toString(16).padStart(2, "0") : "\\u" + n.toString(16).padStart(4, "0");
  });
}

// line is show for one line: breaks are shown too.
function line(s) {
  return show(s).replace(/[\n\r\t]/g, (c) => (c === "\n" ? "\\n" : c === "\r" ? "\\r" : "\\t"));
}

// path is a path as the report shows it: without the folders above what was hunted.
const path = (s) => (D.base && s.startsWith(D.base) ? s.slice(D.base.length) : s);

// stacked is a table whose rows a narrow screen stacks, each value below its name; the roles stay true where it does. Rows
// are lists of cells, each a text, an element or a list of them, or {class, kids}.
function stacked(heads, rows, props) {
  const body = el("tbody", { role: "rowgroup" }, rows.map((r) => stackedRow(heads, r)));
  return el("table", { role: "table", ...props, class: "stack " + ((props || {}).class || "") },
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads.map((h) => el("th", { scope: "col", role: "columnheader" }, h)))), body);
}

function stackedRow(heads, cells) {
  const list = cells.cells || cells;
  return el("tr", { role: "row", class: cells.class }, list.map((c, k) => {
    const own = c && c.kids !== undefined;
    return el("td", { role: "cell", "data-label": heads[k], class: own ? c.class : null }, (own ? c.kids : c) === "" ? null : el("div", {}, own ? c.kids : c));
  }));
}

// T says what the page itself says in the reader's language: words has those that are not English, with {0}, {1} … for what
// stands in them. tr says a word that is not known before, such as a level.
const T = (parts, ...holes) => tr(parts.reduce((s, p, i) => s + "{" + (i - 1) + "}" + p)).replace(/\{(\d)\}/g, (m, i) => holes[i]);
const tr = (s) => words[s] ?? s;
const french = document.documentElement.lang === "fr";
const decimal = (s) => (french ? String(s).replace(".", ",") : String(s));

const number = (n) => n.toLocaleString(french ? "fr-FR" : "en-US");
const plural = (n, one, many) => number(n) + " " + tr(n === 1 || (french && n === 0) ? one : many || one + "s");

// brief keeps a count within four characters or so.
function brief(n) {
  if (n < 1000) return String(n);
  const [d, u] = n < 999500 ? [n / 1e3, "k"] : [n / 1e6, "M"];
  return decimal(d < 9.95 ? d.toFixed(1).replace(/\.0$/, "") : Math.round(d)) + u;
}

function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let u = 0;
  while (n >= 999.5 && u < units.length - 1) { n /= 1000; u++; }
  return decimal(u === 0 || n >= 9.95 ? Math.round(n) : n.toFixed(1)) + " " + units[u];
}

function lasting(ms) {
  ms = Math.abs(ms);
  if (ms < 1000) return Math.round(ms) + " ms";
  if (ms < 60e3) return decimal((ms / 1e3).toFixed(1)) + " s";
  if (ms < 3600e3) return Math.round(ms / 60e3) + " min";
  if (ms < 48 * 3600e3) return decimal((ms / 3600e3).toFixed(1)) + " h";
  return T`${decimal((ms / 86400e3).toFixed(1))} days`;
}

// Times are microseconds since 1970, UTC.
const two = (n) => String(n).padStart(2, "0");
function clock(us, digits) {
  if (us === null || us === undefined) return T`time unknown`;
  const d = new Date(Math.floor(us / 1000));
  let s = String(d.getUTCFullYear()).padStart(4, "0") + "-" + two(d.getUTCMonth() + 1) + "-" + two(d.getUTCDate()) + " " +
    two(d.getUTCHours()) + ":" + two(d.getUTCMinutes()) + ":" + two(d.getUTCSeconds());
  if (digits) {
    const rest = ((us % 1e6) + 1e6) % 1e6;
    s += "." + String(rest).padStart(6, "0").slice(0, digits);
  }
  return s;
}

function between(a, b) {
  const x = clock(a), y = clock(b);
  if (x === y) return x;
  return x + " – " + (x.slice(0, 10) === y.slice(0, 10) ? y.slice(11) : y);
}

function debounce(f, ms) {
  let t = 0;
  return () => { clearTimeout(t); t = setTimeout(f, ms); };
}

// What a page with a live feed adds: a link to a record that is no match in the table, and tools for a campaign.
let readable = null, tools = null;
