// What a person on call must see first: whether all is well, and what stands in the way.

import { arrived, byId, h, redraw } from "./dom.js";
import { ago, count, key, name, now, number } from "./format.js";
import { say } from "./title.js";
import { runLink, sign } from "./views.js";

const STALE_MS = 60 * 60_000;

/** Show the summary's verdict, notices and figures. */
export function showStatus(summary) {
    const verdict = judge(summary);
    redraw(byId("verdict"), verdict.shown, () => [
        sign(verdict.tone),
        h("div", {},
            h("p", { class: "headline" }, verdict.headline),
            h("p", { class: "under" }, verdict.under(), verdict.at && [verdict.under() && " ", "Checked ", verdict.mode, ", ", ago(verdict.at), "."])),
    ]);
    byId("verdict").className = `verdict ${verdict.tone}`;
    say({ tone: verdict.tone });
    showNotices(summary);
    showFigures(summary);
    arrived(byId("status"));
}

/** Say that nothing is known of the present, because the last summary did not come. */
export function showStale() {
    const asOf = byId("freshness").querySelector("time")?.dateTime ?? null;
    redraw(byId("verdict"), ["stale", asOf], () => [
        sign("unsure"),
        h("div", {},
            h("p", { class: "headline" }, "The state is not known"),
            h("p", { class: "under" }, asOf ? ["What is shown below is as of ", ago(asOf), "."] : "The Worker gave no summary.")),
    ]);
    byId("verdict").className = "verdict unsure";
    say({ tone: "unsure" });
    arrived(byId("status"));
}

function judge(summary) {
    const last = summary.last_check;
    if (!last) {
        const words = "Press “Check fast”, or wait for the schedule’s next tick.";
        return { tone: "unsure", headline: "Not checked yet", under: () => words, shown: "never" };
    }
    const severity = new Map(summary.invariants.map((one) => [one.name, one.severity]));
    const of = (outcome, wanted) =>
        last.invariants.filter((one) => one.outcome === outcome && (severity.get(one.name) ?? "error") === wanted);
    const broken = of("violated", "error");
    const unseen = of("not_checked", "error");
    const warnings = of("violated", "warn");
    const old = now() - Date.parse(last.checked_at) > STALE_MS;
    // A verdict is as old as its scan, which may have begun in an earlier tick.
    const oldest = last.invariants.map((one) => one.since ?? last.checked_at).sort()[0];
    const shared = { at: oldest, mode: last.mode === "full" ? "in full" : "fast" };
    const tick = lastTick(summary);
    const shown = [broken, unseen, warnings, old, shared, tick?.id];
    const listed = (found) => () => found.map((one, index) => [index ? ", " : "", h("b", {}, name(one.name)), ` ${number(one.violations)}`]).concat(".");
    if (broken.length) {
        const headline = broken.length === 1 ? "1 invariant is broken" : `${broken.length} invariants are broken`;
        return { ...shared, shown, tone: "bad", headline, under: listed(broken) };
    }
    if (unseen.length) {
        const under = () => unseen.map((one, index) => [index ? ", " : "", h("b", {}, name(one.name))]).concat(" could not be checked.");
        return { ...shared, shown, tone: "unsure", headline: "Not everything was checked", under };
    }
    if (old) return { ...shared, shown, tone: "unsure", headline: "All held, but a while ago", under: () => "Is the cron trigger running?" };
    if (tick && tick.status !== "succeeded") {
        return { ...shared, shown, tone: "warn", headline: "All holds, but the last tick failed", under: () => "" };
    }
    if (warnings.length) return { ...shared, shown, tone: "ok", headline: "All is well, with a warning", under: listed(warnings) };
    return { ...shared, shown, tone: "ok", headline: "All is well", under: () => "" };
}

function lastTick({ runs }) {
    return runs.find((run) => run.kind === "tick" && run.status !== "running");
}

function showNotices(summary) {
    const { pause, lease, alerts_waiting: waiting, alerts_parked: parked, alert_error: alertError, guards, refused, full_check: full } = summary;
    const tick = lastTick(summary);
    const failed = tick && tick.status !== "succeeded";
    const held = lease.lease_run !== null && lease.lease_until && Date.parse(lease.lease_until) > now();
    redraw(byId("notices"), [pause, held && lease.lease_run, waiting, parked, guards, refused, failed && tick, full.under_way], () => [
        pause.paused_by && notice("warn", "Scheduled backfill is paused by ", pause.paused_by, " (", ago(pause.paused_at), "): ", key(pause.pause_reason)),
        held && notice("info", runLink(lease.lease_run), " is in progress; only one live run can work at a time."),
        failed && notice("bad", "The last tick ", tick.status === "failed" ? "failed" : `was ${tick.status}`, ", ", ago(tick.started_at), ": ", runLink(tick.id), "."),
        full.under_way && notice("info", "A full check is under way; the next tick continues it."),
        waiting > 0 && notice("warn", count(waiting, "alert"), " not delivered yet."),
        parked > 0 && notice("bad", count(parked, "alert"), " parked: the receiver refused every try. ", alertError ?? ""),
        guards.lifted_until && notice("bad", "The guards are lifted until ", guards.lifted_until, ": ", key(guards.lifted_reason)),
        refused.length > 0 && notice("warn", "The database refuses ", count(refused.length, "object"), ", such as ", key(refused[0].r2_key), " (since ", ago(refused[0].first_refused_at ?? refused[0].refused_at), "): ", refused[0].reason),
    ].filter(Boolean));
}

function notice(tone, ...words) {
    return h("li", { class: tone }, sign(tone), h("span", {}, words));
}

function showFigures(summary) {
    const { rows, unknown, duplicates, orphans, passes } = summary;
    const unclassified = latest(passes);
    redraw(byId("figures"), [rows, unknown.artifacts, unknown.at_least, duplicates, orphans, unclassified], () => [
        figure("Rows", rows.by_type.length ? number(total(rows.by_type)) : "–", rows.counted === "now" ? "now" : ago(rows.as_of)),
        figure("Unknown rows", (unknown.at_least ? "≥ " : "") + number(unknown.artifacts), "now", unknown.artifacts > 0),
        figure("Duplicated objects", number(duplicates?.violations), duplicates ? ago(duplicates.as_of) : "not checked", duplicates?.violations > 0),
        figure("Orphans", number(orphans?.violations), orphans ? ago(orphans.as_of) : "not checked", orphans?.violations > 0),
        figure("Unclassified objects", number(unclassified.objects), unclassified.when, unclassified.objects > 0, "warn"),
    ]);
}

/** Return how many rows there are in all. */
export function total(rows) {
    return rows.reduce((sum, row) => sum + row.artifacts, 0);
}

// A pass under way has seen only a part: the pass before shows more, where there was one.
function latest(passes) {
    const counted = passes.map((one) => (one.state === "complete" ? one.counts : one.previous)).filter(Boolean);
    if (counted.length) return { objects: counted.reduce((sum, one) => sum + one.unclassified, 0), when: "last pass" };
    return { objects: null, when: "no pass yet" };
}

function figure(term, value, when, alarming = false, tone = "bad") {
    return h("div", { class: alarming ? tone : null }, h("dt", {}, term), h("dd", {}, h("span", { class: "value" }, value), " ", h("span", { class: "when" }, when)));
}
