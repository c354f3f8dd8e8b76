// Where this is: the name and colour of the deployment, so that production is not mistaken for staging.

import { byId } from "./dom.js";
import { visible } from "./format.js";
import { say } from "./title.js";

const LIGHT = 0.179;

/** Show the environment of a summary: beside the title, as a band over the page, and in the tab's title. */
export function showEnvironment({ environment }) {
    const badge = byId("environment");
    badge.hidden = environment === null;
    if (environment === null) return;
    badge.textContent = visible(environment.name);
    say({ environment: visible(environment.name) });
    const colour = environment.colour;
    if (!colour) return;
    for (const [property, value] of [["--place", colour], ["--on-place", luminance(colour) > LIGHT ? "#000000" : "#ffffff"]]) {
        document.documentElement.style.setProperty(property, value);
    }
    byId("top").classList.add("placed");
}

// WCAG's relative luminance; above LIGHT black text has the higher contrast.
function luminance(colour) {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
        .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
