// Conversations with questions about them, and the turns that answer each.
import { readFileSync } from 'node:fs'

export interface Turn {
  readonly id: string
  readonly session: number
  readonly author: string
  /** ISO time. */
  readonly at: string
  readonly text: string
}

export interface EvidenceQuestion {
  readonly id: string
  readonly question: string
  /** Ids of the turns that answer it. */
  readonly evidence: readonly string[]
}

export interface Conversation {
  readonly name: string
  readonly turns: readonly Turn[]
  readonly questions: readonly EvidenceQuestion[]
}

/** Reads a file in the format of LoCoMo. Questions without evidence cannot be scored and are left out. */
export function readConversations(file: string): readonly Conversation[] {
  const { conversations } = JSON.parse(readFileSync(file, 'utf8')) as { conversations: readonly Conversation[] }
  return conversations.map(({ name, turns, questions }) => {
    const ids = new Set(turns.map((turn) => turn.id))
    const known = questions.map((one) => ({ ...one, evidence: one.evidence.filter((id) => ids.has(id)) }))
    return { name, turns, questions: known.filter(({ evidence }) => evidence.length > 0) }
  })
}
