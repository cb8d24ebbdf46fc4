// Large results of tools: prompts show their beginning and end, and the tool `recall` reads the rest in pieces.
import { type Tool, tool } from 'ai'
import { Agent, type Memory, type MemoryOptions } from 'aquifer'
import { callTool, type ModelCall, promptProblems, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { headAndTail, pieceOf } from '../../src/agent/tools/result-text.ts'
import { openMemory } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'
import { at, type Way, ways } from './aftermath.ts'

const limits = { toolResultLength: 400 }
const lines = Array.from({ length: 200 }, (_, line) => `line ${line}`).join('\n')

const pageOf = (output: unknown, more: object = {}): Tool =>
  tool({ description: 'Answers a page.', inputSchema: z.object({}), execute: async () => output, ...more }) as Tool
const page = pageOf(lines)
const other = tool({ description: 'Answers 1.', inputSchema: z.object({}), execute: async () => 1 })

async function run(way: Way, agent: Agent, question: string, more: object = {}): Promise<void> {
  if (way === 'generate') await agent.generate(question, { ...at, ...more })
  else await (await agent.stream(question, { ...at, ...more })).finished
}

const open = (options: MemoryOptions = {}) => openMemory({ limits, ...options })

const promptOf = ({ messages }: ModelCall) => JSON.stringify(messages)
const offered = ({ calls }: ScriptedModel) => calls.map(({ tools }) => tools.map(({ name }) => name).sort())

/** What a prompt says of the rest of a result. */
function restIn(call: ModelCall | undefined): { readonly result: string; readonly from: number } {
  const found = /recall, result \\"(.+?)\\", from (\d+)/.exec(JSON.stringify(call?.messages).replaceAll('\\\\', '\\'))
  expect(found).not.toBeNull()
  return { result: String(found?.[1]), from: Number(found?.[2]) }
}

/** The outputs of the tool `recall` in a prompt. */
function readIn(call: ModelCall | undefined): readonly string[] {
  type Part = { readonly toolName?: string; readonly output?: { readonly value?: unknown } }
  const parts = (call?.messages ?? []).flatMap(({ role, content }) =>
    role === 'tool' ? (content as unknown as Part[]) : [],
  )
  return parts.flatMap(({ toolName, output }) => (toolName === 'recall' ? [String(output?.value)] : []))
}

/** A model that reads a result to its end, from where it is cut; what it has read. */
function reader(first: readonly unknown[] = []): ScriptedModel & { read(): string } {
  const model = scriptedModel({
    answer: (call) => {
      const step = first[call.number - 1]
      if (step !== undefined) return step
      const { result, from } = restIn(call)
      const last = readIn(call).at(-1)
      const next = last === undefined ? from : Number(/Read on from (\d+)/.exec(last)?.[1])
      return Number.isNaN(next) ? 'Read.' : callTool('recall', { result, from: next })
    },
  })
  const read = () =>
    readIn(model.calls.at(-1))
      .map((text) => text.slice(0, text.lastIndexOf('\n[Characters')))
      .join('')
  return Object.assign(model, { read })
}

describe.each(ways)('%s', (way) => {
  it('shows the beginning and the end in the turn of the tool and in later ones, and stores all of it', async () => {
    const memory = open()
    const model = scriptedModel({ script: [callTool('page'), 'Done.', 'Next.'] })
    const agent = new Agent({ name: 'A', memory, model, tools: { page } })
    for (const question of ['Read it', 'And now?']) await run(way, agent, question)
    const writer = scriptedModel({ script: ['B'] })
    await run(way, new Agent({ name: 'B', memory, model: writer, tools: { other } }), 'And you?')
    for (const call of [...model.calls.slice(1), ...writer.calls]) {
      expect(promptProblems(call.messages)).toEqual([])
      expect(promptOf(call)).toContain('line 0')
      expect(promptOf(call)).toContain('line 199')
      expect(promptOf(call)).not.toContain('line 100')
      expect(promptOf(call)).toContain(`${(lines.length - 400).toLocaleString('en')} characters are left out`)
    }
    const rests = [...model.calls.slice(1), ...writer.calls].map(restIn)
    expect(new Set(rests.map(({ result }) => result)).size).toBe(1)
    expect(offered(model)).toEqual([['page'], ['page', 'recall'], ['page', 'recall']])
    expect(offered(writer)).toEqual([['other', 'recall']])
    const { messages } = await memory.listMessages(at)
    expect(messages.flatMap(({ parts }) => parts).find(({ type }) => type === 'tool-page')?.output).toBe(lines)
  })

  it.each([
    ['as soon as it is there', {}],
    ['before it is stored', { savePerStep: false }],
  ])('reads the rest in its own turn, %s', async (_, more) => {
    const model = reader([callTool('page')])
    await run(way, new Agent({ name: 'A', memory: open(), model, tools: { page } }), 'Read it', more)
    expect(lines.slice(restIn(model.calls.at(-1)).from)).toBe(model.read())
    expect(readIn(model.calls.at(-1)).length).toBeGreaterThan(2)
  })

  it('reads the rest in a later turn, by another agent too', async () => {
    const memory = open()
    const script = [callTool('page'), 'Done.']
    await run(way, new Agent({ name: 'A', memory, model: scriptedModel({ script }), tools: { page } }), 'Read it')
    const model = reader()
    await run(way, new Agent({ name: 'B', memory, model, tools: { other } }), 'What does it say?')
    expect(lines.slice(restIn(model.calls[0]).from)).toBe(model.read())
    // What it read is no part of the conversation.
    const next = scriptedModel({ script: ['C'] })
    await run(way, new Agent({ name: 'C', memory, model: next }), 'And?')
    expect(next.calls[0]?.transcript).not.toContain('line 100')
  })

  it('reads the rest where nothing is stored', async () => {
    const model = reader([callTool('page')])
    const memory = open({ options: { readOnly: true } })
    await run(way, new Agent({ name: 'A', memory, model, tools: { page } }), 'Read it')
    expect(lines.slice(restIn(model.calls.at(-1)).from)).toBe(model.read())
  })
})

const stored = { type: 'tool-page', toolCallId: 'c1', input: {} }
const done = { ...stored, state: 'output-available', output: 'short' }
const rows = Array.from({ length: 100 }, (_, row) => ({ row }))

test.each<[string, object, string]>([
  ['a text', { ...done, output: lines }, lines],
  ['JSON', { ...done, output: rows }, JSON.stringify(rows)],
  ['what its tool shows of it', { ...done, modelOutput: { type: 'text', value: lines } }, lines],
  ['what its tool shows as JSON', { ...done, modelOutput: { type: 'json', value: rows } }, JSON.stringify(rows)],
  [
    'what its tool shows in parts',
    {
      ...done,
      modelOutput: {
        type: 'content',
        value: [
          { type: 'text', text: 'First' },
          { type: 'text', text: lines },
        ],
      },
    },
    `First\n${lines}`,
  ],
  ['an error', { ...stored, state: 'output-error', errorText: lines }, lines],
])('%s is cut and read as models are shown it', async (_, part, text) => {
  const memory = open()
  await memory.saveMessages({ ...at, messages: ['Read it', { role: 'assistant', parts: [part] }] as never })
  const model = reader()
  await new Agent({ name: 'A', memory, model, tools: { other } }).generate('And now?', at)
  expect(promptOf(model.calls[0] as ModelCall)).not.toContain('line 100')
  expect(text.slice(restIn(model.calls[0]).from)).toBe(model.read())
})

it('keeps the files of a result that is cut', async () => {
  const file = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } }
  const tools = {
    page: pageOf('x', { toModelOutput: () => ({ type: 'content', value: [{ type: 'text', text: lines }, file] }) }),
  }
  const model = scriptedModel({ script: [callTool('page'), 'Done.', 'Next.'] })
  const agent = new Agent({ name: 'A', memory: open(), model, tools })
  for (const question of ['Read it', 'And now?']) await agent.generate(question, at)
  for (const call of model.calls.slice(1))
    expect(call.messages.flatMap(({ content }) => content as readonly object[])).toContainEqual(
      expect.objectContaining({ type: 'file', mediaType: 'image/png' }),
    )
})

