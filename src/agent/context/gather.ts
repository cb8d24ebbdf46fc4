/** What a prompt is made of, read from memory. */
import type { SystemModelMessage, ToolSet } from 'ai'
import type { Actor } from '../../domain/actor.ts'
import { spokenText } from '../../domain/index/indexed.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { Message, MessageInput } from '../../domain/records/message.ts'
import type { Door } from '../../memory/door/door.ts'
import type { ResolvedBehaviour } from '../../memory/options/merge-behaviour.ts'
import { loadSdk } from '../sdk.ts'
import { type PrefixBlock, readBlock, readFacts } from './prefix.ts'
import { type RecallOutcome, recallFor } from './recalled.ts'
import { readWindow, type ThreadWindow } from './thread-window.ts'

export interface ContextInput {
  /** As the agent uses it. */
  readonly space: Door
  readonly agent: Pick<Actor, 'id' | 'name'>
  readonly threadId: string
  readonly behaviour: ResolvedBehaviour
  /** The agent's own. */
  readonly instructions?: string | readonly SystemModelMessage[]
  /** What is new in this call, stored already or not: none of it is shown twice. */
  readonly newMessages: readonly MessageInput[]
  /** The turn of this call. What it holds already, as after a resume, stands before what is new. */
  readonly ownTurnId: string | null
  /** The stored answer that the call goes on with: only its approved calls are carried out. Default: none. */
  readonly goesOnWith?: string
  /** What to recall for. Default: what the user says in this turn. */
  readonly question?: string
  /** Tokens of everything together, estimated. Default: no limit. */
  readonly tokenBudget?: number
  /** The tools of the call. With none at all, earlier calls are told in words, because providers refuse them then. */
  readonly tools?: ToolSet
  readonly signal?: AbortSignal
}

/** All that is read for one prompt. */
export interface Gathered {
  readonly sdk: typeof import('ai')
  readonly block: PrefixBlock | null
  readonly facts: readonly FactState[]
  readonly window: ThreadWindow
  readonly recalled: RecallOutcome
}

function saidIn(messages: readonly Pick<Message, 'role' | 'parts'>[]): string {
  const said = messages.flatMap(({ role, parts }) => (role === 'user' ? [spokenText(parts)] : []))
  return said.filter((text) => text.trim() !== '').join('\n')
}

/** Reads what the prompt is made of, each with one query and all at once. */
export async function gather(input: ContextInput): Promise<Gathered> {
  const { space, threadId, behaviour, newMessages, ownTurnId } = input
  const reading = readWindow(space, { threadId, ownTurnId, count: behaviour.lastMessages })
  const asked = input.question ?? saidIn(newMessages)
  const recalling = async () => {
    const question = asked === '' && ownTurnId !== null ? saidIn((await reading).own) : asked
    const spare = behaviour.lastMessages + newMessages.length + 1
    return recallFor({ space, threadId, behaviour, question, spare })
  }
  const [sdk, window, block, facts, recalled] = await Promise.all([
    loadSdk(),
    reading,
    readBlock(space, threadId, behaviour),
    readFacts(space, behaviour),
    recalling(),
  ])
  return { sdk, window, block, facts, recalled }
}
