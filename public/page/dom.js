// Builds elements from text and nodes alone: nothing that comes from the Worker is ever read as markup.

/**
 * Return a new element.
 * @param {string} tag
 * @param {object} [given] attributes; `class`, `data` (an object), `on` (listeners), `style` (properties)
 * @param {...*} children nodes, texts, lists of them; null and false are left out
 */
export function h(tag, given = {}, ...children) {
    const element = document.createElement(tag);
    const { data = {}, on = {}, style = {}, ...attributes } = given;
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        element.setAttribute(name, value === true ? "" : String(value));
    }
    Object.assign(element.dataset, data);
    for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
    // Through the object model: a style attribute would need 'unsafe-inline'.
    for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
    element.append(...flat(children));
    return element;
}

function flat(children) {
    return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Return the element with this id. */
export function byId(id) {
    return document.getElementById(id);
}

const drawn = new WeakMap();

/**
 * Put `make()`'s nodes into the container, unless `from` is what they were made from the last time. What a person
 * opened (details) and where the focus is stay as they are, by `data-key`.
 */
export function redraw(container, from, make) {
    const signature = JSON.stringify(from);
    if (drawn.get(container) === signature) return;
    drawn.set(container, signature);
    const opened = keyed(container, "details[open]").map((found) => found.dataset.key);
    const focused = container.contains(document.activeElement) ? keyOf(document.activeElement) : undefined;
    container.replaceChildren(...flat([make()]));
    for (const details of keyed(container, "details")) {
        if (opened.includes(details.dataset.key)) details.open = true;
    }
    if (focused) keyed(container, "*").find((found) => keyOf(found) === focused && focusable(found))?.focus({ preventScroll: true });
}

function keyed(container, selector) {
    return [...container.querySelectorAll(selector)].filter((found) => keyOf(found) !== undefined);
}

function keyOf(element) {
    return element.tagName === "SUMMARY" ? element.parentElement.dataset.key : element.dataset?.key;
}

function focusable(element) {
    return element.matches("summary, button, a[href], input, select");
}

/** Remove the mark that says that a part waits for its first data. */
export function arrived(section) {
    section.removeAttribute("aria-busy");
}

/** Do `work` when the button is pressed, once at a time; the button keeps the focus meanwhile. */
export function whenPressed(button, work) {
    button.addEventListener("click", async (event) => {
        event.preventDefault();
        if (button.getAttribute("aria-disabled") === "true") return;
        button.setAttribute("aria-disabled", "true");
        button.setAttribute("aria-busy", "true");
        try {
            await work(event);
        } finally {
            button.removeAttribute("aria-disabled");
            button.removeAttribute("aria-busy");
        }
    });
    return button;
}

/** Tell a screen reader what happened. */
export function announce(text) {
    byId("announcer").textContent = text;
}