const secret = {
  ...stored,
  toolCallId: 'c2',
  state: 'output-available',
  output: { card: lines },
  modelOutput: { type: 'text', value: 'gold' },
}
const mine = {
  ...stored,
  type: 'tool-note',
  toolCallId: 'c3',
  state: 'output-available',
  output: lines,
  toolMetadata: { aquifer: { internal: true } },
}

/** Has an agent read results by these names. */
async function readAll(memory: Memory, names: readonly string[]): Promise<readonly string[]> {
  const script = [...names.map((result) => callTool('recall', { result })), 'Done.']
  const model = scriptedModel({ script })
  await new Agent({ name: 'R', memory, model }).generate('Read', {
    ...at,
    memory: { options: { semanticRecall: true, turns: 'parallel' } },
  })
  return readIn(model.calls.at(-1))
}

it('reads nothing that a prompt would not show', async () => {
  const memory = open()
  const save = async (threadId: string, parts: readonly object[], resourceId = at.resourceId) => {
    const messages = ['Hi', { role: 'assistant', parts }] as never
    const { messages: saved } = await memory.saveMessages({ resourceId, threadId, messages })
    return String(saved.at(-1)?.id)
  }
  const here = await save(at.threadId, [done, secret, mine])
  const gone = await save(at.threadId, [done])
  await memory.deleteMessages([gone])
  const elsewhere = await save('other', [done])
  const foreign = await save(at.threadId, [done], 'bob')
  const space = memory.as({ kind: 'agent', id: 'x' }).space(`resource/${at.resourceId}`)
  const opened = await space.commit([
    { kind: 'turn-open', threadId: at.threadId, leaseMs: 60_000 },
    {
      kind: 'message-append',
      threadId: at.threadId,
      opened: 0,
      messages: [{ id: 'o/1', role: 'assistant', parts: [done] }],
    },
  ] as never)
  expect(opened.status).toBe('committed')
  const names = [
    `${here}/c1`,
    `${here}/c2`,
    `${here}/c3`,
    `${here}/nope`,
    `${gone}/c1`,
    `${elsewhere}/c1`,
    `${foreign}/c1`,
    'o/1/c1',
    'c1',
    '',
    '/',
  ]
  const read = await readAll(memory, names)
  expect(read[0]).toBe('short\n[Characters 0 to 5 of 5. This is the end.]')
  expect(read[1]).toBe('gold\n[Characters 0 to 4 of 4. This is the end.]')
  for (const [index, text] of read.slice(2).entries()) {
    expect(text).toBe(`There is no result ${JSON.stringify(names[index + 2])} in this conversation.`)
  }
})

