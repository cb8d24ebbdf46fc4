// What is stored and then shown to a model, and what a model says to memory's own tools: texts that others wrote.
import { callTool } from 'aquifer/testing'
import { agentOf, type Entry, type Scene } from './hostile-scene.ts'

type Call = (scene: Scene, text: string) => unknown

/** A call of an agent that sees what was stored before. */
function shown(argument: string, prepare: Call, options: object = {}): Entry {
  return {
    method: 'Agent.generate',
    argument: `shown: ${argument}`,
    prepare: async (scene, text) => {
      await Promise.resolve(prepare(scene, text)).catch(() => null)
    },
    call: (scene) => agentOf(scene).generate('What do you know of it?', { ...scene.where, memory: { options } }),
  }
}

const stored: readonly Entry[] = [
  shown('a message', (s, text) => s.memory.saveMessages({ ...s.where, messages: text })),
  shown("another agent's message", (s, content) => {
    const author = { kind: 'agent', id: 'other', name: 'Other' } as const
    return s.memory.saveMessages({ ...s.where, messages: [{ role: 'assistant', content, author }] })
  }),
  shown('the name of an author', (s, text) => {
    const author = { kind: 'user', id: 'other', name: text.slice(0, 256) } as const
    return s.memory.saveMessages({ ...s.where, messages: [{ role: 'user', content: text, author }] })
  }),
  shown(
    'what is recalled',
    (s, text) => {
      const content = `you know it ${text}`
      return s.memory.saveMessages({ ...s.where, threadId: 'earlier', messages: [content, 'What do you know of it?'] })
    },
    { semanticRecall: { scope: 'resource', topK: 5 } },
  ),
  shown('a fact', (s, text) => s.memory.facts.add(text, { userId: s.resourceId, infer: false }), { facts: true }),
  shown(
    'working memory',
    (s, workingMemory) => s.memory.updateWorkingMemory({ resourceId: s.resourceId, workingMemory }),
    {
      workingMemory: { enabled: true },
    },
  ),
  shown(
    'working memory of a form',
    (s, text) =>
      s.memory.updateWorkingMemory({ resourceId: s.resourceId, workingMemory: `# Person\n- Name: ${text}\n` }),
    { workingMemory: { template: '# Person\n- Name:\n' } },
  ),
  shown('a result of a tool', (s, output) => {
    const call = { type: 'tool-x', toolCallId: 'c', state: 'output-available', input: { text: output }, output }
    return s.memory.saveMessages({ ...s.where, messages: ['x', { role: 'assistant', parts: [call] }] })
  }),
]

/** A call in which the model hands the text to a tool of memory. */
function told(tool: string, input: (text: string) => object, prepare?: Call): Entry {
  return {
    method: 'Agent.generate',
    argument: `tool ${tool}`,
    ...(prepare === undefined ? {} : { prepare }),
    call: (scene, text) => {
      const options = {
        ...{ team: scene.name, semanticRecall: true, facts: true },
        workingMemory: tool === 'patch' ? { schema: personSchema } : { enabled: true },
      }
      const script = [callTool(tool === 'patch' ? 'updateWorkingMemory' : tool, input(text)), 'ok']
      return agentOf(scene, script).generate('x', { ...scene.where, memory: { options } })
    },
  }
}

/** Any object, as a Standard Schema without a library. */
const personSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: () => ({ type: 'object', properties: { name: { type: 'string' } } }) },
  },
} as const

const tools: readonly Entry[] = [
  told('recall', (query) => ({ query })),
  told('memory_write', (value) => ({ key: 'k', value })),
  told('memory_write', (key) => ({ key, value: 1 })),
  told('memory_merge', (text) => ({ key: 'k', patch: { text } })),
  told('memory_read', (key) => ({ key })),
  told('memory_list', (prefix) => ({ prefix })),
  told('updateWorkingMemory', (text) => ({ text, version: null })),
  told(
    'updateWorkingMemory',
    (text) => ({ text: `${text}\nmine`, version: 1 }),
    async (s, text) => {
      const workingMemory = (value: string) =>
        s.memory.updateWorkingMemory({ resourceId: s.resourceId, workingMemory: value })
      await workingMemory(text.slice(0, 60_000)).catch(() => null)
      await workingMemory(`theirs\n${text}`).catch(() => null)
    },
  ),
]

export const hostileShown: readonly Entry[] = [...stored, ...tools.map((entry) => ({ ...entry, nth: 3 }))]
