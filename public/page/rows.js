// How many rows there are of each type in each bucket.

import { arrived, byId, h, redraw } from "./dom.js";
import { ago, key, number } from "./format.js";
import { total } from "./status.js";

const SHOWN = 8;
const section = byId("rows");
const result = section.querySelector(".result");

/** Show the rows per bucket and type, and as of when they were counted. */
export function showRows({ rows }) {
    arrived(section);
    redraw(result, [rows.by_type, rows.counted, rows.counted === "now" ? null : rows.as_of], () => {
        if (!rows.by_type.length) {
            return h("p", { class: "aside" }, rows.counted === "now" ? "No rows." : "No rows, or a large table: a full check counts them.");
        }
        const most = Math.max(...rows.by_type.map((row) => row.artifacts));
        const buckets = Map.groupBy(rows.by_type, (row) => row.r2_bucket);
        const when = rows.counted === "now" ? "Counted now." : ["Counted by the last full check, ", ago(rows.as_of), "."];
        return [h("p", { class: "aside" }, when), [...buckets].map((one) => bucketView(one, most))];
    });
}

function bucketView([bucket, rows], most) {
    const largest = rows.toSorted((a, b) => b.artifacts - a.artifacts);
    const rest = largest.length > SHOWN + 2 ? largest.slice(SHOWN) : [];
    const first = largest.slice(0, largest.length - rest.length);
    return [
        h("h3", {}, key(bucket), h("span", { class: "sum" }, number(total(rows)))),
        bars(first, most),
        rest.length > 0 && h("details", { class: "options", data: { key: `rows-${bucket}` } },
            h("summary", {}, `${number(rest.length)} more types, ${number(total(rest))} rows`), bars(rest, most)),
    ];
}

function bars(rows, most) {
    return h("ul", { class: "bars" }, rows.map((row) => h("li", { class: row.source_type === "unknown" ? "unknown" : null },
        h("span", { class: "bar-name" }, key(row.source_type)),
        h("span", { class: "track", "aria-hidden": "true" }, h("span", { style: { width: `${(row.artifacts / most) * 100}%` } })),
        h("span", { class: "bar-count" }, number(row.artifacts)))));
}
