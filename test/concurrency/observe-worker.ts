// One of two processes that observe a thread, make notes of it ahead, show them and condense them, until it is killed.
import { writeSync } from 'node:fs'
import { MemoryError } from '../../src/domain/error.ts'
import { Memory } from '../../src/facade/memory.ts'
import { type ModelCall, scriptedModel } from '../../src/testing/scripted-model.ts'
import { noteAround, observedWhere } from '../memory/observed-thread.ts'
import { observerAnswer } from '../memory/observer-answers.ts'
import { clockOf, type Observed, type ObserveTask, roundIn } from './observe-shared.ts'

const { url, rounds, isModel } = JSON.parse(process.argv[2] ?? '') as ObserveTask

class Down extends Error {}

/** In each fifth round the model is down; at other times one of six answers cannot be used. */
function answerTo({ prompt }: ModelCall): unknown {
  if (roundIn(rounds) % 5 === 4) throw new Error('The model is down.')
  if (Math.random() < 1 / 6) return 'Not what was asked for.'
  const noted = (text: string) => `Noted: ${text}`
  return observerAnswer(prompt, { noted, condensed: (texts) => `Condensed ${texts.length} notes.` })
}

const model = isModel ? scriptedModel({ answer: answerTo }) : null
const observing = {
  model: model ?? false,
  observation: { messageTokens: 150, bufferTokens: 0.3, bufferActivation: 0.6, maxTokensPerBatch: 40 },
  reflection: { observationTokens: 200 },
  hooks: {
    afterObservation() {
      if (!isModel && Math.random() < 1 / 12) throw new Down('The hook is down.')
      return undefined
    },
  },
} as const
const memory = new Memory({
  storage: url,
  embedder: false,
  background: false,
  clock: clockOf(rounds),
  options: { observationalMemory: observing },
})

async function step(number: number): Promise<Observed> {
  if (number % 9 === 7) return { did: 'reflect', ...(await memory.reflect(observedWhere)) }
  if (number % 9 === 8) return { did: 'observe', ...(await memory.observe(observedWhere)) }
  const { status, notes } = (await noteAround(memory, observing, model)) ?? { status: 'none', notes: 0 }
  return { did: 'turn', status, notes }
}

const isExpected = (error: unknown) =>
  error instanceof Down || (error instanceof MemoryError && error.code === 'unavailable')

for (let number = Math.floor(Math.random() * 9); ; number++) {
  let line: Observed
  try {
    line = await step(number)
  } catch (error) {
    if (!isExpected(error)) throw error
    line = { did: 'turn', status: 'failed', notes: 0 }
  }
  writeSync(1, `${JSON.stringify(line)}\n`)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
