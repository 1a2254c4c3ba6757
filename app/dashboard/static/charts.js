// Draws what the tables say: a line's day before its usual band, and how soon tools answer. Without it the tables stay.
"use strict";

(() => {
  const HOUR_S = 3600;
  const FONT = "12px system-ui, sans-serif";
  const HEIGHT = 190;
  const TIMES = [0.001, 0.01, 0.1, 1, 10];
  const drawn = new Map();
  const colours = getComputedStyle(document.documentElement);

  function ink(name) {
    return colours.getPropertyValue(`--${name}`).trim();
  }

  function axis(more) {
    const grid = { stroke: () => ink("line"), width: 1 };
    return { stroke: () => ink("soft"), font: FONT, grid, ticks: { show: false }, ...more };
  }

  function day(columns, read) {
    const { at, low, expected, high, count, counted, outside } = columns;
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: columns.zone, hour: "2-digit", minute: "2-digit" });
    const hour = (start) => clock.format(start * 1000);
    const said = (i) => (counted[i] ? count[i] ?? "–" : count[i] ? `${count[i]}, not all counted` : "not counted");
    const end = (column) => [...column, column.at(-1)]; // so that the last hour has its width
    const data = [
      [...at, at.at(-1) + HOUR_S], end(high), end(low), end(expected),
      [...count.map((came, i) => (outside[i] ? null : came)), null],
      [...count.map((came, i) => (outside[i] ? came : null)), null],
    ];
    const { stepped, bars } = window.uPlot.paths;
    const step = (stroke) => ({ paths: stepped({ align: 1 }), points: { show: false }, stroke, width: stroke ? 1.5 : 0 });
    const bar = (name) => ({ paths: bars({ align: 1, size: [1], gap: 3 }), points: { show: false }, width: 0, fill: () => ink(name) });
    return {
      data,
      options: {
        scales: {
          x: { time: false, range: [at[0], at.at(-1) + HOUR_S] },
          y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] },
        },
        series: [{}, step(), step(), step(() => ink("usual")), bar("bar"), bar("bad")],
        bands: [{ series: [1, 2], fill: () => ink("band") }],
        axes: [
          axis({ splits: () => at.filter((start) => /^(00|06|12|18):00$/.test(hour(start))), values: (_, splits) => splits.map(hour), size: 26 }),
          axis({ incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], space: 34, size: 34 }),
        ],
        hooks: {
          setCursor: [(plot) => {
            const i = plot.cursor.left < 0 ? -1 : at.findLastIndex((start) => start <= plot.posToVal(plot.cursor.left, "x"));
            if (i < 0) read("");
            else read(`${hour(at[i])}: ${said(i)}${high[i] === null ? "" : `, usually ${low[i]} to ${high[i]}`}`);
          }],
          drawClear: [(plot) => {
            plot.ctx.fillStyle = ink("unknown-bed");
            at.forEach((start, i) => {
              if (counted[i]) return;
              const [left, right] = [start, start + HOUR_S].map((x) => plot.valToPos(x, "x", true));
              plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
            });
          }],
        },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        legend: { show: false },
      },
    };
  }

  function time(s) {
    return s < 1 ? `${Number((s * 1000).toPrecision(3))} ms` : `${s} s`;
  }

  function latency({ within, tools, shares }) {
    const percent = (_, share) => (share == null ? "–" : `${Math.round(share * 100)} %`);
    const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [14, 5]];
    const series = tools.map((label, i) => ({
      label, value: percent, stroke: () => ink(`series-${i + 1}`), width: 2, dash: dashes[i], points: { show: false },
    }));
    return {
      data: [within, ...shares],
      options: {
        scales: { x: { time: false, distr: 3, range: [within[0], within.at(-1)] }, y: { range: [0, 1] } },
        series: [{ label: "Within", value: (_, s) => (s == null ? "–" : time(s)) }, ...series],
        axes: [
          axis({ splits: () => TIMES.filter((s) => s >= within[0] && s <= within.at(-1)), values: (_, splits) => splits.map(time), size: 26, filter: (_, splits) => splits }),
          axis({ values: (_, splits) => splits.map((share) => percent(_, share)), space: 34, size: 46 }),
        ],
        cursor: { y: false, drag: { x: false, y: false } },
      },
    };
  }

  function draw(figure) {
    const text = figure.dataset.day ?? figure.dataset.latency;
    const old = drawn.get(figure);
    if (old?.text === text) return;
    old?.plot.destroy();
    figure.hidden = false;
    const place = figure.querySelector(".plot");
    const words = figure.querySelector(".read");
    const made = (figure.dataset.day ? day : latency)(JSON.parse(text), (said) => { words.textContent = said; });
    const plot = new window.uPlot({ width: place.clientWidth, height: HEIGHT, ...made.options }, made.data, place);
    drawn.set(figure, { plot, text });
    sizes.observe(place);
  }

  function look() {
    for (const [figure, { plot }] of drawn) {
      if (figure.isConnected) continue;
      plot.destroy();
      drawn.delete(figure);
    }
    document.querySelectorAll("figure.chart").forEach(draw);
  }

  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const plot = drawn.get(target.parentElement)?.plot;
      if (plot && target.clientWidth && plot.width !== target.clientWidth) plot.setSize({ width: target.clientWidth, height: HEIGHT });
    }
  });

  look();
  document.addEventListener("htmx:sse:after:message", look);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { plot } of drawn.values()) plot.destroy();
    drawn.clear();
    look();
  });
})();
