// Recovery: dry shows what live would do; live asks first, and is called again until it is done.

import { ask } from "./api.js";
import { announce, byId, h, whenPressed } from "./dom.js";
import { askFirst } from "./dialog.js";
import { count, key, number, visible } from "./format.js";
import { watching } from "./live.js";
import { busyLine, json, planLink, runLink, sampleView, showing, table } from "./views.js";

const BUSY_WAIT_MS = 5_000;
// An abandoned lease runs out within 90 s.
const BUSY_TRIES = 30;
const UNITS = {
    pause: "the schedule",
    measure: "violations",
    bookmark: "of D1’s Time Travel",
    dedupe: "rows too many",
    index: "the unique index",
    guards: "in place",
    classify: "unknown rows",
    orphans: "references to nothing",
    verify: "violations",
    resume: "the schedule",
};
const SCHEDULE = ["not paused", "paused"];
// What 0 and 1 mean where they count nothing.
const WORDS = { pause: SCHEDULE, resume: SCHEDULE, index: ["missing", "there"], bookmark: ["–", "–"] };
const USUAL = ["name", "before", "after", "changed", "sample", "error"];

const section = byId("recovery");
const [notes, checkNotes] = section.querySelectorAll(".notes");
const result = section.querySelector(".result");

/** Make the buttons work; `refresh` brings the rest of the page up to date. */
export function startRecovery(refresh) {
    whenPressed(byId("recover-dry"), async () => {
        result.replaceChildren();
        const report = await showing(notes, () => {
            notes.replaceChildren(busyLine("Computing what a live recovery would do…"));
            return dryRun();
        });
        if (!report) return;
        notes.replaceChildren(h("p", { class: "done" }, dryWords(report), " ", runLink(report.run_id), " ", planLink(report.plan)));
        result.replaceChildren(stepsView(report.steps, true));
        announce(dryWords(report));
        await refresh();
    });
    whenPressed(byId("recover-live"), async () => {
        const maxDeletes = await askFirst({
            title: "Recover live?",
            wait: "Computing what it would do, in a dry run…",
            prepare: prepareLive,
        });
        if (maxDeletes === null) return;
        result.replaceChildren();
        await runLive(maxDeletes);
        await refresh();
    });
}

// Where a call has few queries, the plan is made over several, of which only the first answers the steps.
async function dryRun() {
    let steps = [];
    for (;;) {
        const report = await ask("POST", "/recover", { dry_run: true, resume: byId("recover-resume").checked });
        if (report.steps.length) steps = report.steps;
        if (report.done || failed(report) || report.continues_at) return { ...report, steps };
    }
}

function stepOf(report, wanted) {
    return report.steps.find((step) => step.name === wanted);
}

function dryWords(report) {
    const deletes = stepOf(report, "dedupe")?.changed ?? 0;
    const left = stepOf(report, "verify")?.after;
    const outcome = left === undefined ? "and end early" : left ? `and leave ${count(left, "violation")}` : "and leave none";
    return `Dry: live would delete ${count(deletes, "duplicate row")} ${outcome}.`;
}

async function prepareLive() {
    const report = await dryRun();
    const deletes = stepOf(report, "dedupe")?.changed ?? 0;
    const must = h("input", { type: "checkbox", id: "dialog-must" });
    const words = deletes
        ? `Delete up to ${count(deletes, "duplicate row")} (max_deletes: ${number(deletes)})`
        : "Delete no row (max_deletes: 0)";
    return {
        body: [
            stepsView(report.steps, true),
            h("p", {}, dryWords(report), " Deleted rows are kept in the journal; undo brings them back."),
            h("label", { class: "check must" }, must, h("span", {}, words)),
        ],
        confirm: "Recover live",
        danger: true,
        must,
        focus: must,
        read: () => deletes,
    };
}

async function runLive(maxDeletes) {
    const work = { left: maxDeletes, total: maxDeletes, calls: 0, stopping: false, steps: new Map(), last: null };
    const finished = await showing(notes, async () => {
        do await callOnce(work);
        while (!work.last.done && !failed(work.last) && !work.stopping);
        return true;
    });
    if (!finished) return;
    const words = liveWords(work);
    notes.replaceChildren(h("p", { class: work.last.done && work.last.ok ? "done" : "reason" }, words, " ", runLink(work.last.run_id)));
    announce(words);
    // The summary shows what the last check found, and a recovery's own verdict is not one.
    await showing(checkNotes, () => ask("POST", "/check", { mode: "fast" }));
}

