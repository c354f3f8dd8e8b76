// The last days as lines, with axes and values: uPlot draws them, a table beside each says the same.

import { ask } from "./api.js";
import { arrived, byId, h, redraw } from "./dom.js";
import { number, visible } from "./format.js";
import { showing, table } from "./views.js";

const DAYS = 30;
const REFETCH_MS = 5 * 60_000;
const HEIGHT = 190;
const LABEL = 40;
const DAY_S = 86_400;
const section = byId("history");
const notes = section.querySelector(".notes");
const result = section.querySelector(".result");
const dark = matchMedia("(prefers-color-scheme: dark)");

// Hues that differ in lightness too; what comes after has a dash of its own.
const COLOURS = { light: ["#0b57d0", "#b3261e", "#17692f", "#7d5200", "#6a1b9a", "#00696b", "#8a1c4a", "#3d4752"], dark: ["#8ab4f8", "#ff9a90", "#6fcf8c", "#f0c060", "#d7a6f0", "#6fd6d8", "#f4a3c0", "#c3ccd8"] };
const DASHES = [[], [8, 4], [2, 4], [10, 4, 2, 4], [16, 6]];

let fetchedAt = 0;
let history = null;
let plots = [];

/** Draw the charts again where the width or the colours change. */
export function startCharts() {
    dark.addEventListener("change", drawAgain);
    new ResizeObserver(() => plots.forEach(({ plot, box }) => plot.setSize({ width: box.clientWidth || 300, height: HEIGHT }))).observe(result);
}

/** Fetch the history where it is older than some minutes, and draw it. */
export async function showHistory() {
    if (Date.now() - fetchedAt < REFETCH_MS) return;
    const answer = await showing(notes, () => ask("GET", `/history?days=${DAYS}`));
    arrived(section);
    if (!answer) return;
    fetchedAt = Date.now();
    history = answer;
    redraw(result, [answer.days, answer.passes, answer.limits], draw);
    plots.forEach((one) => one.start());
}

function drawAgain() {
    if (!history) return;
    redraw(result, [history.days, history.passes, history.limits, dark.matches], draw);
    plots.forEach((one) => one.start());
}

function draw() {
    plots.forEach(({ plot }) => plot?.destroy());
    plots = [];
    if (!history.days.length) return h("p", { class: "aside" }, "The first tick begins the history; a day shows once it has one.");
    return [
        chart("Violations", "the most of each day", history.days.map(dayOf), series(history.days, "violations", (counts) => Math.max(...counts) > 0), "No invariant was found violated."),
        chart("Rows by type", "as a full check counted them", history.days.map(dayOf), series(history.days, "types", () => true), "No full check has counted the rows yet."),
        chart("Rows read a day", limitWords(history.limits.rows_read), history.days.map(dayOf), taken("rows_read")),
        chart("Rows written a day", limitWords(history.limits.rows_written), history.days.map(dayOf), taken("rows_written")),
        ...passRates(),
        chart("Lag of events", "the longest of each day, in seconds", history.days.map(dayOf), [["lag", history.days.map((one) => (one.lag_ms === null ? null : one.lag_ms / 1000))]].filter(([, values]) => values.some((one) => one !== null)), "No event has come yet."),
    ];
}

function dayOf({ day }) {
    return Date.parse(`${day}T00:00:00Z`) / 1000;
}

/** The members of `name`, each as a line over the days; null where a day does not know it. */
function series(days, name, wanted) {
    const names = [...new Set(days.flatMap((day) => Object.keys(day[name] ?? {})))];
    const lines = names.map((one) => [visible(one), days.map((day) => day[name]?.[one] ?? null)]);
    const known = lines.filter(([, values]) => wanted(values.map((one) => one ?? 0)));
    return known.sort(([, a], [, b]) => Math.max(...b) - Math.max(...a));
}

