/** The memory and the agents that the shorter examples speak of. */
import { Agent, Memory } from 'aquifer'
import { openai } from './openai.ts'

export const memory = new Memory({ options: { lastMessages: 20 } })

function specialist(name: string, instructions: string): Agent {
  return new Agent({ name, instructions, model: openai('gpt-4o'), memory })
}

export const agent = specialist('SupportAgent', 'You provide customer support.')
export const agentA = specialist('Agent A', 'You are agent A.')
export const agentB = specialist('Agent B', 'You are agent B.')
export const specialistAgent = specialist('Specialist', 'You know about accounts.')
export const generalAgent = specialist('Generalist', 'You answer whatever is asked.')
export const researcher = specialist('Researcher', 'You find things out and take notes.')
export const writer = specialist('Writer', 'You write from the notes.')
export const memoryAgent = specialist('Memory Agent', 'You remember what you are told.')
