// Signing in and out, and keeping the page up to date while someone looks at it.

import { ask, keepToken, Problem, signedIn, signOut, takeWhy, whoAsks } from "./api.js";
import { byId, whenPressed } from "./dom.js";
import { ago, setServerTime, tickAges, visible } from "./format.js";
import { callColumns, problemView, showing } from "./views.js";
import { showStale, showStatus } from "./status.js";
import { showInvariants, startInvariants } from "./invariants.js";
import { showFindings, startFindings } from "./findings.js";
import { startPasses } from "./passes.js";
import { showHistory, startCharts } from "./charts.js";
import { showEnvironment } from "./environment.js";
import { startLive, watch } from "./live.js";
import { showPlans, startPlans, startPlanWork } from "./plans.js";
import { startViolations } from "./violations.js";
import { startRecovery } from "./recovery.js";
import { showBackfill, startBackfill } from "./backfill.js";
import { showEvents } from "./events.js";
import { showObjects, startObjects } from "./objects.js";
import { showRules, startRules } from "./rules.js";
import { showRows } from "./rows.js";
import { showDatabases, startDatabases } from "./databases.js";
import { chooseKind, showRuns, startRuns } from "./runs.js";
import { refreshItem, showItem, startItem } from "./item.js";
import { say } from "./title.js";
import * as route from "./route.js";

const REFRESH_MS = 15_000;
const AGES_MS = 5_000;

// The page waits for it only where a plan is to be shown.
const plansKnown = startPlans();
let refreshing = null;
let refreshedAt = 0;

/** Fetch the summary and what depends on it; a call while one is under way waits for it and fetches again. */
async function refresh() {
    while (refreshing) await refreshing;
    refreshing = fetchAll();
    await refreshing;
}

async function fetchAll() {
    try {
        const summary = await showing(byId("trouble"), () => ask("GET", "/summary"));
        refreshedAt = Date.now();
        if (!signedIn()) return;
        if (summary) await show(summary);
        else showStale();
    } finally {
        refreshing = null;
    }
}

async function show(summary) {
    setServerTime(summary.as_of);
    byId("freshness").replaceChildren("As of ", ago(summary.as_of));
    showEnvironment(summary);
    callColumns(summary.names);
    showStatus(summary);
    watch(summary);
    showEvents(summary);
    showInvariants(summary);
    showBackfill(summary);
    showRows(summary);
    await Promise.all([showFindings(summary), showRuns(), showRules(summary), showObjects(summary), showHistory(), showPlans(), showDatabases(), refreshItem()]);
}

function showSignIn() {
    byId("sign-in").hidden = false;
    const why = takeWhy();
    if (why) byId("sign-in-problem").replaceChildren(problemView({ title: "Signed out", detail: why }));
    byId("token").focus();
    say({ place: "Sign in" });
}

/** Show what the address names: a panel of the overview, or an item alone. */
async function follow({ first = false } = {}) {
    route.modernise();
    const address = route.read();
    if (!address || !signedIn()) return;
    if (address.panel === "plans") await plansKnown;
    const alone = showItem(address);
    byId("columns").hidden = alone;
    if (alone) {
        await refreshItem(true);
        return;
    }
    if (address.panel === "runs") await chooseKind(address.query.get("kind"));
    if (address.panel || !first) pointAt(address.panel);
}

function pointAt(panel) {
    const heading = byId(`${panel || "verdict"}${panel ? "-title" : ""}`);
    if (!heading) return;
    heading.focus({ preventScroll: true });
    heading.closest("section").scrollIntoView({ block: "start" });
}

function showBoard() {
    byId("sign-in").hidden = true;
    byId("who").textContent = whoAsks() ? `As ${visible(whoAsks())}` : "";
    say({ place: null });
    for (const id of ["board", "sections", "session"]) byId(id).hidden = false;
}

function startSignIn() {
    const [form, input] = [byId("sign-in"), byId("token")];
    whenPressed(form.querySelector("button"), async () => {
        if (!form.reportValidity()) return;
        const token = input.value.trim();
        input.removeAttribute("aria-invalid");
        const summary = await showing(byId("sign-in-problem"), () => tryToken(token));
        if (!summary) {
            input.setAttribute("aria-invalid", "true");
            input.select();
            return;
        }
        keepToken(token, byId("actor").value.trim());
        input.value = "";
        showBoard();
        byId("verdict").focus();
        refreshedAt = Date.now();
        await show(summary);
        await follow({ first: true });
    });
}

async function tryToken(token) {
    const wrong = { title: "Wrong token", hint: "It is what was set as the secret STEWARD_TOKEN." };
    // Others cannot be sent in a header.
    if (!/^[!-~]+$/.test(token)) throw new Problem({ ...wrong, detail: "A token is made of printable ASCII characters without spaces." });
    try {
        return await ask("GET", "/summary", undefined, token);
    } catch (problem) {
        throw problem.status === 401 ? new Problem({ ...wrong, detail: "The Worker does not accept this token." }) : problem;
    }
}

async function start() {
    startSignIn();
    startInvariants(refresh);
    startRecovery(refresh);
    startBackfill(refresh);
    startObjects();
    startRules(refresh);
    startRuns(refresh);
    startFindings(refresh);
    startPasses();
    startDatabases();
    startViolations();
    startItem();
    startLive(refresh);
    startPlanWork(refresh);
    startCharts();
    window.addEventListener("hashchange", () => follow());
    whenPressed(byId("refresh"), () => Promise.all([refresh(), refreshItem(true)]));
    byId("sign-out").addEventListener("click", () => signOut());
    const watched = () => signedIn() && document.visibilityState === "visible";
    const refreshIfDue = () => watched() && !refreshing && Date.now() - refreshedAt >= REFRESH_MS && refresh();
    setInterval(refreshIfDue, 1000);
    setInterval(tickAges, AGES_MS);
    document.addEventListener("visibilitychange", refreshIfDue);
    if (!signedIn()) {
        showSignIn();
        return;
    }
    showBoard();
    await refresh();
    await follow({ first: true });
}

await start();
