// What leaving out chatter does to the facts of conversations: node --conditions=aquifer-source eval/chatter.ts <file in the format of LoCoMo>
import { Memory } from 'aquifer'
import { type Measures, meanOf, measure } from './measures.ts'
import { type Conversation, readConversations } from './questions.ts'

const topK = 20

/** The facts of a conversation: all turns, or those that `add` keeps without a model. */
async function factsOf({ turns }: Conversation, keepsAll: boolean): Promise<Memory> {
  const memory = new Memory({ storage: ':memory:', embedder: false })
  for (const { id, text } of turns) {
    const message = { role: 'user' as const, content: text }
    await memory.add([message], { userId: 'all', metadata: { turn: id }, ...(keepsAll ? { infer: false } : {}) })
  }
  return memory
}

async function measured(conversations: readonly Conversation[], keepsAll: boolean) {
  const measures: Measures[] = []
  for (const conversation of conversations) {
    await using memory = await factsOf(conversation, keepsAll)
    for (const { question, evidence } of conversation.questions) {
      const { results } = await memory.search(question, { userId: 'all', topK })
      measures.push(
        measure(
          results.map(({ metadata }) => String(metadata.turn)),
          evidence,
        ),
      )
    }
  }
  return meanOf(measures)
}

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('Which file? node --conditions=aquifer-source eval/chatter.ts conversations.json')
  process.exitCode = 2
} else {
  const conversations = readConversations(file)
  for (const keepsAll of [true, false]) {
    const { recallAt5, recallAt10, recallAt20 } = await measured(conversations, keepsAll)
    const shares = [recallAt5, recallAt10, recallAt20].map((share) => (100 * share).toFixed(2))
    console.log(
      keepsAll ? 'everything     ' : 'without chatter',
      `R@5 ${shares[0]}  R@10 ${shares[1]}  R@20 ${shares[2]}`,
    )
  }
}
