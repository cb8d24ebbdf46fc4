// Every argument that holds what somebody says or stores: words, questions, JSON.
import type { Change } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { agentOf, type Entry, type Scene } from './hostile-scene.ts'

type Call = (scene: Scene, text: string) => unknown

function entry(method: string, argument: string, call: Call, prepare?: Call): Entry {
  return { method, argument, call, ...(prepare === undefined ? {} : { prepare }) }
}

/** The text as JSON may hold it: as a value, as a key, deep inside, and cut into many. */
const shapes: Readonly<Record<string, (text: string) => Record<string, unknown>>> = {
  'a value': (text) => ({ note: text }),
  'a key': (text) => ({ [text]: 1 }),
  'a deep value': (text) => {
    let value: Record<string, unknown> = { text }
    for (let depth = 0; depth < 50; depth++) value = { a: value }
    return value
  },
  'many values': (text) => ({ list: text.match(/[\s\S]{1,40}/gu) ?? [] }),
}

/** A row for each shape of JSON. */
function json(method: string, argument: string, call: (s: Scene, value: Record<string, unknown>) => unknown): Entry[] {
  return Object.entries(shapes).map(([shape, make]) =>
    entry(method, `${argument}: ${shape}`, (scene, text) => call(scene, make(text))),
  )
}

const ask = (s: Scene) => s.memory.saveMessages({ ...s.where, messages: ['one', 'two'] })

const conversation: readonly Entry[] = [
  ...json('Memory.createThread', 'metadata', (s, metadata) => s.memory.createThread({ ...s.where, metadata })),
  ...json('Memory.listThreads', 'filter', (s, metadata) => {
    return s.memory.listThreads({ resourceId: s.resourceId, filter: { metadata } })
  }),
  entry('Memory.updateThread', 'metadata', (s, text) => s.memory.updateThread({ ...s.where, metadata: { text } }), ask),
  entry('Memory.cloneThread', 'metadata', (s, text) => s.memory.cloneThread({ ...s.where, metadata: { text } }), ask),
  entry('Memory.saveMessages', 'words', (s, text) => s.memory.saveMessages({ ...s.where, messages: text })),
  entry('Memory.saveMessages', 'words of a part', (s, text) => {
    return s.memory.saveMessages({ ...s.where, messages: { role: 'assistant', parts: [{ type: 'text', text }] } })
  }),
  entry('Memory.saveMessages', 'a file', (s, url) => {
    const part = { type: 'file', mediaType: 'text/plain', url }
    return s.memory.saveMessages({ ...s.where, messages: { role: 'user', parts: [part] } })
  }),
  entry('Memory.saveMessages', 'a picture', (s, image) => {
    return s.memory.saveMessages({ ...s.where, messages: { role: 'user', content: [{ type: 'image', image }] } })
  }),
  ...json('Memory.saveMessages', 'a call of a tool', (s, input) => {
    const call = { type: 'tool-x', toolCallId: 'c', state: 'output-available', input, output: input }
    return s.memory.saveMessages({ ...s.where, messages: { role: 'assistant', parts: [call] } })
  }),
  ...json('Memory.saveMessages', 'metadata', (s, metadata) => {
    return s.memory.saveMessages({ ...s.where, messages: { role: 'user', content: 'x', metadata } })
  }),
  entry(
    'Memory.updateMessages',
    'words',
    async (s, content) => {
      const { messages } = await s.memory.listMessages(s.where)
      return s.memory.updateMessages({ messages: messages.map(({ id }) => ({ id, content })) })
    },
    ask,
  ),
  entry('Memory.recall', 'query', (s, query) => s.memory.recall({ ...s.where, query }), ask),
  entry(
    'Memory.recall',
    'what was said',
    (s, text) => s.memory.recall({ ...s.where, query: `what ${text.slice(0, 9)}` }),
    (s, text) => s.memory.saveMessages({ ...s.where, messages: [text, 'two'] }).catch(() => null),
  ),
  entry(
    'Memory.recall',
    'vectorSearchString',
    (s, vectorSearchString) => s.memory.recall({ ...s.where, vectorSearchString }),
    ask,
  ),
  ...json('Memory.recall', 'filter', (s, filter) => s.memory.recall({ ...s.where, query: 'one', filter })),
  entry('Space.recall', 'query', (s, text) => s.memory.space(`resource/${s.resourceId}`).recall(text), ask),
]

const inLines = (s: Scene, text: string) => ({ ...s.where, workingMemory: text.slice(0, 60_000) })

const workingMemory: readonly Entry[] = [
  entry('Memory.updateWorkingMemory', 'text', (s, text) =>
    s.memory.updateWorkingMemory({ ...s.where, workingMemory: text }),
  ),
  entry(
    'Memory.updateWorkingMemory',
    'text over another',
    (s, text) => s.memory.updateWorkingMemory({ ...s.where, workingMemory: `${text}\nmine`, ifVersion: 1 }),
    async (s, text) => {
      await s.memory.updateWorkingMemory(inLines(s, text)).catch(() => null)
      await s.memory.updateWorkingMemory({ ...s.where, workingMemory: `theirs\n${text}` }).catch(() => null)
    },
  ),
  ...json('Memory.updateWorkingMemory', 'JSON', (s, value) =>
    s.memory.updateWorkingMemory({ ...s.where, workingMemory: value }),
  ),
  entry(
    'Memory.getWorkingMemory',
    'text',
    (s) => s.memory.getWorkingMemory(s.where),
    (s, text) => s.memory.updateWorkingMemory(inLines(s, text)).catch(() => null),
  ),
  entry(
    'Memory.getWorkingMemoryHistory',
    'text',
    (s) => s.memory.getWorkingMemoryHistory(s.where),
    (s, text) => s.memory.updateWorkingMemory(inLines(s, text)).catch(() => null),
  ),
  entry(
    'Memory.restoreWorkingMemory',
    'text',
    (s) => s.memory.restoreWorkingMemory({ ...s.where, version: 1 }),
    (s, text) => s.memory.updateWorkingMemory(inLines(s, text)).catch(() => null),
  ),
]

