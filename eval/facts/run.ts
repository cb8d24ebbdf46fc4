// How much of the evidence a search for facts finds, and a recall of facts and messages together; fits the weights of facts:
// npm run eval:facts -- <file in the format of LoCoMo>
import { type GateMode, gateModes } from '../../src/domain/question-gate.ts'
import type { LinearWeights } from '../../src/recall/linear/features.ts'
import { factKeywordWeights, factVectorWeights } from '../../src/recall/linear/linear-weights.ts'
import type { Question } from '../../src/recall/question.ts'
import { rank } from '../../src/recall/rank.ts'
import { EmbeddingCache } from '../embedding-cache.ts'
import { recallAt } from '../measures.ts'
import { noiseFor } from '../noise-questions.ts'
import { type Conversation, readConversations, type Turn } from '../questions.ts'
import { type RankedCorpus, rankedCorpus } from '../ranked-corpus.ts'
import { fitTo, type Taken } from '../ranker-lists.ts'
import { type Statement, statementsOf } from './statements.ts'

type Mode = 'hybrid' | 'keyword'

/** A conversation as facts, and as messages and facts. */
interface AskedFacts {
  readonly conversation: Conversation
  /** The facts, with their questions as the fit takes them: evidence is statements. */
  readonly taken: Taken
  readonly corpora: Readonly<Record<Kind, SourcedCorpus>>
}

/** `halves`: every other session as messages, the rest as facts. `both`: all turns as messages and as facts. */
const kinds = ['facts', 'halves', 'both'] as const
type Kind = (typeof kinds)[number]

interface SourcedCorpus {
  readonly ranked: RankedCorpus
  /** The turn that each row says. */
  readonly sources: readonly string[]
}

/** A turn that was stated is found with any of its statements. */
function evidenceAmong(statements: readonly Statement[], { name, turns, questions }: Conversation): Conversation {
  const bySource = Map.groupBy(statements, ({ source }) => source)
  const asked = questions.map((one) => {
    return { ...one, evidence: one.evidence.flatMap((id) => (bySource.get(id) ?? []).map((found) => found.id)) }
  })
  return { name, turns, questions: asked }
}

async function takeIn(conversation: Conversation, cache: EmbeddingCache): Promise<AskedFacts> {
  const statements = statementsOf(conversation)
  const { turns } = conversation
  const sourced = async (messages: readonly Turn[], facts: readonly Statement[]): Promise<SourcedCorpus> => {
    const sources = [...messages.map(({ id }) => id), ...facts.map(({ source }) => source)]
    return { ranked: await rankedCorpus({ turns: messages, statements: facts }, cache), sources }
  }
  const said = turns.filter(({ session }) => session % 2 === 0)
  const isSaid = new Set(said.map(({ id }) => id))
  const facts = await sourced([], statements)
  return {
    conversation,
    taken: { conversation: evidenceAmong(statements, conversation), ranked: facts.ranked },
    corpora: {
      facts,
      halves: await sourced(
        said,
        statements.filter(({ source }) => !isSaid.has(source)),
      ),
      both: await sourced(turns, statements),
    },
  }
}

type Asking = Pick<Question, 'weights' | 'gate' | 'matchesOnly'>

interface Found {
  at5: number
  at10: number
  at20: number
  rank: number
}

/** Shares of the turns that are evidence, of which something is among the first. */
async function foundOf(
  { conversation, corpora }: AskedFacts,
  kind: Kind,
  mode: Mode,
  more: Asking,
): Promise<readonly Found[]> {
  const { ranked, sources } = corpora[kind]
  const all: Found[] = []
  for (const { question, evidence } of conversation.questions) {
    const { rows } = rank(ranked.corpus, { ...(await ranked.ask(question, mode)), ...more })
    const said = rows.slice(0, 20).map(({ row }) => sources[row] as string)
    const first = said.findIndex((id) => evidence.includes(id))
    all.push({
      at5: recallAt(said, evidence, 5),
      at10: recallAt(said, evidence, 10),
      at20: recallAt(said, evidence, 20),
      rank: first === -1 ? 0 : 1 / (first + 1),
    })
  }
  return all
}

function show(name: string, all: readonly Found[]): void {
  const mean = (field: keyof Found) => ((100 * all.reduce((sum, one) => sum + one[field], 0)) / all.length).toFixed(1)
  const figures = `R@5 ${mean('at5')}   R@10 ${mean('at10')}   R@20 ${mean('at20')}   MRR ${mean('rank')}`
  console.log(`${name.padEnd(44)}${figures}`)
}

const usualOf = (mode: Mode): LinearWeights => (mode === 'hybrid' ? factVectorWeights : factKeywordWeights)

/** The share of questions about nothing that a search for facts answers with nothing, in percent. */
async function silenced(asked: readonly AskedFacts[], mode: Mode, gate: GateMode): Promise<string> {
  const conversations = asked.map(({ conversation }) => conversation)
  let [empty, all] = [0, 0]
  for (const { conversation, corpora } of asked) {
    const { ranked } = corpora.facts
    for (const question of noiseFor(conversation, conversations)) {
      const { rows } = rank(ranked.corpus, { ...(await ranked.ask(question, mode)), gate, matchesOnly: true })
      all++
      if (rows.length === 0) empty++
    }
  }
  return ((100 * empty) / all).toFixed(1)
}

async function showAll(asked: readonly AskedFacts[], mode: Mode): Promise<void> {
  const fitted = (some: readonly AskedFacts[]) =>
    fitTo(
      some.map(({ taken }) => taken),
      mode,
      usualOf(mode),
    )
  const whole = await fitted(asked)
  const others = (one: AskedFacts) => asked.filter((other) => other !== one)
  for (const kind of kinds) {
    const measured = async (moreFor: (one: AskedFacts) => Promise<Asking>) => {
      const all: Found[] = []
      for (const one of asked) all.push(...(await foundOf(one, kind, mode, await moreFor(one))))
      return all
    }
    console.log(`\n${kind}, ${mode}`)
    show('facts by fusion', await measured(async () => ({ weights: { fact: null } })))
    show('weights that are built in', await measured(async () => ({})))
    const crossed = async (one: AskedFacts) => ({ weights: { fact: await fitted(others(one)) } })
    show('weights fitted to the other conversations', await measured(crossed))
    if (kind !== 'facts') continue
    for (const gate of gateModes) {
      const found = await measured(async () => ({ gate, matchesOnly: true }))
      show(`gate: ${gate} (${await silenced(asked, mode, gate)} % of noise silenced)`, found)
    }
  }
  console.log(JSON.stringify(whole, null, 2))
}

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('Which file? npm run eval:facts -- conversations.json')
  process.exitCode = 2
} else {
  const cache = new EmbeddingCache()
  const asked: AskedFacts[] = []
  for (const conversation of readConversations(file)) {
    console.error(`taking in conversation ${conversation.name}`)
    asked.push(await takeIn(conversation, cache))
  }
  if (asked.length < 2)
    throw new Error('Weights are tried on conversations they were not fitted to: pass at least two.')
  const facts = asked.reduce((sum, { corpora }) => sum + corpora.facts.sources.length, 0)
  const questions = asked.reduce((sum, { conversation }) => sum + conversation.questions.length, 0)
  console.log(`${facts} facts, ${questions} questions; in percent`)
  for (const mode of ['hybrid', 'keyword'] as const) await showAll(asked, mode)
}
