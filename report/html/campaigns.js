// The campaigns: a list, worst first, and the chosen one in full.

let chosenCampaign = 0;
// placeLink is a place where something can be read again; where its match is in the table, it leads there.
const matchAt = new Map();
taken.push(() => {
  matchAt.clear();
  drawnCampaign = null;
  if (D.principals || D.campaigns && D.campaigns.length) for (let i = 0; i < N; i++) { const key = S[D.source[i]] + ":" + D.record[i]; if (!matchAt.has(key)) matchAt.set(key, i); }
});
function placeLink(p) {
  const key = p.source + ":" + p.record + (p.nth ? "." + p.nth : ""), i = matchAt.get(key);
  if (i === undefined) return readable ? readable(p, key) : el("code", {}, line(path(key)));
  return el("button", { type: "button", class: "placelink", title: T`Show this match`, onclick: () => {
    clearAll();
    choose(order.indexOf(i), true);
    $("matches").scrollIntoView();
  } }, line(path(key)));
}

function drawCampaigns() {
  drawAside();
  if (!D.campaigns || !D.campaigns.length) return;
  $("campaigns").hidden = $("to-campaigns").hidden = false;
}

// followCampaigns shows the campaigns that pass the filter, and of them the chosen one, or else the first.
function followCampaigns() {
  if ($("aside-note")) fill($("aside-note"), filtered() ? T`(not filtered)` : "");
  if (!D.campaigns || !D.campaigns.length) return;
  const n = D.campaigns.length;
  if (!following.includes(chosenCampaign)) chosenCampaign = following.length ? following[0] : -1;
  fill($("campaigns-note"), filtered() ? [el("b", {}, T`filtered: `), T`${number(following.length)} of ${number(n)} `, el("button", { type: "button", class: "plain", onclick: clearAll }, T`Show all`)] : T`the most severe first`, D.campaignCount > n ? T`; ${number(D.campaignCount - n)} more are in the JSONL` : "");
  drawCampaignList();
  drawCampaign();
}

let wholeList = false;
function drawCampaignList() {
  const few = 6, list = wholeList ? following : following.slice(0, few);
  fill($("campaign-list"), list.map((k) => campaignRow(D.campaigns[k], k)),
    following.length ? null : el("p", { class: "muted none" }, T`No campaign passes the filter.`),
    following.length > few ? el("button", { type: "button", class: "plain more", onclick: () => { wholeList = !wholeList; drawCampaignList(); } }, wholeList ? T`Fewer` : T`${number(following.length - few)} more`) : null);
}

function campaignRow(c, k) {
  return el("button", { type: "button", class: "camprow l" + levelNames.indexOf(c.level || "unrated"), "aria-pressed": String(k === chosenCampaign), onclick: () => { chosenCampaign = k; keep("campaign-list", drawCampaignList)(); drawCampaign(); if (innerWidth < 980) $("campaign").scrollIntoView(); } },
    el("span", { class: "badge" }, tr(c.level || "unrated")), " ",
    el("span", { class: "camptitle" }, el("b", {}, line(c.title || c.id)), " ", el("small", { class: "muted" }, between(us(c.first), us(c.last)) + (us(c.first) === null ? "" : " UTC")), c.lost ? el("small", { class: "short" }, T`may lack some`) : null), " ",
    el("span", { class: "campfacts muted" }, c.toll.length ? c.toll.map(([n, of, what]) => T`${number(n)} of ${number(of)} ${what}`).join(", ") + T` entered` : T`nobody named`, (c.orgs || []).length ? ` · ${plural(c.orgs.length, "organisation")}` : ""), " ",
    el("span", { class: "pill d-" + c.driver }, c.actors.some((a) => a.share && Object.keys(a.share).length) ? driverName[c.driver] || T`undecided` : T`not judged`));
}

let drawnCampaign = null;
function drawCampaign(anew) {
  if (!D.campaigns || !D.campaigns.length || (drawnCampaign === chosenCampaign && anew !== true)) return;
  drawnCampaign = chosenCampaign;
  const box = $("campaign");
  box.hidden = chosenCampaign < 0;
  if (chosenCampaign < 0) { fill(box); return; }
  fill(box, campaignPage(chosenCampaign, Math.max(280, box.clientWidth - parseFloat(getComputedStyle(box).paddingLeft) * 2)));
}

