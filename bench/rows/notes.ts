/** Rows of notes: a turn in a long thread with and without them, and how much of the prompt stays the same from turn to turn. */
import { join } from 'node:path'
import type { Agent, Memory, MemoryBehaviour } from 'aquifer'
import { type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { median, quantile } from '../measure.ts'
import { saidAt } from '../recall-corpus.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'

const name = 'turn with notes, 1,000 messages'
const turnsBefore = 500
const mostRatio = 1.5
const place = { resourceId: 'customer', threadId: 'conversation' }

interface Side {
  readonly memory: Memory
  readonly agent: Agent
  readonly model: ScriptedModel
}

async function sideOf(file: string, behaviour: MemoryBehaviour): Promise<Side> {
  const { Agent, Memory } = await import('aquifer')
  const memory = new Memory({ storage: `file:${file}`, embedder: false, options: behaviour })
  for (let turn = 0; turn < turnsBefore; turn++) await memory.saveMessages({ ...place, messages: [...saidAt(turn)] })
  await memory.observe(place)
  const model = scriptedModel({ answer: ({ number }) => saidAt(turnsBefore + number)[1].content })
  return { memory, model, agent: new Agent({ name: 'Support', instructions: 'You support customers.', model, memory }) }
}

async function turnOf({ agent }: Side, turn: number): Promise<number> {
  const started = performance.now()
  await agent.generate(saidAt(turnsBefore + turn)[0].content, place)
  return performance.now() - started
}

/** The share of each prompt that is the same as the beginning of the prompt before it. */
function sameShares({ calls }: ScriptedModel): readonly number[] {
  const prompts = calls.map(({ messages }) => JSON.stringify(messages))
  return prompts.slice(1).map((prompt, at) => {
    const before = prompts[at] as string
    let same = 0
    while (same < prompt.length && prompt[same] === before[same]) same += 1
    return same / prompt.length
  })
}

function lineOf(row: string, more: Pick<Line, 'unit' | 'floor' | 'ours'> & Partial<Line>): Line {
  return { row: `${name}${row}`, ratio: null, target: '', verdict: 'no target', ...more }
}

export const notesRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name,
  async measure({ folder, quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const lastMessages = { semanticRecall: false, lastMessages: 10 } as const
    const bare = await sideOf(join(folder, 'notes-off.db'), lastMessages)
    const noted = await sideOf(join(folder, 'notes-on.db'), { ...lastMessages, observationalMemory: { model: false } })
    const [warmUps, turns] = quick ? [2, 10] : [50, 200]
    const times = { bare: [] as number[], noted: [] as number[] }
    for (let turn = 0; turn < warmUps + turns; turn++) {
      const [without, withNotes] = [await turnOf(bare, turn), await turnOf(noted, turn)]
      if (turn < warmUps) continue
      times.bare.push(without)
      times.noted.push(withNotes)
    }
    const ratio = median(times.noted.map((ms, turn) => ms / (times.bare[turn] as number)))
    const shares = sameShares(noted.model).slice(warmUps)
    await Promise.all([bare.memory.close(), noted.memory.close()])
    return [
      lineOf('', {
        unit: 'ms',
        floor: median(times.bare),
        ours: median(times.noted),
        ratio,
        target: `ratio ≤ ${mostRatio}`,
        verdict: judge(ratio, { atMost: mostRatio }),
        note: `p95 ${quantile(times.noted, 0.95).toFixed(2)} ms; without notes ${quantile(times.bare, 0.95).toFixed(2)} ms`,
      }),
      lineOf(', share of the prompt as in the turn before', {
        unit: '%',
        floor: null,
        ours: 100 * median(shares),
        note: `least ${(100 * Math.min(...shares)).toFixed(1)} %`,
      }),
    ]
  },
}
