// The page with data that grows: newer data is taken up, and what the reader had chosen is kept, by its name.

// chosenNow is what is chosen, by names that newer data has as well.
function chosenNow() {
  const name = { rule: (k) => D.rules[k].id || D.rules[k].title, host: (k) => S[k], user: (k) => S[k], address: (k) => S[k], technique: (k) => techniques[k], campaign: (k) => D.campaigns[k].id };
  const c = D.campaigns && D.campaigns[chosenCampaign], p = D.principals && D.principals.list[chosenPrincipal];
  return { campaign: c && c.id, text: c && JSON.stringify(c), principal: p && p.principal, about: p && JSON.stringify(p), match: current >= 0 ? matchName(current) : "", facets: facets.map((f) => [...chosen[f]].map((k) => (name[f] ? name[f](k) : k))) };
}

const matchName = (i) => S[D.source[i]] + ":" + D.record[i] + " " + D.rules[D.rule[i]].id + " " + D.time[i];

// choose again what was chosen, as far as it is still there.
function chooseAgain(was) {
  const at = (list) => new Map(list.map((v, k) => [v, k]));
  facets.forEach((f, n) => {
    chosen[f].clear();
    if (!was.facets[n].length) return;
    const all = { rule: () => at(D.rules.map((r) => r.id || r.title)), host: () => at(S), user: () => at(S), address: () => at(S), technique: () => at(techniques), campaign: () => at((D.campaigns || []).map((c) => c.id)) }[f];
    const known = all ? all() : null;
    for (const v of was.facets[n]) if (!known) chosen[f].add(v); else if (known.has(v)) chosen[f].add(known.get(v));
  });
  // What was told as two may have become one, which was the one or the other.
  const k = (D.campaigns || []).findIndex((c) => c.id === was.campaign || (c.was || []).includes(was.campaign));
  chosenCampaign = k < 0 ? 0 : k;
  chosenPrincipal = Math.max(0, D.principals ? D.principals.list.findIndex((p) => p.principal === was.principal) : 0);
  current = -1;
  if (was.match) for (let i = 0; i < N; i++) if (matchName(i) === was.match) { current = i; break; }
}

// unfolded and focused things of a part, by their text, so that they are so again when it was drawn anew.
function holding(box) {
  const label = (e) => e.getAttribute("aria-label") || e.textContent;
  const open = [...box.querySelectorAll("details[open]")].map((d) => label(d.querySelector("summary")).replace(/[\d\s.,]+/g, ""));
  const lit = [...box.querySelectorAll(".lit")].map(label);
  const focus = box.contains(document.activeElement) ? document.activeElement : null;
  const name = focus && focus.tagName + " " + label(focus), tops = [...box.querySelectorAll(".figure, .pane")].map((e) => [e.scrollLeft, e.scrollTop]);
  return () => {
    for (const d of box.querySelectorAll("details")) if (open.includes(label(d.querySelector("summary")).replace(/[\d\s.,]+/g, ""))) d.open = true;
    for (const g of box.querySelectorAll(".step, .gate, .block, .node, .edge")) if (lit.includes(label(g))) g.dispatchEvent(new Event("click"));
    [...box.querySelectorAll(".figure, .pane")].forEach((e, i) => { if (tops[i]) [e.scrollLeft, e.scrollTop] = tops[i]; });
    if (name) [...box.querySelectorAll("button, a, summary, [tabindex]")].find((e) => e.tagName + " " + label(e) === name)?.focus({ preventScroll: true });
  };
}

// renew takes up newer data and draws what is no longer the same.
function renew(data) {
  const was = chosenNow(), rows = $("table").scrollTop, side = $("evidence").scrollTop, seen = current;
  const camp = holding($("campaign")), prin = holding($("principals"));
  take(data);
  chooseAgain(was);
  drawTitle();
  const p = D.principals && D.principals.list[chosenPrincipal];
  if (!p || JSON.stringify(p) !== was.about) { drawPrincipals(); prin(); }
  drawCampaigns();
  const c = D.campaigns && D.campaigns[chosenCampaign];
  const same = c && was.text === JSON.stringify(c);
  if (same) drawnCampaign = chosenCampaign; // what it shows is true still
  apply();
  if (!same) camp();
  drawCoverage();
  $("table").scrollTop = rows;
  if (seen >= 0 && current >= 0) $("evidence").scrollTop = side;
}
