// The forms that add something to the network, one at a time; everything in them works by keyboard.

const labelled = (text, control) => {
  const id = `snnlab-${Math.random().toString(36).slice(2)}`;
  control.id = id;
  return element("span", { class: "snnlab-field" }, element("label", { for: id, text }), control);
};

const choice = (items, value) => {
  const select = element("select");
  for (const item of items) select.append(element("option", { value: item, text: item }));
  if (items.includes(value)) select.value = value;
  return select;
};

const entryOf = (value, width = 64) => element("input", { type: "text", value, spellcheck: "false", style: `width:${width}px` });

// Name of a form -> a function of what Python offers and of the selected part: label, fields, what it sends.
const FORMS = {
  population(forms) {
    const { name, size, model } = forms.population;
    return {
      name: labelled("name", entryOf(name, 90)),
      size: labelled("neurons", entryOf(size)),
      model: labelled("model", choice(forms.models, model)),
    };
  },

  projection(forms, selected, populations) {
    const receiving = populations.filter((p) => forms.projection[p].can_receive);
    const pre = choice(populations, selected);
    const post = choice(receiving, receiving.find((p) => p !== selected) ?? selected);
    const rules = Object.keys(forms.rules);
    const rule = choice(rules, rules[0]);
    const n = entryOf(forms.projection[pre.value]?.n ?? "10");
    const sign = choice(["exc", "inh"], forms.projection[pre.value]?.sign);
    const weight = entryOf("1");
    const number = labelled("synapses per target", n);
    const unit = element("span", { class: "snnlab-unit" });
    const weightField = labelled("weight", weight);
    weightField.append(unit);
    const adapt = () => {
      const target = forms.projection[post.value];
      weight.value = target?.[sign.value] ?? "1";
      unit.textContent = target?.unit ?? "";
    };
    pre.addEventListener("change", () => {
      sign.value = forms.projection[pre.value].sign;
      n.value = forms.projection[pre.value].n;
      adapt();
    });
    for (const control of [post, sign]) control.addEventListener("change", adapt);
    rule.addEventListener("change", () => {
      const text = forms.rules[rule.value];
      number.hidden = !text;
      number.firstChild.textContent = text;
      if (text === "probability") n.value = "0.1";
      else if (Number(n.value) < 1) n.value = forms.projection[pre.value].n;
    });
    adapt();
    return {
      pre: labelled("from", pre), post: labelled("to", post), sign: labelled("sign", sign),
      rule: labelled("rule", rule), n: number, weight: weightField,
      delay: labelled("delay (ms)", entryOf("1.5", 48)), synapse: labelled("synapse", choice(forms.synapses, "Static")),
    };
  },

  stimulus(forms, selected, populations) {
    const receiving = populations.filter((p) => forms.stimulus[p].can_receive);
    const target = choice(receiving, selected);
    const kind = choice(forms.stimuli, forms.stimuli[0]);
    const rate = labelled("rate (Hz)", entryOf(""));
    const weight = labelled("weight", entryOf(""));
    const amplitude = labelled("amplitude (pA)", entryOf(""));
    const unit = element("span", { class: "snnlab-unit" });
    weight.append(unit);
    const adapt = () => {
      const usual = forms.stimulus[target.value];
      for (const [field, name] of [[rate, "rate"], [weight, "weight"], [amplitude, "amplitude"]])
        field.querySelector("input").value = usual?.[name] ?? "";
      unit.textContent = usual?.unit ?? "";
      const isCurrent = kind.value === forms.stimuli[1];
      rate.hidden = weight.hidden = isCurrent;
      amplitude.hidden = !isCurrent;
    };
    for (const control of [target, kind]) control.addEventListener("change", adapt);
    adapt();
    return { kind: labelled("kind", kind), target: labelled("to", target), rate, weight, amplitude };
  },

  recorder(forms, selected, populations) {
    const target = choice(populations, selected);
    const variable = choice(forms.recorder[target.value] ?? [], "V_m");
    target.addEventListener("change", () => {
      const states = forms.recorder[target.value];
      variable.replaceChildren(...states.map((value) => element("option", { value, text: value })));
    });
    return { target: labelled("of", target), variable: labelled("variable", variable), n: labelled("neurons", entryOf("3", 48)) };
  },
};

const FORM_TEXTS = { population: "Population", projection: "Projection", stimulus: "Stimulus", recorder: "Recorder" };
const FORM_HINTS = {
  population: "Or click on the drawing where it shall be.",
  projection: "Or drag from the ring of one population to another.",
  stimulus: "", recorder: "",
};

// One open form.
class AddForm {
  constructor(what, forms, selected, populations, { onAdd, onChange }) {
    this.what = what;
    this.fields = FORMS[what](forms, selected, populations);
    const add = element("button", { type: "submit", class: "snnlab-add", text: "Add" });
    this.el = element("form", {
      class: "snnlab-form", "aria-label": `new ${what}`,
      onsubmit: (event) => { event.preventDefault(); onAdd(what, this.values()); },
      oninput: () => onChange(what, this.values()), onchange: () => onChange(what, this.values()),
    }, ...Object.values(this.fields), add, element("small", { text: FORM_HINTS[what] }));
  }

  values() {
    const found = Object.entries(this.fields).filter(([, field]) => !field.hidden);
    return Object.fromEntries(found.map(([name, field]) => [name, field.querySelector("input, select").value]));
  }
}
