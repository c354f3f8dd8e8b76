// The rules editor: what is typed stays a draft until it was previewed on real keys and confirmed.

import { ask } from "./api.js";
import { announce, arrived, byId, h, whenPressed } from "./dom.js";
import { askFirst } from "./dialog.js";
import { count, key, number } from "./format.js";
import { busyLine, showing, table } from "./views.js";
import { fillBuckets } from "./backfill.js";

const FIELDS = ["priority", "pattern", "source_type"];
const section = byId("rules");
const notes = section.querySelector(".notes");
const result = section.querySelector(".result");
const list = section.querySelector(".rule-list");

let stored = [];
let loaded = false;

/** Make the editor work; `refresh` brings the rest of the page up to date. */
export function startRules(refresh) {
    whenPressed(byId("rules-reload"), load);
    byId("rules-add").addEventListener("click", () => {
        const highest = Math.max(0, ...draft().map((rule) => rule.priority || 0));
        const row = ruleRow({ priority: highest + 10, pattern: "", source_type: "" });
        list.append(row);
        renumber();
        row.querySelector("[name=pattern]").focus();
    });
    whenPressed(byId("rules-preview"), async () => {
        if (!valid()) return;
        const compared = await showing(notes, () => {
            notes.replaceChildren(busyLine("Trying the rules on real keys…"));
            return compare(draft());
        });
        if (!compared) return pointAtField();
        notes.replaceChildren();
        result.replaceChildren(...comparedView(compared));
        announce("Previewed.");
    });
    whenPressed(byId("rules-save"), async () => {
        if (valid()) await save(refresh);
    });
    list.addEventListener("input", (event) => event.target.removeAttribute("aria-invalid"));
}

/** Load the rules the first time; later refreshes leave the draft alone. */
export async function showRules(summary) {
    fillBuckets(byId("rules-bucket"), summary.passes);
    if (!loaded) await load();
}

async function load() {
    const answer = await showing(notes, () => ask("GET", "/rules"));
    arrived(section);
    loaded = true;
    result.replaceChildren();
    stored = answer?.rules ?? [];
    drawDraft(stored);
}

function drawDraft(rules) {
    list.replaceChildren(...rules.map(ruleRow));
    renumber();
}

function ruleRow(rule) {
    const remove = h("button", { type: "button", class: "remove" }, h("span", { "aria-hidden": "true" }, "×"));
    const row = h("li", {},
        h("input", { name: "priority", type: "number", required: true, min: "-1000000", max: "1000000", step: "1", inputmode: "numeric" }),
        h("input", { name: "pattern", type: "text", required: true, maxlength: "50", spellcheck: "false", autocapitalize: "off" }),
        h("input", { name: "source_type", type: "text", required: true, maxlength: "200", spellcheck: "false", autocapitalize: "off" }),
        remove);
    for (const field of FIELDS) row.querySelector(`[name=${field}]`).value = rule[field];
    remove.addEventListener("click", () => {
        const neighbour = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        renumber();
        (neighbour?.querySelector(".remove") ?? byId("rules-add")).focus();
    });
    return row;
}

function renumber() {
    [...list.children].forEach((row, index) => {
        const which = `of rule ${index + 1}`;
        row.querySelector("[name=priority]").setAttribute("aria-label", `Priority ${which}`);
        row.querySelector("[name=pattern]").setAttribute("aria-label", `Pattern ${which}`);
        row.querySelector("[name=source_type]").setAttribute("aria-label", `Type ${which}`);
        row.querySelector(".remove").setAttribute("aria-label", `Remove rule ${index + 1}`);
    });
}

function draft() {
    return [...list.children].map((row) => ({
        priority: row.querySelector("[name=priority]").valueAsNumber,
        pattern: row.querySelector("[name=pattern]").value,
        source_type: row.querySelector("[name=source_type]").value,
    }));
}

function valid() {
    return byId("rules-form").reportValidity();
}

async function compare(rules) {
    const where = { r2_bucket: byId("rules-bucket").value || null, r2_prefix: byId("rules-prefix").value };
    const current = (await ask("GET", "/rules")).rules;
    const [after, before] = await Promise.all([
        preview({ ...where, rules }),
        preview({ ...where, rules: current }),
    ]);
    return { after, before, current, rules };
}

async function preview(body) {
    try {
        return await ask("POST", "/rules/preview", body);
    } catch (problem) {
        badField = problem.field;
        throw problem;
    }
}

let badField = null;

// `rules[2].pattern` names an input of the draft.
function pointAtField() {
    const [, index, field] = /^rules\[(\d+)\]\.(\w+)$/.exec(badField ?? "") ?? [];
    const input = FIELDS.includes(field) ? list.children[index]?.querySelector(`[name=${field}]`) : null;
    badField = null;
    input?.setAttribute("aria-invalid", "true");
    input?.focus();
}

function same(a, b) {
    const text = (rules) => JSON.stringify(rules.map((rule) => FIELDS.map((field) => rule[field])).sort());
    return text(a) === text(b);
}

function comparedView({ after, before, current, rules }) {
    const types = new Map();
    const add = (side, { by_type: rows }) => {
        for (const row of rows) types.set(row.source_type, { ...types.get(row.source_type), [side]: row });
    };
    add("before", before);
    add("after", after);
    const rows = [...types].map(([type, found]) => {
        const [was, becomes] = [found.before?.objects ?? 0, found.after?.objects ?? 0];
        return [
            type === null ? h("i", {}, "no rule matches") : key(type),
            number(was),
            h("span", { class: was === becomes ? null : "changed" }, number(becomes)),
            h("ul", { class: "keys" }, (found.after ?? found.before).sample.map((each) => h("li", {}, key(each)))),
        ];
    });
    const seen = `${count(after.scanned, "object")} looked at${after.truncated ? "; the bucket holds more" : ""}. Directory markers are left out.`;
    return [
        h("p", { class: "aside" }, same(rules, current) ? "These are the stored rules. " : "", seen, " Known types stay as they are, whatever the rules say."),
        rows.length
            ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Preview" }, table(["Type", "Stored rules", "This draft", "Keys"], rows, { numeric: [1, 2] }))
            : h("p", { class: "aside" }, "No objects there."),
    ];
}

async function save(refresh) {
    const rules = draft();
    const sure = await askFirst({
        title: "Save these rules?",
        wait: "Trying the rules on real keys…",
        prepare: async () => {
            const compared = await compare(rules);
            const moved = !same(compared.current, stored);
            return {
                body: [
                    moved && h("p", { class: "reason" }, "The stored rules have changed since this draft was loaded. Saving replaces them."),
                    h("p", {}, `${count(rules.length, "rule")} replace the ${number(compared.current.length)} stored.`),
                    ...comparedView(compared),
                ],
                confirm: "Save the rules",
                danger: moved,
            };
        },
    });
    pointAtField();
    if (!sure) return;
    const answer = await showing(notes, () => ask("PUT", "/rules", { rules }));
    if (!answer) return;
    stored = answer.rules;
    drawDraft(stored);
    result.replaceChildren();
    notes.replaceChildren(h("p", { class: "done" }, `${count(stored.length, "rule")} stored.`));
    announce("The rules are stored.");
    await refresh();
}
