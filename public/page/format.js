// Numbers, moments and keys as a person reads them.

import { h } from "./dom.js";

const NUMBER = new Intl.NumberFormat("en");
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const UNITS = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
const DAY_MS = 86_400_000;

// Characters that show as nothing, or that change how their neighbours show.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

let skew = 0;

/** Take the Worker's clock for the right one. */
export function setServerTime(moment) {
    skew = Date.parse(moment) - Date.now();
}

/** Return the present in milliseconds, by the Worker's clock. */
export function now() {
    return Date.now() + skew;
}

/** Return a number with separators; a dash for none. */
export function number(value) {
    return value === null || value === undefined ? "–" : NUMBER.format(value);
}

/** Return "1 row", "2 rows". */
export function count(value, one, many = `${one}s`) {
    return `${number(value)} ${value === 1 ? one : many}`;
}

/** Return a length of time in its two largest units. */
export function duration(milliseconds) {
    if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
    if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
    const parts = [];
    let seconds = Math.round(milliseconds / 1000);
    for (const [size, unit] of UNITS) {
        if (seconds >= size && parts.length < 2) parts.push(`${Math.floor(seconds / size)} ${unit}`);
        seconds %= size;
    }
    return parts.join(" ");
}

function since(moment) {
    const seconds = Math.round((now() - Date.parse(moment)) / 1000);
    if (seconds < 5) return "just now";
    const [size, unit] = UNITS.find(([each]) => seconds >= each);
    return `${Math.floor(seconds / size)} ${unit} ago`;
}

/** Return a moment as a `time` element that says how long ago it was, and keeps saying so. */
export function ago(moment) {
    if (!moment) return "never";
    return h("time", { datetime: moment, title: MOMENT.format(new Date(moment)) }, since(moment));
}

/** Bring every `ago` on the page up to date. */
export function tickAges() {
    for (const element of document.querySelectorAll("time[datetime]")) {
        const text = since(element.dateTime);
        if (element.textContent !== text) element.textContent = text;
    }
}

/** Return a moment in local time. */
export function moment(milliseconds) {
    return MOMENT.format(new Date(milliseconds));
}

/** Return a moment as an axis labels it: the time of day, or the day where the axis spans several. */
export function axisLabel(milliseconds, span) {
    const date = new Date(milliseconds);
    return span < 1.5 * DAY_MS ? CLOCK.format(date) : DAY.format(date);
}

/** Return a text with the characters shown that would otherwise hide or reorder others. */
export function visible(text) {
    return String(text).replace(HIDDEN, (found) => `\\u${found.codePointAt(0).toString(16).padStart(4, "0")}`);
}

/** Return a key, pattern or other text that others chose as an element of its own. */
export function key(text) {
    return h("code", { class: "key" }, visible(text));
}

/** Return an invariant's or step's name that may break at its underscores. */
export function name(text) {
    return visible(text).split("_").flatMap((part, index) => (index ? [h("wbr"), `_${part}`] : [part]));
}