async function callOnce(work) {
    showProgress(work);
    const request = {
        dry_run: false,
        max_groups: byId("max-groups").valueAsNumber || null,
        max_deletes: work.left,
        resume: byId("recover-resume").checked,
    };
    const report = await unlessBusy(work, request);
    work.calls += 1;
    work.last = report;
    for (const step of report.steps) addStep(work.steps, step);
    work.left = Math.max(0, work.left - (stepOf(report, "dedupe")?.changed ?? 0));
    result.replaceChildren(stepsView([...work.steps.values()], false));
}

// Between two calls a tick may have the lease: it is waited for. At the first call its refusal is shown.
async function unlessBusy(work, request) {
    for (let tries = 0; ; tries += 1) {
        try {
            return await watching(() => ask("POST", "/recover", request));
        } catch (problem) {
            if (problem.reason !== "busy" || work.calls === 0 || tries === BUSY_TRIES || work.stopping) throw problem;
            await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
        }
    }
}

function addStep(steps, step) {
    const before = steps.get(step.name);
    const merged = before ? { ...before, ...step, before: before.before, changed: before.changed + step.changed } : { ...step };
    if (before && !step.error) delete merged.error;
    steps.set(step.name, merged);
}

function showProgress(work) {
    const deleted = work.total - work.left;
    const words = work.calls ? `Recovering: ${count(work.calls, "call")} done, ${number(deleted)} of ${count(work.total, "row")} deleted…` : "Recovering…";
    const stop = h("button", { type: "button" }, "Stop after this call");
    stop.addEventListener("click", () => {
        work.stopping = true;
        stop.textContent = "Stopping after this call…";
    });
    const progress = h("progress", { max: Math.max(1, work.total), value: deleted, "aria-label": "Duplicate rows deleted" });
    notes.replaceChildren(busyLine(words), h("div", { class: "buttons" }, progress, stop));
}

function failed(report) {
    return report.steps.some((step) => step.error);
}

function liveWords(work) {
    const { last } = work;
    const deleted = work.steps.get("dedupe")?.changed ?? 0;
    const did = `${count(deleted, "row")} deleted in ${count(work.calls, "call")}.`;
    if (last.done && last.ok) return `Recovered: everything holds. ${did}`;
    if (last.done) return `Done, but something is still violated, and the schedule stays paused. ${did}`;
    if (failed(last)) return `Ended early; see the step below. ${did}`;
    return `Stopped early; “Live recovery…” continues it. ${did}`;
}

/** Return the steps of a recovery as a table; of a dry one, what they would do. */
export function stepsView(steps, dry) {
    const rows = steps.map((step) => [
        [h("b", {}, step.name), " ", h("span", { class: "tag" }, UNITS[step.name] ?? "")],
        WORDS[step.name]?.[step.before] ?? number(step.before),
        WORDS[step.name]?.[step.after] ?? number(step.after),
        h("span", { class: step.changed ? "changed" : "none" }, number(step.changed)),
    ]);
    const columns = ["Step", "Before", dry ? "Would be" : "After", dry ? "Would change" : "Changed"];
    return h("div", { class: "steps" },
        steps.filter((step) => step.error).map((step) => h("p", { class: "reason" }, h("b", {}, step.name), ": ", visible(step.error))),
        table(columns, rows, { numeric: [1, 2, 3] }),
        h("details", { class: "options" }, h("summary", {}, "What each step found"), steps.map(stepDetails)));
}

function stepDetails(step) {
    const further = Object.fromEntries(Object.entries(step).filter(([member]) => !USUAL.includes(member)));
    const more = Object.keys(further).length > 0;
    if (!step.sample.length && !more) return null;
    return h("div", { class: "step" },
        h("h3", {}, step.name),
        step.name === "bookmark" ? step.sample.map(key) : sampleView(step.sample, step.name),
        more && json(further, `Details of ${step.name}`));
}