// weak marks what is told of because of its company only.
const weak = (x) => (x.tie === "weak" ? el("span", { class: "tie", title: weakNote }, T`weak`) : null);
const weakNote = T`Told of because of its company, not by itself: nothing should be decided by it alone.`;
const weakly = (c) => [...c.actors, ...(c.links || []), ...c.victims].some((x) => x.tie === "weak");

// omitted says how many entries a list of the campaign leaves out.
const entries = { steps: ["further step in the middle", "further steps in the middle"], victims: ["further victim"], links: ["further link"], joins: ["further join"], indicators: ["further indicator"], key_events: ["further key event"], used: ["further thing that was used", "further things that were used"], touched: ["further thing that was touched", "further things that were touched"], actors: ["further actor"] };
function omitted(c, name) {
  const n = (c.omitted || {})[name];
  if (!(n > 0)) return null;
  const what = plural(n, ...(entries[name] || ["further entry", "further entries"]));
  return el("p", { class: "muted omitted" }, n === 1 ? T`${what} is not listed.` : T`${what} are not listed.`);
}
const unlisted = (c, name) => Math.max(0, (c.omitted || {})[name] || 0);

// pane is a place that shows what was chosen in a picture, and marks it there.
function pane(hint) {
  const box = el("div", { class: "pane" }, el("p", { class: "muted" }, hint));
  let lit = null;
  return { box, tell: (kids, mark) => { fill(box, kids); lit?.classList.remove("lit"); lit = mark; mark?.classList.add("lit"); } };
}

