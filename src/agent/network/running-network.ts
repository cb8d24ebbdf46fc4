/** A network at work: it is read to its end, even if nobody reads its events, and each reader gets all of them. */
import { detach } from '../../domain/detached.ts'
import type { Call } from '../call.ts'
import type { AgentStream } from '../run/result.ts'
import type { NetworkEvent, NetworkPayloads } from './network-events.ts'
import { NetworkMapper } from './network-mapper.ts'
import type { NetworkOptions, NetworkResult, NetworkStatus, NetworkStream } from './network-options.ts'
import type { NetworkRun } from './network-payloads.ts'

const statuses: Readonly<Record<string, NetworkStatus>> = {
  complete: 'success',
  suspended: 'suspended',
  aborted: 'aborted',
  discarded: 'discarded',
}

/** Reads all of a stream. */
async function allOf(items: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const all: unknown[] = []
  for await (const item of items) all.push(item)
  return all
}

export class RunningNetwork {
  readonly #call: Call
  readonly #answer: AgentStream
  readonly #run: NetworkRun & { readonly space: string }
  readonly #onAbort: NetworkOptions['onAbort']
  readonly #mapper: NetworkMapper
  readonly #events: NetworkEvent[] = []
  readonly #ended = Promise.withResolvers<NetworkResult>()
  #completionReason: NetworkResult['completionReason'] = null
  #isOver = false
  #changed = Promise.withResolvers<void>()

  constructor(
    call: Call,
    answer: AgentStream,
    run: NetworkRun & { readonly space: string },
    onAbort: NetworkOptions['onAbort'],
  ) {
    this.#call = call
    this.#answer = answer
    this.#run = run
    this.#onAbort = onAbort
    this.#mapper = new NetworkMapper(run, call.goesOn !== null)
    detach(
      () => this.#read(),
      (error) => this.#finish('failed', error),
    )
    call.remembered?.space.hold(this.#ended.promise)
  }

  asStream(): NetworkStream {
    const { space, resourceId: resource, threadId: thread, runId } = this.#run
    const answer = this.#answer
    const result = this.#ended.promise
    return {
      [Symbol.asyncIterator]: () => this.#iterate(),
      runId,
      memory: { space, resource, thread },
      result,
      status: result.then(({ status }) => status),
      get usage() {
        return answer.totalUsage
      },
      get object() {
        return answer.object
      },
      get objectStream() {
        return answer.objectStream
      },
    }
  }

  async *#iterate(): AsyncIterableIterator<NetworkEvent> {
    for (let next = 0; ; next++) {
      while (next >= this.#events.length) {
        if (this.#isOver) return
        await this.#changed.promise
      }
      yield this.#events[next] as NetworkEvent
    }
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #add(events: readonly NetworkEvent[]): Promise<void> {
    this.#events.push(...events)
    if (events.length > 0) this.#wake()
    for (const { type, payload } of events) {
      if (!type.endsWith('-abort')) continue
      await this.#onAbort?.(payload as NetworkPayloads['routing-agent-abort'])
    }
  }

  async #read(): Promise<void> {
    const { relay, options, iterations } = this.#call
    const isShaped = options.structuredOutput !== undefined
    const partials = isShaped ? allOf(this.#answer.objectStream).catch(() => []) : null
    const stop = relay.follow((event) => {
      this.#events.push(...this.#mapper.delegated(event))
      this.#wake()
    })
    iterations?.follow((event) => {
      this.#events.push(...this.#mapper.checked(event))
      this.#wake()
    })
    try {
      for await (const part of this.#answer.fullStream) {
        if (part.type !== 'tool-output') await this.#add(this.#mapper.part(part))
      }
    } finally {
      stop()
    }
    const { status } = await this.#answer.finished
    if (status !== 'complete') return this.#finish(statuses[status] ?? 'failed', null)
    const usage = await this.#answer.totalUsage
    const structured = partials === null ? null : { partials: await partials, object: await this.#answer.object }
    this.#completionReason = await this.#answer.completionReason
    await this.#add(this.#mapper.end({ usage, completionReason: this.#completionReason, structured }))
    this.#finish('success', null)
  }

  /** Ends every view. An error that no part of the stream has told is told here. */
  #finish(status: NetworkStatus, error: unknown): void {
    const { runId } = this.#run
    if (error !== null) this.#events.push({ type: 'error', runId, from: 'NETWORK', payload: { error } })
    const last = this.#events.findLast(({ type }) => type === 'network-execution-event-step-finish')
    const { result = null } = (last?.payload ?? {}) as { readonly result?: string }
    this.#isOver = true
    this.#wake()
    const completionReason = this.#completionReason
    this.#ended.resolve({ status, runId, result, completionReason, steps: this.#mapper.steps })
  }
}