it.each<[string, object, object]>([
  ['has no tools', {}, {}],
  ['has a tool of that name itself', { tools: { recall: other } }, {}],
  ['may not use it', { tools: { other } }, { activeTools: ['other'] }],
])('names no tool to an agent that %s', async (_, agent, call) => {
  const memory = open()
  await memory.saveMessages({
    ...at,
    messages: ['Read', { role: 'assistant', parts: [{ ...done, output: lines }] }] as never,
  })
  const model = scriptedModel({ script: ['Done.'] })
  await new Agent({ name: 'A', memory, model, ...agent }).generate('And now?', { ...at, ...call } as never)
  const prompt = promptOf(model.calls[0] as ModelCall)
  expect(prompt).toContain('characters are left out here …]')
  expect(prompt).not.toContain('line 100')
  expect(offered(model)).toEqual([Object.keys((agent as { tools?: object }).tools ?? {})])
})

it('reads the right one of two results whose calls had one id', async () => {
  const memory = open()
  const answer = (output: string) => ({
    role: 'assistant',
    parts: [
      { ...done, output },
      { type: 'text', text: 'Done.' },
    ],
  })
  const messages = ['Read', answer(`first ${lines}`), 'Again', answer(`second ${lines}`)]
  await memory.saveMessages({ ...at, messages: messages as never })
  const model = reader()
  await new Agent({ name: 'A', memory, model, tools: { other } }).generate('And now?', at)
  const { from } = restIn(model.calls[0])
  expect(`first ${lines}`.slice(from)).toBe(model.read())
})

it('cuts a text between its characters, and its pieces are the text', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'ä', '😀', '\n'), { minLength: 1, maxLength: 60 })
    .map((chars) => chars.join(''))
  const property = fc.property(text, fc.integer({ min: 1, max: 20 }), (whole, length) => {
    const cut = headAndTail(whole, length, (from) => ` ${from} `)
    expect(cut === null).toBe(whole.length <= length)
    expect(cut?.isWellFormed() ?? true).toBe(true)
    let read = ''
    for (let from = 0; from < whole.length; ) {
      const piece = pieceOf(whole, from, length)
      expect(piece.text.isWellFormed() && piece.text.length <= length + 1).toBe(true)
      read += piece.text
      from = piece.end
    }
    expect(read).toBe(whole)
  })
  await runRandom(property, 300)
})
