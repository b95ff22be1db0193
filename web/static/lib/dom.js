// Builds the page out of nodes: text is always text, so nothing that comes from the server can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on` holds listeners, `data` a dataset; an attribute that is true is set empty, false or null is left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value") node.value = value;
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...nodes(children));
  return node;
}

/** What can be appended: nested lists flattened, nothing for null and false, text for the rest. */
export function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Show these children instead of what was there. */
export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

const PATHS = {
  cart: "M3 4h2l2.4 11.2a1.5 1.5 0 0 0 1.5 1.2h8.4a1.5 1.5 0 0 0 1.5-1.2L20.5 8H6M9.5 20.5h.01M17 20.5h.01",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c1-4 4-6 7.500-6s6.500 2 7.500 6",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM20 20l-4.800-4.800",
  check: "M5 12.500l4.500 4.500L19 7.500",
  alert: "M12 8v5M12 16.500h.01M10.300 4.200L2.800 17.500A2 2 0 0 0 4.500 20.500h15a2 2 0 0 0 1.700-3L13.700 4.200a2 2 0 0 0-3.400 0z",
  close: "M6 6l12 12M18 6L6 18",
  minus: "M6 12h12",
  plus: "M6 12h12M12 6v12",
  bin: "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7",
  box: "M4 8l8-4 8 4v8l-8 4-8-4V8zM4 8l8 4 8-4M12 12v8",
  list: "M5 6h14M5 12h14M5 18h9",
  stock: "M4 20V9l8-5 8 5v11M8 20v-7h8v7M8 16.500h8",
  tag: "M4 4h8l8 8-8 8-8-8V4zM8.500 8.500h.01",
  book: "M6 4h11a2 2 0 0 1 2 2v14H7a2 2 0 0 1-2-2V5a1 1 0 0 1 1-1zM5 18a2 2 0 0 1 2-2h12",
  out: "M14 5h5v14h-5M4 12h10M10.500 8.500L14 12l-3.500 3.500",
  link: "M14 5h5v5M19 5l-8 8M10 6H6v12h12v-4",
  anchor: "M12 8v13M12 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM8 11h8M4 14c.5 4 4 7 8 7s7.500-3 8-7",
  coin: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM9 8l3 4 3-4M12 12v5M9.500 13h5",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 8v4.500l3 2",
  ticket: "M4 7h16v3.500a1.500 1.500 0 0 0 0 3V17H4v-3.500a1.500 1.500 0 0 0 0-3V7zM14 8.500v1.500M14 11.300v1.500M14 14v1.500",
  star: "M12 4l2.400 5 5.600.700-4.100 3.800 1.100 5.500-5-2.800-5 2.800 1.100-5.500L4 9.700 9.600 9z",
  left: "M14.500 6l-6 6 6 6",
};

/** A line drawing of 24 by 24; it says nothing to a screen reader, so the control around it must have a name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
