// Ends calls in every phase, in a process where nobody catches what is left over: a rejection nobody handles ends it.
import { writeSync } from 'node:fs'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { tool } from 'ai'
import { z } from 'zod'
import { Agent, Aquifer, Memory } from '../../src/index.ts'
import { type Step, scriptedModel } from '../../src/testing/index.ts'
import { callIn, isNamed, type Line, type Mode, nameModel, type Phase, phases, place } from './ends.ts'

const mode = JSON.parse(process.argv[2] ?? '') as Mode

function modelOf(script: readonly Step[]) {
  const model = scriptedModel({ script })
  return new Proxy(model, {
    get: (of, name) => {
      if (name === 'modelId' && !isNamed) throw new Error('no name')
      return Reflect.get(of, name, of) as unknown
    },
  })
}

const failingLogger = {
  debug() {},
  info() {},
  warn() {
    throw new Error('no log')
  },
  error() {
    throw new Error('no log')
  },
}

// The console is the last resort of a logger that fails. What ends the process, Node itself writes.
console.warn = console.error = () => {}

async function turnsOf(memory: Memory): Promise<Line['turns']> {
  const { messages } = await memory.listMessages({ ...place, perPage: false })
  return messages.map(({ turnStatus, role, parts }) => {
    const said = parts.map(({ type, text }) => (type === 'text' ? String(text) : '')).join('')
    return [turnStatus ?? '', role, said]
  })
}

async function run({ name, script = ['One two.'], agent: more, call }: Phase): Promise<Line> {
  const memory = new Memory({ storage: ':memory:', background: false, embedder: false })
  const stop = new AbortController()
  const scene = { memory, stop }
  const leave = tool({ description: 'x', inputSchema: z.object({}), execute: () => memory.deleteThread(place) })
  const agent = new Agent({ name: 'Helper', model: modelOf(script), memory, tools: { leave }, ...more?.(scene) })
  new Aquifer({ agents: [agent], logger: failingLogger })
  const options = { ...place, abortSignal: stop.signal, maxRetries: 0, onError() {}, ...call?.(scene) }
  let told: string | null = null
  let threw: string | null = null
  try {
    told = await callIn(mode, agent, options)
  } catch (error) {
    threw = error instanceof Error ? error.name : String(error)
  }
  let turns = await turnsOf(memory)
  while (mode !== 'generate' && told === null && turns.some(([status]) => status === 'open')) {
    await turnOfTheLoop()
    turns = await turnsOf(memory)
  }
  nameModel(true)
  const next = await new Agent({ name: 'Helper', model: scriptedModel({ script: ['Yes.'] }), memory }).generate(
    'Are you there?',
    place,
  )
  const { runs } = await memory.listRuns({ resourceId: place.resourceId, status: 'running' })
  await memory.close()
  await turnOfTheLoop()
  return { name, told, threw, turns, running: runs.length, next: next.text, warnings: next.warnings?.length ?? 0 }
}

for (const phase of phases) {
  if (phase.streamsOnly === true && mode === 'generate') continue
  writeSync(1, `${JSON.stringify(await run(phase))}\n`)
}
