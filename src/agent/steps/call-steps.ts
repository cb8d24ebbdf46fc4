/**
 * The steps of one turn: a record of each tool call. It is committed before the tool runs, together with the call itself,
 * and again when the call has its answer, or waits for one.
 */
import type { ToolSet } from 'ai'
import type { ChangeOf } from '../../domain/commit/commit.ts'
import { equalJson, isJsonObject, type Json } from '../../domain/json.ts'
import { isToolPart, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import type { StepFields, StepStatus } from '../../domain/records/step.ts'
import type { RunStep } from '../../ports/agent-memory.ts'
import { suspendedPart } from '../tools/data-parts.ts'
import { toJson } from '../tools/result-json.ts'
import { toolNamed } from '../tools/tool-set.ts'
import { approversOf, isDelegating, isReadOnly } from '../tools/tool-traits.ts'
import { type StepChange, stepPatch, stepPut } from './step-change.ts'

/** A call whose tool is about to run. */
export interface StartingCall {
  readonly toolCallId: string
  readonly toolName: string
  readonly input: unknown
}

/** Where the calls of a turn belong. */
interface CallPlace {
  readonly runId: string
  readonly threadId: string
  /** The answer that holds the calls. */
  readonly messageId: string
}

/** A call whose tool waits for data. */
interface SuspendedCall {
  /** Shown to those who send the data; undefined without one. */
  readonly payload: Json | undefined
  /** The JSON Schema of the data; undefined for any. */
  readonly resumeSchema: Json | undefined
}

interface Known {
  readonly status: StepStatus
  readonly attempt: number
}

const closed = new Set(['output-available', 'output-error', 'output-denied'])

function isClosed({ state, preliminary }: MessagePart): boolean {
  return typeof state === 'string' && closed.has(state) && preliminary !== true
}

/** Whether a person is asked about a call. */
export function isAsked({ state, approval }: MessagePart): boolean {
  return state === 'approval-requested' && isJsonObject(approval) && approval.isAutomatic !== true
}

/**
 * Whether the answer shows what a suspended call waits for. It is recorded as asked with that part, in one commit: otherwise a
 * process that ends in between leaves a call that waits for an answer to a question that nobody sees, or sees an earlier one.
 */
function isShown(parts: readonly MessagePart[], toolCallId: string, payload: Json | undefined): boolean {
  const shown = parts.findLast(({ type, id }) => type === suspendedPart && id === toolCallId)
  return isJsonObject(shown?.data) && equalJson(shown.data.suspendPayload ?? null, payload ?? null)
}

export class CallSteps {
  readonly #place: CallPlace
  readonly #tools: ToolSet
  readonly #suspended: ReadonlyMap<string, SuspendedCall>
  readonly #known: Map<string, Known>

  /**
   * @param suspended Calls that their tools have suspended so far, by their ids.
   * @param known The steps of the run so far, if the turn was resumed.
   */
  constructor(
    place: CallPlace,
    tools: ToolSet,
    suspended: ReadonlyMap<string, SuspendedCall>,
    known: readonly RunStep[],
  ) {
    this.#place = place
    this.#tools = tools
    this.#suspended = suspended
    this.#known = new Map(known.map(({ path, status, attempt }) => [path, { status, attempt }]))
  }

  /** Whether a tool's calls are recorded: those of tools that only read are not. */
  isRecorded(toolName: string): boolean {
    const tool = toolNamed(this.#tools, toolName)
    return tool !== undefined && !isReadOnly(tool)
  }

  /** Records that these calls start. */
  starting(calls: readonly StartingCall[]): StepChange[] {
    return calls.map(({ toolCallId: path, toolName: tool, input: given }) => {
      const known = this.#known.get(path)
      const input = toJson(given)
      if (known === undefined) return this.#put({ path, tool, stepKind: 'plain', status: 'started', input })
      return this.#patch(known, { path, status: 'started', input })
    })
  }

  /** What the parts of the answer say about the calls that is not recorded yet: asked, or settled. */
  following(parts: readonly MessagePart[]): StepChange[] {
    return parts.flatMap((part): StepChange[] => {
      const { toolCallId } = part
      if (!isToolPart(part) || typeof toolCallId !== 'string') return []
      const known = this.#known.get(toolCallId)
      if (isClosed(part)) {
        const isOpen = known !== undefined && known.status !== 'settled'
        return isOpen ? [this.#patch(known, { path: toolCallId, status: 'settled' })] : []
      }
      return this.#asking(toolCallId, part, parts, known)
    })
  }

  /** The same at the end of the turn. A call that is not in the answer, because it was taken out of it, is over. */
  ending(parts: readonly MessagePart[]): StepChange[] {
    const shown = new Set(parts.map(({ toolCallId }) => toolCallId))
    const gone = [...this.#known].filter(([path, { status }]) => status !== 'settled' && !shown.has(path))
    const settled = gone.map(([path, known]) => this.#patch(known, { path, status: 'settled' }))
    return [...this.following(parts), ...settled]
  }

  #asking(path: string, part: MessagePart, parts: readonly MessagePart[], known: Known | undefined): StepChange[] {
    const about = { path, tool: toolNameOf(part), input: part.input ?? null }
    if (known !== undefined && isDelegating(toolNamed(this.#tools, about.tool))) return []
    const suspended = this.#suspended.get(path)
    if (suspended !== undefined && known?.status !== 'asked') {
      const { payload, resumeSchema } = suspended
      if (!isShown(parts, path, payload)) return []
      const asked = {
        stepKind: 'suspension',
        status: 'asked',
        ...(payload === undefined ? {} : { payload }),
        ...(resumeSchema === undefined ? {} : { resumeSchema }),
      } as const
      if (known === undefined) return [this.#put({ ...about, ...asked })]
      return [this.#patch(known, { path, ...asked, ...this.#approvers(about.tool) })]
    }
    const stepKind = known === undefined ? this.#waitsFor(part) : null
    return stepKind === null ? [] : [this.#put({ ...about, stepKind, status: 'asked' })]
  }

  /** What an open call waits for; null if its tool runs by itself. */
  #waitsFor(part: MessagePart): StepFields['stepKind'] | null {
    if (isAsked(part)) return 'approval'
    if (part.state !== 'input-available' || part.providerExecuted === true) return null
    return toolNamed(this.#tools, toolNameOf(part))?.execute === undefined ? 'client' : null
  }

  /** Notes what was committed. */
  note(changes: readonly StepChange[]): void {
    for (const { path, status, attempt } of changes) this.#known.set(path, { status, attempt })
  }

  #put(fields: Omit<ChangeOf<'step-put'>, 'kind' | keyof CallPlace>): StepChange {
    const named = fields.status === 'asked' ? this.#approvers(fields.tool) : {}
    return stepPut({ ...this.#place, ...fields, ...named })
  }

  #approvers(toolName: string): Pick<ChangeOf<'step-put'>, 'approvers'> {
    const approvers = approversOf(toolNamed(this.#tools, toolName))
    return approvers.length === 0 ? {} : { approvers: [...approvers] }
  }

  #patch({ attempt }: Known, fields: Omit<ChangeOf<'step-patch'>, 'kind' | 'attempt' | 'runId'>): StepChange {
    return stepPatch(attempt, { runId: this.#place.runId, ...fields })
  }
}
