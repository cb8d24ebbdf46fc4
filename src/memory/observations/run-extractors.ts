/** Runs extractors next to a cycle: what they find becomes facts in the commit of the cycle, or goes to working memory after it. */
import {
  answeredValue,
  type ReadLine,
  type Stated,
  statementsQuestion,
  valueQuestion,
} from '../../derive/extractor-question.ts'
import type { askModel, ModelQuestion } from '../../derive/language-model.ts'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { withPeers } from '../../domain/peer-packages.ts'
import { NotedRecords } from '../../domain/records/noted.ts'
import { standardOf, statedJsonSchema } from '../../domain/schema-like.ts'
import { lowerOf, type Trust } from '../../domain/trust.ts'
import type { NoteExtractor } from '../../ports/observational-memory.ts'
import type { Core } from '../door/core.ts'
import type { Door } from '../door/door.ts'
import { modelTime } from '../door/model-time.ts'
import { blockIn } from '../working-memory/block.ts'
import { writeWorkingMemory } from '../working-memory/working-memory.ts'

/** A line that extractors read, the messages that it stands for, and the lowest trust of those who said it. */
export interface ExtractedLine extends ReadLine {
  readonly messageIds: readonly string[]
  readonly trust: Trust
}

/** What extractors found. */
interface Extracted {
  /** Facts, for the commit of the cycle: they are stored with its notes or not at all. */
  readonly changes: readonly Change[]
  /** Writes the rest to working memory, once the cycle is stored. */
  finish(): Promise<void>
}

/** What a run of extractors needs. */
export interface ExtractorRun {
  readonly extractors: readonly NoteExtractor[]
  /** null: there is none, so nothing is extracted. */
  readonly model: LanguageModelObject | null
  readonly threadId: string
  /** Told of each extractor whose answer is dropped. */
  readonly failed: (message: string) => void
}

type Ask = typeof askModel

async function asked<Answer>(core: Core, model: LanguageModelObject, question: ModelQuestion<Answer>, ask: Ask) {
  const { signal, stop } = modelTime(core)
  try {
    return await ask(model, question, signal)
  } finally {
    stop()
  }
}

/** The JSON Schema of an extractor's schema, if it can be told. */
async function formOf(schema: NonNullable<NoteExtractor['schema']>): Promise<unknown> {
  const standard = standardOf(schema)
  const own = await statedJsonSchema(standard)
  if (own !== undefined || standard['~standard'].vendor !== 'zod') return own
  const { toJSONSchema } = await withPeers(() => import('zod'))
  return toJSONSchema(standard as never, { unrepresentable: 'any' })
}

function factOf(core: Core, name: string, text: string, lines: readonly ExtractedLine[], value?: Json): Change {
  const ids = [...new Set(lines.flatMap(({ messageIds }) => messageIds))].slice(0, core.limits.factLinks)
  const times = lines.map(({ at }) => at).toSorted()
  const [first] = times
  return {
    kind: 'fact-assert',
    unique: core.createId(),
    text,
    metadata: { extractor: name, ...(value === undefined ? {} : { value }) },
    attributes: {},
    trust: lines.map(({ trust }) => trust).reduce(lowerOf),
    sources: ids,
    ...(first === undefined ? {} : { validFrom: first }),
  }
}

function statedFacts(core: Core, name: string, { statements }: Stated, lines: readonly ExtractedLine[]): Change[] {
  const seen = new Set<string>()
  return statements.flatMap(({ text, from, to }) => {
    if (seen.has(text)) return []
    seen.add(text)
    return [factOf(core, name, text, lines.slice(from - 1, to))]
  })
}

/** The value of an extractor with a schema; undefined if there is none. */
async function valueFound(
  core: Core,
  model: LanguageModelObject,
  { instructions, schema }: NoteExtractor & { readonly schema: NonNullable<NoteExtractor['schema']> },
  lines: readonly ExtractedLine[],
  ask: Ask,
): Promise<Json | undefined> {
  const question = valueQuestion(instructions, lines, await formOf(schema))
  const { validate } = standardOf(schema)['~standard']
  // A schema may answer later than a question is checked, so the model is told of its issues in a second question.
  for (let note = ''; ; ) {
    const { value: text } = await asked(core, model, { ...question, prompt: `${question.prompt}${note}` }, ask)
    const value = answeredValue(text)?.value
    if (value === undefined || value === null) return undefined
    const { issues } = await validate(value)
    if (issues === undefined) return value
    const said = issues.map(({ message }) => message).join('; ')
    if (note !== '')
      throw new MemoryError('unavailable', { message: `Its value does not fit: ${said}.`, fix: 'Check the schema.' })
    note = `\n\nAn earlier value did not fit: ${said}. Answer with one that does.`
  }
}

