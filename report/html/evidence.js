// The evidence of the chosen match: what happened, why the rule held, every field, the record, the rule.

function drawEvidence() {
  const pane = $("evidence");
  if (current < 0) { fill(pane, el("p", { class: "muted" }, T`Choose a match to see its evidence.`)); return; }
  const i = current, r = D.rules[D.rule[i]];
  const held = heldOf(i);
  const holds = new Set(held.map(([n, v]) => n + " " + v));
  const fields = fieldsOf(i);
  fill(pane,
    el("div", { class: "evhead" },
      el("span", { class: "badge l" + level[i] }, tr(levelNames[level[i]])),
      el("span", { class: "evtools" },
        el("button", { type: "button", class: "plain", onclick: (e) => copy(e.currentTarget, asJSON(i)) }, T`Copy JSON`),
        el("button", { type: "button", class: "plain shut", onclick: () => { pane.classList.remove("open"); $("table").focus(); } }, T`Close`))),
    el("h3", { tabindex: "-1" }, line(r.title)),
    el("p", { class: "place" }, el("time", {}, clock(D.time[i], 6) + (D.time[i] === null ? "" : " UTC")), S[D.host[i]] && [T` on `, el("b", {}, line(S[D.host[i]]))],
      el("br"), el("span", { class: "muted" }, line(path(S[D.source[i]])) + T`, record ` + D.record[i] + (S[D.format[i]] ? ", " + S[D.format[i]] : ""))),
    el("dl", { class: "parts" }, S[D.details[i]].split(" ¦ ").filter(Boolean).map((p) => {
      const at = p.indexOf(": ");
      return at > 0 && at < 24 ? [el("dt", {}, line(p.slice(0, at))), el("dd", {}, p.slice(at + 2))] : [el("dt", {}, ""), el("dd", {}, p)];
    })),
    held.length ? [el("h4", {}, T`Why it matched`), pairs(held, () => true)] : null,
    D.series[i] ? seriesOf(D.series[i]) : null,
    fields.length ? [el("h4", {}, T`All fields (${fields.length})`), pairs(fields, ([n, v]) => holds.has(n + " " + v))] : null,
    S[D.raw[i]] ? [el("h4", {}, T`Record`), el("pre", { class: "raw", tabindex: "0", "aria-label": T`Record as it was written` }, S[D.raw[i]])] : null,
    el("h4", {}, T`Rule`), ruleOf(r));
  pane.scrollTop = 0;
}

// pairs is a table of fields; a value is a button that searches for it.
function pairs(list, lit) {
  return el("table", { class: "fields" }, el("tbody", {}, list.map((p) => el("tr", { class: lit(p) ? "held" : null },
    el("th", { scope: "row" }, line(S[p[0]])),
    el("td", {}, el("span", { class: "v" }, S[p[1]]), S[p[1]] && el("button", { type: "button", class: "pivot", title: T`Find all matches with this value`, "aria-label": T`Find all matches with this value`, onclick: () => pivot(S[p[1]]) }, "⌕"))))));
}

function pivot(value) {
  state.text = $("find").value = '"' + value.replace(/"/g, " ").slice(0, 200).trim() + '"';
  apply();
}

function seriesOf(s) {
  const rows = [];
  for (let k = 1; k < s.length; k += 3) rows.push(el("li", {}, el("time", {}, clock(s[k], 3)), " ", el("span", { class: "muted" }, line(path(S[s[k + 1]])) + ":" + s[k + 2])));
  return [el("h4", {}, T`Contributing events (${number(s[0])})`), s[0] > rows.length && el("p", { class: "muted" }, T`The last ${rows.length}; all are in the JSONL.`), el("ol", { class: "series", tabindex: "0", "aria-label": T`Contributing events` }, rows)];
}

function ruleOf(r) {
  const link = (href, text) => el("a", { href, rel: "noopener noreferrer", target: "_blank" }, text);
  const row = (name, value) => value && value.length !== 0 ? [el("dt", {}, name), el("dd", {}, value)] : null;
  return el("dl", { class: "rule" },
    row(T`About`, r.description),
    row(T`Tactics`, r.tactics.map((t) => D.tactics[t][2]).join(", ")),
    row(T`Techniques`, r.techniques.map((t, k) => [k ? ", " : "", link("https://attack.mitre.org/techniques/" + t.replace(".", "/") + "/", t)])),
    row(T`Formerly`, (r.revoked || []).join(", ")),
    row(T`Correlation`, r.correlation),
    row(T`False positives`, r.falsePositives.join("; ")),
    row(T`References`, r.references.map((u, k) => [k ? el("br") : "", /^https?:\/\//i.test(u) ? link(u, u) : u])),
    row(T`Author`, r.author), row(T`Licence`, r.license),
    row(T`Status`, [r.status, r.date].filter(Boolean).join(", ")),
    row(T`Log source`, r.logSource),
    row(T`Tags`, r.tags.join(", ")),
    row(T`Id`, r.id), row(T`File`, r.file ? r.file + (r.line ? ":" + r.line : "") : ""));
}

function asJSON(i) {
  const r = D.rules[D.rule[i]];
  const object = (list) => {
    const o = Object.create(null);
    for (const [n, v] of list) {
      const k = S[n];
      if (!(k in o)) o[k] = S[v];
      else if (Array.isArray(o[k])) o[k].push(S[v]);
      else o[k] = [o[k], S[v]];
    }
    return o;
  };
  return JSON.stringify({ time: D.time[i] === null ? null : clock(D.time[i], 6).replace(" ", "T") + "Z", rule: { id: r.id, title: r.title, level: levelNames[r.level], author: r.author }, host: S[D.host[i]],
    source: S[D.source[i]], record: D.record[i], details: S[D.details[i]], held: object(heldOf(i)), fields: object(fieldsOf(i)) }, null, 2);
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", {});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = T`Copied`;
  setTimeout(() => { button.textContent = T`Copy JSON`; }, 1500);
}
