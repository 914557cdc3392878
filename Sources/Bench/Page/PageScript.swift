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
      const spell = (name, unit, label) => {
        const value = columns[name][place];
        return value === null ? null : `${label} ${value}${unit}`;
      };
      const show = next => {
        place = Math.min(count - 1, Math.max(0, next));
        const x = left + (columns.start_s[place] + data.interval_s / 2) / end * (right - left);
        for (const line of lines) {
          line.setAttribute('x1', x);
          line.setAttribute('x2', x);
          line.classList.remove('is-off');
        }
        const words = [
          `${columns.start_s[place]} s ${columns.phase[place] ?? ''}`,
          spell('due', '', 'due'), spell('accepted', '', 'accepted'), spell('failed', '', 'failed'),
          spell('p50_ms', ' ms', 'p50'), spell('p90_ms', ' ms', 'p90'), spell('p99_ms', ' ms', 'p99'),
          spell('max_ms', ' ms', 'max'), spell('start_lag_p99_us', ' us', 'start lag p99'),
          spell('accepted_total', '', 'accepted so far'), spell('visible_total', '', 'visible'),
          spell('freshness_ms', ' ms', 'oldest hidden'), spell('pods_starting', '', 'pods starting'),
          spell('pods_ready', '', 'ready'), spell('pods_terminating', '', 'terminating')
        ];
        output.textContent = words.filter(word => word !== null).join(' \\u00b7 ');
        output.dataset.place = place;
      };
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
