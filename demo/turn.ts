/** An agent's turn in the conversation: opened, added to while the work goes on, closed. */
import { type Memory, MemoryError } from 'aquifer'
import { resourceId, threadId } from './acme.ts'
import { report } from './report.ts'

/** Says something as a turn of its own, complete at once. */
export async function say(memory: Memory, role: 'user' | 'assistant', content: string): Promise<void> {
  const { messages } = await memory.saveMessages({ resourceId, threadId, messages: { role, content } })
  for (const { id } of messages) report({ kind: 'message', id })
}

export class Turn {
  readonly id: string
  readonly #memory: Memory
  readonly #leaseMs: number

  private constructor(memory: Memory, leaseMs: number, id: string) {
    this.#memory = memory
    this.#leaseMs = leaseMs
    this.id = id
  }

  /** Opens a turn. If its process dies, others find it interrupted once the lease has run out. */
  static async open(memory: Memory, leaseMs: number): Promise<Turn> {
    const space = memory.space(`resource/${resourceId}`)
    const committed = await space.commit([{ kind: 'turn-open', threadId, createThread: true, leaseMs }])
    const opened = committed.status === 'committed' ? committed.results[0] : undefined
    if (opened?.kind !== 'turn-open') throw new Error('Opening a turn answered something else.')
    return new Turn(memory, leaseMs, opened.turnId)
  }

  async say(content: string): Promise<void> {
    const message = { role: 'assistant', content } as const
    const { messages } = await this.#keep(() =>
      this.#memory.saveMessages({ resourceId, threadId, turnId: this.id, messages: message }),
    )
    for (const { id } of messages) report({ kind: 'message', id })
  }

  async close(): Promise<void> {
    const space = this.#memory.space(`resource/${resourceId}`)
    await this.#keep(() => space.commit([{ kind: 'turn-close', threadId, turnId: this.id, status: 'complete' }]))
  }

  /** Does it; if the lease ran out on the way (a slow machine), takes the turn up again and goes on. */
  async #keep<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof MemoryError) || error.details.status !== 'interrupted') throw error
      const space = this.#memory.space(`resource/${resourceId}`)
      await space.commit([{ kind: 'turn-resume', threadId, turnId: this.id, leaseMs: this.#leaseMs }])
      return act()
    }
  }
}
