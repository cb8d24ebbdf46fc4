/**
 * The adapter for Mastra's memory on libSQL. Its packages are loaded when it is opened, and the few calls that are made
 * are described here, so that nothing but the measurement needs them installed.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { blockSchema } from '../ours.ts'
import type { Peer, PeerMemory, ThreadAddress } from './peer.ts'

interface MastraMessage extends ThreadAddress {
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly createdAt: Date
  readonly content: { readonly format: 2; readonly parts: readonly { readonly type: 'text'; readonly text: string }[] }
}

interface MastraTool {
  execute(
    input: { readonly memory: Readonly<Record<string, string>> },
    context: { readonly agent: { readonly resourceId: string }; readonly memory: MastraMemory },
  ): Promise<{ readonly success?: boolean }>
}

interface MastraMemory {
  createThread(thread: ThreadAddress & { readonly metadata?: Readonly<Record<string, unknown>> }): Promise<unknown>
  saveMessages(input: { readonly messages: readonly MastraMessage[] }): Promise<unknown>
  recall(input: ThreadAddress & { readonly perPage: number }): Promise<{ readonly messages: readonly MastraMessage[] }>
  listThreads(input: {
    readonly filter: { readonly resourceId: string }
    readonly perPage: number
  }): Promise<{ readonly threads: readonly unknown[] }>
  getThreadById(thread: ThreadAddress): Promise<unknown>
  updateWorkingMemory(input: ThreadAddress & { readonly workingMemory: string }): Promise<unknown>
  getWorkingMemory(thread: ThreadAddress): Promise<string | null>
  listTools(): Readonly<Record<string, MastraTool>>
}

interface MastraStore {
  init(): Promise<void>
  close(): Promise<void>
}

interface MastraPackages {
  readonly Memory: new (config: object) => MastraMemory
  readonly LibSQLStore: new (config: { readonly id: string; readonly url: string }) => MastraStore
}

async function loadPackages(): Promise<MastraPackages> {
  process.env.MASTRA_TELEMETRY_DISABLED = 'true'
  const load = async (name: string): Promise<unknown> => import(name)
  return {
    ...((await load('@mastra/memory')) as object),
    ...((await load('@mastra/libsql')) as object),
  } as MastraPackages
}

/** Working memory belongs to the resource; the thread that the call asks for is not used. */
const anyThread = (resourceId: string): ThreadAddress => ({ resourceId, threadId: 'any' })

function adapt(memory: MastraMemory, store: MastraStore): PeerMemory {
  // Its order is by time, so each message gets a later one, as messages of a conversation have.
  let clock = Date.now()
  const tool = memory.listTools().updateWorkingMemory
  if (tool === undefined) throw new Error('Mastra has no tool for working memory')
  return {
    startThread: (thread) => memory.createThread(thread),
    createThread: (thread, metadata) => memory.createThread({ ...thread, metadata }),
    saveMessages: (thread, messages, at) =>
      memory.saveMessages({
        messages: messages.map(({ role, content }) => ({
          ...thread,
          id: randomUUID(),
          role,
          createdAt: at ?? new Date(clock++),
          content: { format: 2, parts: [{ type: 'text', text: content }] },
        })),
      }),
    async lastMessages(thread, count) {
      const { messages } = await memory.recall({ ...thread, perPage: count })
      return messages.map(({ content }) => content.parts.map((part) => part.text ?? '').join(''))
    },
    pageOfThreads: async (resourceId, perPage) =>
      (await memory.listThreads({ filter: { resourceId }, perPage })).threads,
    threadById: (thread) => memory.getThreadById(thread),
    replaceWorkingMemory: (resourceId, value) =>
      memory.updateWorkingMemory({ ...anyThread(resourceId), workingMemory: JSON.stringify(value) }),
    // Merging is what its tool does for an agent: read, merge, write.
    async mergeWorkingMemory(resourceId, patch) {
      const { success } = await tool.execute({ memory: patch }, { agent: { resourceId }, memory })
      if (success !== true) throw new Error('the working memory was not updated')
    },
    async readWorkingMemory(resourceId) {
      const text = await memory.getWorkingMemory(anyThread(resourceId))
      return text === null ? {} : (JSON.parse(text) as Record<string, unknown>)
    },
    close: () => store.close(),
  }
}

const packages = ['@mastra/core', '@mastra/libsql', '@mastra/memory']

export const mastra: Peer = {
  name: 'mastra-libsql',
  versions: () =>
    Object.fromEntries(
      packages.map((name) => {
        const manifest = readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), 'utf8')
        return [name, (JSON.parse(manifest) as { version: string }).version]
      }),
    ),
  async open(file) {
    const { Memory, LibSQLStore } = await loadPackages()
    const store = new LibSQLStore({ id: 'bench', url: `file:${file}` })
    await store.init()
    const workingMemory = { enabled: true, scope: 'resource', schema: blockSchema }
    const memory = new Memory({ storage: store, options: { lastMessages: 20, semanticRecall: false, workingMemory } })
    return adapt(memory, store)
  },
}
