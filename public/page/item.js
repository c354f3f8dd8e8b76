// One thing on a page of its own: a run, a finding, a pass, an invariant, a plan. Each has its address.

import { arrived, byId, h, redraw, whenPressed } from "./dom.js";
import { copyText } from "./copy.js";
import { showing } from "./views.js";
import { say } from "./title.js";
import * as route from "./route.js";

const section = byId("item");
const title = byId("item-title");
const notes = section.querySelector(".notes");
const [content, form] = section.querySelectorAll(".result");
const back = byId("item-back");

const kinds = new Map();
let shown = null;

/**
 * Say how the items of a panel are shown.
 * @param {string} panel as in the address
 * @param {object} kind
 * @param {(item: string) => string} kind.title
 * @param {(item: string) => Promise<*>} kind.fetch what the Worker says of it
 * @param {(found: *, item: string) => *} kind.view
 * @param {(found: *, item: string) => *} [kind.form] what a person types into: made again only where `formKey` changes
 * @param {(found: *) => *} [kind.formKey]
 * @param {(found: *) => boolean} [kind.moving] whether it is still at work, so that it is looked at often
 * @param {boolean} [kind.still] whether it is fetched only when a person asks, for it costs something
 */
export function addItems(panel, kind) {
    kinds.set(panel, kind);
}

/** Make the button work that copies the address. */
export function startItem() {
    whenPressed(byId("item-copy"), () => copyText(route.whole(), "The address"));
}

/** Show that the item of an address comes, `refreshItem` brings it; false where there is none of that kind. */
export function showItem({ panel, item }) {
    const kind = item === null ? undefined : kinds.get(panel);
    if (!kind) {
        shown = null;
        section.hidden = true;
        say({ place: null });
        return false;
    }
    const name = kind.title(item);
    shown = { panel, item, kind, moving: false };
    section.hidden = false;
    title.textContent = name;
    back.setAttribute("href", route.to(panel));
    say({ place: name });
    notes.replaceChildren();
    redraw(content, ["waiting", panel, item], () => h("p", { class: "skeleton" }, "Waiting for it…"));
    redraw(form, null, () => []);
    title.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    return true;
}

/** Fetch the item that is shown again; `asked` says that a person wants it, and not the clock. */
export async function refreshItem(asked = false) {
    const one = shown;
    if (!one || (one.kind.still && !asked)) return;
    const found = await showing(notes, () => one.kind.fetch(one.item));
    if (shown !== one) return;
    arrived(section);
    if (found === undefined) {
        content.querySelector(".skeleton")?.remove();
        return;
    }
    showFound(one, found);
}

/** Show what an answer said of the item that is shown. */
export function changedItem(panel, found) {
    if (shown?.panel === panel) showFound(shown, found);
}

function showFound(one, found) {
    const { panel, item, kind } = one;
    one.moving = kind.moving?.(found) ?? false;
    redraw(content, [panel, item, found], () => kind.view(found, item));
    if (kind.form) redraw(form, [panel, item, kind.formKey(found)], () => kind.form(found, item));
}

/** Whether what is shown is at work, and changes by itself. */
export function itemMoves() {
    return shown?.moving ?? false;
}
