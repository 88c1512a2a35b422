// A click on a chart leads to the traces behind that point: the same links as in the table of figures.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const links = JSON.parse(document.getElementById("zg-point-links")?.textContent ?? "[]");
  for (const canvas of document.querySelectorAll(".zg-chart canvas")) {
    canvas.addEventListener("click", (event) => {
      const chart = Chart.getChart(canvas);
      const [point] = chart.getElementsAtEventForMode(event, "index", { intersect: false }, true);
      if (point && links[point.index]) location.assign(links[point.index]);
    });
  }
});