function campaignPage(k, wide) {
  const c = D.campaigns[k];
  const n = matchesOf(k);
  const a = us(c.first), b = us(c.last);
  const tile = (v, name, note) => el("div", { class: "tile" }, el("b", {}, v), el("span", {}, name), note ? el("small", { class: "muted" }, note) : null);
  const side = wide > 1000;
  const lanePane = pane(T`Choose a phase, a decision or a block to see its evidence.`), graphPane = pane(T`Choose a name, a target or a line to see its evidence.`);
  const g = graph(c, Math.max(620, side ? wide - 340 : wide), graphPane.tell);
  const most = 4, acting = c.actors.filter((x) => !empty(x)), idle = c.actors.filter(empty);
  return [
    el("div", { class: "camphead" }, el("span", { class: "badge l" + levelNames.indexOf(c.level || "unrated") }, tr(c.level || "unrated")), el("code", {}, line(c.id)),
      (c.was || []).length ? el("span", { class: "muted was" }, T`earlier told as `, c.was.slice(0, 20).map((id, i) => [i ? ", " : "", el("code", {}, line(id))]), c.was.length > 20 ? T` and ${number(c.was.length - 20)} more` : "") : null,
      el("span", { class: "camptools" }, tools ? tools(c) : null, n ? el("button", { type: "button", class: "plain", onclick: () => { clearAll(); toggle("campaign", k); $("matches").scrollIntoView(); } }, T`Show its ${plural(n, "match", "matches")}`) : el("span", { class: "muted" }, T`No match of a rule in it`))),
    el("h3", { class: "campname" }, line(c.title || T`Untitled`)),
    el("p", { class: "story" }, c.story.slice(0, 2).join(" ")),
    c.story.length > 2 ? el("p", { class: "story rest1" }, c.story.slice(2).join(" ")) : null,
    el("p", { class: "muted why" }, c.rated),
    c.lost ? el("section", { class: "warn lost" }, el("h4", {}, T`What this campaign may lack`), el("p", {}, line(c.lost))) : null,
    el("div", { class: "tiles" },
      c.toll.map(([n, of, what], i) => tile(T`${number(n)} of ${number(of)}`, (unlisted(c, "victims") ? T`listed ` : "") + what + T` entered`, unlisted(c, "victims") && !i ? T`${number(unlisted(c, "victims"))} more not listed` : "")),
      (c.orgs || []).length ? tile(number((c.orgs || []).length), (c.orgs || []).length === 1 ? T`organisation` : T`organisations`, few(c.orgs || [], 4)) : null,
      tile(number(c.actors.length + unlisted(c, "actors")), c.actors.length + unlisted(c, "actors") === 1 ? T`actor` : T`actors`, few(c.actors.map(actorName), 2)),
      tile(a !== null && b !== null ? lasting((b - a) / 1000) : "?", T`from first to last action`),
      tile(number(c.actions), T`actions`, T`${number(c.alerts)} with an alert`),
      autonomy(c)),
    c.cut ? el("p", { class: "muted" }, T`Lists longer than 500 are cut here; the JSONL has all.`) : null,
    keyEvents(c),
    el("h4", {}, T`What happened, in order`),
    el("div", { class: "figure", tabindex: "0", role: "region", "aria-label": T`What happened, as a picture` }, lanes(c, wide, lanePane.tell)),
    el("p", { class: "legend muted" }, el("span", {}, el("i", { class: "key k-step" }), T`a phase; the stronger, the more of it worked`), (c.gates || []).length ? el("span", {}, el("i", { class: "key k-gate" }), T`a person seems to have decided`) : null, c.actors.some((x) => (x.adaptations || []).length) ? el("span", {}, el("b", { class: "k-block" }, "✕ "), T`blocked, went on another way`) : null, (c.gates || []).length ? el("span", {}, el("i", { class: "key k-quiet" }), T`quiet, drawn short`) : null),
    lanePane.box,
    stepList(c),
    omitted(c, "steps"),
    el("h4", {}, T`Who and what`),
    el("div", { class: side ? "graphgrid" : "" }, el("div", {}, el("p", { class: "hint muted" }, T`The picture is wider than the screen: it scrolls sideways.`), el("div", { class: "figure", tabindex: "0", role: "region", "aria-label": T`Who and what, as a picture` }, g.pic)), graphPane.box),
    el("p", { class: "legend muted" }, el("span", {}, el("i", { class: "key k-link" }), T`link with evidence`), el("span", {}, el("i", { class: "key k-reach" }), T`entered`), el("span", {}, el("i", { class: "key k-try" }), T`tried`), el("span", {}, el("i", { class: "key k-name" }), T`name of the actor`), g.same ? el("span", {}, el("i", { class: "key k-same" }), T`a target whose name the actor went by`) : null, weakly(c) ? el("span", {}, el("i", { class: "key k-weak" }), T`weak: `, weakNote[0].toLowerCase() + weakNote.slice(1)) : null, g.lost ? el("span", {}, T`${plural(g.lost, "link")} within one box or with ends that are not in the picture, in the list below`) : null),
    linkList(g.links),
    omitted(c, "links"),
    sureList(c),
    el("h4", {}, T`Who is driving`),
    el("p", {}, line(c.verdict || "")),
    acting.slice(0, most).map((x) => operator(c, x, wide)),
    acting.length > most ? el("details", { class: "list" }, el("summary", {}, plural(acting.length - most, "further actor")), acting.slice(most, most + 40).map((x) => operator(c, x, wide)), acting.length > most + 40 ? el("p", { class: "muted" }, T`${number(acting.length - most - 40)} more are in the JSONL.`) : null) : null,
    idle.length ? el("p", { class: "muted" }, T`No act of its own is known of ${few([...new Set(idle.map(actorName))], 12)}: there are alerts only, so nothing is judged.`) : null,
    omitted(c, "actors"),
    el("h4", {}, T`Victims`),
    victimTable(c),
    omitted(c, "victims"),
    indicators(T`What the intruder used`, c.used, T`Nothing that the logs show to be the intruder's, so nothing to block.`, omitted(c, "used")),
    (c.touched || []).length ? indicators(T`What was touched and is not shown to be the intruder's: nothing to block`, c.touched, "", omitted(c, "touched")) : null,
    el("div", { class: "two" },
      facts(T`Data touched`, c.data, T`No access to data was seen; that proves nothing.`, omitted(c, "data")), facts(T`To look for next`, c.open, T`Nothing noted.`, omitted(c, "open")), facts(T`Telemetry that would tell more`, c.missing, T`Nothing noted.`, omitted(c, "missing")),
      (c.leads || []).length ? el("section", {}, el("h4", {}, T`Unusual at the time, too weak to be joined`), el("ul", {}, c.leads.map(asideItem))) : null,
      facts(T`Rules and alerts`, c.rules, T`None: no rule saw it.`, omitted(c, "rules"))),
  ];
}

