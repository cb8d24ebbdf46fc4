/** Finds the words of a commit of many messages before its transaction, some messages at a time. */
import type { Commit } from '../../domain/commit/commit.ts'
import { type KnownWords, type MessageWords, messageWords, minuteOf, minuteOfTime } from '../../domain/index/indexed.ts'
import type { Language } from '../../domain/language.ts'
import type { MessagePart } from '../../domain/records/message.ts'

/** A commit with fewer messages is prepared in its transaction. */
const fewMessages = 64

interface Prepared {
  readonly minute: number
  readonly words: MessageWords | null
}

function* messagesOf(commit: Commit) {
  for (const change of commit.changes) if (change.kind === 'message-append') yield* change.messages
}

/** Whether a commit has so many messages that they are better prepared before it. */
export function hasManyMessages({ changes }: Commit): boolean {
  const counts = changes.map((change) => (change.kind === 'message-append' ? change.messages.length : 0))
  return counts.reduce((sum, count) => sum + count, 0) >= fewMessages
}

/** The messages of one commit. What is known of a message is found by its parts, which the log keeps as they were submitted. */
export class PreparedMessages implements KnownWords {
  readonly #prepared = new Map<readonly MessagePart[], Prepared>()
  readonly #messages: ReturnType<typeof messagesOf>
  readonly #nowMs: number
  readonly #language: Language
  #isDone = false

  /**
   * @param nowMs The time of messages that do not say when they were sent.
   * @param language How the texts are analysed.
   */
  constructor(commit: Commit, nowMs: number, language: Language) {
    this.#messages = messagesOf(commit)
    this.#nowMs = nowMs
    this.#language = language
  }

  /** Whether all messages are prepared. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Prepares messages until a time of `performance.now()`, or until all are. */
  work(until: number): void {
    const now = minuteOf(this.#nowMs)
    while (!this.#isDone && performance.now() < until) {
      const { value, done } = this.#messages.next()
      if (done === true) this.#isDone = true
      else {
        const { parts, createdAt } = value
        const minute = createdAt === undefined ? now : minuteOfTime(createdAt)
        this.#prepared.set(parts, { minute, words: messageWords(parts, minute, this.#language) })
      }
    }
  }

  /** Undefined also if the commit was made in another minute than was expected, or its space has another language. */
  wordsOf(parts: readonly MessagePart[], minute: number, language: Language): MessageWords | null | undefined {
    const known = this.#prepared.get(parts)
    return known?.minute === minute && language === this.#language ? known.words : undefined
  }
}
