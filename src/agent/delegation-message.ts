/** A message of a conversation, as hooks are shown it. */
import type { Author } from '../domain/actor.ts'
import type { MessagePart, Role } from '../domain/records/message.ts'

/** A message of the supervisor's conversation, as it is shown to a subagent. */
export interface DelegationMessage {
  /** Its id in the thread of the supervisor; absent for one that is not stored. */
  readonly id?: string
  /** `user` or `assistant`, as a rule. */
  readonly role: Role
  /** What it says, in the form of UI messages. */
  readonly parts: readonly MessagePart[]
  /** Who said it. */
  readonly author?: Author
}
