// The databases of this Worker: which one the page is about, and how each of them stands.

import { ask, profile } from "./api.js";
import { byId, h, redraw } from "./dom.js";
import { ago, number, visible } from "./format.js";

const AGAIN_MS = 60_000;
const section = byId("databases");
const result = section.querySelector(".result");
const chooser = byId("database");
let askedAt = -AGAIN_MS;

/** Let a person change to another database: the page begins again at its overview, with the same token. */
export function startDatabases() {
    chooser.addEventListener("change", () => {
        location.search = new URLSearchParams({ profile: chooser.value }).toString();
    });
}

/** Show every database, where there are several; each costs a query, so not at every refresh. */
export async function showDatabases() {
    if (performance.now() - askedAt < AGAIN_MS) return;
    askedAt = performance.now();
    const { profiles } = await ask("GET", "/profiles");
    const several = profiles.length > 1;
    section.hidden = byId("which").hidden = byId("to-databases").hidden = !several;
    if (!several) {
        askedAt = Infinity;
        return;
    }
    const shown = profile ?? profiles[0].name;
    redraw(chooser, [profiles.map((one) => one.name), shown], () => profiles.map((one) =>
        h("option", { value: one.name, selected: one.name === shown }, visible(one.name))));
    redraw(result, profiles, () => h("table", {},
        h("thead", {}, h("tr", {}, ["Database", "Table", "Open findings", "Last tick", ""].map((head) => h("th", { scope: "col" }, head)))),
        h("tbody", {}, profiles.map(line))));
}

function line({ name, table, state, error }) {
    const address = `?${new URLSearchParams({ profile: name })}`;
    const named = h("th", { scope: "row" }, h("a", { href: address }, visible(name)));
    if (!state) return h("tr", {}, named, h("td", {}, visible(table)), h("td", { colspan: 3 }, visible(error)));
    return h("tr", {}, named,
        h("td", {}, visible(table)),
        h("td", {}, `${number(state.open_errors)} errors, ${number(state.open_warnings)} warnings`),
        h("td", {}, state.last_tick ? [state.last_tick_status, " ", ago(state.last_tick_at)] : "never"),
        h("td", {}, state.paused_by ? `paused by ${visible(state.paused_by)}` : ""));
}
