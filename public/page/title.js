// What a tab says of itself: the state as a word and an icon, what runs, what is shown, and of which environment.

import { byId } from "./dom.js";

const WORDS = { ok: "✓ all holds", bad: "✕ broken", unsure: "? unsure", warn: "! warning" };

const said = { tone: null, running: null, place: null, environment: null };

/** Change some of what the tab says. @param {object} changes of `tone`, `running`, `place`, `environment` */
export function say(changes) {
    Object.assign(said, changes);
    const { tone, running, place, environment } = said;
    const state = [WORDS[tone], running].filter(Boolean).join(", ");
    document.title = [state, place, environment, "artifact-steward"].filter(Boolean).join(" · ");
    // Work at hand hides no trouble.
    const shape = running && tone === "ok" ? "running" : tone;
    const icon = `page/icon${shape ? `-${shape}` : ""}.svg`;
    if (byId("icon").getAttribute("href") !== icon) byId("icon").setAttribute("href", icon);
}
