// A conversation that two tabs show, and what must hold of it after everything that people do in it.
import { Agent, Memory, type Processor, type Storage, type StoredMessage } from 'aquifer'
import { failWith, type ScriptedModel, scriptedModel, stall } from 'aquifer/testing'
import { coreOf } from '../../src/facade/conversations.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'
import { type DyingStorage, dyingStorage } from './dying-storage.ts'
import { type MayGo, problemsOf, problemsOfPrompt, wordsOf } from './everyday-checks.ts'
import type { EverydayAction, Outcome, SentIds } from './everyday-plan.ts'

const at = { resourceId: 'alice', threadId: 't' }

/** A message as a client holds it. Each has words that no other message has. */
interface Held {
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly words: string
}

interface Call {
  readonly sent: readonly Held[]
  readonly ids: SentIds
  readonly outcome: Outcome
  readonly options: object
  /** The message from which on an answer takes the place of what was there. */
  readonly replacesFrom: string | null
}

interface Ended {
  /** What its model says, kept or not. */
  readonly said: string
  /** The code of the refusal, or null if the call began. */
  readonly refusal: string | null
  readonly answer: Held | null
}

const nothing: MayGo = { words: [], answers: null }

/** What all runs together came to: a property that nothing happens in proves nothing. */
export const seen: Record<string, number> = {}
const count = (what: string) => {
  seen[what] = (seen[what] ?? 0) + 1
}

export class EverydayWorld {
  readonly clock = new ManualClock()
  readonly problems: string[] = []
  readonly #storage: Storage
  readonly #ids: readonly SentIds[]
  readonly #tabs: Held[][] = [[], []]
  /** Words that somebody deleted or forgot. */
  readonly #deleted = new Set<string>()
  /** What an edited question took the place of, or will once it is answered. */
  readonly #edited = new Map<string, string>()
  readonly #models: ScriptedModel[] = []
  #life: DyingStorage
  #memory: Memory
  #number = 0
  #clones = 0

  private constructor(tabs: readonly SentIds[], storage: Storage, clock: ManualClock) {
    this.#ids = tabs
    this.#storage = storage
    this.clock = clock
    this.#life = dyingStorage(storage)
    this.#memory = this.#open()
  }

  static async open(tabs: readonly SentIds[]): Promise<EverydayWorld> {
    const clock = new ManualClock()
    const options = { id: 'everyday', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 } as const
    return new EverydayWorld(tabs, await SqliteStorage.open(options), clock)
  }

  async close(): Promise<void> {
    await this.#memory.close()
    await this.#storage.close()
  }

  #open(): Memory {
    const { clock } = this
    return new Memory({ storage: this.#life.storage, clock, background: false, embedder: false })
  }

  #words(kind: 'question' | 'answer'): string {
    this.#number += 1
    return `${kind}${this.#number}`
  }

  async #stored(): Promise<readonly StoredMessage[]> {
    const thread = await this.#memory.getThreadById(at)
    return thread === null ? [] : (await this.#memory.listMessages({ ...at, perPage: false })).messages
  }

  async #outline(): Promise<readonly string[]> {
    return (await this.#stored()).map(wordsOf)
  }

