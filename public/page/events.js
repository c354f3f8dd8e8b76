// Events: how fresh the index is between two passes, and the messages that were not applied.

import { arrived, byId, h, redraw } from "./dom.js";
import { ago, count, key, number, visible } from "./format.js";
import { facts, table } from "./views.js";

const REASONS = { malformed: "no notification", unknown_action: "unknown action", other_bucket: "another bucket", dead: "given up" };
const SECOND_MS = 1000;
const section = byId("events");

/** Show what the queue of event notifications brought. */
export function showEvents({ events }) {
    redraw(section.querySelector(".result"), [events], () => (events.received || events.not_taken.dead ? view(events) : [h("p", { class: "aside" }, "No event has come yet. docs/deploy.md says how to connect the bucket’s queue.")]));
    arrived(section);
}

function view(events) {
    const { not_taken: left, letters } = events;
    return [
        events.held_at && h("p", { class: "reason" }, "Messages wait since ", ago(events.held_at), ": ", visible(events.held_why)),
        facts([
            ["Lag", `${seconds(events.lag_ms)}, longest of ${events.lag_day ?? "the day"}: ${seconds(events.longest_lag_ms)}`],
            ["Last commit", events.committed_at ? ago(events.committed_at) : "–"],
            ["Events", `${count(events.puts, "put")}, ${count(events.deletes, "delete")}; ${number(events.not_applied)} only counted`],
            ["Dead letters", number(left.dead)],
            ["Oldest mark not confirmed", events.oldest_candidate_at ? ago(events.oldest_candidate_at) : "none"],
        ]),
        letters.length > 0 && lettersView(letters),
    ];
}

function seconds(ms) {
    return ms === null ? "–" : `${(ms / SECOND_MS).toFixed(1)} s`;
}

function lettersView(letters) {
    const rows = letters.map((one) => [ago(one.kept_at), REASONS[one.reason] ?? one.reason, key(one.queue), key(one.body)]);
    return h("details", {},
        h("summary", {}, count(letters.length, "message"), " not applied"),
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Messages not applied" },
            table(["When", "Why", "Queue", "Message"], rows)));
}