function taken(name) {
    const limit = history.limits[name];
    const lines = [[name.replace("_", " "), history.days.map((day) => day[name])]];
    return limit ? [...lines, ["the day's limit", history.days.map(() => limit)]] : lines;
}

function limitWords(limit) {
    return limit ? `of ${number(limit)}` : "no limit is set";
}

function passRates() {
    const buckets = [...Map.groupBy(history.passes, (one) => one.bucket)];
    const times = [...new Set(history.passes.map((one) => Date.parse(one.completed_at) / 1000))].sort((a, b) => a - b);
    const lines = buckets.map(([bucket, passes]) => {
        const rates = new Map(passes.map((one) => [Date.parse(one.completed_at) / 1000, one.objects_per_second]));
        return [visible(bucket), times.map((time) => rates.get(time) ?? null)];
    });
    return [chart("Rate of the passes", "objects a second", times, lines, "No pass is complete yet.", true)];
}

function chart(title, words, times, lines, none = "", points = false) {
    const head = h("h3", {}, title, " ", h("span", { class: "tag" }, words));
    if (!lines.length) return h("div", { class: "chart" }, head, h("p", { class: "aside" }, none));
    const box = h("div", { class: "plot", "aria-hidden": "true" });
    const one = { plot: null, box, start: () => (one.plot ??= plot(box, times, lines, points)) };
    plots.push(one);
    return h("div", { class: "chart" }, head, box,
        h("details", { class: "options", data: { key: `chart-${title}` } }, h("summary", {}, "As a table"), asTable(title, times, lines)));
}

function plot(box, times, lines, points) {
    const colours = COLOURS[dark.matches ? "dark" : "light"];
    const style = getComputedStyle(document.documentElement);
    const axis = { stroke: style.getPropertyValue("--quiet"), grid: { stroke: style.getPropertyValue("--line"), width: 1 }, ticks: { stroke: style.getPropertyValue("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const options = {
        width: box.clientWidth || 300,
        height: HEIGHT,
        legend: { live: true },
        tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "UTC"),
        cursor: { drag: { x: false, y: false } },
        hooks: { ready: [latest], setSize: [latest], setCursor: [(drawn) => drawn.cursor.idx === null && latest(drawn)] },
        scales: { x: { time: true, range: () => spanOf(times) }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.05)] } },
        axes: [{ ...axis, space: points ? 100 : 60, values: points ? "{DD} {MMM} {HH}:{mm}" : "{DD} {MMM}" }, { ...axis, size: 64, values: (_, marks) => marks.map(short) }],
        series: [
            { label: points ? "End" : "Day", value: "{YYYY}-{MM}-{DD}" },
            ...lines.map(([label], index) => ({
                label: label.length > LABEL ? `${label.slice(0, LABEL - 1)}…` : label,
                stroke: colours[index % colours.length],
                dash: DASHES[Math.floor(index / colours.length) % DASHES.length],
                width: 2,
                spanGaps: true,
                points: { show: true, size: 5 },
                value: (_, value) => number(value),
            })),
        ],
    };
    return new window.uPlot(options, [times, ...lines.map(([, values]) => values)], box);
}

// The latest values stand in the legend while nobody points at others.
function latest(drawn) {
    drawn.setLegend({ idx: drawn.data[0].length - 1 });
}

// One point alone would else be drawn at an edge, years from the other.
function spanOf(times) {
    const [low, high] = [times[0], times.at(-1)];
    return low === high ? [low - DAY_S, high + DAY_S] : [low, high];
}

function short(value) {
    return value === null ? "" : new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

function asTable(title, times, lines) {
    const rows = times.map((time, index) => [
        new Date(time * 1000).toISOString().slice(0, 10),
        ...lines.map(([, values]) => number(values[index])),
    ]).reverse();
    return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
        table(["Day", ...lines.map(([label]) => h("span", { class: "key" }, label))], rows, { numeric: lines.map((_, index) => index + 1) }));
}
