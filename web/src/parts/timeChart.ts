/** An empty chart over time in the console's colours, which follows the size of its place. Its
 * times are those of the city's clocks (`onClocks`). */

import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import type { Palette } from "../app/theme";

echarts.use([LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** The chart, to which series are added by `setOption`, and what ends it. */
export function timeChart(holder: HTMLDivElement, palette: Palette, locale?: string) {
  const chart = echarts.init(holder, null, locale ? { locale } : {});
  chart.setOption({
    animation: false,
    useUTC: true,
    grid: { left: 4, right: 10, top: 10, bottom: 2, containLabel: true },
    tooltip: {
      trigger: "axis",
      backgroundColor: palette.panel,
      borderColor: palette.line,
      textStyle: { color: palette.text, fontSize: 12 },
    },
    xAxis: {
      type: "time",
      axisLabel: { color: palette.quiet, fontSize: 11, hideOverlap: true },
      axisLine: { lineStyle: { color: palette.line } },
    },
    yAxis: {
      type: "value",
      scale: true,
      axisLabel: { color: palette.quiet, fontSize: 11 },
      splitLine: { lineStyle: { color: palette.line } },
    },
  });
  const watch = new ResizeObserver(() => chart.resize());
  watch.observe(holder);
  const end = () => {
    watch.disconnect();
    chart.dispose();
  };
  return { chart, end };
}
