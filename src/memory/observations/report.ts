/** Where the events of cycles go: to the call that is at work, and to listeners of a channel of Node. */
import { channel } from 'node:diagnostics_channel'
import type { ObservationEvent, ObservationReport } from '../../ports/observational-memory.ts'

/**
 * The name of the channel on which every cycle says what it does: `subscribe(observationChannel, (event) => …)` of
 * `node:diagnostics_channel`. Its messages are of the type `ObservationEvent`.
 */
export const observationChannel = 'aquifer:observations'

const events = channel(observationChannel)

/** A report that also tells the listeners of the channel. */
export function published(report: ObservationReport): ObservationReport {
  return (event: ObservationEvent) => {
    if (events.hasSubscribers) events.publish(event)
    report(event)
  }
}
