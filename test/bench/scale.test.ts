// The benchmark of scale: where a row of figures bends, and what its drawing shows.
import { expect, it } from 'vitest'
import { bendOf, curvesOf, type Figure } from '../../bench/scale/measured.ts'
import { drawCurves } from '../../bench/scale/plot.ts'

function figure(size: number, perSecond: number, operation = 'save'): Figure {
  return {
    axis: 'messages',
    unit: 'messages',
    operation,
    size,
    perSecond,
    longestBlockMs: 1,
    residentMb: 100,
    fileMb: 1,
  }
}

it('a row bends at the first size that is twice as bad as the best before it', () => {
  const figures = [figure(1, 100), figure(10, 120), figure(100, 61), figure(1_000, 59), figure(10_000, 10)]
  expect(bendOf(figures, ({ perSecond }) => 1 / perSecond)).toBe(1_000)
  expect(bendOf(figures.slice(0, 3), ({ perSecond }) => 1 / perSecond)).toBeNull()
})

it('what is below the least that counts does not bend a row', () => {
  const blocks = [figure(1, 1), figure(10, 15), figure(100, 21)]
  expect(bendOf(blocks, ({ perSecond }) => perSecond)).toBe(10)
  expect(bendOf(blocks, ({ perSecond }) => perSecond, 10)).toBe(100)
})

it('every operation is a curve of the drawing, with a mark for each size', () => {
  const figures = [figure(1, 100), figure(10, 90), figure(1, 50, 'list'), figure(10, 40, 'list')]
  const curves = curvesOf(figures)
  expect(curves.map(({ operation, figures: own }) => [operation, own.length])).toEqual([
    ['save', 2],
    ['list', 2],
  ])
  const drawing = drawCurves(curves)
  expect(drawing).toMatch(/^<svg /)
  for (const text of ['messages: operations for each second', 'save', 'list']) expect(drawing).toContain(text)
  const marksOf = (svg: string) => svg.split('<path').length
  expect(marksOf(drawing) - marksOf(drawCurves(curves.slice(0, 1)))).toBeGreaterThanOrEqual(3)
})
