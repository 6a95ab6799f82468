"""Texts that are hard to read: run in a page with a selector of what is looked at."""

from __future__ import annotations

__all__ = ["WEAK_TEXTS"]

WEAK_TEXTS = """selector => {
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const style = node => getComputedStyle(node);
  const layers = node =>
    node ? [...layers(node.parentElement), style(node).backgroundColor] : ['white'];
  const luminance = colours => {
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const weak = [];
  for (const node of document.querySelectorAll(`${selector} *`)) {
    const text = [...node.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('');
    if (!text.trim() || !node.checkVisibility() || node.disabled) continue;
    const below = layers(node);
    const both = [luminance(below), luminance([...below, style(node).color])];
    const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (contrast < 4.5) weak.push(`${text}: ${contrast.toFixed(2)}`);
  }
  return weak;
}"""
"""Texts whose contrast with what is below them is less than WCAG's level AA asks for."""
