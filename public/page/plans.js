// Plans, where this Worker has them: what a dry run stored, to be looked at, approved and applied.

import { ask, Problem } from "./api.js";
import { askFirst } from "./dialog.js";
import { announce, arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { addItems, changedItem, refreshItem } from "./item.js";
import { downloadFile } from "./download.js";
import { ago, count, key, number, visible } from "./format.js";
import { watching } from "./live.js";
import { busyLine, facts, json, runLink, sampleView, showing, table } from "./views.js";
import * as route from "./route.js";

const SHOWN = 20;
const APPLICABLE = ["made", "approved", "applying"];
const section = byId("plans");
const notes = section.querySelector(".notes");
const result = section.querySelector(".result");
const itemNotes = byId("item").querySelector(".notes");

let served = false;
let refreshAll = async () => {};

/** Take over what brings the rest of the page up to date. */
export function startPlanWork(refresh) {
    refreshAll = refresh;
}

/** Look whether the Worker describes plans; where it does not, the panel and its address stay hidden. */
export async function startPlans() {
    const described = await fetch("openapi.json").then((answer) => answer.json()).catch(() => ({ paths: {} }));
    served = "/plans" in described.paths;
    section.hidden = !served;
    byId("to-plans").hidden = !served;
    if (!served) return;
    addItems("plans", {
        title: (id) => `Plan ${visible(id)}`,
        fetch: fetchPlan,
        view,
        moving: (plan) => plan.state === "applying",
    });
}

async function fetchPlan(id) {
    const plan = await ask("GET", `/plans/${encodeURIComponent(id)}`);
    // Of an old plan the items are dropped.
    if (plan.items_kept === false) return { ...plan, first: [] };
    const { items } = await ask("GET", `/plans/${plan.id}/items?format=json&limit=${SHOWN}`);
    return { ...plan, first: items };
}

/** Show the newest plans. */
export async function showPlans() {
    if (!served) return;
    const answer = await showing(notes, () => ask("GET", "/plans"));
    arrived(section);
    if (answer) redraw(result, answer.plans, () => draw(answer.plans.slice(0, SHOWN)));
}

function draw(plans) {
    if (!plans.length) return h("p", { class: "aside" }, "No plan is stored. A dry run makes one.");
    const rows = plans.map((one) => [
        h("a", { href: route.to("plans", one.id) }, `Plan ${one.id}`), visible(one.kind), visible(one.state), ago(one.made_at), one.made_by && visible(one.made_by),
    ]);
    return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Plans" }, table(["Plan", "Kind", "State", "Made", "By"], rows));
}

function view(plan) {
    const files = ["csv", "ndjson"].map((form) => whenPressed(
        h("button", { type: "button", data: { key: form } }, form === "csv" ? "Items, as CSV" : "Items, as NDJSON"),
        () => downloadFile(itemNotes, `/plans/${plan.id}/items?format=${form}`, `plan-${plan.id}.${form}`)));
    return [
        facts([
            ["Kind", visible(plan.kind)],
            ["State", visible(plan.state)],
            ["Made", [ago(plan.made_at), plan.made_by && `, by ${visible(plan.made_by)}`]],
            ["Expires", plan.expires_at && visible(plan.expires_at)],
            ["Approved", plan.approved_at && [ago(plan.approved_at), `, by ${visible(plan.approved_by)}`]],
            ["Digest", plan.digest && key(plan.digest)],
            ["Complete", plan.complete === undefined ? null : plan.complete ? "yes" : "no"],
            ["Left out", plan.left_out ? number(plan.left_out) : null],
            ["Applied by", plan.applied_run && runLink(plan.applied_run)],
        ]),
        h("p", { class: "buttons" },
            plan.state === "made" && whenPressed(h("button", { type: "button", data: { key: "approve" } }, "Approve…"), () => approve(plan)),
            APPLICABLE.includes(plan.state) && whenPressed(h("button", { type: "button", data: { key: "apply" } }, "Apply…"), () => apply(plan)),
            files),
        plan.first.length > 0 && [h("h3", {}, plan.items > plan.first.length ? `The first of ${count(plan.items, "item")}` : "Its items"), sampleView(plan.first, `items of plan ${plan.id}`)],
        plan.totals && [h("h3", {}, "Totals"), json(plan.totals, `Totals of plan ${plan.id}`)],
        plan.forecast && [h("h3", {}, "Forecast"), json(plan.forecast, `Forecast of plan ${plan.id}`)],
    ];
}

async function approve(plan) {
    const sure = await askFirst({
        title: `Approve plan ${plan.id}?`,
        wait: "",
        prepare: async () => ({
            body: [h("p", {}, `It holds ${count(plan.items, "item")}. Your name and the moment are kept.`), h("p", {}, "Digest: ", key(plan.digest))],
            confirm: "Approve",
        }),
    });
    if (!sure) return;
    const found = await showing(itemNotes, () => ask("POST", `/plans/${plan.id}/approve`, { digest: plan.digest }));
    if (!found) return;
    announce("Approved.");
    changedItem("plans", { ...found, first: plan.first });
}

async function apply(plan) {
    const must = h("input", { type: "checkbox", id: "dialog-must" });
    const sure = await askFirst({
        title: `Apply plan ${plan.id}, live?`,
        wait: "",
        prepare: async () => ({
            body: [
                h("p", {}, "It does what the plan says and no more. A row that moved on since is left out, and listed."),
                h("label", { class: "check must" }, must, h("span", {}, `Change what its ${count(plan.items, "item")} say`)),
            ],
            confirm: "Apply",
            danger: true,
            must,
            focus: must,
        }),
    });
    if (!sure) return;
    const last = await showing(itemNotes, () => applyAll(plan));
    if (!last) return;
    // Drawing the plan again empties the notes.
    await Promise.all([refreshAll(), refreshItem(true)]);
    itemNotes.replaceChildren(h("p", { class: "done" }, `Plan ${plan.id} is applied. `, runLink(last.run_id)));
    announce(`Plan ${plan.id} is applied.`);
}

async function applyAll(plan) {
    for (let calls = 1; ; calls += 1) {
        itemNotes.replaceChildren(busyLine(`Applying plan ${plan.id}, call ${calls}…`));
        const answer = await watching(() => ask("POST", `/plans/${plan.id}/apply`, {}));
        if (answer.done !== false) return answer;
        const failed = answer.steps?.find((step) => step.error);
        if (failed) throw new Problem({ title: `The step ${failed.name} failed`, detail: failed.error, hint: "See the run.", run_id: answer.run_id });
    }
}
