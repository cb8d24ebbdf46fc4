// What tests of networks ask of a stream of events.
import type { NetworkEvent, NetworkEventType, NetworkPayloads } from 'aquifer'

export async function eventsOf(stream: AsyncIterable<NetworkEvent>): Promise<readonly NetworkEvent[]> {
  const all: NetworkEvent[] = []
  for await (const event of stream) all.push(event)
  return all
}

export const namesOf = (events: readonly NetworkEvent[]): readonly string[] => events.map(({ type }) => type)

/** The payloads of all events of a name. */
export function payloadsOf<Name extends NetworkEventType>(
  events: readonly NetworkEvent[],
  name: Name,
): readonly NetworkPayloads[Name][] {
  return events.flatMap((event) => (event.type === name ? [event.payload as NetworkPayloads[Name]] : []))
}

/** Names of a list that do not come in that order, however many others stand between them. */
export function outOfOrder(names: readonly string[], list: readonly string[]): readonly string[] {
  let at = -1
  return list.filter((name) => {
    const next = names.indexOf(name, at + 1)
    if (next !== -1) at = next
    return next === -1
  })
}

/** The events that a request brings, as those who move here know them: by an agent, by a workflow, by a tool. */
export const knownLists = {
  agent: [
    ...['routing-agent-start', 'routing-agent-end', 'agent-execution-start', 'agent-execution-event-start'],
    ...['agent-execution-event-step-start', 'agent-execution-event-text-start', 'agent-execution-event-text-delta'],
    ...['agent-execution-event-text-end', 'agent-execution-event-step-finish', 'agent-execution-event-finish'],
    ...['agent-execution-end', 'network-execution-event-step-finish'],
  ],
  workflow: [
    ...['routing-agent-end', 'workflow-execution-start', 'workflow-execution-event-workflow-start'],
    ...['workflow-execution-event-workflow-step-start', 'workflow-execution-event-workflow-step-result'],
    ...['workflow-execution-event-workflow-finish', 'workflow-execution-end', 'routing-agent-start'],
    'network-execution-event-step-finish',
  ],
  tool: [
    ...['routing-agent-start', 'routing-agent-end', 'tool-execution-start', 'tool-execution-end'],
    'network-execution-event-step-finish',
  ],
} as const
