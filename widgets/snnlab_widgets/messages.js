// What happened, newest first; an error is laid out as where, expected, got, context and remedy.
// Everything is set as text: nothing that a name or a message contains can become markup.

const FIELDS = ["expected", "got", "context", "remedy"];

function entryOf(message) {
  const details = element("dl");
  for (const field of FIELDS)
    if (message[field]) details.append(element("dt", { text: field }), element("dd", { text: message[field] }));
  const item = element("li", { "data-level": message.level },
    element("time", { text: message.time }),
    element("b", { text: message.level }),
    element("span", { text: message.text }));
  if (details.children.length) item.append(details);
  if (message.trouble) item.dataset.trouble = message.trouble;
  return item;
}

export default {
  render({ model, el }) {
    const list = element("ol", { role: "log", "aria-live": "polite" });
    const none = element("p", { class: "snnlab-doc", text: "No messages." });
    el.append(part("section", "messages", { "aria-label": "messages" },
      element("h3", { text: "Messages" }), none, list));
    const update = () => {
      const entries = model.get("entries");
      none.hidden = entries.length > 0;
      list.replaceChildren(...entries.map(entryOf).reverse());
    };
    model.on("change:entries", update);
    update();
    return () => model.off("change:entries", update);
  },
};
