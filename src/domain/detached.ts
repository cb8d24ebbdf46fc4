/**
 * The only ways to start work without awaiting it: timers, listeners and detached promises. Each says where an error
 * goes, so that none is uncaught and none is lost.
 */

/** Where an error of detached work goes: to a caller who waits, or into a state that can be read. */
type OnError = (error: unknown) => void

/**
 * For errors that have no other place: a warning of the process, which ends nothing. `process.on('warning')` hears it,
 * and Node writes it to stderr.
 */
export function warnOf(error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const message = 'An error in the background of aquifer had no caller to be passed to.'
  globalThis.process?.emitWarning?.(message, { type: 'AquiferWarning', code: 'AQUIFER_BACKGROUND', detail })
}

function tell(error: unknown, onError: OnError): void {
  try {
    onError(error)
  } catch (second) {
    warnOf(error)
    warnOf(second)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** Starts work, which may return a promise, without waiting for it. */
export function detach(work: () => unknown, onError: OnError): void {
  try {
    const result = work()
    if (isThenable(result)) Promise.resolve(result).then(undefined, (error: unknown) => tell(error, onError))
  } catch (error) {
    tell(error, onError)
  }
}

/** A timer that was started here. */
export interface Timer {
  /** Does nothing if it is stopped or done. */
  stop(): void
  /** Lets the process end while the timer runs. */
  unref(): Timer
}

function timer(handle: NodeJS.Timeout, stop: () => void): Timer {
  const own: Timer = {
    stop,
    unref() {
      handle.unref()
      return own
    },
  }
  return own
}

/** Does work at an interval of so many milliseconds. It keeps the process alive unless it is `unref`'d. */
export function every(ms: number, work: () => unknown, onError: OnError): Timer {
  const handle = setInterval(() => detach(work, onError), ms)
  return timer(handle, () => clearInterval(handle))
}

/** Does work once, after so many milliseconds. It keeps the process alive until then unless it is `unref`'d. */
export function after(ms: number, work: () => unknown, onError: OnError): Timer {
  const handle = setTimeout(() => detach(work, onError), ms)
  return timer(handle, () => clearTimeout(handle))
}

/** Does work once the event loop has had its turn. */
export function nextTurn(work: () => unknown, onError: OnError): void {
  setImmediate(() => detach(work, onError))
}

/** Does work as soon as the current code, and every settled promise, is done. */
export function afterThis(work: () => unknown, onError: OnError): void {
  process.nextTick(() => detach(work, onError))
}

/**
 * Calls `act` when one of the signals aborts, once for each. A signal that is already aborted does not call it.
 *
 * @returns A function that stops listening.
 */
export function whenAborted(signals: readonly AbortSignal[], act: () => unknown, onError: OnError): () => void {
  const listener = () => detach(act, onError)
  for (const signal of signals) signal.addEventListener('abort', listener, { once: true })
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', listener)
  }
}

/** Something of Node's that emits events, such as a worker thread. */
interface Emitter {
  on(event: string | symbol, listener: (...values: unknown[]) => void): unknown
}

/** Listens to an event of a worker thread or a port for as long as that lives. */
export function listenTo<Value>(
  emitter: Emitter,
  event: string,
  listener: (value: Value) => unknown,
  onError: OnError,
): void {
  emitter.on(event, (value) => detach(() => listener(value as Value), onError))
}
