// Takes a picture of all canvases of the page that this stands in, as they are laid out there.

const GAP = 12;  // white pixels around the picture

// Plots of Bokeh keep theirs in trees of their own.
function canvases(root) {
  const inner = [...root.querySelectorAll("*")].filter((node) => node.shadowRoot).flatMap((node) => canvases(node.shadowRoot));
  return [...root.querySelectorAll("canvas"), ...inner];
}

function isShown(canvas) {
  const box = canvas.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && canvas.width > 1 && canvas.height > 1;
}

function picture(root) {
  const found = canvases(root).filter(isShown).map((canvas) => [canvas, canvas.getBoundingClientRect()]);
  if (!found.length) return null;
  const left = Math.min(...found.map(([, box]) => box.left)) - GAP;
  const top = Math.min(...found.map(([, box]) => box.top)) - GAP;
  const right = Math.max(...found.map(([, box]) => box.right)) + GAP;
  const bottom = Math.max(...found.map(([, box]) => box.bottom)) + GAP;
  const all = document.createElement("canvas");
  all.width = right - left;
  all.height = bottom - top;
  const ctx = all.getContext("2d");
  ctx.fillStyle = getComputedStyle(root).getPropertyValue("--jp-layout-color0") || "white";
  ctx.fillRect(0, 0, all.width, all.height);
  for (const [canvas, box] of found) ctx.drawImage(canvas, box.left - left, box.top - top, box.width, box.height);
  return all;
}

export default {
  render({ model, el }) {
    el.classList.add("snnlab-camera");
    const take = ({ k }) => {
      const root = el.closest(".snnlab-lab, .snnlab-live");
      const taken = document.hidden || !root ? null : picture(root);
      if (!taken) return model.send({ do: "nothing" });
      taken.toBlob(async (blob) => {
        if (blob) model.send({ do: "picture", k }, undefined, [await blob.arrayBuffer()]);
      }, "image/png");
    };
    model.on("msg:custom", take);
    model.send({ do: "ready" });
    return () => model.off("msg:custom", take);
  },
};
