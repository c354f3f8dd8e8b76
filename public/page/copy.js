// Put a text where the person can paste it; where the browser does not allow that, show it to be copied by hand.

import { announce, byId, h } from "./dom.js";
import { askFirst } from "./dialog.js";

/** Copy a text. @param {string} what as in "The address" */
export async function copyText(text, what) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        await byHand(text, what);
        return;
    }
    byId("copied").textContent = `${what} is copied.`;
    announce(`${what} is copied.`);
    setTimeout(() => byId("copied").replaceChildren(), 4000);
}

async function byHand(text, what) {
    const field = h("textarea", { readonly: true, rows: "6", "aria-label": what });
    field.value = text;
    await askFirst({
        title: "Copy it by hand",
        wait: "",
        prepare: async () => ({ body: [h("p", {}, "This browser does not let the page copy."), field], confirm: "Done", focus: field }),
    });
}
