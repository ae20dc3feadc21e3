
// The data comes from the console, anew whenever it says that something changed.

let dataTag = "";
async function fetchData() {
  const r = await fetch(document.body.dataset.data, { headers: dataTag ? { "If-None-Match": dataTag } : {}, cache: "no-store", redirect: "error" });
  if (r.status === 401) { location.assign("/login"); throw new Error("401"); }
  if (r.status === 304) return null;
  if (!r.ok) throw new Error(String(r.status));
  dataTag = r.headers.get("ETag") || "";
  return r.json();
}

async function unpack() {
  const d = await fetchData();
  dataSum = "";
  return d;
}

// A campaign has a page of its own where it is acknowledged, closed and had as a report.
tools = (c) => {
  const t = (D.told || {})[c.id];
  if (!t) return null;
  return [el("span", { class: "pill st-" + t.status }, tr(t.status)), t.path.split("?")[0] !== location.pathname ? el("a", { class: "plain", href: t.path }, T`Open, acknowledge, download`) : null];
};

// A place that is no match in the table is read from the archive.
readable = (p, key) => {
  const q = new URLSearchParams({ source: p.source, record: p.record, nth: p.nth || 1 });
  return el("a", { class: "placelink", href: "/record?" + q, onclick: (e) => { if (!e.ctrlKey && !e.metaKey && !e.shiftKey) { e.preventDefault(); showRecord(q, key); } } }, line(path(key)));
};

async function showRecord(q, key) {
  const box = $("record-body");
  fill(box, el("p", { class: "muted" }, T`Reading…`));
  $("record").showModal();
  try {
    const r = await fetch("/api/v1/record?" + q, { cache: "no-store", redirect: "error" });
    const x = await r.json();
    if (!r.ok) throw new Error(x.detail || r.status);
    const fields = Object.entries(x.event.fields).flatMap(([n, v]) => (Array.isArray(v) ? v : [v]).map((s) => [n, s]));
    fill(box, el("p", { class: "place" }, el("code", {}, line(key)), el("br"), el("span", { class: "muted" }, (x.time || T`time unknown`) + (x.host ? T` on ` + line(x.host) : "") + (x.event.format ? " · " + line(x.event.format) : ""))),
      x.details ? el("p", { class: "details" }, line(x.details)) : null,
      el("table", { class: "fields" }, el("tbody", {}, fields.map(([n, v]) => el("tr", {}, el("th", { scope: "row" }, line(n)), el("td", {}, el("span", { class: "v" }, v)))))),
      x.event.raw ? el("pre", { class: "raw", tabindex: "0", "aria-label": T`Record as it was written` }, x.event.raw) : null);
  } catch (e) {
    fill(box, el("p", { class: "warn" }, T`It could not be read: ${e.message}`));
  }
}
