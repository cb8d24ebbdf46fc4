// How rows of the log are written as text, and which part of it readers of turns parse.
import { Agent } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Effect } from '../../src/domain/commit/effect.ts'
import { runIdOf, type SpaceKey } from '../../src/domain/id.ts'
import { doorOf } from '../../src/facade/space.ts'
import { effectsText, type LogColumns, logRowOf, turnRowOf } from '../../src/storage/rows/log-rows.ts'
import { openMemory } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'

const runId = runIdOf('abcdefghijkl' as SpaceKey, 'one')
const step: Effect = {
  kind: 'record-put',
  noun: 'step',
  key: `${runId}/call`,
  prev: 0,
  expiresAt: null,
  value: { payload: ',\n' },
}
const run: Effect = { kind: 'run-put', runId, prev: 1, stated: { status: 'complete', expiresAt: null } }
const close: Effect = { kind: 'turn-close', status: 'complete' }
const said = (text: string): Effect => {
  return { kind: 'message-append', messages: [{ role: 'user', parts: [{ type: 'text', text }] }] }
}

function columnsOf(json: string): LogColumns {
  return [3, 0, 4_294_967_296, '{"kind":"user","id":"ann"}', 'complete', null, null, json, null]
}

/** The effects of a row with that text: all of them, and those that a turn is folded from. */
function read(json: string) {
  const columns = columnsOf(json)
  return { all: logRowOf(columns, 't').effects, ofTurn: turnRowOf(columns, 't').effects }
}

describe('records of runs at the end of a row', () => {
  it('are left out where a turn is read', () => {
    const effects = [said('hello'), close, step, run, step]
    expect(read(effectsText(effects))).toEqual({ all: effects, ofTurn: [said('hello'), close] })
  })

  it('are read where they stand between others, or alone', () => {
    for (const effects of [[run, close], [run], [said('hello'), run, close]]) {
      expect(read(effectsText(effects))).toEqual({ all: effects, ofTurn: effects })
    }
  })

  it('are read with rows that earlier versions wrote', () => {
    const effects = [said('hello'), run, close, run]
    expect(read(JSON.stringify(effects))).toEqual({ all: effects, ofTurn: effects })
  })

  it('are told from whatever messages say', async () => {
    const piece = fc.constantFrom(',\n', '\n', ',', '[', ']', '{"kind":"run-put"', '"', '\\', '\\n', 'word', '\u2028')
    const effects = fc.array(
      fc.oneof(
        fc.array(piece).map((pieces) => said(pieces.join(''))),
        fc.constantFrom(run, step),
      ),
      {
        minLength: 1,
      },
    )
    const property = fc.property(effects, (given) => {
      const others = given.findLastIndex((effect) => effect !== run && effect !== step) + 1
      const ofTurn = others === 0 ? given : given.slice(0, others)
      expect(read(effectsText(given))).toEqual({ all: given, ofTurn })
    })
    await runRandom(property, 500)
  })

  it('stand at the end of the row that ends a turn, however it ends', async () => {
    const memory = openMemory()
    const answer = ({ transcript }: { readonly transcript: string }) => {
      if (transcript.includes('fail')) throw new Error('No answer.')
      return 'hello'
    }
    const agent = new Agent({
      name: 'Clerk',
      memory,
      model: scriptedModel({ answer }),
      defaultOptions: { maxRetries: 0 },
    })
    const at = { resourceId: 'ann', threadId: 't' }
    await agent.generate('hi', at)
    await expect(agent.generate('fail', at)).rejects.toThrow('No answer.')
    const { items } = await doorOf(memory.space('resource/ann')).log.read({ after: 0, limit: 100 })
    const ends = items.flatMap(({ rows }) => rows.filter(({ status }) => status !== 'open'))
    expect(ends.map(({ status, effects }) => [status, ...effects.slice(-2).map(({ kind }) => kind)])).toEqual([
      ['complete', 'turn-close', 'run-put'],
      ['failed', 'turn-close', 'run-put'],
    ])
  })
})
