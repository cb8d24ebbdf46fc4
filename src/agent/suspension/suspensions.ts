/** The calls of tools that one call of an agent suspends, and those that it resumes. */
import type { ToolSet } from 'ai'
import { detach } from '../../domain/detached.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import { type Json, jsonBytes } from '../../domain/json.ts'
import { withCommas } from '../../domain/with-commas.ts'
import type { ResultRoom } from '../tools/result-room.ts'
import type { Suspending } from '../tools/tool.ts'
import { toolNamed } from '../tools/tool-set.ts'
import { approversOf, isDelegating, parseSuspendPayload, resumeDataOf, resumeSchemaOf } from '../tools/tool-traits.ts'

/** A call that waits for data. */
interface Suspension {
  readonly toolName: string
  /** The input of the call. */
  readonly input: unknown
  /** Whether its work is handed on: the payload says then what the work waits for. */
  readonly isDelegated: boolean
  /** Whether its tool was made by `dynamicTool` of the AI SDK. */
  readonly isDynamic: boolean
  /** Shown to those who are to send the data; undefined without one. */
  readonly payload: Json | undefined
  /** The JSON Schema of the data; undefined for any JSON. */
  readonly resumeSchema: Json | undefined
}

/** What a call goes on with. */
interface Resumption {
  /** As it was decided. */
  readonly data: Json
  /** The payload of the suspension. */
  readonly suspendData?: Json
}

/** A call of a tool, as the AI SDK makes it. */
interface CallOfTool {
  readonly toolCallId: string
  readonly toolName: string
  readonly input: unknown
}

/** What a resumed tool gets, or why it gets nothing. */
type Resumed = { readonly resumption: NonNullable<Suspending['resumption']> } | { readonly error: unknown }

/** The suspensions of one call of an agent, which has a turn. */
export class Suspensions {
  readonly runId: string
  readonly #tools: ToolSet
  readonly #room: ResultRoom
  readonly #limitBytes: number
  readonly #suspended = new Map<string, Suspension>()
  readonly #resumed = new Map<string, Resumed>()
  #isSilent = false

  /**
   * @param room Of the answer, which holds the payloads.
   * @param limitBytes What the record of a call may tell those who decide.
   */
  constructor(runId: string, tools: ToolSet, room: ResultRoom, limitBytes: number) {
    this.runId = runId
    this.#tools = tools
    this.#room = room
    this.#limitBytes = limitBytes
  }

  /** The calls that were suspended so far, by their ids. */
  get suspended(): ReadonlyMap<string, Suspension> {
    return this.#suspended
  }

  /** Whether a call that went on was suspended again, so that the model is not asked. */
  get isSilent(): boolean {
    return this.#isSilent
  }

  /** Notes that the model is not asked. */
  silence(): void {
    this.#isSilent = true
  }

  /**
   * Says what a call goes on with, before the AI SDK runs it. Data that its tool no longer takes is then the error of the
   * call.
   */
  async resume({ toolCallId, toolName }: Omit<CallOfTool, 'input'>, { data, suspendData }: Resumption): Promise<void> {
    try {
      const resumeData = await resumeDataOf(toolName, toolNamed(this.#tools, toolName), data)
      const shownBefore = suspendData === undefined ? {} : { suspendData }
      this.#resumed.set(toolCallId, { resumption: { resumeData, ...shownBefore } })
    } catch (error) {
      this.#resumed.set(toolCallId, { error })
    }
  }

  /** One execution of a call. */
  begin(call: CallOfTool): CallSuspension {
    const resumed = this.#resumed.get(call.toolCallId)
    if (resumed !== undefined && 'error' in resumed) throw resumed.error
    return new CallSuspension(call, resumed?.resumption ?? null, (payload) => this.#suspend(call, payload))
  }

  /** Records the suspension of a call. Only the first one counts. */
  async #suspend({ toolCallId, toolName, input }: CallOfTool, given: unknown): Promise<void> {
    const tool = toolNamed(this.#tools, toolName)
    const payload = await parseSuspendPayload(toolName, tool, given)
    const resumeSchema = (await resumeSchemaOf(tool)) ?? undefined
    if (this.#suspended.has(toolCallId)) return
    const approvers = approversOf(tool)
    // In the record of the call, which is written when the turn ends: too late to tell the tool.
    const bytes = jsonBytes({
      ...(approvers.length === 0 ? {} : { approvers: approvers.map((actor) => ({ ...actor })) }),
      ...(payload === undefined ? {} : { payload }),
      ...(resumeSchema === undefined ? {} : { resumeSchema }),
    } as never)
    const what = `The payload with which the tool ${shown(toolName)} suspends`
    if (bytes > this.#limitBytes) throw tooLarge(what, bytes, this.#limitBytes)
    this.#room.take(what, bytes)
    const isDynamic = tool?.type === 'dynamic'
    const isDelegated = isDelegating(tool)
    this.#suspended.set(toolCallId, { toolName, input, isDelegated, isDynamic, payload, resumeSchema })
  }
}

function tooLarge(what: string, bytes: number, limitBytes: number): MemoryError {
  const [size, most] = [bytes, limitBytes].map(withCommas)
  return new MemoryError('limit-exceeded', {
    message: `${what} is ${size} bytes with its resumeSchema and approvers, and may be ${most}.`,
    fix: 'Say less, or name where the rest can be read.',
    details: { limit: 'stepBytes', bytes, limitBytes },
  })
}

/** Ends the code of a tool that waits. Nobody outside of the tool sees it. */
function waits(toolName: string): MemoryError {
  return new MemoryError('aborted', {
    message: `The call of the tool ${shown(toolName)} waits for data: this ends its code until then.`,
    fix: 'Let it pass: the tool is called again with the data.',
  })
}

/** Whether one execution of a call suspends it. */
export class CallSuspension implements Suspending {
  readonly resumption: Suspending['resumption']
  readonly #call: CallOfTool
  readonly #record: (payload: unknown) => Promise<void>
  readonly #asked: Promise<void>[] = []
  #isOver = false

  constructor(call: CallOfTool, resumption: Suspending['resumption'], record: (payload: unknown) => Promise<void>) {
    this.resumption = resumption
    this.#call = call
    this.#record = record
  }

  /** For the tool. */
  readonly suspend = (payload: unknown): Promise<never> => {
    const { toolName } = this.#call
    if (this.#isOver) {
      throw new MemoryError('closed', {
        message: `The tool ${shown(toolName)} suspends a call that is over.`,
        fix: 'Suspend before execute returns: return suspend(…), or await it.',
        details: { tool: toolName },
      })
    }
    const recorded = this.#record(payload)
    this.#asked.push(recorded)
    const ended = recorded.then(() => {
      throw waits(toolName)
    })
    // A tool need not wait for it: what it came to is read at the end of the call.
    detach(
      () => ended,
      () => {},
    )
    return ended
  }

  /** Whether the tool has asked to be suspended, so that nothing that it answers counts. */
  get isAsked(): boolean {
    return this.#asked.length > 0
  }

  /**
   * Waits for what the tool asked for; called when its code has ended.
   *
   * @returns Whether the call is suspended.
   * @throws MemoryError if the suspension is refused. It must not be taken for the answer that the tool gave meanwhile.
   */
  async end(): Promise<boolean> {
    this.#isOver = true
    const outcomes = await Promise.allSettled(this.#asked)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (outcomes.some(({ status }) => status === 'fulfilled')) return true
    if (failed !== undefined) throw failed.reason
    return false
  }
}
