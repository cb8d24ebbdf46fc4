/** A workforce: agents of one team, and the operations on its memory as their models call them. */
import { Agent, Memory } from 'aquifer'
import { openai } from './openai.ts'

const memory = new Memory()

/** An agent of a team. Each operation is asked of its model, which calls the tool of that name. */
function member(name: string, team: string) {
  const agent = new Agent({
    name,
    instructions: `You are the ${name} of ${team}.`,
    model: openai('gpt-4o'),
    memory,
    defaultOptions: { memory: { resource: team, thread: name, options: { team } } },
  })
  async function call(tool: string, input: object): Promise<unknown> {
    const { steps } = await agent.generate(`Call ${tool} with ${JSON.stringify(input)}`)
    return steps.flatMap(({ toolResults }) => toolResults).find(({ toolName }) => toolName === tool)?.output
  }
  return {
    memory_write: (key: string, value: unknown, options: { readonly ttl?: string } = {}) =>
      call('memory_write', { key, value, ...options }),
    memory_read: (key: string) => call('memory_read', { key }),
  }
}

export const sales = member('Sales Agent', 'acme')
export const ceo = member('CEO Agent', 'acme')
export const stranger = member('Sales Agent', 'other-workforce')

/** The two operations, by whichever member. */
export const { memory_read, memory_write } = sales
