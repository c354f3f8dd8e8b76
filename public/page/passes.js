// Passes: each on its own page, with its classes, ranges and certificate; and the list of those that are kept.

import { ask } from "./api.js";
import { addItems } from "./item.js";
import { byId, h, whenPressed } from "./dom.js";
import { ago, duration, key, number, visible } from "./format.js";
import { strip } from "./backfill.js";
import { certificateView, certified, classesView } from "./objects.js";
import { facts, sampleView, showing, table } from "./views.js";
import * as route from "./route.js";

const PAGE = 20;
const list = byId("past-passes");
const notes = list.querySelector(".notes");
const result = list.querySelector(".content");

let passes = [];
let next = null;

/** Make the list of passes and their pages work. */
export function startPasses() {
    addItems("passes", {
        title: (id) => `Pass ${visible(id)}`,
        fetch: (id) => ask("GET", `/passes/${encodeURIComponent(id)}`),
        view,
        moving: (pass) => pass.completed_at === null,
    });
    list.addEventListener("toggle", () => list.open && load(null));
}

async function load(before) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(before ? { before: String(before) } : {}) });
    const answer = await showing(notes, () => ask("GET", `/passes?${query}`));
    if (!answer) return;
    passes = before ? [...passes, ...answer.passes] : answer.passes;
    ({ next } = answer);
    draw();
}

function draw() {
    if (!passes.length) {
        result.replaceChildren(h("p", { class: "aside" }, "No pass has begun yet."));
        return;
    }
    const rows = passes.map((one) => [
        h("a", { href: route.to("passes", one.id) }, `Pass ${one.id}`),
        [key(one.bucket), one.prefix && [" ", key(one.prefix)]],
        ago(one.started_at),
        one.completed_at ? duration(Date.parse(one.completed_at) - Date.parse(one.started_at)) : "not complete",
        number(one.counts.scanned),
        certified(one),
    ]);
    const older = h("button", { type: "button" }, "Older passes");
    whenPressed(older, () => load(next));
    result.replaceChildren(
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Passes" }, table(["Pass", "Bucket", "Begun", "Took", "Objects", "Certificate"], rows, { numeric: [4] })),
        ...(next ? [h("p", { class: "buttons" }, older)] : []));
}

function view(pass) {
    const ended = pass.completed_at;
    return [
        h("p", {}, key(pass.bucket), pass.prefix && [" ", key(pass.prefix)], " ", certified(pass)),
        facts([
            ["Begun", ago(pass.started_at)],
            ["Complete", ended ? [ago(ended), `, in ${duration(Date.parse(ended) - Date.parse(pass.started_at))}`] : "not yet"],
            ["Noted", ago(pass.saved_at)],
            ["Errors", number(pass.errors)],
        ]),
        classesView(pass),
        !pass.certified && pass.why_not.length > 0 && h("p", { class: "reason" }, visible(pass.why_not.join(" "))),
        pass.ranges.length > 1 && strip(pass),
        certificateView(pass),
        pass.unclassified_sample.length > 0 && [h("h3", {}, "Objects that no rule matches"), sampleView(pass.unclassified_sample, "unclassified objects")],
        pass.newer_sample.length > 0 && [h("h3", {}, "Objects newer than their row"), sampleView(pass.newer_sample, "newer objects")],
    ];
}
