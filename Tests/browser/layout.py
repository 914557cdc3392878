"""What holds of every page of a report: at any width, light and dark, nothing is clipped, and all can be read."""

import os

HERE = os.path.dirname(os.path.abspath(__file__))
LAYOUT = open(os.path.join(HERE, "layout.js"), encoding="utf-8").read()

# Colours of what is drawn against the page: text 4.5 to 1, shapes 3 to 1 (WCAG 2.2: 1.4.3, 1.4.11).
CONTRAST = """
(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const problems = [];
  const grounds = ['--bg', '--band'].map(name => {
    const probe = document.createElement('i');
    probe.style.color = getComputedStyle(document.documentElement).getPropertyValue(name);
    document.body.append(probe);
    const colour = rgb(getComputedStyle(probe).color);
    probe.remove();
    return colour;
  });
  const check = (element, colour, least) => {
    for (const ground of grounds) {
      const [light, dark] = [luminance(rgb(colour)), luminance(ground)].sort((a, b) => b - a);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (!(ratio >= least)) problems.push(`${element.getAttribute('class')}: contrast ${ratio.toFixed(2)}, not ${least}`);
    }
  };
  for (const line of document.querySelectorAll('svg path.line')) check(line, getComputedStyle(line).stroke, 3);
  for (const bar of document.querySelectorAll('svg .bar, svg rect.outage')) check(bar, getComputedStyle(bar).fill, 3);
  for (const text of document.querySelectorAll('svg text')) check(text, getComputedStyle(text).fill, 4.5);
  return [...new Set(problems)];
})()
"""
# Texts of a drawing that lie over one another, or outside of it.
LABELS = """
[...document.querySelectorAll('svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  const boxes = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  const out = boxes.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
    || box.top < frame.top - 3 || box.bottom > frame.bottom + 3).map(([text]) => text + ' is cut off');
  return out.concat(boxes.flatMap(([text, box], place) => boxes.slice(place + 1)
    .filter(([, other]) => Math.min(box.right, other.right) - Math.max(box.left, other.left) > 1
      && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 3)
    .map(([other]) => `${text} lies over ${other}`)));
})
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def tried(what):
    print("tried:", what, flush=True)


def clean(page):
    page.value("1")  # what has happened so far has been told before this is answered
    check(not page.problems, f"the browser complains: {page.problems}")


def is_laid_out(page, url, pictures, name):
    for width in (360, 800, 1400):
        for scheme in ("light", "dark"):
            page.screen(width, 900, scheme)
            page.go(url)
            for what in (LAYOUT, CONTRAST, LABELS):
                problems = page.value(what)
                check(not problems, f"at {width}, {scheme}: {problems}")
            clean(page)
            if pictures:
                page.screen(width, page.value("document.documentElement.scrollHeight"), scheme)
                page.picture(f"{pictures}/{name}-{width}-{scheme}.png")
    tried("three widths, light and dark")