  /** Carries an action out, then looks at the whole conversation. */
  async step(action: EverydayAction): Promise<void> {
    const before = await this.#outline()
    this.clock.pass(1_000)
    const mayGo = await this.#act(action, before)
    if (this.#life.isDead) await this.#beginAnew()
    await this.#check(before, mayGo)
    if (this.problems.length > 0) this.problems.unshift(`after ${JSON.stringify(action)}`)
  }

  /** Another process takes over, once the leases of the dead one have run out. */
  async #beginAnew(): Promise<void> {
    count('died')
    this.#life = dyingStorage(this.#storage)
    this.#memory = this.#open()
    this.clock.pass(hour)
    await sweep(await coreOf(this.#memory).storage.get())
  }

  /** The words that the action may take away. */
  async #act(action: EverydayAction, before: readonly string[]): Promise<MayGo> {
    switch (action.kind) {
      case 'reload':
        await this.#reload(action.tab)
        return nothing
      case 'clone':
        return this.#clone(before)
      case 'delete':
      case 'forget':
        return this.#delete(action)
      default:
        return this.#call(action, before)
    }
  }

  async #reload(tab: number): Promise<void> {
    this.#tabs[tab] = (await this.#stored()).map((message) => {
      return { id: message.id, role: message.role as Held['role'], words: wordsOf(message) }
    })
  }

  async #clone(before: readonly string[]): Promise<MayGo> {
    if (before.length === 0) return nothing
    this.#clones += 1
    const { thread } = await this.#memory.cloneThread({ ...at, newThreadId: `copy${this.#clones}` })
    const { messages } = await this.#memory.listMessages({ ...at, threadId: thread.id, perPage: false })
    const copied = messages.map(wordsOf)
    if (copied.join() !== before.join()) this.problems.push(`the copy of ${before} is ${copied}`)
    // Its messages would be recalled here.
    await this.#memory.deleteThread({ ...at, threadId: thread.id })
    return nothing
  }

  async #delete({ kind, back }: { readonly kind: 'delete' | 'forget'; readonly back: number }) {
    const message = (await this.#stored()).at(-1 - back)
    // What a client without ids shows of a deleted message cannot be told from a new one.
    if (message === undefined || this.#ids.some((ids) => ids !== 'own')) return nothing
    if (kind === 'delete') await this.#memory.deleteMessages([message.id], at)
    else await this.#memory.forget({ ...at, messageIds: [message.id] })
    count(kind)
    const words = wordsOf(message)
    this.#deleted.add(words)
    return { words: [words], answers: null }
  }

  async #call(
    action: Extract<EverydayAction, { readonly outcome: Outcome }>,
    before: readonly string[],
  ): Promise<MayGo> {
    // A client without ids of its own shows the thread before it says something.
    const isBlank = this.#ids[action.tab] !== 'own' && this.#tabs[action.tab]?.length === 0
    if (isBlank) await this.#reload(action.tab)
    const tab = this.#tabs[action.tab] as Held[]
    const call = this.#callOf(action, tab)
    if (call === null) return nothing
    const isCurrent = tab.map(({ words }) => words).join() === before.join()
    const isTwice = action.kind === 'resend' && action.isTwice
    const all = await Promise.all((isTwice ? [call, call] : [call]).map((one) => this.#run(one)))
    this.#life.live()
    const ended = all.find(({ answer }) => answer !== null) ?? (all[0] as Ended)
    count(ended.refusal ?? `${action.kind} ${call.outcome.kind}`)
    const isPlain = action.kind === 'send' && call.outcome.kind === 'answers' && call.ids === 'own'
    if (isPlain && isCurrent && ended.answer === null) this.problems.push(`a plain message got ${ended.refusal}`)
    if (ended.refusal === null)
      this.#tabs[action.tab] = [...call.sent, ...(ended.answer === null ? [] : [ended.answer])]
    if (call.replacesFrom === null) return nothing
    const place = before.indexOf(this.#origin(call.replacesFrom, before))
    // What is gone already is answered again after what was sent before it.
    const sent = new Set(call.sent.map(({ words }) => words))
    const after = before.findLastIndex((words) => sent.has(words))
    return { words: before.slice(place < 0 ? after + 1 : place), answers: all.map(({ said }) => said) }
  }

  /** The message itself, or, while it is not shown yet, the one that it is to take the place of. */
  #origin(words: string, before: readonly string[]): string {
    const original = this.#edited.get(words)
    return before.includes(words) || original === undefined ? words : this.#origin(original, before)
  }

  /** What a client sends; null if it has nothing to do this with. */
  #callOf(action: Extract<EverydayAction, { readonly outcome: Outcome }>, tab: readonly Held[]): Call | null {
    const ids = this.#ids[action.tab] as SentIds
    // A question that was never stored, sent again without its id, cannot be told from a new one.
    const isLost = action.outcome.kind === 'dies' || action.outcome.kind.startsWith('refused')
    const outcome: Outcome = ids !== 'own' && isLost ? { kind: 'fails' } : action.outcome
    if (action.kind === 'send') {
      const question: Held = { id: `c${this.#number}`, role: 'user', words: this.#words('question') }
      return { sent: [...tab, question], ids, outcome, options: {}, replacesFrom: null }
    }
    if (action.kind === 'resend') {
      const last = tab.findLastIndex(({ role }) => role === 'user')
      // Without ids a single message is always said again.
      if (last < 0 || (last === 0 && ids !== 'own')) return null
      const cut = (held: Held) => (action.isTrimmed ? { ...held, words: ` ${held.words}\n` } : held)
      const sent = tab.slice(0, last + 1).map(cut)
      return { sent, ids, outcome, options: {}, replacesFrom: tab[last]?.words ?? null }
    }
    // Only by its id can a message be edited or answered again.
    if (ids !== 'own') return null
    const role = action.kind === 'edit' ? 'user' : 'assistant'
    const held = tab.filter((one) => one.role === role).at(-1 - action.back)
    if (held === undefined) return null
    const place = tab.indexOf(held)
    const options = { trigger: action.kind === 'edit' ? 'submit-message' : 'regenerate-message', messageId: held.id }
    const edited = action.kind === 'edit' ? [{ ...held, words: this.#words('question') }] : []
    for (const { words } of edited) this.#edited.set(words, held.words)
    return { sent: [...tab.slice(0, place), ...edited], ids, outcome, options, replacesFrom: held.words }
  }

  async #run({ sent, ids, outcome, options }: Call): Promise<Ended> {
    const words = this.#words('answer')
    const stop = new AbortController()
    const model = scriptedModel({ answer: () => stepFor(outcome, words, stop) })
    this.#models.push(model)
    const agent = new Agent({
      name: 'Clerk',
      memory: this.#memory,
      model,
      ...guards(outcome),
    })
    const messages = sent.map(({ id, role, words: text }, index) => {
      const known = { own: { id }, none: {}, new: { id: `n${this.#number}-${index}` } }[ids]
      return { ...known, role, parts: [{ type: 'text', text }] }
    })
    const newest = sent.at(-1)
    // The newest question is said now, whatever was deleted before.
    if (newest?.role === 'user') this.#deleted.delete(newest.words.trim())
    if (outcome.kind === 'dies') this.#life.dieAfter(outcome.commits)
    try {
      const result = await agent.stream(messages as never, {
        ...at,
        ...options,
        maxRetries: 0,
        abortSignal: stop.signal,
        onError() {},
      })
      const reading = (async () => {
        for await (const part of result.fullStream)
          if (part.type === 'text-delta' && outcome.kind === 'stops-late') stop.abort()
      })()
      await reading.catch(() => {})
      await result.finished
      const kept = (await this.#peek()).find(
        (message) => message.role === 'assistant' && words.startsWith(wordsOf(message)) && wordsOf(message) !== '',
      )
      return {
        said: words,
        refusal: null,
        answer: kept === undefined ? null : { id: kept.id, role: 'assistant', words: wordsOf(kept) },
      }
    } catch (error) {
      return { said: words, refusal: String((error as { code?: unknown }).code ?? error), answer: null }
    }
  }

  /** What is stored, also if the process died in between. */
  async #peek(): Promise<readonly StoredMessage[]> {
    if (this.#life.isDead) return []
    return this.#stored()
  }

  async #check(before: readonly string[], mayGo: MayGo): Promise<void> {
    const stored = await this.#stored()
    const prompts = this.#models.splice(0).flatMap(({ calls }) => calls.map(({ messages }) => messages))
    this.problems.push(...problemsOf(stored, { before, mayGo, deleted: this.#deleted }))
    this.problems.push(...prompts.flatMap((prompt) => problemsOfPrompt(prompt, this.#deleted)))
  }
}

/** A guard that refuses the prompt or the answer. */
function guards({ kind }: Outcome): { inputProcessors?: Processor[]; outputProcessors?: Processor[] } {
  if (kind === 'refused-context')
    return { inputProcessors: [{ id: 'guard', processContext: ({ abort }) => abort('no') }] }
  if (kind !== 'refused-result') return {}
  return { outputProcessors: [{ id: 'guard', processOutputResult: ({ abort }) => abort('no') }] }
}

function stepFor({ kind }: Outcome, words: string, stop: AbortController): unknown {
  switch (kind) {
    case 'fails':
      return failWith(new Error('overloaded'))
    case 'breaks':
      return failWith(new Error('cut off'), { after: words, isBreak: true })
    case 'stops-first':
      stop.abort()
      return stall()
    case 'stops-late':
      return stall({ after: words })
    default:
      return words
  }
}
