// Plans, where this Worker has them: what a dry run stored, to be looked at, approved and applied.

import { ask } from "./api.js";
import { arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { addItems } from "./item.js";
import { downloadFile } from "./download.js";
import { ago, key, visible } from "./format.js";
import { facts, json, showing, table } from "./views.js";
import * as route from "./route.js";

const SHOWN = 20;
const section = byId("plans");
const notes = section.querySelector(".notes");
const result = section.querySelector(".result");
const itemNotes = byId("item").querySelector(".notes");

let served = false;

/** Look whether the Worker describes plans; where it does not, the panel and its address stay hidden. */
export async function startPlans() {
    const described = await fetch("openapi.json").then((answer) => answer.json()).catch(() => ({ paths: {} }));
    served = "/plans" in described.paths;
    section.hidden = !served;
    byId("to-plans").hidden = !served;
    if (!served) return;
    addItems("plans", {
        title: (id) => `Plan ${visible(id)}`,
        fetch: (id) => ask("GET", `/plans/${encodeURIComponent(id)}`),
        view,
    });
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
        ]),
        // What is done with a plan (approve, apply) has its place here.
        h("p", { class: "buttons" }, files),
        plan.totals && [h("h3", {}, "Totals"), json(plan.totals, `Totals of plan ${plan.id}`)],
        plan.forecast && [h("h3", {}, "Forecast"), json(plan.forecast, `Forecast of plan ${plan.id}`)],
    ];
}
