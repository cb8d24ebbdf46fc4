/** The adapter for aquifer. */
import { openOurs } from '../ours.ts'
import type { Peer } from './peer.ts'

export const aquifer: Peer = {
  name: 'aquifer',
  versions: () => ({}),
  async open(file) {
    const memory = await openOurs(file)
    return {
      startThread: async () => {},
      createThread: (thread, metadata) => memory.createThread({ ...thread, metadata: { ...metadata } }),
      saveMessages: (thread, messages, at) =>
        memory.saveMessages({
          ...thread,
          messages: at === undefined ? [...messages] : messages.map((message) => ({ ...message, createdAt: at })),
        }),
      async lastMessages(thread, count) {
        const { messages } = await memory.listMessages({ ...thread, last: count })
        return messages.map(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')).join(''))
      },
      pageOfThreads: async (resourceId, perPage) => (await memory.listThreads({ resourceId, perPage })).threads,
      threadById: (thread) => memory.getThreadById(thread),
      replaceWorkingMemory: (resourceId, value) =>
        memory.updateWorkingMemory({ resourceId, workingMemory: { ...value }, mode: 'replace' }),
      mergeWorkingMemory: (resourceId, patch) =>
        memory.updateWorkingMemory({ resourceId, workingMemory: { ...patch } }),
      async readWorkingMemory(resourceId) {
        const { value } = await memory.getWorkingMemory({ resourceId })
        return value as Record<string, unknown>
      },
      close: () => memory.close(),
    }
  },
}
