/** Changes in short, for cases to read well. */
import type { Change, ChangeOf } from '../../domain/commit/commit.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import type { MessageInput, Role } from '../../domain/records/message.ts'
import type { RunStatus } from '../../domain/records/run.ts'

type Ttl = { readonly ttlMs?: number | null }
type TurnRef = { readonly turnId?: string; readonly opened?: number }

export const write = (key: string, value: Json, ttl: Ttl = {}): Change => ({ kind: 'entry-write', key, value, ...ttl })

export const merge = (key: string, patch: JsonObject, ttl: Ttl = {}): Change => ({
  kind: 'entry-merge',
  key,
  patch,
  ...ttl,
})

export const append = (key: string, item: Json, ttl: Ttl = {}): Change => ({ kind: 'entry-append', key, item, ...ttl })

export const increment = (key: string, by: number, ttl: Ttl = {}): Change => ({
  kind: 'entry-increment',
  key,
  by,
  ...ttl,
})

export const remove = (key: string): Change => ({ kind: 'entry-delete', key })
export const expire = (key: string): Change => ({ kind: 'entry-expire', key })

/** A fact of those words, under an id that ends in a text made from them unless another is given. */
export const assertFact = (words: string, more: Omit<ChangeOf<'fact-assert'>, 'kind' | 'text'> = {}): Change => ({
  kind: 'fact-assert',
  text: words,
  ...(more.factId === undefined ? { unique: words.replace(/[^0-9A-Za-z]+/g, '-').slice(0, 60) } : {}),
  ...more,
})

export const retire = (...factIds: string[]): Change => ({ kind: 'fact-retire', factIds })
export const expireFact = (factId: string): Change => ({ kind: 'fact-expire', factId })

/** A put of a new run under an id that ends so, or, with `runId`, of an old one. */
export const putRun = (unique: string | null, more: Omit<ChangeOf<'run-put'>, 'kind' | 'unique'> = {}): Change => ({
  kind: 'run-put',
  ...(unique === null ? {} : { unique, name: 'bot' }),
  ...more,
})

/** A new run with that status: of a workflow if no other can have it. */
export const putRunIn = (unique: string, status: RunStatus): Change =>
  putRun(unique, { status, ...(status === 'pending' ? { runKind: 'workflow' as const } : {}) })

export const expireRun = (runId: string): Change => ({ kind: 'run-expire', runId })

export const putStep = (more: Omit<ChangeOf<'step-put'>, 'kind'>): Change => ({ kind: 'step-put', ...more })

/** What names a step of a workflow. */
type WorkName = Pick<ChangeOf<'work-begin'>, 'runId' | 'begun' | 'token' | 'path'>

const workStep = { stepId: 'step', definition: 'f00d' } as const

export const beginWork = (name: WorkName, attempt = 1): Change => {
  return { kind: 'work-begin', ...workStep, ...name, attempt }
}

export const endWork = (
  name: WorkName,
  more: Partial<Omit<ChangeOf<'work-end'>, 'kind'>> = { output: 'done' },
): Change => ({ kind: 'work-end', ...workStep, outcome: 'complete', ...name, ...more })

export const waitWork = (name: WorkName, more: Partial<Omit<ChangeOf<'work-wait'>, 'kind'>> = {}): Change => {
  return { kind: 'work-wait', ...workStep, stepKind: 'suspension', ...name, ...more }
}

/** A change of a step to a status. */
export const patchStep = (
  { runId }: { readonly runId: string },
  path: string,
  status: ChangeOf<'step-patch'>['status'],
  more: Omit<ChangeOf<'step-patch'>, 'kind' | 'runId' | 'path' | 'status'> = {},
): Change => ({ kind: 'step-patch', runId, path, status, ...more })

export const text = (name: string, value: string, threadId?: string): Change => ({
  kind: 'block-write',
  name,
  format: 'text',
  value,
  ...(threadId === undefined ? {} : { threadId }),
})

export const json = (name: string, value: Json, threadId?: string): Change => ({
  kind: 'block-write',
  name,
  format: 'json',
  value,
  ...(threadId === undefined ? {} : { threadId }),
})