// table is a list of rows below a title.
const table = (heads, rows, kind) => el("div", { class: "list" }, stacked(heads, rows, { class: "keyrows " + (kind || "") }));

// keyEvents are the few acts that tell the campaign in short.
function keyEvents(c) {
  const all = c.key_events || [];
  if (!all.length) return null;
  const doubtful = (e) => e.outcome === "unknown" && !e.shown && !/^(contact|sign|last|control)$/.test(e.kind);
  return [el("h4", {}, T`Key events`), table([T`When (UTC)`, T`What it is`, T`Command or request`, T`Where and by whom`, T`Evidence`], all.map((e) => ({ class: e.tie === "weak" ? "weak" : null, cells: [
    clock(us(e.time)), [el("b", {}, line(D.keyKinds[e.kind] || e.kind)), " ", weak(e)], { class: "mono", kids: line(e.what) },
    [e.host, e.account && T`as ` + e.account, e.from && T`from ` + e.from, e.agent && T`by the agent ` + e.agent, ...(e.on || []).map((o) => o.slice(o.indexOf(":") + 1)).filter((o) => o !== e.host).map((o) => (/^(account|key)$/.test(e.kind) ? T`account ` : T`to `) + o), e.shown && T`it worked: ` + e.shown, doubtful(e) && T`that it worked is not recorded`].filter(Boolean).map(line).join(", "),
    { class: "places", kids: (e.places || []).map((p, i) => [i ? " " : "", placeLink(p)]) }] })), "events"), omitted(c, "key_events")];
}

// indicators are what was used or touched, each with its role and why.
function indicators(title, all, none, rest) {
  all = all || [];
  const few = 14;
  const rows = (list) => table([T`Role`, T`Indicator`, T`Why`, T`First and last (UTC)`, T`Evidence`], list.map((x) => [line(D.roles[x.role] || x.role),
    [el("span", { class: "muted" }, line(x.kind)), " ", el("code", {}, line(x.value)), el("button", { type: "button", class: "pivot", title: T`Find all matches with this value`, "aria-label": T`Find all matches with this value`, onclick: () => { pivot(x.value); $("matches").scrollIntoView(); } }, "⌕")],
    line(x.why), between(us(x.first), us(x.last)), { class: "places", kids: placeLink(x.place) }]), "iocrows");
  return el("section", { class: "iocs" }, el("h4", {}, title), all.length ? rows(all.slice(0, few)) : el("p", { class: "muted" }, none),
    all.length > few ? el("details", {}, el("summary", {}, T`${number(all.length - few)} more`), rows(all.slice(few))) : null, rest);
}

function facts(title, all, none, rest) {
  all = all || [];
  const few = 14;
  const items = (list) => el("ul", {}, list.map((s) => el("li", {}, line(s))));
  return el("section", {}, el("h4", {}, title), all.length ? items(all.slice(0, few)) : el("p", { class: "muted" }, none),
    all.length > few ? el("details", {}, el("summary", {}, T`${number(all.length - few)} more`), items(all.slice(few))) : null, rest);
}

function stepList(c) {
  return el("details", { class: "list" }, el("summary", {}, el("b", {}, T`All steps with their evidence`), el("span", { class: "muted" }, number(c.steps.length))),
    el("div", { class: "steps" }, c.steps.map((s, i) => el("div", {}, stepText(c, i)))));
}

// sureList says how sure each join is, the weakest first.
function sureList(c) {
  const all = c.sure || [], few = 3;
  if (!all.length) return null;
  const items = (list) => el("ul", {}, list.map((s) => el("li", {}, line(s))));
  return [el("h4", {}, T`How sure the joins are, the weakest first`), items(all.slice(0, few)),
    all.length > few ? el("details", { class: "list" }, el("summary", {}, T`${number(all.length - few)} firmer`), items(all.slice(few))) : null, omitted(c, "joins")];
}