const team: readonly Entry[] = [
  ...json('Team.write', 'value', (s, value) => s.team.write('k', value)),
  ...json('Team.merge', 'patch', (s, value) => s.team.merge('k', value)),
  ...json('Team.append', 'item', (s, value) => s.team.append('k', value)),
  ...json('Team.update', 'value', (s, value) => s.team.update('k', () => value)),
  entry(
    'Team.read',
    'value',
    (s) => s.team.read('k'),
    (s, text) => s.team.write('k', text).catch(() => null),
  ),
]

const home = (s: Scene) => ({ userId: s.resourceId, infer: false }) as const
const known = (s: Scene) => s.memory.facts.add('Ann likes tea.', home(s))

const facts: readonly Entry[] = [
  entry('Facts.add', 'text', (s, text) => s.memory.facts.add(text, home(s)), known),
  entry('Memory.add', 'a message', (s, content) => s.memory.add([{ role: 'user', content }], home(s)), known),
  ...json('Facts.add', 'metadata', (s, metadata) => s.memory.facts.add('x', { ...home(s), metadata })),
  entry('Facts.search', 'query', (s, text) => s.memory.facts.search(text, { userId: s.resourceId }), known),
  entry('Memory.search', 'query', (s, text) => s.memory.search(text, { userId: s.resourceId }), known),
  ...json('Facts.search', 'filters', (s, filters) => s.memory.facts.search('x', { userId: s.resourceId, filters })),
  ...json('Facts.getAll', 'filters', (s, filters) => s.memory.facts.getAll({ userId: s.resourceId, filters })),
  entry(
    'Facts.update',
    'text',
    async (s, text) => {
      const { results } = await s.memory.facts.getAll({ userId: s.resourceId })
      return s.memory.facts.update(results[0]?.id ?? '', text)
    },
    known,
  ),
  entry(
    'mem0.add',
    'text',
    (s, text) => new Mem0Memory(s.memory).add(text, { user_id: s.resourceId, infer: false }),
    known,
  ),
  entry('mem0.search', 'query', (s, text) => new Mem0Memory(s.memory).search(text, { user_id: s.resourceId }), known),
  ...json('mem0.search', 'filters', (s, filters) => new Mem0Memory(s.memory).search('x', { user_id: 'u', filters })),
]

const changes: readonly ((text: string) => object)[] = [
  (text) => ({
    kind: 'message-append',
    threadId: 't',
    createThread: true,
    messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
  }),
  (text) => ({ kind: 'entry-write', key: 'k', value: { text } }),
  (text) => ({ kind: 'block-write', name: 'main', format: 'text', value: text }),
  (text) => ({ kind: 'fact-assert', unique: 'u', text }),
  (text) => ({ kind: 'run-put', unique: 'u', name: 'n', details: { text } }),
]

const spaces: readonly Entry[] = changes.map((make, index) =>
  entry('Space.commit', `words of change ${index}`, (s, text) => {
    return s.memory.space(`resource/${s.resourceId}`).commit([make(text) as Change])
  }),
)

const agents: readonly Entry[] = (['generate', 'stream'] as const).flatMap((way) => {
  const run = async (s: Scene, input: unknown, given: object = {}) => {
    const result = await agentOf(s)[way](input as string, { ...s.where, ...given })
    if ('finished' in result) await result.finished
    return result.text
  }
  return [
    entry(`Agent.${way}`, 'a question', (s, text) => run(s, text), ask),
    entry(
      `Agent.${way}`,
      'a history',
      (s, content) => {
        return run(s, [
          { role: 'user', content },
          { role: 'assistant', content },
          { role: 'user', content: 'x' },
        ])
      },
      ask,
    ),
    entry(
      `Agent.${way}`,
      'a history with ids',
      (s, content) => {
        const history = [
          { id: 'a', role: 'user', content },
          { id: 'b', role: 'assistant', content },
        ]
        return run(s, [...history, { id: 'c', role: 'user', content: 'x' }])
      },
      ask,
    ),
    entry(`Agent.${way}`, 'instructions', (s, instructions) => run(s, 'x', { instructions })),
    ...json(`Agent.${way}`, 'metadata of the thread', (s, metadata) => {
      return run({ ...s, where: {} as never }, 'x', {
        memory: { resource: s.resourceId, thread: { id: 't', metadata } },
      })
    }),
  ]
})

/** Where words are kept, asked for or merged: all else does the same with them, or only carries them. */
const whole = new Set([
  ...['Memory.saveMessages: words', 'Memory.recall: query', 'Memory.recall: what was said', 'Facts.add: text'],
  'Memory.updateWorkingMemory: text over another',
])

const all = [...conversation, ...workingMemory, ...team, ...facts, ...spaces, ...agents]

export const hostileTexts: readonly Entry[] = all.map((entry) => {
  return whole.has(`${entry.method}: ${entry.argument}`) ? entry : { ...entry, nth: 4 }
})
