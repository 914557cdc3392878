/// What the page does with scripts: ties a moment across the charts, hides curves, changes light and dark.
enum PageScript {
  static let text = """
    (() => {
      'use strict';
      const data = JSON.parse(document.getElementById('timeline').textContent);
      const columns = data.columns, count = columns.start_s.length;
      const left = 58, right = 952, width = 960, end = count * data.interval_s;
      const panels = document.querySelector('.panels'), output = document.getElementById('moment');
      const charts = [...document.querySelectorAll('svg.time')];
      const lines = charts.map(chart => {
        const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
        line.setAttribute('class', 'cursor is-off');
        line.setAttribute('y1', 0);
        line.setAttribute('y2', chart.viewBox.baseVal.height);
        chart.append(line);
        return line;
      });
      let place = -1;
      const told = [
        ['due', '', 'due'], ['accepted', '', 'accepted'], ['failed', '', 'failed'], ['p50_ms', ' ms', 'p50'],
        ['p90_ms', ' ms', 'p90'], ['p99_ms', ' ms', 'p99'], ['max_ms', ' ms', 'max'],
        ['start_lag_p99_us', ' us', 'start lag p99'], ['accepted_total', '', 'accepted so far'],
        ['visible_total', '', 'visible'], ['freshness_ms', ' ms', 'oldest hidden'],
        ['pods_starting', '', 'pods starting'], ['pods_ready', '', 'ready'], ['pods_unready', '', 'not ready'],
        ['pods_terminating', '', 'terminating']
      ];
      const words = place => [
        `${columns.start_s[place]} s ${columns.phase[place] ?? ''}`,
        ...told.map(([name, unit, label]) => {
          const value = columns[name][place];
          return value === null ? null : `${label} ${value}${unit}`;
        })
      ];
      const joined = words => words.filter(word => word !== null).join(' \\u00b7 ');
      const middle = () => left + (columns.start_s[place] + data.interval_s / 2) / end * (right - left);
      const show = next => {
        place = Math.min(count - 1, Math.max(0, next));
        const x = middle();
        for (const line of lines) {
          line.setAttribute('x1', x);
          line.setAttribute('x2', x);
          line.classList.remove('is-off');
        }
        output.textContent = joined(words(place));
        output.dataset.place = place;
      };
      // Where the charts are wider than the screen, the moment is brought into view.
      const reveal = () => {
        const x = middle() / width * charts[0].getBoundingClientRect().width;
        if (x >= panels.scrollLeft + 1 && x <= panels.scrollLeft + panels.clientWidth - 1) return;
        panels.scrollLeft = x - panels.clientWidth / 2;
      };
      // Room for the longest that can be told, so that nothing moves when a moment is.
      const longest = joined(Array.from({ length: count }, (_, place) => words(place)).reduce((most, words) =>
        most.map((word, place) => (words[place] ?? '').length > (word ?? '').length ? words[place] : word)));
      const reserve = () => {
        const probe = output.cloneNode();
        probe.removeAttribute('id');
        probe.removeAttribute('aria-live');
        probe.className = 'probe';
        probe.textContent = longest;
        output.style.minHeight = '0';
        output.before(probe);
        output.style.minHeight = `${Math.max(probe.offsetHeight, output.offsetHeight)}px`;
        probe.remove();
      };
      reserve();
      addEventListener('resize', reserve);
      panels.addEventListener('pointermove', event => {
        const chart = event.target.closest('svg.time');
        if (!chart) return;
        const box = chart.getBoundingClientRect();
        const x = (event.clientX - box.left) / box.width * width;
        show(Math.floor((x - left) / (right - left) * count));
      });
      panels.addEventListener('keydown', event => {
        const steps = { ArrowRight: place + 1, ArrowLeft: Math.max(0, place - 1), PageDown: place + 10,
          PageUp: place - 10, Home: 0, End: count - 1 };
        if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        show(steps[event.key]);
        reveal();
      });
      for (const key of document.querySelectorAll('button.key')) {
        key.addEventListener('click', () => {
          const off = key.getAttribute('aria-pressed') === 'true';
          key.setAttribute('aria-pressed', String(!off));
          for (const line of document.querySelectorAll(`path[data-phase="${key.dataset.phase}"]`)) {
            line.classList.toggle('is-off', off);
          }
        });
      }
      const theme = document.getElementById('theme');
      theme.hidden = false;
      theme.addEventListener('click', () => {
        const root = document.documentElement;
        const dark = root.dataset.theme
          ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
        root.dataset.theme = dark ? 'light' : 'dark';
      });
    })();
    """
}
