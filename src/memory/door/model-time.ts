/** The time that a model has for one piece of work. */
import { after } from '../../domain/detached.ts'
import type { Core } from './core.ts'

/** A signal that aborts after a model's time limit, or when the memory closes. Call `stop` when done. */
export function modelTime({ storage, limits }: Pick<Core, 'storage' | 'limits'>): {
  readonly signal: AbortSignal
  stop(): void
} {
  const ending = new AbortController()
  const { modelTimeoutMs } = limits
  const end = () => ending.abort(new Error(`It took longer than ${modelTimeoutMs} ms`))
  const timer = after(modelTimeoutMs, end, (error) => ending.abort(error))
  return { signal: AbortSignal.any([ending.signal, storage.closing]), stop: () => timer.stop() }
}
