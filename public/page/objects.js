// Objects and rows: the classes of the last complete pass, what it proves, and the rows whose object is missing.

import { ask } from "./api.js";
import { downloadFile } from "./download.js";
import { arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { ago, count, key, number, visible } from "./format.js";
import { facts, json, sampleView, showing, sign, table } from "./views.js";
import * as route from "./route.js";

const CLASSES = [
    ["unchanged", "match their row"],
    ["inserted", "new: a row was inserted"],
    ["upgraded", "unknown row got a type"],
    ["newer", "newer than their row"],
    ["unclassified", "no rule matches"],
    ["skipped", "skipped: directory markers"],
    ["refused", "refused by the database"],
    ["missing", "rows without an object"],
];
const SHOWN = 20;
const section = byId("objects");
const notes = section.querySelector(".notes");
const result = section.querySelector(".result");

let fetchedFor = null;
let fetched = null;

/** Make the downloads work. */
export function startObjects() {
    for (const form of ["csv", "ndjson"]) whenPressed(byId(`missing-${form}`), () => downloadFile(notes, `/missing?format=${form}`, `missing.${form}`));
}

/** Fetch the last complete pass of each bucket where it may have changed, and show what it says. */
export async function showObjects({ passes }) {
    const signature = JSON.stringify(passes.map((one) => [one.bucket, one.not_verified_since, one.missing, one.newer, one.certificate]));
    if (fetchedFor !== signature) {
        const answer = await showing(notes, () => fetchAll(passes));
        if (!answer) {
            arrived(section);
            return;
        }
        fetched = answer;
        fetchedFor = signature;
    }
    redraw(result, [passes.map((one) => [one.bucket, one.seen_share]), fetched], () => [
        passes.map((one) => bucketView(one, fetched.complete.get(one.bucket))),
        missingView(passes, fetched.missing),
        newerView(passes),
    ]);
    arrived(section);
}

async function fetchAll(passes) {
    const [{ missing }, ...complete] = await Promise.all([ask("GET", `/missing?limit=${SHOWN}`), ...passes.map(lastComplete)]);
    return { missing, complete: new Map(passes.map(({ bucket }, index) => [bucket, complete[index]])) };
}

// At most one pass of a bucket is under way.
async function lastComplete({ bucket }) {
    const { passes } = await ask("GET", `/passes?bucket=${encodeURIComponent(bucket)}&prefix=&limit=2`);
    const found = passes.find((one) => one.completed_at);
    return found ? ask("GET", `/passes/${found.id}`) : null;
}

function bucketView(summary, pass) {
    const head = h("h3", {}, key(summary.bucket), pass && certified(pass));
    if (!pass) return [head, h("p", { class: "aside" }, "No pass is complete yet, so nothing is known of what has no object.")];
    const share = summary.seen_share === null ? "" : `, ${Math.round(summary.seen_share * 100)} % of them in the last ${count(summary.seen_hours, "hour")}`;
    return [
        head,
        h("p", {}, "Every object was listed since ", ago(summary.not_verified_since), share, "."),
        classesView(pass),
        !pass.certified && h("p", { class: "reason" }, visible(pass.why_not.join(" "))),
        certificateView(pass),
    ];
}

/** Return whether a pass is certified, as a sign and a word. */
export function certified({ certified: holds }) {
    return h("span", { class: `state ${holds ? "ok" : "unsure"}` }, sign(holds ? "ok" : "unsure"), holds ? "certified" : "no certificate");
}

/** Return the classes of a pass as one bar, with their numbers. */
export function classesView({ bucket, counts }) {
    const total = counts.scanned + (counts.missing ?? 0);
    const parts = CLASSES.filter(([name]) => counts[name] > 0);
    const words = parts.map(([name, label]) => `${number(counts[name])} ${label}`).join(", ");
    return [
        h("div", { class: "stack", role: "img", "aria-label": `${visible(bucket)}: ${number(total)} in all: ${words}` },
            parts.map(([name, label]) => h("span", { class: `class-${name}`, title: `${number(counts[name])} ${label}`, style: { "flex-grow": counts[name] } }))),
        h("dl", { class: "legend" },
            CLASSES.map(([name, label]) => h("div", {},
                h("dt", {}, h("span", { class: `swatch class-${name}`, "aria-hidden": "true" }), label),
                h("dd", { class: counts[name] ? null : "none" }, number(counts[name])))),
            h("div", { class: "total" }, h("dt", {}, "in all"), h("dd", {}, number(total)))),
    ];
}

/** Return the certificate of a pass, to be opened; null where it has none. */
export function certificateView(pass) {
    const { certificate } = pass;
    if (!certificate) return null;
    const yes = (holds) => (holds ? "yes" : "no");
    return h("details", { class: "options", data: { key: `certificate-${pass.bucket}` } },
        h("summary", {}, "The certificate"),
        facts([
            ["Pass", h("a", { href: route.to("passes", pass.id) }, `Pass ${pass.id}`)],
            ["When", `begun ${pass.started_at}, complete ${pass.completed_at}`],
            ["Certified", yes(certificate.certified)],
            ["Objects", `${number(certificate.scanned)} listed; ${number(certificate.previous)} by the pass before`],
            ["Rows", `${number(certificate.missing)} without an object`],
            ["No gap", `between ranges: ${yes(certificate.abut)}; between pages: ${yes(certificate.chained)}`],
            ["Errors", number(certificate.errors)],
            ["Asked again", `${certificate.canaries_found} of ${count(certificate.canaries, "listed object")} found at its end`],
            ["R2 asked for", count(pass.heads, "missing object")],
        ]),
        json(certificate, `Certificate of pass ${pass.id}`));
}

function missingView(passes, missing) {
    const total = passes.reduce((sum, one) => sum + one.missing, 0);
    if (!missing.length) return h("p", { class: "aside" }, "No row is known to miss its object.");
    const rows = missing.map((one) => [key(one.r2_key), key(one.r2_bucket), key(one.artifact_id), number(one.cited), ago(one.first_pass), ago(one.verified_at)]);
    return [
        h("h3", {}, "Rows whose object is missing", h("span", { class: "sum" }, number(total))),
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Rows whose object is missing" },
            table(["Key", "Bucket", "Row", "Cited by", "Missing since", "R2 asked"], rows, { numeric: [3] })),
        total > missing.length && h("p", { class: "aside" }, `${missing.length} of ${number(total)} are shown; the files have all of them.`),
    ];
}

function newerView(passes) {
    const total = passes.reduce((sum, one) => sum + one.newer, 0);
    if (!total) return null;
    const button = h("button", { type: "button", data: { key: "newer-csv" } }, "Newer, as CSV");
    whenPressed(button, () => downloadFile(notes, "/newer?format=csv", "newer.csv"));
    return [
        h("p", { class: "buttons" }, `${count(total, "row speaks", "rows speak")} of an older document than the object.`, button),
        passes.map(({ bucket }) => sampleOf(bucket, fetched.complete.get(bucket)?.newer_sample)),
    ];
}

function sampleOf(bucket, sample) {
    if (!sample?.length) return null;
    return h("details", { class: "options", data: { key: `newer-${bucket}` } }, h("summary", {}, "Some of them in ", key(bucket)), sampleView(sample, `newer objects of ${visible(bucket)}`));
}
