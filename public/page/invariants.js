// The invariants: what each promises, whether it holds, which rows break it, and what to do.

import { ask } from "./api.js";
import { announce, arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { ago, count, duration, name, number, visible } from "./format.js";
import { busyLine, facts, runLink, sampleView, showing, state } from "./views.js";
import * as route from "./route.js";

const section = byId("invariants");
const notes = section.querySelector(".notes");
const list = section.querySelector(".list");

// The last check made from this tab: it says more than what the summary keeps of it.
let checked = null;
let latest = [];

/** Make the buttons work; `refresh` brings the rest of the page up to date. */
export function startInvariants(refresh) {
    for (const mode of ["fast", "full"]) {
        whenPressed(byId(`check-${mode}`), async () => {
            const report = await showing(notes, () => {
                notes.replaceChildren(busyLine(mode === "full" ? "Checking everything…" : "Checking…"));
                return ask("POST", "/check", { mode });
            });
            if (!report) return;
            checked = report;
            const broken = report.invariants.filter((one) => one.outcome === "violated").length;
            const words = broken ? `${count(broken, "invariant")} violated.` : "No invariant is violated.";
            notes.replaceChildren(h("p", { class: "done" }, words, " ", runLink(report.run_id, `Run ${report.run_id}`)));
            announce(`Checked. ${words}`);
            await refresh();
        });
    }
}

/** Show every invariant, worst first. */
export function showInvariants(summary) {
    const findings = new Map(summary.findings.map((one) => [one.invariant, one]));
    const verdicts = new Map((summary.last_check?.invariants ?? []).map((one) => [one.name, one]));
    const current = checked && checked.checked_at >= (summary.last_check?.checked_at ?? "");
    const detailed = new Map((current ? checked.invariants : []).map((one) => [one.name, one]));
    const known = new Map(summary.invariants.map((one) => [one.name, one]));
    for (const verdict of verdicts.keys()) if (!known.has(verdict)) known.set(verdict, { name: verdict, severity: "error" });
    const shown = [...known.values()].map((one) => ({
        ...one,
        outcome: "not_checked",
        ...(detailed.get(one.name) ?? verdicts.get(one.name)),
        finding: findings.get(one.name) ?? null,
    }));
    shown.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    latest = shown;
    redraw(list, shown, () => shown.map(invariantView));
    arrived(section);
}

/** Return what is known of an invariant; undefined before the first summary, and for an unknown one. */
export function describedInvariant(wanted) {
    return latest.find((one) => one.name === wanted);
}

function rank({ outcome, severity }) {
    return ["violated", "not_checked", "holds"].indexOf(outcome) * 2 + (severity === "warn" ? 1 : 0);
}

function invariantView(one) {
    const { outcome, severity, violations, finding } = one;
    const sample = one.sample ?? finding?.sample;
    const broken = outcome === "violated";
    return h("li", {}, h("details", { data: { key: `invariant-${one.name}` } },
        h("summary", { class: "line invariant" },
            state(outcome, severity),
            h("span", { class: "title" }, name(one.name), finding?.quiet && h("span", { class: "tag" }, finding.quiet)),
            h("span", { class: "count" }, broken ? count(violations, "violation") : ""),
            h("span", { class: "tag" }, [severity === "warn" ? "warn" : "error", one.method && ` · ${one.method}`])),
        h("div", { class: "inside" },
            one.reason && h("p", { class: "reason" }, visible(one.reason)),
            facts([
                ["Promise", one.holds],
                ["What to do", broken ? one.advice : null],
                ["A row below", sample?.length ? one.row : null],
                ["Scan began", one.since ? ago(one.since) : null],
                ["Open since", finding && [ago(finding.opened_at), `; ${number(finding.peak)} at most`]],
                ["Cost", one.rows_read === undefined ? null : `${count(one.rows_read, "row")} read in ${duration(one.duration_ms)}`],
            ]),
            h("p", {}, h("a", { href: route.to("invariants", one.name) }, broken ? "All rows that break it" : "The page of it"),
                finding && [", ", h("a", { href: route.to("findings", finding.id) }, `finding ${finding.id}`)]),
            broken && sampleView(sample, one.name),
            sample && violations > sample.length && h("p", { class: "aside" }, `${sample.length} of ${number(violations)} are shown.`))));
}
