/** Stored parts of an answer as the chunks of a UI message stream, each part once, as it grows. Pure. */
import type { UIMessageChunk } from 'ai'
import { equalJson, isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { isToolPart, type MessagePart, withoutInternal } from '../../domain/records/message.ts'

/** A chunk as plain JSON: the SDK's type is a closed union, and the SDK made the stored parts. */
type Chunk = { readonly type: string } & JsonObject

/** Fields that are there, under the names that chunks have for them. */
function fieldsOf(part: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  const found = Object.entries(names).flatMap(([field, name]) => {
    const value = part[field]
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
}

const same = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]))

/** A text or a piece of reasoning, whole. */
function speech(part: MessagePart, index: number): readonly Chunk[] {
  const id = typeof part.id === 'string' ? part.id : `${part.type}-${index}`
  const metadata = fieldsOf(part as unknown as JsonObject, same('providerMetadata'))
  const chunk = (step: string, more: JsonObject): Chunk => ({ type: `${part.type}-${step}`, id, ...more })
  return [chunk('start', metadata), chunk('delta', { delta: String(part.text ?? '') }), chunk('end', metadata)]
}

const shared = same('toolCallId', 'providerExecuted', 'toolMetadata')
const approvalFields = {
  id: 'approvalId',
  descriptor: 'approvalDescriptor',
  requestReason: 'reason',
  ...same('inputSchemaInput', 'isAutomatic', 'signature'),
}

/** What happened to a tool call so far, in order. */
function callStages(part: MessagePart & JsonObject): readonly Chunk[] {
  const dynamic: JsonObject = part.type === 'dynamic-tool' ? { dynamic: true } : {}
  const toolName = part.type === 'dynamic-tool' ? (part.toolName ?? '') : part.type.slice('tool-'.length)
  const own = fieldsOf(part, shared)
  const named: JsonObject = {
    ...own,
    ...dynamic,
    toolName,
    ...fieldsOf(part, { title: 'title', callProviderMetadata: 'providerMetadata' }),
  }
  if (part.state === 'output-error' && part.input === undefined) {
    return [{ type: 'tool-input-error', ...named, input: part.rawInput ?? null, errorText: part.errorText ?? '' }]
  }
  const stages: Chunk[] = [{ type: 'tool-input-available', ...named, input: part.input ?? null }]
  const { approval } = part
  if (isJsonObject(approval)) {
    const { approved, reason } = approval
    stages.push({
      type: 'tool-approval-request',
      ...fieldsOf(part, same('toolCallId')),
      ...fieldsOf(approval, approvalFields),
    })
    if (typeof approved === 'boolean') {
      const why: JsonObject = reason === undefined ? {} : { reason }
      stages.push({ type: 'tool-approval-response', approvalId: approval.id ?? '', approved, ...why })
    }
  }
  const result = { ...own, ...dynamic, ...fieldsOf(part, { resultProviderMetadata: 'providerMetadata' }) }
  if (part.state === 'output-available') {
    const output = { output: part.output ?? null, ...fieldsOf(part, same('preliminary')) }
    stages.push({ type: 'tool-output-available', ...result, ...output })
  }
  if (part.state === 'output-error')
    stages.push({ type: 'tool-output-error', ...result, errorText: part.errorText ?? '' })
  if (part.state === 'output-denied') stages.push({ type: 'tool-output-denied', ...fieldsOf(part, same('toolCallId')) })
  return stages
}

/** Fields of parts that a stream shows in one chunk. */
const whole: Readonly<Record<string, readonly string[]>> = {
  file: ['url', 'mediaType', 'providerMetadata'],
  'reasoning-file': ['url', 'mediaType', 'providerMetadata'],
  'source-url': ['sourceId', 'url', 'title', 'providerMetadata'],
  'source-document': ['sourceId', 'mediaType', 'title', 'filename', 'providerMetadata'],
  custom: ['kind', 'providerMetadata'],
}

/** The chunks of a part that was not shown yet. A part of a type that streams do not have is in the thread alone. */
function chunksOf(part: MessagePart, index: number): readonly Chunk[] {
  const fields = part as unknown as JsonObject
  if (part.type === 'text' || part.type === 'reasoning') return speech(part, index)
  if (isToolPart(part)) return callStages(part as MessagePart & JsonObject)
  if (part.type.startsWith('data-')) return [{ type: part.type, ...fieldsOf(fields, same('id', 'data')) }]
  const names = Object.hasOwn(whole, part.type) ? whole[part.type] : undefined
  return names === undefined ? [] : [{ type: part.type, ...fieldsOf(fields, same(...names)) }]
}

/** An answer as stored. */
interface ReplayedAnswer {
  readonly id: string
  readonly parts: readonly MessagePart[]
  readonly metadata?: JsonObject
}

/** Shows an answer to one reader, from its start. */
export class Replay {
  #shown: readonly MessagePart[] = []
  #metadata: Json = null
  #id: string | null = null
  #isInStep = false

  /** The chunks for what is new in the answer since the last call. */
  next({ id, parts, metadata }: ReplayedAnswer): readonly UIMessageChunk[] {
    const chunks: Chunk[] = []
    const said: JsonObject = metadata === undefined ? {} : { messageMetadata: metadata }
    // A reader of a resumed stream begins again when the id changes.
    if (id !== this.#id) chunks.push({ type: 'start', messageId: id, ...said })
    else if (metadata !== undefined && !equalJson(metadata, this.#metadata))
      chunks.push({ type: 'message-metadata', ...said })
    this.#id = id
    this.#metadata = metadata ?? null
    const shown = this.#shown
    this.#shown = withoutInternal(parts)
    for (const [index, part] of this.#shown.entries()) chunks.push(...this.#changes(part, shown[index], index))
    return chunks as unknown as readonly UIMessageChunk[]
  }

  #changes(part: MessagePart, before: MessagePart | undefined, index: number): readonly Chunk[] {
    if (before === undefined) {
      if (part.type !== 'step-start') return chunksOf(part, index)
      const ended = this.#endStep()
      this.#isInStep = true
      return [...ended, { type: 'start-step' }]
    }
    // Only calls change once they are stored, by what happens to them.
    if (!isToolPart(part) || part.toolCallId !== before.toolCallId) return []
    const known = chunksOf(before, index)
    return chunksOf(part, index).filter((chunk) => !known.some((one) => equalJson(one, chunk)))
  }

  #endStep(): readonly Chunk[] {
    if (!this.#isInStep) return []
    this.#isInStep = false
    return [{ type: 'finish-step' }]
  }

  /** The last chunks, by how the turn ended. */
  end(status: string): readonly UIMessageChunk[] {
    const last: Chunk =
      status === 'complete' || status === 'suspended'
        ? { type: 'finish' }
        : status === 'aborted'
          ? { type: 'abort' }
          : { type: 'error', errorText: endings[status] ?? 'The answer broke off.' }
    return [...this.#endStep(), last] as unknown as readonly UIMessageChunk[]
  }
}

const endings: Readonly<Record<string, string>> = {
  discarded: 'The answer was withdrawn.',
  gone: 'The answer was replaced, or its thread deleted.',
  unread: 'The answer cannot be followed any more. It may still be given: load the page again.',
}
