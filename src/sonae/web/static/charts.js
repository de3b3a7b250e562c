// Enhances a figure: <figure class="chart" data-chart='{"title", "x": {"name", "log"}, "y": {…},
// "series": [{"name", "points": [["1e9", "0.01"], …]}]}'><svg …></figure>. The drawing from the server
// stays for print and for whoever has no script; the buttons switch between the two.
const LOOKS = [
  { color: "#1d3557", type: "solid", symbol: "circle" },
  { color: "#b45309", type: "dashed", symbol: "rect" },
  { color: "#5a2a83", type: "dotted", symbol: "diamond" },
  { color: "#0b5360", type: [12, 4, 2, 4], symbol: "triangle" },
];
const axis = (given) => ({
  name: given.name, type: given.log ? "log" : "value", nameLocation: "middle", nameGap: 34,
  axisLabel: { hideOverlap: true }, splitLine: { lineStyle: { color: "#e4e8ec" } },
});
const option = (given) => ({
  animation: false,
  aria: { enabled: true, label: { description: given.title } },
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
  legend: { bottom: 0, data: given.series.map((s) => s.name) },
  tooltip: { trigger: "axis", axisPointer: { type: "cross" } },
  grid: { left: 84, right: 24, top: 24, bottom: 84 },
  xAxis: axis(given.x),
  yAxis: { ...axis(given.y), nameGap: 64 },
  series: given.series.map((s, n) => {
    const look = LOOKS[n % LOOKS.length];
    return {
      name: s.name, type: "line", step: s.step ? "end" : false, symbol: look.symbol, symbolSize: 7,
      data: s.points.map((p) => p.map(Number)),
      lineStyle: { type: look.type, width: 2.5 }, itemStyle: { color: look.color }, color: look.color,
    };
  }),
});
const enhance = (figure) => {
  const given = JSON.parse(figure.dataset.chart);
  const place = document.createElement("div");
  place.className = "live";
  figure.append(place);
  const drawn = echarts.init(place, null, { renderer: "svg" });
  drawn.setOption(option(given));
  figure.classList.add("enhanced");
  new ResizeObserver(() => drawn.resize()).observe(place);
};
if (globalThis.echarts) for (const figure of document.querySelectorAll("[data-chart]")) enhance(figure);
