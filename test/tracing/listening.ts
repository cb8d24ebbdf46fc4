// Who listens to memory in tests: everything that its channel publishes, until the test ends.
import { tracingChannel } from 'node:diagnostics_channel'
import { type MemoryEvent, memoryChannel } from 'aquifer'
import { onTestFinished } from 'vitest'

export type Moment = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'

/** One publication, with the event as it was at that moment. */
export interface Published {
  readonly moment: Moment
  readonly event: MemoryEvent
  /** The object itself, which later publications of the operation share. */
  readonly message: unknown
}

export const channel = tracingChannel<unknown, MemoryEvent>(memoryChannel)
const moments: readonly Moment[] = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

/** Subscribes to a channel's moments and leaves with the test. */
export function subscribe(moment: Moment, onPublished: (message: unknown) => void): void {
  channel[moment].subscribe(onPublished)
  onTestFinished(() => {
    channel[moment].unsubscribe(onPublished)
  })
}

/** Everything published from now on, in order. */
export function listen(): readonly Published[] {
  const published: Published[] = []
  for (const moment of moments) {
    subscribe(moment, (message) => {
      published.push({ moment, event: structuredClone(message) as MemoryEvent, message })
    })
  }
  return published
}

/** The events of operations that are done, in order. */
export function finished(published: readonly Published[]): readonly MemoryEvent[] {
  return published.filter(({ moment }) => moment === 'asyncEnd').map(({ event }) => event)
}
