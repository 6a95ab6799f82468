// What every drawn panel needs: sharp pixels, the colours of the theme, axes with quantity and unit.
// The Python halves put this file in front of their own script; nothing is bundled.

const MARGIN = { left: 66, right: 12, top: 6, bottom: 38 };

const isLight = () =>
  document.body.dataset.jpThemeLight !== undefined
    ? document.body.dataset.jpThemeLight !== "false"
    : !matchMedia("(prefers-color-scheme: dark)").matches;

function theme(el) {
  const style = getComputedStyle(el);
  const get = (name, other) => style.getPropertyValue(name).trim() || other;
  const light = isLight();
  return {
    light,
    paper: get("--jp-layout-color1", light ? "#ffffff" : "#111111"),
    ink: get("--jp-ui-font-color1", light ? "#222222" : "#dddddd"),
    faint: get("--jp-border-color2", light ? "#cccccc" : "#444444"),
    font: `12px ${get("--jp-ui-font-family", "system-ui, sans-serif")}`,
  };
}

// Calls `repaint` when the theme changes; returns what ends that. JupyterLab hides everything while
// it changes the theme, and what is hidden has no width.
function onTheme(repaint) {
  const observer = new MutationObserver(() => requestAnimationFrame(() => repaint()));
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  return () => observer.disconnect();
}

// One column or row of data is a whole number of device pixels, or lines would come and go.
const unitPixels = () => Math.max(1, Math.round(devicePixelRatio || 1));

function resize(canvas, width, height) {
  canvas.width = width;
  canvas.height = height;
  const ratio = devicePixelRatio || 1;
  canvas.style.width = `${width / ratio}px`;
  canvas.style.height = `${height / ratio}px`;
}

const integer = (n) => Math.round(n).toLocaleString("en").replaceAll(",", "\u202f");

function niceStep(span, most) {
  const raw = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
}

function ticks(low, high, most) {
  if (!(high > low)) return [];
  const step = niceStep(high - low, most);
  const out = [];
  for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-12); k++) out.push(k * step);
  return out;
}

const tickText = (value) =>
  Math.abs(value) >= 10000 || Number.isInteger(value) ? integer(value) : String(+value.toPrecision(6));

// Draws frame, ticks and labels around the plot area {x, y, width, height} (css pixels).
function drawAxes(ctx, area, colours, { x, y }) {
  ctx.strokeStyle = colours.faint;
  ctx.lineWidth = 1;
  ctx.strokeRect(area.x - 0.5, area.y - 0.5, area.width + 1, area.height + 1);
  ctx.fillStyle = colours.ink;
  ctx.font = colours.font;
  if (x) drawTimeAxis(ctx, area, x);
  drawValueAxis(ctx, area, y);
}

function drawTimeAxis(ctx, area, { low, high, label, most = area.width / 90, isLabelled = true, isSigned = false }) {
  const at = (t) => area.x + ((t - low) / (high - low)) * area.width;
  const bottom = area.y + area.height;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const t of ticks(isSigned ? low : Math.max(low, 0), high, most)) {
    ctx.fillRect(Math.round(at(t)), bottom, 1, 4);
    const isInside = at(t) > area.x + 8 && at(t) < area.x + area.width - 4;
    if (isLabelled && isInside) ctx.fillText(tickText(t), at(t), bottom + 6);
  }
  if (isLabelled) ctx.fillText(label, area.x + area.width / 2, bottom + 21);
}

function drawValueAxis(ctx, area, { low, high, label, most }) {
  const at = (v) => area.y + area.height * (1 - (v - low) / (high - low));
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const v of ticks(low, high, most ?? area.height / 40)) {
    ctx.fillRect(area.x - 4, Math.round(at(v)), 4, 1);
    ctx.fillText(tickText(v), area.x - 7, at(v));
  }
  ctx.save();
  ctx.translate(11, area.y + area.height / 2);
  ctx.rotate(-Math.PI / 2);
  ctx.textAlign = "center";
  ctx.fillText(label, 0, 0);
  ctx.restore();
}

const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));

// The top element of a part. Its keys are its own: JupyterLab would take the arrows for itself.
const part = (tag, name, attributes, ...children) =>
  element(tag, {
    class: `snnlab snnlab-${name}`,
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (event) => event.stopPropagation(),
    ...attributes,
  }, ...children);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
