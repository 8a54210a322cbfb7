/** A chart in an element: drawn when it is there, again when its data, its size or the appearance change. */
import * as echarts from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { onBeforeUnmount, onMounted, watch, type Ref, type WatchSource } from 'vue'
import { settings } from '@/preferences'

echarts.use([CanvasRenderer])

/** Reads a colour token of the present appearance. */
export type Colour = (name: string) => string

/** Keeps a chart in `box` as `options` say, which are asked again whenever `data` changes. */
export function useChart(
  box: Ref<HTMLElement | undefined>,
  data: WatchSource<unknown>,
  options: (colour: Colour) => echarts.EChartsCoreOption,
): void {
  let chart: echarts.ECharts | undefined
  let observer: ResizeObserver | undefined

  function draw() {
    if (!chart) return
    const style = getComputedStyle(document.documentElement)
    chart.setOption(options((name) => style.getPropertyValue(name).trim()))
  }

  onMounted(() => {
    if (!box.value) return
    chart = echarts.init(box.value)
    draw()
    observer = new ResizeObserver(() => chart?.resize())
    observer.observe(box.value)
  })
  watch([data, () => settings.value.appearance], () => requestAnimationFrame(draw))
  onBeforeUnmount(() => {
    observer?.disconnect()
    chart?.dispose()
  })
}
