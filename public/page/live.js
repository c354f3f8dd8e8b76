// What is at work, as it moves: while something runs the page asks every other second, and else not at all.

import { ask, signedIn } from "./api.js";
import { byId, h, redraw } from "./dom.js";
import { ago, now, number, visible } from "./format.js";
import { showPasses } from "./backfill.js";
import { itemMoves, refreshItem } from "./item.js";
import { say } from "./title.js";
import { runLink } from "./views.js";

const POLL_MS = 2_000;
const list = byId("running");

let polling = null;
let working = 0;
let refreshAll = async () => {};

/** Take over what brings the rest of the page up to date, which is done when the work has ended. */
export function startLive(refresh) {
    refreshAll = refresh;
}

/** Look at a summary: where it says that something is at work, ask often from now on. */
export function watch(summary) {
    if (atWork(summary)) poll();
}

/** Ask often while `work` is under way, which this tab asked for. */
export async function watching(work) {
    working += 1;
    poll();
    try {
        return await work();
    } finally {
        working -= 1;
    }
}

function atWork({ lease, runs, passes }) {
    const held = lease.lease_run !== null && Date.parse(lease.lease_until) > now();
    return held || itemMoves() || runs.some((run) => run.status === "running") || passes.some((one) => one.state === "under way" && one.engine === "workflow");
}

function poll() {
    polling ??= setTimeout(look, POLL_MS);
}

async function look() {
    const live = signedIn() && document.visibilityState === "visible" ? await ask("GET", "/live").catch(() => null) : null;
    polling = null;
    // Without an answer, or with nobody who looks, the next summary begins again.
    if (!live) return;
    showRunning(live);
    showPasses(live.passes, live.paused_by);
    if (itemMoves()) await refreshItem();
    if (live.running.length || working || itemMoves()) poll();
    else await refreshAll();
}

function showRunning({ running }) {
    redraw(list, running, () => running.map((run) => h("li", {},
        runLink(run.id), ` (${visible(run.kind)}, ${visible(run.mode)}`, run.actor && `, for ${visible(run.actor)}`, "), begun ", ago(run.started_at),
        run.step && [": ", h("b", {}, visible(run.step))],
        run.steps.length > 0 && h("ul", { class: "running-steps" }, run.steps.map((step) => h("li", {}, visible(step.name), " ", h("span", { class: step.changed ? "changed" : "none" }, number(step.changed))))))));
    list.hidden = !running.length;
    say({ running: running.length ? `run ${running[0].id} at work` : null });
}
