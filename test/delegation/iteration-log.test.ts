// The rows of steps that the record of a run keeps: the last ones, and not too much of them.
import type { IterationRecord } from 'aquifer'
import { expect, it } from 'vitest'
import { IterationLog } from '../../src/agent/iterations/iteration-log.ts'
import { type Json, jsonBytes } from '../../src/domain/json.ts'

const record = (iteration: number, calls = 1, letters = 8): IterationRecord => ({
  ...{ iteration, status: 'complete', finishReason: 'tool-calls', model: 'm'.repeat(letters) },
  ...{ inputTokens: 1, outputTokens: 1, prompt: { messages: 1, characters: 1 }, ms: 1 },
  calls: Array.from({ length: calls }, (_, n) => ({
    toolCallId: `${n}${'x'.repeat(letters)}`,
    tool: 't'.repeat(letters),
  })),
})

function logOf(records: readonly IterationRecord[]): IterationLog {
  const log = new IterationLog()
  for (const one of records) log.note(one)
  return log
}

it('keeps the last hundred, and counts the others', () => {
  const { facts, records } = logOf(Array.from({ length: 130 }, (_, n) => record(n + 1)))
  expect([records.length, records[0]?.iteration, facts.iterationsDropped]).toEqual([100, 31, 30])
})

it('keeps no more than fits, however long the names are that others chose', () => {
  const { facts, records } = logOf(Array.from({ length: 100 }, (_, n) => record(n + 1, 500, 5_000)))
  expect(jsonBytes(facts.iterations as Json)).toBeLessThanOrEqual(65_536)
  expect(records.at(-1)).toMatchObject({ iteration: 100, calls: { length: 32 } })
  expect(records.length + (facts.iterationsDropped ?? 0)).toBe(100)
})

it('takes what was told before, without what was lost with its process', () => {
  const facts = { ...logOf(Array.from({ length: 120 }, (_, n) => record(n + 1))).facts } as { [name: string]: Json }
  const log = new IterationLog()
  log.restore(facts, 118)
  expect([log.records.at(-1)?.iteration, log.records.length]).toEqual([118, 98])
  log.note({ ...record(118), finishReason: 'stop' })
  log.note(record(119))
  expect(log.records.slice(-2).map(({ iteration, finishReason }) => [iteration, finishReason])).toEqual([
    [118, 'stop'],
    [119, 'tool-calls'],
  ])
  expect(log.facts.iterationsDropped).toBe(20)
  expect(log.of(20)).toBeUndefined()
})
