// Runs: what was done, by what, how it ended and what it cost; and taking a live recovery back.

import { ask } from "./api.js";
import { announce, arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { ago, count, duration, number, visible } from "./format.js";
import { askFirst } from "./dialog.js";
import { addItems } from "./item.js";
import * as route from "./route.js";
import { stepsView } from "./recovery.js";
import { busyLine, facts, json, runLink, sampleView, showing, state } from "./views.js";

const KINDS = ["tick", "slice", "backfill", "check", "recovery", "undo", "guards", "rules", "resume"];
const PAGE = 20;
const section = byId("runs");
const [notes, undoNotes] = section.querySelectorAll(".notes");
const list = section.querySelector(".list");
const older = byId("runs-older");

let kind = null;
let newest = [];
let further = [];
let next = null;
let refreshAll = async () => {};

/** Make the filter, the links to runs and the button for older ones work. */
export function startRuns(refresh) {
    refreshAll = refresh;
    whenPressed(older, async () => {
        const answer = await showing(notes, () => ask("GET", path({ before: next })));
        if (!answer) return;
        further = [...further, ...answer.runs];
        ({ next } = answer);
        draw();
    });
    addItems("runs", {
        title: (id) => `Run ${id}`,
        fetch: (id) => ask("GET", `/runs/${encodeURIComponent(id)}`),
        view: wholeRun,
        moving: (run) => run.status === "running",
    });
    drawKinds();
}

/** Fetch the newest runs of the chosen kind and show them. */
export async function showRuns() {
    const wanted = kind;
    const answer = await showing(notes, () => ask("GET", path({})));
    arrived(section);
    if (!answer || wanted !== kind) return;
    newest = answer.runs;
    if (!further.length) ({ next } = answer);
    draw();
}

/** Show the runs of the kind that the address asks for. */
export async function chooseKind(wanted) {
    const chosen = KINDS.includes(wanted) ? wanted : null;
    if (chosen === kind) return;
    kind = chosen;
    [further, next] = [[], null];
    drawKinds();
    await showRuns();
}

function path({ before }) {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (kind) query.set("kind", kind);
    if (before) query.set("before", String(before));
    return `/runs?${query}`;
}

function all() {
    const runs = new Map([...further, ...newest].map((run) => [run.id, run]));
    return [...runs.values()].sort((a, b) => b.id - a.id);
}

function draw() {
    older.hidden = next === null;
    redraw(list, all(), () => (all().length ? all().map(runView) : h("li", { class: "aside" }, "No runs yet.")));
}

function drawKinds() {
    const links = [null, ...KINDS].map((one) =>
        h("a", { href: route.to("runs", null, { kind: one }), "aria-current": one === kind ? "true" : null }, one ?? "all"));
    section.querySelector(".kinds").replaceChildren(...links);
}

function runView(run) {
    const took = run.finished_at ? Date.parse(run.finished_at) - Date.parse(run.started_at) : null;
    return h("li", {}, h("details", { id: `run-${run.id}`, data: { key: `run-${run.id}` } },
        h("summary", { class: "line run" },
            h("span", { class: "run-id" }, `#${run.id}`),
            state(run.status),
            h("span", { class: "title" }, visible(run.kind), h("span", { class: "tag" }, visible(run.mode))),
            h("span", { class: "when" }, ago(run.started_at), took === null ? "" : ` · ${duration(took)}`)),
        h("div", { class: "inside" }, h("p", {}, runLink(run.id, `The page of run ${run.id}`)), runDetails(run))));
}

function wholeRun(run) {
    const took = run.finished_at ? Date.parse(run.finished_at) - Date.parse(run.started_at) : null;
    return [
        h("p", { class: "facts-line" }, state(run.status), " ", h("b", {}, visible(run.kind)), " ", h("span", { class: "tag" }, visible(run.mode)), ", ", ago(run.started_at), took === null ? "" : ` · ${duration(took)}`),
        run.status === "running" && run.counts?.step && busyLine(`At the step ${visible(run.counts.step)}…`),
        run.counts?.steps && stepsView(run.counts.steps, run.mode !== "live"),
        runDetails(run),
    ];
}

function runDetails(run) {
    const { cost, counts } = run;
    return [
        run.error && h("p", { class: "reason bad" }, visible(run.error)),
        facts([
            ["Started by", run.trigger],
            ["Asked for by", run.actor && visible(run.actor === run.token_name ? run.actor : `${run.actor} (token of ${run.token_name})`)],
            ["Cost", cost && `${count(cost.rows_read, "row")} read, ${number(cost.rows_written)} written, ${count(cost.d1_batches, "D1 batch", "D1 batches")}, ${count(cost.r2_lists, "R2 listing")}`],
            ["Overhead", cost?.overhead && `${number(cost.overhead.rows_read)} read, ${number(cost.overhead.rows_written)} written`],
        ]),
        deleted(run) > 0 && undoButton(run),
        h("p", { class: "label" }, "Request"), json(run.request, `Request of run ${run.id}`),
        counts !== null && [h("p", { class: "label" }, "Result"), json(counts, `Result of run ${run.id}`)],
    ];
}

function deleted(run) {
    if (run.kind !== "recovery" || run.mode !== "live") return 0;
    return run.counts?.steps?.find((step) => step.name === "dedupe")?.changed ?? 0;
}

function undoButton(run) {
    const button = h("button", { type: "button", data: { key: `undo-${run.id}` } }, "Undo…");
    whenPressed(button, () => undo(run));
    return h("p", { class: "buttons" }, button, h("span", { class: "aside" }, `brings back ${count(deleted(run), "row")}`));
}

async function undo(run) {
    const sure = await askFirst({
        title: `Undo the recovery of run ${run.id}?`,
        wait: "",
        prepare: async () => ({
            body: [
                h("p", {}, `It deleted ${count(deleted(run), "duplicate row")}. They come back, with the datapoints that pointed at them, unless they have moved on since.`),
                h("p", {}, "The unique index is dropped, scheduled backfill is paused, and the duplicates are violations again."),
            ],
            confirm: "Undo",
            danger: true,
        }),
    });
    if (!sure) return;
    const answer = await showing(undoNotes, () => undoAll(run.id));
    if (answer) {
        const words = `${count(answer.restored, "row")} restored, ${count(answer.children, "reference")} pointed back`;
        undoNotes.replaceChildren(h("p", { class: "done" }, words, ". ", runLink(answer.run_id)),
            ...(answer.refused.length ? [h("p", { class: "reason" }, "Not undone, because they moved on:"), sampleView(answer.refused, "not undone")] : []));
        announce(words);
    }
    await refreshAll();
}

async function undoAll(id) {
    let [restored, children] = [0, 0];
    for (;;) {
        undoNotes.replaceChildren(busyLine(`Undoing run ${id}: ${count(restored, "row")} restored so far…`));
        const answer = await ask("POST", `/runs/${id}/undo`);
        restored += answer.restored;
        children += answer.children_restored;
        if (answer.done) {
            await ask("POST", "/check", { mode: "fast" });
            return { ...answer, restored, children };
        }
    }
}
