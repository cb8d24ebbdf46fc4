/** Draws the curves of the benchmark of scale as one SVG: a panel for each axis, sizes and speeds on logarithmic scales. */

import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Curve } from './measured.ts'

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

const columns = 2
const panel = { width: 520, height: 320 } as const
const inner = { left: 70, right: 30, top: 80, bottom: 50 } as const

export function drawCurves(curves: readonly Curve[]): string {
  const names = [...new Set(curves.map(({ axis }) => axis))]
  const places = names.map((_, n) => ({
    left: (n % columns) * panel.width,
    top: Math.floor(n / columns) * panel.height,
  }))
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: columns * panel.width,
    height: Math.ceil(names.length / columns) * panel.height,
  })
  const ownOf = (axis: string) => curves.filter((curve) => curve.axis === axis)
  const text = { color: '#222' } as const
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: names.map((axis, n) => ({
      text: `${axis}: operations for each second of processor time`,
      left: (places[n]?.left ?? 0) + 10,
      top: (places[n]?.top ?? 0) + 10,
      textStyle: { ...text, fontSize: 13 },
    })),
    legend: names.map((axis, n) => ({
      data: ownOf(axis).map(({ operation }) => `${axis}: ${operation}`),
      formatter: (name: string) => name.slice(axis.length + 2),
      left: (places[n]?.left ?? 0) + 10,
      top: (places[n]?.top ?? 0) + 34,
      textStyle: { ...text, fontSize: 11 },
      itemWidth: 18,
    })),
    grid: names.map((_, n) => ({
      left: (places[n]?.left ?? 0) + inner.left,
      top: (places[n]?.top ?? 0) + inner.top,
      width: panel.width - inner.left - inner.right,
      height: panel.height - inner.top - inner.bottom,
    })),
    xAxis: names.map((axis, n) => ({
      type: 'log' as const,
      gridIndex: n,
      name: ownOf(axis)[0]?.unit ?? '',
      nameLocation: 'middle' as const,
      nameGap: 28,
      axisLabel: text,
      nameTextStyle: text,
    })),
    yAxis: names.map((_, n) => ({ type: 'log' as const, gridIndex: n, axisLabel: text })),
    series: names.flatMap((axis, n) =>
      ownOf(axis).map(({ operation, figures }) => ({
        type: 'line' as const,
        name: `${axis}: ${operation}`,
        xAxisIndex: n,
        yAxisIndex: n,
        symbolSize: 6,
        data: figures.map(({ size, perSecond }) => [size, Math.round(perSecond * 10) / 10]),
      })),
    ),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}