/** The write of a block that may hold the other format. */
export const converting = (write: Change): Change => ({ ...write, convert: true }) as Change

export const mergeBlock = (name: string, patch: JsonObject, threadId?: string): Change => ({
  kind: 'block-merge',
  name,
  patch,
  ...(threadId === undefined ? {} : { threadId }),
})

export const putThread = (threadId: string, more: Omit<ChangeOf<'thread-put'>, 'kind' | 'threadId'> = {}): Change => ({
  kind: 'thread-put',
  threadId,
  ...more,
})

export const deleteThread = (threadId: string): Change => ({ kind: 'thread-delete', threadId })

/** A message of one text, by default the user's and under no id of the caller's. */
export function message(words: string, more: Partial<MessageInput> = {}): MessageInput {
  const role: Role = 'user'
  return { role, parts: [{ type: 'text', text: words }], ...more }
}

function inputs(messages: readonly (string | MessageInput)[]): MessageInput[] {
  return messages.map((one) => (typeof one === 'string' ? message(one) : one))
}

/** Messages that are one turn of their own, complete at once; makes the thread if it is not there. */
export const say = (threadId: string, ...messages: (string | MessageInput)[]): Change => ({
  kind: 'message-append',
  threadId,
  messages: inputs(messages),
  createThread: true,
})

/** Messages that join a turn. */
export const step = (threadId: string, turn: TurnRef, ...messages: (string | MessageInput)[]): Change => ({
  kind: 'message-append',
  threadId,
  ...turn,
  messages: inputs(messages),
})

export const openTurn = (threadId: string, more: Omit<ChangeOf<'turn-open'>, 'kind' | 'threadId'> = {}): Change => ({
  kind: 'turn-open',
  threadId,
  createThread: true,
  ...more,
})

/** A turn that replaces others at once, because the same commit completes it. */
export const replaceTurns = (
  threadId: string,
  replaces: readonly string[],
  ...messages: (string | MessageInput)[]
): readonly Change[] => [
  openTurn(threadId, { replaces: [...replaces] }),
  ...(messages.length === 0 ? [] : [step(threadId, { opened: 0 }, ...messages)]),
  closeTurn(threadId, { opened: 0 }),
]

export const restoreTurn = (threadId: string, turnId: string): Change => ({ kind: 'turn-restore', threadId, turnId })

export const closeTurn = (
  threadId: string,
  turn: TurnRef,
  status: ChangeOf<'turn-close'>['status'] = 'complete',
): Change => ({ kind: 'turn-close', threadId, ...turn, status })

export const resumeTurn = (threadId: string, turnId: string, runId?: string): Change => ({
  kind: 'turn-resume',
  threadId,
  turnId,
  ...(runId === undefined ? {} : { runId }),
})

export const discardTurn = (threadId: string, turnId: string): Change => ({ kind: 'turn-discard', threadId, turnId })

export const edit = (
  threadId: string,
  messageId: string,
  more: Omit<ChangeOf<'message-edit'>, 'kind' | 'threadId' | 'messageId'>,
): Change => ({ kind: 'message-edit', threadId, messageId, ...more })

export const extend = (
  threadId: string,
  messageId: string,
  more: Omit<ChangeOf<'message-extend'>, 'kind' | 'threadId' | 'messageId'>,
): Change => ({ kind: 'message-extend', threadId, messageId, ...more })

export const deleteMessages = (threadId: string, ...messageIds: string[]): Change => ({
  kind: 'message-delete',
  threadId,
  messageIds,
})

export const take = (name: string, leaseMs: number, steal = false): Change => ({
  kind: 'lease-take',
  name,
  leaseMs,
  ...(steal ? { steal } : {}),
})

export const release = (name: string, token: number): Change => ({ kind: 'lease-release', name, token })

export const erase = (what: Omit<ChangeOf<'erase'>, 'kind'> = {}): Change => ({ kind: 'erase', ...what })

export const configure = (settings: ChangeOf<'configure'>['settings']): Change => ({ kind: 'configure', settings })
