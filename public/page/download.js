// Fetch a list as a file, and hand it over only where its last line says that all rows are there.

import { askFile, Problem } from "./api.js";
import { announce, h } from "./dom.js";
import { busyLine, showing } from "./views.js";

const END = 16_384;
const COMPLETE = /^("\(end\)"|\{"end":true)/;

/** Download a file; what goes wrong is shown in `notes`. */
export async function downloadFile(notes, path, name) {
    const file = await showing(notes, async () => {
        notes.replaceChildren(busyLine("Fetching the file…"));
        const found = await askFile(path);
        const last = (await found.slice(-END).text()).trimEnd().split("\n").at(-1);
        if (!COMPLETE.test(last)) throw new Problem(cutShort(last));
        return found;
    });
    if (!file) return;
    const url = URL.createObjectURL(file);
    h("a", { href: url, download: name }).click();
    // The browser has taken the file by then; before, the address must stay.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    announce(`${name} is downloaded.`);
}

function cutShort(last) {
    return {
        title: "The file is not complete",
        detail: `Its last line is ${last.slice(0, 200)}`,
        hint: "Try again; docs/http.md says how to fetch the rest.",
    };
}