function linkList(links) {
  if (!links.length) return null;
  return el("details", { class: "list" }, el("summary", {}, el("b", {}, T`All links with their evidence`), el("span", { class: "muted" }, number(links.length))),
    el("div", { class: "steps" }, links.map((l) => el("div", {}, linkText(l)))));
}

// few lists the first of some names, and counts the others.
const few = (names, most) => names.slice(0, most).map(line).join(", ") + (names.length > most ? T` and ${number(names.length - most)} more` : "");

// calledIn is what a machine is called in a campaign: for an address, with the names that the logs give it.
const calledIn = (c, value) => {
  const names = [...new Set((c.names || []).filter((n) => n.kind === "machine" && n.of.value === value && !n.doubt).map((n) => n.name.value))];
  return names.length ? `${few(names, 3)} (${value})` : value;
};

// also names what else a victim is called.
const also = (v) => (v.also || []).length ? el("small", { class: "muted" }, T` also `, few(v.also.map((e) => e.value), 4)) : null;

function victimTable(c) {
  if (!c.victims.length) return el("p", { class: "muted" }, T`None named.`);
  const all = [...c.victims].sort((x, y) => y.reached - x.reached);
  let most = 12;
  const heads = [T`State`, T`Name`, T`Organisation`, T`Phases`, T`Actions`, T`When (UTC)`];
  const box = stacked(heads, []), more = el("button", { type: "button", class: "plain more", onclick: () => { most = 1e6; draw(); } });
  const draw = () => {
    fill(box.tBodies[0], all.slice(0, most).map((v) => stackedRow(heads, { class: v.tie === "weak" ? "weak" : null, cells: [[el("span", { class: v.reached ? "state in" : "state" }, v.reached ? T`entered` : T`tried`), " ", weak(v)],
      [el("b", {}, line(calledIn(c, v.value))), also(v), " ", el("span", { class: "muted" }, line(v.kind))], line(v.org || ""), (v.tactics || []).map(tacticName).map(line).join(" › "), number(v.actions), between(us(v.first), us(v.last))] })));
    more.hidden = all.length <= most;
    fill(more, T`${number(all.length - most)} more`);
  };
  draw();
  return el("div", { class: "list victims" }, box, more);
}

const asideItem = (x) => el("li", {}, el("span", { class: "badge l" + levelNames.indexOf(x.level || "unrated") }, tr(x.level || "unrated")), " ", line(x.title), x.host ? [T` on `, el("b", {}, line(x.host))] : "", x.n > 1 ? T`, ${number(x.n)} times${x.bulk ? T`, so often that none of them tells by itself` : ""}` : "", `, ${clock(us(x.first))} `, placeLink(x.place));

// drawAside shows what is telling and in no campaign.
function drawAside() {
  const all = D.aside || [];
  if (!all.length && !D.attempts) return;
  $("aside").hidden = false;
  fill($("aside"), el("details", { class: "card aside" }, el("summary", {}, el("b", {}, T`In no campaign`), " ", el("span", { class: "muted" },
    [D.asides ? plural(D.asides, "telling thing") : "", D.attempts ? T`${plural(D.attempts, "actor")} tried something and got nowhere that is known` : ""].filter(Boolean).join("; ")), " ", el("span", { class: "muted", id: "aside-note" })),
    el("ul", {}, all.map(asideItem)), D.asides > all.length ? el("p", { class: "muted" }, T`The first ${number(all.length)}; all are in the JSONL.`) : null));
}

// A printed page shows all campaigns that pass the filter in full, each from a new sheet on.
function printCampaigns() {
  if (!D.campaigns || !D.campaigns.length) return;
  const sheet = 680;
  fill($("campaign-rest"), following.filter((k) => k !== chosenCampaign).map((k) => el("article", { class: "card camp", "aria-label": T`Campaign` }, campaignPage(k, sheet))));
  if (chosenCampaign >= 0) fill($("campaign"), campaignPage(chosenCampaign, sheet));
  for (const d of $("campaigns").querySelectorAll("details")) d.open = true;
  for (const b of $("campaigns").querySelectorAll(".victims .more")) if (!b.hidden) b.click();
}
addEventListener("afterprint", () => { fill($("campaign-rest")); drawCampaign(true); });
