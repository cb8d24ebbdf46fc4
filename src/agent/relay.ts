/** What happens inside of the work that a call hands to other agents and to workflows, told as it happens. */

/** What work is handed to. */
export interface Primitive {
  readonly type: 'agent' | 'workflow'
  readonly id: string
  /** Its key in the options of the agent. */
  readonly key: string
}

/** The call of a tool that hands work on. */
interface DelegationCall {
  readonly toolCallId: string
  readonly toolName: string
  readonly primitive: Primitive
}

/** What happens inside of the work that a call hands on. */
export type DelegationNews =
  | {
      readonly kind: 'started'
      /** What it is asked: the input of the call. */
      readonly args: unknown
    }
  | {
      readonly kind: 'part'
      /** A part of the subagent's `fullStream`, or an event of the workflow. */
      readonly part: { readonly type: string }
    }
  | {
      readonly kind: 'ended'
      readonly status: 'complete' | 'suspended' | 'failed'
      /** null for work that stored nothing. */
      readonly runId: string | null
      /** What the tool answers; absent unless it is complete. */
      readonly result?: unknown
      /** Why it failed. For the application: a model is told less. */
      readonly error?: unknown
      /** Tokens, as far as they are known. */
      readonly usage?: { readonly inputTokens: number; readonly outputTokens: number }
    }

/** What happens inside of one delegation. */
export type DelegationEvent = DelegationCall & DelegationNews

type Follower = (event: DelegationEvent) => void

/** The events of one call. A late follower is told all of them. */
export class Relay {
  readonly #events: DelegationEvent[] = []
  readonly #followers = new Set<Follower>()
  #isKept = false

  /** Whether somebody follows, or will: work is then streamed, and otherwise only its end is told. */
  get isFollowed(): boolean {
    return this.#isKept
  }

  /** Says before the call begins that it will be followed. */
  keep(): void {
    this.#isKept = true
  }

  tell(event: DelegationEvent): void {
    if (!this.#isKept) return
    this.#events.push(event)
    for (const follower of this.#followers) follower(event)
  }

  /** Tells of all events so far, and then of each as it comes. Returns what ends that. */
  follow(follower: Follower): () => void {
    for (const event of this.#events) follower(event)
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }
}
