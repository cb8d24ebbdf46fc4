/** How work that failed is told: to a model that it did, and to the record of the run why. */
import { MemoryError, shown } from '../../domain/error.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Primitive } from '../relay.ts'

/**
 * What a model is told: the cause may quote what is none of its business.
 *
 * @param text Instead of the usual words.
 */
export function failedWork({ type, key }: Primitive, cause: unknown, text?: string): MemoryError {
  return new MemoryError('unavailable', {
    message: text ?? `The ${type} ${shown(key)} could not carry out the task.`,
    fix: 'Go on without its answer, or say that it is missing.',
    details: { [type]: key },
    retryable: false,
    cause,
  })
}

/** Why work failed, without words that may quote content. */
export function causeOfWork(error: unknown): JsonObject {
  if (error instanceof MemoryError) return { error: error.code, fix: error.fix }
  const { name, statusCode } = (error ?? {}) as { readonly name?: unknown; readonly statusCode?: unknown }
  return {
    error: typeof name === 'string' ? name : 'Error',
    ...(typeof statusCode === 'number' ? { statusCode } : {}),
  }
}
