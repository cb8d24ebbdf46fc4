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
/** So few tokens that notes replace messages while the bench runs. */
const fewTokens = 2_000
const place = { resourceId: 'customer', threadId: 'conversation' }

interface Side {
  readonly memory: Memory
  readonly agent: Agent
  readonly model: ScriptedModel
  /** Milliseconds in the model since it was last asked for. */
  readonly inModel: () => number
}

/** A model that says how long it took: it stands for one that runs elsewhere. */
function timedModel(model: ScriptedModel) {
  let ms = 0
  const timed = new Proxy(model, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (property !== 'doGenerate') return value
      return async (...call: Parameters<ScriptedModel['doGenerate']>) => {
        const started = performance.now()
        const answer = await target.doGenerate(...call)
        ms += performance.now() - started
        return answer
      }
    },
  })
  const inModel = () => {
    const spent = ms
    ms = 0
    return spent
  }
  return { timed, inModel }
}

/** @param before The thread of the turns that were said before. */
async function sideOf(file: string, behaviour: MemoryBehaviour, before = place.threadId): Promise<Side> {
  const { Agent, Memory } = await import('aquifer')
  const memory = new Memory({ storage: `file:${file}`, embedder: false, options: behaviour })
  for (let turn = 0; turn < turnsBefore; turn++) {
    await memory.saveMessages({ ...place, threadId: before, messages: [...saidAt(turn)] })
  }
  await memory.observe({ ...place, threadId: before })
  const model = scriptedModel({ answer: ({ number }) => saidAt(turnsBefore + number)[1].content })
  const { timed, inModel } = timedModel(model)
  const agent = new Agent({ name: 'Support', instructions: 'You support customers.', model: timed, memory })
  return { memory, model, inModel, agent }
}

/** Milliseconds of a turn without its model. What is done after the turn is waited for, and not counted. */
async function turnOf({ agent, memory, inModel }: Side, turn: number): Promise<number> {
  inModel()
  const started = performance.now()
  await agent.generate(saidAt(turnsBefore + turn)[0].content, place)
  const ms = performance.now() - started - inModel()
  await memory.settled()
  return ms
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

/** Says how much of a prompt a provider could take from its cache: the beginning that was in the prompt before. */
function shareLine(row: string, shares: readonly number[]): Line {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return lineOf(`, share of the prompt as in the turn before${row}`, {
    unit: '%',
    floor: null,
    ours: 100 * median(shares),
    note: `mean ${percent(mean)}, least ${percent(Math.min(...shares))}`,
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
    const semanticRecall = false
    const observationalMemory = { model: false } as const
    const last = await sideOf(join(folder, 'notes-last.db'), { semanticRecall, lastMessages: 10 })
    // The same messages are shown as they were said; those before them are in another thread.
    const bare = await sideOf(join(folder, 'notes-off.db'), { semanticRecall, lastMessages: 1_000 }, 'before')
    const noted = await sideOf(join(folder, 'notes-on.db'), { semanticRecall, observationalMemory })
    const [warmUps, turns] = quick ? [2, 10] : [50, 200]
    const times = { last: [] as number[], bare: [] as number[], noted: [] as number[] }
    for (let turn = 0; turn < warmUps + turns; turn++) {
      const [short, without, withNotes] = [
        await turnOf(last, turn),
        await turnOf(bare, turn),
        await turnOf(noted, turn),
      ]
      if (turn < warmUps) continue
      times.last.push(short)
      times.bare.push(without)
      times.noted.push(withNotes)
    }
    const ratioTo = (others: readonly number[]) => median(times.noted.map((ms, turn) => ms / (others[turn] as number)))
    const ratio = ratioTo(times.bare)
    const few = { model: false, observation: { messageTokens: fewTokens } } as const
    const busy = await sideOf(join(folder, 'notes-few.db'), { semanticRecall, observationalMemory: few })
    for (let turn = 0; turn < warmUps + turns; turn++) {
      await turnOf(busy, turn)
      await busy.memory.settled()
    }
    const shares = [noted, busy].map(({ model }) => sameShares(model).slice(warmUps))
    await Promise.all([last, bare, noted, busy].map(({ memory }) => memory.close()))
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
      lineOf(', next to the last 10 messages', {
        unit: 'ms',
        floor: median(times.last),
        ours: median(times.noted),
        ratio: ratioTo(times.last),
        note: `the prompt shows up to ${2 * (warmUps + turns)} messages as they were said`,
      }),
      shareLine('', shares[0] ?? []),
      shareLine(`, notes at ${fewTokens} tokens`, shares[1] ?? []),
    ]
  },
}
