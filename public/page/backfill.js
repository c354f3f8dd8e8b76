// Backfill: how far the schedule's passes are, pausing them, and backfill by hand, dry or live.

import { ask } from "./api.js";
import { announce, arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { askFirst } from "./dialog.js";
import { ago, count, duration, key, now, number, visible } from "./format.js";
import { watching } from "./live.js";
import { busyLine, facts, runLink, sampleView, showing } from "./views.js";

const COUNTS = ["scanned", "inserted", "upgraded", "unchanged", "newer", "unclassified", "skipped", "refused"];
const STOPPED = {
    end: "It reached the end.",
    max_objects: "It stopped at the number of objects asked for.",
    time: "It stopped because its time was up.",
    subrequests: "It stopped because its requests were used up.",
    quota: "It stopped because the day's rows were used up; work continues at midnight, UTC.",
    overloaded: "It stopped because the platform was overloaded.",
    paused: "It stopped because somebody paused backfill.",
};
const section = byId("backfill");
const [scheduleNotes, notes] = section.querySelectorAll(".notes");
const result = section.querySelector(".result");
const start = byId("backfill-start");

let last = null;

/** Make the form and the buttons work; `refresh` brings the rest of the page up to date. */
export function startBackfill(refresh) {
    for (const id of ["backfill-bucket", "backfill-prefix"]) byId(id).addEventListener("input", () => offerLast(null));
    whenPressed(byId("backfill-dry"), async () => {
        if (!byId("backfill-form").reportValidity()) return;
        await run({ ...request(), dry_run: true }, refresh);
    });
    whenPressed(byId("backfill-live"), async () => {
        if (!byId("backfill-form").reportValidity()) return;
        const asked = request();
        const sure = await askFirst({
            title: "Backfill live?",
            wait: "Computing what it would do, in a dry run…",
            prepare: () => prepareLive(asked),
        });
        if (sure) await run({ ...asked, dry_run: false }, refresh);
    });
    startPause(refresh);
}

/** Show the schedule, whether it is paused, and the pass of each bucket. */
export function showBackfill(summary) {
    const { passes, pause, backfill_mode: mode } = summary;
    fillBuckets(byId("backfill-bucket"), passes);
    redraw(byId("schedule"), [mode, pause], () => ["The schedule backfills ", h("b", {}, mode), pause.paused_by ? ", and is paused." : "."]);
    redraw(byId("pause-buttons"), Boolean(pause.paused_by), () => pauseButton(Boolean(pause.paused_by)));
    showPasses(passes, pause.paused_by);
    arrived(section);
}

/** Show how far the pass of each bucket is. */
export function showPasses(passes, pausedBy) {
    // Of a summary's and a live answer's passes the same is shown.
    const shown = passes.map(({ bucket, state, error, counts, previous, expected_objects, ranges, instance, last_key, pass_started_at, completed_at, objects_per_second, seconds_left }) =>
        ({ bucket, state, error, counts, previous, expected_objects, ranges, instance, last_key, pass_started_at, completed_at, objects_per_second, seconds_left }));
    redraw(section.querySelector(".passes"), [shown, pausedBy, passes.some(underWay) && Math.floor(now() / 10_000)], () => shown.map((one) => passView(one, pausedBy)));
}

/** Fill a choice of buckets, keeping what is chosen. */
export function fillBuckets(select, passes) {
    redraw(select, passes.map((one) => one.bucket), () => passes.map(({ bucket }) => h("option", { value: bucket }, visible(bucket))));
}

function request() {
    const begin = start.value;
    return {
        r2_bucket: byId("backfill-bucket").value || null,
        r2_prefix: byId("backfill-prefix").value,
        max_objects: byId("backfill-max").valueAsNumber,
        resume: begin === "resume",
        ...(begin === "last" && last ? { cursor: last } : {}),
    };
}

async function prepareLive(asked) {
    const report = await ask("POST", "/backfill", { ...asked, dry_run: true });
    return {
        body: [
            h("p", {}, `Among ${count(report.scanned, "object")} of `, key(report.r2_bucket), `, live would insert ${count(report.inserted, "row")} and give ${count(report.upgraded, "unknown row")} a type. Nothing is deleted.`),
            countsView(report),
            report.note && h("p", { class: "reason" }, visible(report.note)),
            h("p", { class: "aside" }, STOPPED[report.stopped_because]),
        ],
        confirm: "Backfill live",
    };
}

async function run(asked, refresh) {
    result.replaceChildren();
    const report = await showing(notes, () => {
        notes.replaceChildren(busyLine(asked.dry_run ? "Backfilling dry…" : "Backfilling live…"));
        return watching(() => ask("POST", "/backfill", asked));
    });
    if (report) {
        const words = asked.dry_run
            ? `Dry: live would insert ${number(report.inserted)} and upgrade ${number(report.upgraded)}.`
            : `Live: inserted ${number(report.inserted)}, upgraded ${number(report.upgraded)}.`;
        notes.replaceChildren(h("p", { class: "done" }, words, " ", runLink(report.run_id)));
        result.replaceChildren(...reportView(report));
        offerLast(report.cursor);
        announce(words);
    }
    await refresh();
}

function offerLast(cursor) {
    last = cursor;
    const option = start.querySelector("[value=last]");
    option.disabled = !cursor;
    if (!cursor && start.value === "last") start.value = "beginning";
}

function reportView(report) {
    const { cost } = report;
    return [
        report.note && h("p", { class: "reason" }, visible(report.note)),
        countsView(report),
        facts([
            ["Why it ended", STOPPED[report.stopped_because]],
            ["Continues after", report.start_after === null ? null : key(report.start_after)],
            ["Cost", `${count(cost.r2_lists, "R2 listing")}, ${number(cost.rows_read)} rows read, ${number(cost.rows_written)} written, ${duration(report.duration_ms)}`],
        ]),
        unclassifiedView(report.unclassified_sample),
    ].filter(Boolean);
}

function countsView(counts) {
    return h("dl", { class: "counts" }, COUNTS.map((each) =>
        h("div", {}, h("dt", {}, each), h("dd", { class: counts[each] ? null : "none" }, number(counts[each])))));
}

function unclassifiedView(sample, data = "unclassified") {
    return sample.length > 0 && h("details", { class: "options", data: { key: data } }, h("summary", {}, "Objects that no rule matches"), sampleView(sample, "unclassified objects"));
}

function underWay(pass) {
    return pass.state === "under way";
}

function passView(pass, pausedBy) {
    const head = h("h3", {}, key(pass.bucket), h("span", { class: "tag" }, pass.state ?? ""));
    if (pass.error) return [head, h("p", { class: "reason" }, visible(pass.error))];
    if (!pass.counts) return [head, h("p", { class: "aside" }, "No pass has begun yet.")];
    const { scanned } = pass.counts;
    const expected = underWay(pass) ? pass.expected_objects : null;
    return [
        head,
        expected > 0 && h("progress", { max: Math.max(expected, scanned), value: scanned, "aria-label": `Pass over ${pass.bucket}` }),
        pass.ranges.length > 1 && strip(pass),
        h("p", {}, underWay(pass) ? pace(pass, pausedBy) : ["Complete ", ago(pass.completed_at), ` in ${duration(Date.parse(pass.completed_at) - Date.parse(pass.pass_started_at))}.`]),
        countsView(pass.counts),
        underWay(pass) && facts([["At key", pass.last_key && key(pass.last_key)], ["Flow", pass.instance && key(pass.instance)]]),
        unclassifiedView(pass.counts.unclassified_sample, `unclassified-${pass.bucket}`),
    ];
}

/** Return a cell for each range in key order; a range that is done has joined the one after it. */
export function strip({ bucket, ranges }) {
    const cells = ranges.map(({ from, until, last, done }) => {
        const [tone, word] = done ? ["done", "done"] : last === null ? ["ahead", "not begun"] : ["at-work", `up to ${visible(last)}`];
        const words = `${from === null ? "the first key" : visible(from)} to ${until === null ? "the last" : visible(until)}: ${word}`;
        return h("li", { class: tone, title: words }, h("span", { class: "off-screen" }, words));
    });
    return h("ol", { class: "strip", "aria-label": `Ranges of ${visible(bucket)}` }, cells);
}

function pace(pass, pausedBy) {
    const { counts, expected_objects: expected, objects_per_second: rate, seconds_left: left } = pass;
    const begun = [`${number(counts.scanned)} scanned`, expected ? ` of about ${number(expected)}` : "", ", begun ", ago(pass.pass_started_at), pass.instance ? " by a flow" : "", ", "];
    if (pausedBy) return [...begun, "paused."];
    if (rate === null) return [...begun, "nothing listed yet."];
    const speed = rate < 1 ? `${number(Math.round(rate * 60))} objects a minute` : `${number(Math.round(rate))} objects a second`;
    if (!expected) return [...begun, speed, "; a first pass has no estimate."];
    if (left === null) return [...begun, speed, "; more objects than the last time."];
    return [...begun, speed, left < 60 ? "; less than a minute left." : `; about ${duration(left * 1000)} left at that pace.`];
}

let togglePause = async () => {};

function pauseButton(paused) {
    const button = h("button", { type: "button", data: { key: "pause" } }, paused ? "Resume the schedule" : "Pause…");
    return whenPressed(button, () => togglePause(paused));
}

function startPause(refresh) {
    togglePause = async (paused) => {
        const reason = paused ? null : await askReason();
        if (!paused && reason === null) return;
        const answer = await showing(scheduleNotes, () => (paused ? ask("POST", "/resume") : ask("POST", "/pause", { reason })));
        if (answer) announce(answer.paused ? "Paused." : "Resumed.");
        await refresh();
    };
}

function askReason() {
    const input = h("input", { id: "pause-reason", type: "text", required: true, maxlength: "500", autocomplete: "off" });
    return askFirst({
        title: "Pause scheduled backfill?",
        wait: "",
        prepare: async () => ({
            body: [h("p", {}, "Checks and alerts continue. You can still run work by hand."), h("label", {}, "Why, for the next person ", input)],
            confirm: "Pause",
            focus: input,
            read: () => input.value,
        }),
    });
}
