// Findings over time: a lane for each invariant that was ever broken, a bar for each time it was.

import { ask } from "./api.js";
import { arrived, byId, h, redraw } from "./dom.js";
import { ago, axisLabel, count, duration, moment, name, now, number } from "./format.js";
import { sampleView, showing, state, table } from "./views.js";

const HOUR = 3_600_000;
const LONGEST = 90 * 24 * HOUR;
const section = byId("findings");
const notes = section.querySelector(".notes");
const result = section.querySelector(".result");

let fetchedFor = null;
let findings = [];

/** Fetch the findings where the last check may have changed them, and draw the timeline. */
export async function showFindings(summary) {
    const signature = JSON.stringify([summary.last_check?.checked_at, summary.findings.map((one) => [one.id, one.last_seen_at])]);
    if (fetchedFor !== signature) {
        const answer = await showing(notes, () => ask("GET", "/findings"));
        if (!answer) {
            arrived(section);
            return;
        }
        ({ findings } = answer);
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
        h("p", { class: "aside" }, open ? `${count(open, "finding")} open, ` : "None open, ", `${number(findings.length - open)} resolved.`),
        timeline(),
        h("details", { class: "options", data: { key: "findings-table" } }, h("summary", {}, "As a table"), asTable()),
    ];
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
    return h("span", { class: `bar ${tone}`, role: "img", "aria-label": words, title: words, style });
}

function asTable() {
    const rows = findings.map((one) => [
        name(one.invariant),
        state(one.resolved_at ? "resolved" : "open", one.severity),
        ago(one.opened_at),
        one.resolved_at ? [ago(one.resolved_at), `, after ${duration(Date.parse(one.resolved_at) - Date.parse(one.opened_at))}`] : "",
        number(one.violations),
        number(one.peak),
        one.sample.length ? h("details", { data: { key: `finding-${one.id}` } }, h("summary", {}, "rows"), sampleView(one.sample, one.invariant)) : "",
    ]);
    const columns = ["Invariant", "State", "Opened", "Resolved", "Last", "Peak", "Sample"];
    return h("div", { class: "scroll wide", tabindex: "0", role: "region", "aria-label": "Findings" }, table(columns, rows, { numeric: [4, 5] }));
}
