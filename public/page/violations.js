// An invariant on its own page: what it promises, all rows that break it, and how to look at them elsewhere.

import { aboutProfile, ask, profile } from "./api.js";
import { addItems, changedItem } from "./item.js";
import { copyText } from "./copy.js";
import { downloadFile } from "./download.js";
import { byId, h, whenPressed } from "./dom.js";
import { ago, name, number, visible } from "./format.js";
import { describedInvariant } from "./invariants.js";
import { facts, sampleView, showing, state } from "./views.js";

const PAGE = 100;
const MOST_SHOWN = 2000;
const notes = byId("item").querySelector(".notes");

/** Make the pages of invariants work. */
export function startViolations() {
    addItems("invariants", {
        title: (wanted) => `Invariant ${visible(wanted)}`,
        fetch: (wanted) => ask("GET", path(wanted, null)),
        view,
        still: true,
    });
}

function path(wanted, after, form = "") {
    const query = new URLSearchParams(form ? { format: form } : { limit: String(PAGE) });
    if (after) query.set("after", after);
    return `/invariants/${encodeURIComponent(wanted)}/rows?${query}`;
}

function view(found, wanted) {
    const one = describedInvariant(wanted);
    return [
        one && h("p", {}, state(one.outcome, one.severity), " ", h("b", {}, name(one.name)), one.as_of && [", ", ago(one.as_of)]),
        one && facts([["Promise", one.holds], ["What to do", one.advice], ["A row below", one.row]]),
        tools(found, wanted),
        found.rows.length ? sampleView(found.rows, wanted) : h("p", { class: "aside" }, found.next ? "No row breaks it in the part that was looked at so far." : "No row breaks it now."),
        h("p", { class: "aside" }, `${number(found.rows.length)} ${found.next ? "so far" : "in all"}.`),
        found.next && more(found, wanted),
    ];
}

function more(found, wanted) {
    if (found.rows.length >= MOST_SHOWN) return h("p", { class: "aside" }, "The files have the others.");
    const button = h("button", { type: "button", data: { key: "more-rows" } }, "More rows");
    whenPressed(button, async () => {
        const page = await showing(notes, () => ask("GET", path(wanted, found.next)));
        if (page) changedItem("invariants", { ...page, rows: [...found.rows, ...page.rows] });
    });
    return h("p", { class: "buttons" }, button);
}

function tools(found, wanted) {
    const copies = [
        ["Copy as SQL", "The SQL", () => found.sql.map((one) => `${one};`).join("\n\n")],
        ["Copy as curl", "The curl command", () => curl(wanted)],
        ["Copy as steward", "The steward command", () => `steward rows ${wanted}${profile === null ? "" : ` --profile ${quoted(profile)}`}`],
    ].map(([label, what, text]) => whenPressed(h("button", { type: "button", data: { key: label } }, label), () => copyText(text(), what)));
    const files = ["csv", "ndjson"].map((form) => whenPressed(
        h("button", { type: "button", data: { key: form } }, form === "csv" ? "All, as CSV" : "All, as NDJSON"),
        () => downloadFile(notes, path(wanted, null, form), `${wanted}.${form}`)));
    return h("div", { class: "buttons" }, files, copies);
}

function curl(wanted) {
    const address = location.origin + aboutProfile(path(wanted, null, "ndjson"));
    return `curl -sS ${quoted(address)} -H "Authorization: Bearer $STEWARD_TOKEN"`;
}

// For a shell: between single quotes nothing has a meaning but the quote itself.
function quoted(text) {
    return `'${text.replaceAll("'", "'\\''")}'`;
}
