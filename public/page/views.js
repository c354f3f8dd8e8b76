// Parts that several sections show: a problem, a sample of rows, a state, JSON.

import { h } from "./dom.js";
import { key, number, visible } from "./format.js";
import { Problem } from "./api.js";
import * as route from "./route.js";

const WORDS = {
    holds: ["ok", "holds"],
    violated: ["bad", "violated"],
    not_checked: ["unsure", "not checked"],
    succeeded: ["ok", "succeeded"],
    open: ["bad", "open"],
    resolved: ["ok", "resolved"],
    running: ["info", "running"],
    stopped: ["unsure", "stopped"],
    failed: ["bad", "failed"],
    abandoned: ["bad", "abandoned"],
};
const SIGNS = { ok: "✓", bad: "✕", unsure: "?", warn: "!", info: "•" };

/** Return a state as a sign and a word; colour only repeats what they say. */
export function state(value, severity = "error") {
    const [known, word] = WORDS[value] ?? ["unsure", value];
    const tone = known === "bad" && severity === "warn" ? "warn" : known;
    return h("span", { class: `state ${tone}` }, sign(tone), word);
}

/** Return the sign of a tone. */
export function sign(tone) {
    return h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[tone]);
}

/** Return a problem in full: what happened, which field, and what to do. */
export function problemView(problem) {
    const { title, status, detail, field, setting, hint, run_id: run } = problem;
    return h(
        "div",
        { class: "problem", role: "alert" },
        h("p", { class: "problem-title" }, sign("bad"), status ? `${title} (${status})` : title),
        h("p", {}, visible(detail)),
        field && h("p", {}, "Field: ", key(field)),
        setting && h("p", {}, "Setting: ", key(setting)),
        hint && h("p", { class: "hint" }, visible(hint)),
        run && h("p", {}, runLink(run)),
    );
}

/** Return a link to a run. */
export function runLink(id, text = `Run ${id}`) {
    return h("a", { href: route.to("runs", id) }, text);
}

/** Return a link to the plan that a dry run made, where it made one. */
export function planLink(plan) {
    return plan?.id && h("a", { href: route.to("plans", plan.id) }, `Plan ${plan.id}: items, forecast, approval`);
}

/**
 * Do work and show its problem, if it has one, in `notes`; returns undefined then.
 * @param {Element} notes
 * @param {() => Promise<*>} work
 */
export async function showing(notes, work) {
    try {
        const answer = await work();
        notes.replaceChildren();
        return answer;
    } catch (error) {
        if (!(error instanceof Problem)) console.error(error);
        const view = problemView(error instanceof Problem ? error : unforeseen(error));
        // The same problem again is not announced again.
        if (notes.textContent !== view.textContent) notes.replaceChildren(view);
        return undefined;
    }
}

function unforeseen(error) {
    return { title: "The page failed", detail: String(error), hint: "Reload the page. What the Worker did is in its runs." };
}

/** Return a quiet line that says that something is under way. */
export function busyLine(...children) {
    return h("p", { class: "busy", role: "status" }, children);
}

let names = {};

/** From now on the columns of rows are called what the database calls them. */
export function callColumns(given) {
    names = given;
}

/** Return sample rows as a table, or keys as a list; null where there are none. */
export function sampleView(rows, label) {
    if (!rows?.length) return null;
    const region = { class: "scroll", tabindex: "0", role: "region", "aria-label": `Sample: ${label}` };
    if (typeof rows[0] !== "object") return h("div", region, h("ul", { class: "keys" }, rows.map((row) => h("li", {}, key(row)))));
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => column !== "sample");
    return h("div", region, table(columns.map((column) => visible(names[column] ?? column)), rows.map((row) => columns.map((column) => cell(row[column])))));
}

function cell(value) {
    if (value === null || value === undefined) return h("span", { class: "none" }, "none");
    if (typeof value === "number") return number(value);
    return key(typeof value === "object" ? JSON.stringify(value) : value);
}

/** Return a table. @param {string[]} columns @param {Array<Array<*>>} rows of cells */
export function table(columns, rows, options = {}) {
    const numeric = options.numeric ?? [];
    const style = (index) => (numeric.includes(index) ? "number" : null);
    const head = h("tr", {}, columns.map((column, index) => h("th", { scope: "col", class: style(index) }, column)));
    const body = rows.map((row) => h("tr", {}, row.map((each, index) => h("td", { class: style(index) }, each))));
    return h("table", {}, h("thead", {}, head), h("tbody", {}, body));
}

/** Return a value as indented JSON. */
export function json(value, label) {
    const text = JSON.stringify(value, null, 2) ?? "";
    return h("pre", { tabindex: "0", role: "region", "aria-label": label }, text.split("\n").map(visible).join("\n"));
}

/** Return facts as terms and values; those without a value are left out. @param {Array<[string, *]>} pairs */
export function facts(pairs) {
    const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
    return h("dl", { class: "facts" }, shown.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}
