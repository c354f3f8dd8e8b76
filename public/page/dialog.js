// The one dialog: it asks before anything live, after showing what a dry run found.

import { byId, h } from "./dom.js";
import { busyLine, showing } from "./views.js";

const dialog = byId("dialog");
const confirm = byId("dialog-confirm");
let settle = () => {};

byId("dialog-cancel").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => settle(null));
byId("dialog-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (confirm.hidden || confirm.getAttribute("aria-disabled") === "true") return;
    const take = settle;
    settle = () => {};
    dialog.close();
    take(read());
});

let read = () => true;

/**
 * Ask, and return what `read` gives on confirmation, or null when the person backs out.
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.wait what is under way until the numbers are there
 * @param {() => Promise<{body: *, confirm: string, danger?: boolean, read?: () => *, must?: HTMLInputElement}>} question.prepare
 *   computes what is shown; `must` is a checkbox without which it cannot be confirmed
 */
export async function askFirst({ title, wait, prepare }) {
    byId("dialog-title").textContent = title;
    byId("dialog-body").replaceChildren(busyLine(wait));
    confirm.hidden = true;
    read = () => true;
    const answer = new Promise((resolve) => {
        settle = resolve;
    });
    const asked = settle;
    dialog.showModal();
    byId("dialog-cancel").focus();
    const notes = h("div", { class: "notes" });
    const prepared = await showing(notes, prepare);
    if (settle === asked && dialog.open) show(prepared, notes);
    return answer;
}

function show(prepared, notes) {
    if (!prepared) {
        byId("dialog-body").replaceChildren(notes);
        return;
    }
    byId("dialog-body").replaceChildren(...[prepared.body].flat(Infinity).filter(Boolean));
    confirm.textContent = prepared.confirm;
    confirm.className = prepared.danger ? "danger" : "primary";
    confirm.hidden = false;
    read = prepared.read ?? (() => true);
    allow(!prepared.must);
    prepared.must?.addEventListener("change", () => allow(prepared.must.checked));
    prepared.focus?.focus();
}

function allow(allowed) {
    if (allowed) confirm.removeAttribute("aria-disabled");
    else confirm.setAttribute("aria-disabled", "true");
}
