// Random runs of agents that see marked words and write some of them on, in threads, facts, entries and working memory.
import { Agent, createTool, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import fc from 'fast-check'
import { z } from 'zod'

const resources = ['ann', 'bob'] as const
const threads = ['t', 'u'] as const
const keys = ['plan', 'notes'] as const

const mostly = fc.nat(3).map((n) => n > 0)

const read = fc.oneof(
  fc.record({ read: fc.constant('entry' as const), key: fc.constantFrom(...keys) }),
  fc.record({ read: fc.constant('facts' as const), of: fc.constantFrom(...resources) }),
  fc.record({ read: fc.constant('task' as const) }),
  fc.record({ read: fc.constant('block' as const), of: fc.constantFrom(...resources) }),
  fc.record({ read: fc.constant('search' as const), of: fc.constantFrom(...resources) }),
)
const write = fc.record({
  write: fc.constantFrom('entry' as const, 'fact' as const, 'task' as const, 'block' as const, 'append' as const),
  key: fc.constantFrom(...keys),
  of: fc.constantFrom(...resources),
  leaks: mostly,
})

/** What one call does: in which thread, with which tools, and whether its question and its answer have marked words. */
export const runPlan = fc.record({
  resource: fc.constantFrom(...resources),
  thread: fc.constantFrom(...threads),
  agent: fc.constantFrom('one', 'two'),
  isMarked: mostly,
  leaks: fc.boolean(),
  acts: fc.array(fc.oneof(read, write), { maxLength: 6 }),
})
export type RunPlan = typeof runPlan extends fc.Arbitrary<infer Plan> ? Plan : never

const marker = /zq\d+mark/g
export const markersIn = (text: string): readonly string[] => [...new Set(text.match(marker) ?? [])]

/** Words that no other record has. */
class Words {
  #count = 0
  make = (): string => {
    this.#count += 1
    const letters = String(this.#count).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] as string)
    return `w${letters}xu w${letters}yo w${letters}zi`
  }
}

/** A question that was asked, and the mark in it. */
export interface Marked {
  readonly messageId: string
  readonly mark: string
  readonly resourceId: string
  readonly threadId: string
}

/** Runs the plans one after the other; answers the messages of users that have a mark. */
export async function runAll(memory: Memory, plans: readonly RunPlan[]): Promise<readonly Marked[]> {
  const words = new Words()
  const marked: Marked[] = []
  for (const [index, plan] of plans.entries()) {
    const mark = `zq${1_000 + index}mark`
    const where = { resourceId: plan.resource, threadId: plan.thread }
    const said = plan.isMarked ? `${words.make()} ${mark} ${words.make()}` : words.make()
    await agentFor(memory, plan, words).generate(said, where)
    if (!plan.isMarked) continue
    const { messages } = await memory.listMessages({ ...where, perPage: false })
    const own = messages.find((message) => message.role === 'user' && JSON.stringify(message.parts).includes(mark))
    marked.push({ messageId: own?.id as string, mark, ...where })
  }
  return marked
}

function agentFor(memory: Memory, plan: RunPlan, words: Words): Agent {
  const held = new Set<string>()
  const work = createTool({
    id: 'work',
    description: 'Works.',
    inputSchema: z.object({}),
    execute: async (_, context) => {
      for (const act of plan.acts) {
        if ('read' in act) for (const mark of markersIn(JSON.stringify(await reading(memory, act)))) held.add(mark)
        else await writing(context.memory as Memory, act, act.leaks ? [words.make(), ...held].join(' ') : words.make())
      }
      return 'done'
    },
  })
  const model = scriptedModel({
    answer: ({ number, transcript }) => {
      for (const mark of markersIn(transcript)) held.add(mark)
      if (number === 1) return callTool('work')
      return plan.leaks ? [words.make(), ...held].join(' ') : words.make()
    },
  })
  return new Agent({ name: plan.agent, model, memory, tools: { work } })
}

type Read = Extract<RunPlan['acts'][number], { read: string }>
type Write = Extract<RunPlan['acts'][number], { write: string }>

/** Reads with a memory that the application holds: the run is known all the same. */
async function reading(memory: Memory, act: Read): Promise<unknown> {
  if (act.read === 'entry') return memory.team('acme').read(act.key)
  if (act.read === 'facts') return memory.facts.getAll({ userId: act.of })
  if (act.read === 'task') return memory.facts.getAll({ taskId: 'job' })
  if (act.read === 'block') return memory.getWorkingMemory({ resourceId: act.of })
  return memory.recall({ resourceId: act.of, query: 'waxu wbxu wcxu wdxu' })
}

async function writing(memory: Memory, { write: what, key, of }: Write, text: string): Promise<unknown> {
  if (what === 'entry') return memory.team('acme').write(key, { text })
  if (what === 'append') return memory.team('acme').append(`${key}-list`, text)
  if (what === 'fact') return memory.add(text, { userId: of, infer: false })
  if (what === 'task') return memory.add(text, { taskId: 'job', infer: false })
  return memory.updateWorkingMemory({ resourceId: of, workingMemory: text, mode: 'replace' })
}
