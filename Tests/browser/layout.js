// What is wrong with how the page is laid out, as a list of sentences: anything that is cut off or sticks out, text
// that is hard to read (WCAG 2.2: 1.4.3, 1.4.11), controls that are too small to hit (2.5.8).
(() => {
  const problems = [];
  const name = element => element.tagName.toLowerCase() + (element.id ? "#" + element.id : "") +
    (element.className ? "." + element.className : "") + " '" + element.textContent.trim().slice(0, 20) + "'";
  const rgb = text => text.match(/[\d.]+/g).map(Number);
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = element => {
    for (; element; element = element.parentElement) {
      const color = rgb(getComputedStyle(element).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const resolved = (element, variable) => {
    const probe = document.createElement("i");
    probe.style.color = getComputedStyle(element).getPropertyValue(variable);
    element.parentElement.append(probe);
    const color = rgb(getComputedStyle(probe).color);
    probe.remove();
    return color;
  };
  const expect = (ratio, least, what) => {
    if (!(ratio >= least)) problems.push(`${what}: contrast ${ratio.toFixed(2)}, not ${least}`);
  };

  if (document.documentElement.scrollWidth > innerWidth) {
    problems.push(`the page is ${document.documentElement.scrollWidth} wide, the screen ${innerWidth}`);
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest(".spoken, svg") || element.tagName === "SCRIPT" || element.tagName === "NOSCRIPT") continue;
    const box = element.getBoundingClientRect();
    // What can be scrolled by itself, with the keyboard too, may be wider than the screen.
    const region = element.closest("[tabindex='0']");
    if (!region && (box.left < -0.5 || box.right > innerWidth + 0.5)) problems.push(`${name(element)} sticks out`);
    if (!region && getComputedStyle(element).display !== "inline" && element.scrollWidth > element.clientWidth + 1) {
      problems.push(`${name(element)} is cut off: ${element.scrollWidth} in ${element.clientWidth}`);
    }
    if ([...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())) {
      expect(contrast(rgb(getComputedStyle(element).color), ground(element)), 4.5, name(element));
      if (parseFloat(getComputedStyle(element).fontSize) < 14) problems.push(`${name(element)} is small print`);
    }
    if (element.matches("button")) {
      expect(contrast(rgb(getComputedStyle(element).borderTopColor), ground(element.parentElement)), 3, name(element));
    }
    if (element.matches("progress")) {
      expect(contrast(resolved(element, "--bar"), resolved(element, "--track")), 3, "the bar of " + name(element.parentElement));
    }
    if (element.matches("a, button") && (box.width < 24 || box.height < 24)) problems.push(`${name(element)} is tiny`);
  }
  return problems;
})()
