/** One child of the benchmark of scale: grows a database along one axis and measures at each point. So memory is of this axis alone. */
import { existsSync, statSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { longestStall } from '../stalls.ts'
import { axes, type Operation, onScene, type Scene } from './axes.ts'
import type { Figure } from './measured.ts'

const [axisName = '', folder = '', quick] = process.argv.slice(2)
const axis = axes.find(({ name }) => name === axisName)
if (axis === undefined) throw new Error(`No axis of the benchmark is called ${axisName}.`)

/** How long an operation is repeated, and how often at least and at most. */
const measureMs = quick === 'quick' ? 100 : 2_000
const [fewest, most] = quick === 'quick' ? [3, 20] : [10, 20_000]
/** Not counted: what is loaded and compiled once. */
const warmUps = quick === 'quick' ? 2 : 10

const megabyte = 1_048_576
const processorMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

function fileMb(file: string): number {
  const sizes = ['', '-wal'].map((suffix) => (existsSync(file + suffix) ? statSync(file + suffix).size : 0))
  return sizes.reduce((sum, size) => sum + size, 0) / megabyte
}

let call = 0
async function repeat(operation: Operation, scene: Scene, size: number) {
  for (let n = 0; n < warmUps; n++) await operation(scene, size, call++)
  let times = 0
  const before = processorMs()
  const until = performance.now() + measureMs
  const stall = await longestStall(async () => {
    while (times < most && (times < fewest || performance.now() < until)) {
      await operation(scene, size, call++)
      // Each operation is a block of its own.
      await nextTurn()
      times++
    }
  })
  return { perSecond: (times * 1_000) / (processorMs() - before), longestBlockMs: stall.processorMs }
}

await onScene(folder, axisName, async (scene) => {
  let size = 0
  const points = quick === 'quick' ? axis.points.slice(0, 2) : axis.points
  for (const point of points) {
    await axis.grow(scene, size, point)
    size = point
    for (const [operation, act] of Object.entries(axis.operations)) {
      const figures = await repeat(act, scene, size)
      const residentMb = process.memoryUsage.rss() / megabyte
      const { unit } = axis
      const figure: Figure = {
        axis: axisName,
        unit,
        operation,
        size,
        ...figures,
        residentMb,
        fileMb: fileMb(scene.file),
      }
      process.send?.(figure)
    }
  }
  await axis.stop?.()
})
process.disconnect?.()