/** What one extractor found: facts, or a patch of working memory. */
async function foundBy(
  core: Core,
  model: LanguageModelObject,
  extractor: NoteExtractor,
  lines: readonly ExtractedLine[],
): Promise<{ readonly changes: readonly Change[]; readonly patch: JsonObject | null }> {
  const { name, instructions, schema, to = 'facts' } = extractor
  const { askModel: ask } = await withPeers(() => import('../../derive/language-model.ts'))
  if (schema === undefined) {
    const stated = await asked(core, model, statementsQuestion(instructions, lines), ask)
    return { changes: statedFacts(core, name, stated, lines), patch: null }
  }
  const value = await valueFound(core, model, { ...extractor, schema }, lines, ask)
  if (value === undefined) return { changes: [], patch: null }
  if (to === 'facts') {
    return { changes: [factOf(core, name, `${name}: ${JSON.stringify(value)}`, lines, value)], patch: null }
  }
  return { changes: [], patch: isJsonObject(value) ? value : { [name]: value } }
}

/** Messages that the record of a run names at most. Of a run that read more it is not known what it saw. */
const mostNamed = 1_000

/**
 * Stores what extractors read and what they are about to write, as the record of a run: working memory has no sources, so this is how
 * forgetting finds what it has from a message.
 */
async function recordRun(
  door: Door,
  threadId: string,
  lines: readonly ExtractedLine[],
  names: readonly string[],
): Promise<void> {
  const ids = [...new Set(lines.flatMap(({ messageIds }) => messageIds))]
  const { threadId: inThread, name } = blockIn(door, { threadId })
  const wrote = new NotedRecords()
  const place = inThread === null ? {} : { threadId: inThread }
  wrote.add({ kind: 'working-memory', space: door.id, ...place, name })
  const seen = ids.length > mostNamed ? {} : { seen: { messages: ids.map((id) => ({ id })) } }
  const run: Change = {
    kind: 'run-put',
    unique: door.core.createId(),
    name: door.core.access.actor.id,
    status: 'complete',
    threadId,
    details: { extractors: [...names], ...seen, wrote: wrote.details ?? {} },
  }
  await door.submit([run], { background: true })
}

const nothing: Extracted = { changes: [], finish: async () => {} }

/**
 * Runs extractors over what a cycle reads. One whose model fails, or whose answers cannot be used, is dropped: the notes are stored
 * without it.
 *
 * @param door Of the cycle: it signs what is stored.
 */
export async function runExtractors(
  door: Door,
  lines: readonly ExtractedLine[],
  { extractors, model, threadId, failed }: ExtractorRun,
): Promise<Extracted> {
  if (extractors.length === 0 || lines.length === 0) return nothing
  const drop = (name: string, error: unknown) => {
    failed(`The extractor "${name}" is left out: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (model === null) {
    for (const { name } of extractors) drop(name, 'it needs a model.')
    return nothing
  }
  const changes: Change[] = []
  const patches: { readonly name: string; readonly patch: JsonObject }[] = []
  for (const extractor of extractors) {
    try {
      const found = await foundBy(door.core, model, extractor, lines)
      changes.push(...found.changes)
      if (found.patch !== null) patches.push({ name: extractor.name, patch: found.patch })
    } catch (error) {
      drop(extractor.name, error)
    }
  }
  return {
    changes,
    async finish() {
      if (patches.length === 0) return
      const names = patches.map(({ name }) => name)
      try {
        await recordRun(door, threadId, lines, names)
      } catch (error) {
        // What nobody could find again is not written.
        for (const name of names) drop(name, error)
        return
      }
      for (const { name, patch } of patches) {
        const written = writeWorkingMemory(door, { threadId, workingMemory: patch })
        await written.catch((error: unknown) => drop(name, error))
      }
    },
  }
}
