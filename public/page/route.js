// The address of what is shown: `#/runs/42`. It can be sent to a colleague, and back and forward work.

const ADDRESS = /^#\/([a-z]*)(?:\/([^?]*))?(?:\?(.*))?$/;
const OLDER = /^#(run|runs)\/(\w+)$/;

/** Return the panel, the item in it (null for the panel itself) and the query of an address; null for none of ours. */
export function read(hash = location.hash) {
    const [, panel, item, query] = ADDRESS.exec(hash) ?? [];
    if (panel === undefined) return hash === "" ? { panel: "", item: null, query: new URLSearchParams() } : null;
    return { panel, item: item ? decoded(item) : null, query: new URLSearchParams(query ?? "") };
}

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

/** Return the address of a panel, of an item in it, or of a panel with a query. */
export function to(panel, item = null, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const further = given.length ? `?${new URLSearchParams(given)}` : "";
    return `#/${panel}${item === null ? "" : `/${encodeURIComponent(item)}`}${further}`;
}

/** Put an address of an older version, which somebody may have kept, into today's words. */
export function modernise() {
    const [, where, what] = OLDER.exec(location.hash) ?? [];
    if (!where) return;
    const today = where === "run" ? to("runs", what) : to("runs", null, { kind: what === "all" ? null : what });
    history.replaceState(null, "", today);
}

/** Return the whole address of what is shown, to be sent to a colleague. */
export function whole() {
    return location.href;
}
