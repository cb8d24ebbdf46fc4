// Which places are kept: those that sorting all scores would keep.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { highestPlaces } from '../../src/recall/select.ts'
import { runRandom } from '../random-runs.ts'

interface Place {
  readonly score: number
  readonly competes: boolean
  readonly isAlways: boolean
}

/** The same by sorting: of equal scores the last places come first. */
function expected(places: readonly Place[], most: number): readonly number[] {
  const order = [...places.keys()].filter((i) => places[i]?.competes === true)
  order.sort((left, right) => (places[right]?.score ?? 0) - (places[left]?.score ?? 0) || right - left)
  const best = new Set(order.slice(0, most))
  return [...places.keys()].filter((i) => best.has(i) || places[i]?.competes === false || places[i]?.isAlways === true)
}

it('keeps the highest places, of equal ones the last, and those that do not compete', async () => {
  const place = fc.record({
    // Few different scores, so that many are equal.
    score: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1, max: 1, noNaN: true })),
    competes: fc.boolean(),
    isAlways: fc.boolean(),
  })
  await runRandom(
    fc.property(fc.array(place, { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (places, most) => {
      const kept = highestPlaces(
        Float64Array.from(places, ({ score }) => score),
        most,
        (i) => places[i]?.competes === true,
        (i) => places[i]?.isAlways === true,
      )
      expect([...kept]).toEqual(expected(places, most))
    }),
    300,
  )
})
