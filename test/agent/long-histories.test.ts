// Histories that are made to be looked at again and again: the time they take grows with their length.
// Own process: it measures how processor time grows.
import { describe, expect, it } from 'vitest'
import { shownParts } from '../../src/agent/context/shown-parts.ts'
import { align, type StoredUnit } from '../../src/agent/input/align.ts'
import type { Unit } from '../../src/agent/input/canonical.ts'
import { locate } from '../../src/agent/input/locate.ts'
import type { MessagePart } from '../../src/domain/records/message.ts'
import { growth, mostGrowth } from '../processor-time.ts'

const lengths = [600, 2_400, 9_600]
const said = (kind: Unit['kind'], key: string, count: number): StoredUnit[] =>
  Array.from({ length: count }, (_, index) => ({ kind, key, index, isCut: false }))
const inTurn = (count: number) => said('user', 'a', count).flatMap((one) => [one, { ...one, kind: 'text' as const }])
const call: StoredUnit = {
  kind: 'call',
  key: 'c',
  index: 0,
  isCut: false,
  call: { type: 'tool-look', state: 'input-available' },
}

describe('finding a history sent again', () => {
  const hostile: Record<string, (count: number) => [sent: Unit[], stored: StoredUnit[]]> = {
    'more of one word is stored': (count) => [said('user', 'a', count), said('user', 'a', 2 * count)],
    'one word and another end': (count) => [
      [...said('user', 'a', count / 2), ...said('user', 'b', 1)],
      said('user', 'a', count),
    ],
    'words alone where calls are stored': (count) => [said('text', 'a', count), [...said('text', 'b', count), call]],
    'one question, and answers that begin alike': (count) => [
      [...said('user', 'a', count), ...said('text', `${'x'.repeat(30)} y`, count)],
      [...said('user', 'a', count), ...said('text', `${'x'.repeat(30)} z`, count), ...said('user', 'a', count)],
    ],
    'questions and answers in turn, the last one another': (count) => [
      [...inTurn(count), ...said('user', 'b', 1)],
      [...inTurn(2 * count), ...said('text', 'c', 1)],
    ],
  }

  it.each(Object.entries(hostile))('does not grow faster than it: %s', async (_, units) => {
    const runs = lengths.map((count) => {
      const [sent, stored] = units(count)
      return () => locate(sent, stored, { isAnchored: false, isLeadingUp: false })
    })
    expect(await growth(runs)).toBeLessThanOrEqual(mostGrowth)
  })

  it('still finds many of the same words behind more of them', () => {
    expect(align(said('user', 'ok', 100), said('user', 'ok', 200))?.end).toBe(100)
    expect(align(said('user', 'ok', 1_000), said('user', 'ok', 1_100))?.end).toBe(1_000)
  })
})

describe('showing an answer with many calls', () => {
  const calls = (count: number, more: readonly MessagePart[]): MessagePart[] =>
    Array.from({ length: count }, (_, i): MessagePart[] => {
      const approval = { id: `a${i}`, approved: true }
      return [{ type: 'tool-look', toolCallId: `c${i}`, state: 'approval-responded', approval, input: {} }, ...more]
    }).flat()

  it.each([
    ['in one step', []],
    ['in a step each', [{ type: 'step-start' }]],
  ])('does not grow faster than the answer: %s', async (_, more) => {
    const runs = lengths.map((count) => {
      const parts = calls(count, more)
      const standing = {
        role: 'assistant',
        turnStatus: 'open',
        isOwnTurn: true,
        goesOn: true,
        isLast: true,
        hasNoTools: false,
        messageId: 'm',
        told: (said: string) => said,
      } as const
      return () => shownParts(parts, { ...standing, seenCalls: new Set<string>() })
    })
    expect(await growth(runs)).toBeLessThanOrEqual(mostGrowth)
  })
})
