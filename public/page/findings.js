// Findings over time: a lane for each invariant that was ever broken, a bar for each time it was.

import { ask, whoAsks } from "./api.js";
import { addItems, changedItem } from "./item.js";
import { announce, arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { ago, axisLabel, count, duration, moment, name, now, number, visible } from "./format.js";
import { facts, sampleView, showing, state, table } from "./views.js";
import * as route from "./route.js";

const HOUR = 3_600_000;
const LONGEST = 90 * 24 * HOUR;
const section = byId("findings");
const notes = section.querySelector(".notes");
const result = section.querySelector(".result");

const SNOOZES = [["1 hour", 1], ["4 hours", 4], ["1 day", 24], ["3 days", 72], ["1 week", 168], ["30 days", 720]];
const DID = {
    acknowledged: "acknowledged it",
    snoozed: "snoozed it",
    woken: "took that back",
    ended: "The snooze ended.",
    grew: "It more than doubled, so it is alerted again.",
    reopened: "It opened again within the snooze.",
};
const itemNotes = byId("item").querySelector(".notes");

let fetchedFor = null;
let findings = [];
let next = null;
let refreshAll = async () => {};

/** Make the pages of findings work; `refresh` brings the rest of the page up to date. */
export function startFindings(refresh) {
    refreshAll = refresh;
    addItems("findings", {
        title: (id) => `Finding ${visible(id)}`,
        fetch: (id) => ask("GET", `/findings/${encodeURIComponent(id)}`),
        view: wholeFinding,
        form: handlingForm,
        formKey: (found) => [found.resolved_at, found.quiet],
    });
}

/** Fetch the findings where the last check may have changed them, and draw the timeline. */
export async function showFindings(summary) {
    const signature = JSON.stringify([summary.last_check?.checked_at, summary.findings.map((one) => [one.id, one.last_seen_at, one.history.length])]);
    if (fetchedFor !== signature) {
        const answer = await showing(notes, () => ask("GET", "/findings"));
        if (!answer) {
            arrived(section);
            return;
        }
        // What is open was perhaps opened before the newest hundred.
        findings = together(answer.findings, summary.findings);
        ({ next } = answer);
        fetchedFor = signature;
    }
    // The axis moves with time; a minute is as fine as it shows.
    redraw(result, [findings, Math.floor(now() / 60_000)], draw);
    arrived(section);
}

function draw() {
    if (!findings.length) return h("p", { class: "aside" }, "Nothing was ever found broken.");
    const open = findings.filter((one) => !one.resolved_at).length;
    return [
        h("p", { class: "aside" }, open ? `${count(open, "finding")} open, ` : "None open, ", `${number(findings.length - open)} resolved`, next ? `, of the newest ${number(findings.length)}.` : "."),
        timeline(),
        h("details", { class: "options", data: { key: "findings-table" } }, h("summary", {}, "As a table"), asTable()),
        next && olderButton(),
    ];
}

function together(ones, others) {
    const known = new Map([...others, ...ones].map((one) => [one.id, one]));
    return [...known.values()].sort((a, b) => b.id - a.id);
}

function olderButton() {
    const button = h("button", { type: "button", data: { key: "findings-older" } }, "Older findings");
    whenPressed(button, async () => {
        const answer = await showing(notes, () => ask("GET", `/findings?before=${next}`));
        if (!answer) return;
        findings = together(findings, answer.findings);
        ({ next } = answer);
        redraw(result, [findings, next], draw);
    });
    return h("p", { class: "buttons" }, button);
}

function timeline() {
    const end = now();
    const first = Math.min(...findings.map((one) => Date.parse(one.opened_at)));
    const start = Math.max(Math.min(first, end - HOUR), end - LONGEST);
    const span = end - start;
    const at = (text) => Math.max(0, (Date.parse(text) - start) / span) * 100;
    const lanes = Map.groupBy(findings, (one) => one.invariant);
    const sorted = [...lanes].sort(([a, ones], [b, others]) => anyOpen(others) - anyOpen(ones) || a.localeCompare(b));
    const drawn = sorted.map(([invariant, ones]) => h("li", {},
        h("span", { class: "lane-name" }, name(invariant)),
        h("span", { class: "lane" }, ones.map((one) => bar(one, at))),
        h("span", { class: "lane-now" }, anyOpen(ones) ? number(ones.find((one) => !one.resolved_at).violations) : "0")));
    const labels = [0, 0.5, 1].map((part) => h("span", {}, part === 1 ? "now" : axisLabel(start + part * span, span)));
    return h("div", { class: "timeline" }, h("ul", {}, drawn), h("div", { class: "axis", "aria-hidden": "true" }, labels));
}

function anyOpen(ones) {
    return Number(ones.some((one) => !one.resolved_at));
}

function bar(one, at) {
    const from = at(one.opened_at);
    const to = one.resolved_at ? at(one.resolved_at) : 100;
    const tone = one.resolved_at ? "resolved" : one.severity === "warn" ? "warn" : "open";
    const until = one.resolved_at ? `resolved ${moment(Date.parse(one.resolved_at))}` : `open, ${number(one.violations)} now`;
    const words = `${one.invariant}: opened ${moment(Date.parse(one.opened_at))}, ${until}, ${number(one.peak)} at most`;
    // The narrowest bar still shows at the right edge.
    const style = { left: `min(${from}%, 100% - 4px)`, width: `${Math.max(0, to - from)}%` };
    return h("a", { class: `bar ${tone}`, href: route.to("findings", one.id), "aria-label": words, title: words, style });
}

function asTable() {
    const rows = findings.map((one) => [
        h("a", { href: route.to("findings", one.id) }, `${one.id}`),
        name(one.invariant),
        [state(one.resolved_at ? "resolved" : "open", one.severity), one.quiet && h("span", { class: "tag" }, ` ${one.quiet}`)],
        ago(one.opened_at),
        one.resolved_at ? [ago(one.resolved_at), `, after ${duration(Date.parse(one.resolved_at) - Date.parse(one.opened_at))}`] : "",
        number(one.violations),
        number(one.peak),
        one.sample.length ? h("details", { data: { key: `finding-${one.id}` } }, h("summary", {}, "rows"), sampleView(one.sample, one.invariant)) : "",
    ]);
    const columns = ["Id", "Invariant", "State", "Opened", "Resolved", "Last", "Peak", "Sample"];
    return h("div", { class: "scroll wide", tabindex: "0", role: "region", "aria-label": "Findings" }, table(columns, rows, { numeric: [5, 6] }));
}

function wholeFinding(one) {
    const open = !one.resolved_at;
    return [
        h("p", {}, state(open ? "open" : "resolved", one.severity), " ", h("a", { href: route.to("invariants", one.invariant) }, name(one.invariant)), `, ${count(one.violations, "violation")}, ${number(one.peak)} at most`),
        one.quiet && h("p", { class: "reason" }, quietWords(one)),
        facts([
            ["Opened", ago(one.opened_at)],
            ["Last seen", ago(one.last_seen_at)],
            ["Resolved", one.resolved_at && [ago(one.resolved_at), `, after ${duration(Date.parse(one.resolved_at) - Date.parse(one.opened_at))}`]],
        ]),
        one.history.length > 0 && [h("h3", {}, "What people said"), h("ul", { class: "said" }, one.history.toReversed().map(said))],
        one.sample.length > 0 && [h("h3", {}, "Some of the rows"), sampleView(one.sample, one.invariant)],
    ];
}

function quietWords(one) {
    const limit = `or until there are more than ${number(2 * one.quiet_violations)} violations`;
    return one.quiet === "snoozed"
        ? ["Snoozed until ", moment(Date.parse(one.quiet_until)), `: no alert before, ${limit}.`]
        : `Acknowledged: no alert until it is resolved, ${limit}.`;
}

function said(entry) {
    const who = entry.actor === null ? null : [h("b", {}, visible(entry.actor)), entry.token_name !== entry.actor && ` (token of ${visible(entry.token_name)})`, " "];
    return h("li", {},
        who, DID[entry.did], entry.did === "snoozed" && ` until ${moment(Date.parse(entry.until))}`, who && ", ", !who && " ",
        ago(entry.at), `, at ${count(entry.violations, "violation")}`,
        entry.note && [": ", h("q", { class: "key" }, visible(entry.note))]);
}

function handlingForm(one) {
    if (one.resolved_at) return [];
    const note = h("input", { id: "finding-note", type: "text", maxlength: "500", autocomplete: "off" });
    const until = h("select", { id: "finding-until" }, SNOOZES.map(([label, hours]) => h("option", { value: hours }, label)));
    const button = (label, path, body) => whenPressed(h("button", { type: "button", data: { key: path } }, label), () => speak(one, path, { note: note.value || null, ...body() }));
    return h("div", { class: "sub handling" },
        h("label", {}, `Note, for the next person${whoAsks() ? ` (from ${visible(whoAsks())})` : ""} `, note),
        h("div", { class: "buttons" },
            button("Acknowledge", "acknowledge", () => ({})),
            button("Snooze", "snooze", () => ({ until: new Date(now() + Number(until.value) * HOUR).toISOString() })),
            h("label", { class: "beside" }, "for ", until),
            one.quiet && button("Take it back", "wake", () => ({}))));
}

async function speak(one, path, body) {
    const found = await showing(itemNotes, () => ask("POST", `/findings/${one.id}/${path}`, body));
    if (!found) return;
    byId("finding-note").value = "";
    changedItem("findings", found);
    announce("It is on record.");
    await refreshAll();
}
