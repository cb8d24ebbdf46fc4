/**
 * One child of `bench/builds/run.ts`: processor time of everyday operations, in one process, over the sources of one checkout.
 * Prints microseconds for each operation as JSON. Argument: the checkout's folder.
 */
import { agentWith, openBuild, streamed, words } from './build.ts'

const [root = '.'] = process.argv.slice(2)
const build = await openBuild(root)
const { memory } = build
const team = memory.team('acme')
const at = { resourceId: 'ann', threadId: 't' }
const space = memory.space('resource/ann')
let run = 0

const [plain, looking] = [agentWith(build, false), agentWith(build, true)]
const chat = (i: number) => ({ resourceId: 'bob', threadId: `t${Math.floor(i / 10)}` })

/**
 * How many measurements are done before the one that counts. After 5 the compiler is done with an operation: before that its own
 * work, on threads of the same process, is up to half of what is measured.
 */
const warmUp = 5

/** Each operation, and how often it is done in one measurement: so often that what is measured is mostly compiled. */
const operations: Readonly<Record<string, readonly [times: number, act: (i: number) => Promise<unknown>]>> = {
  'save one message': [1_000, (i) => memory.saveMessages({ ...at, messages: [words(i)] })],
  'save 20 messages': [
    200,
    (i) => memory.saveMessages({ ...at, messages: Array.from({ length: 20 }, () => words(i)) }),
  ],
  'list the last 20': [1_000, () => memory.listMessages({ ...at, perPage: 20 })],
  'write an entry': [2_000, (i) => team.write(`k${i % 200}`, { text: words(i), n: i })],
  'read an entry': [20_000, (i) => team.read(`k${i % 200}`)],
  'merge an entry': [2_000, (i) => team.merge('lead', { [`f${i % 20}`]: i })],
  'merge working memory': [
    1_000,
    (i) => memory.updateWorkingMemory({ resourceId: 'ann', workingMemory: { [`f${i % 20}`]: i } }),
  ],
  'add a fact': [500, (i) => memory.add(words(i), { userId: 'ann', infer: false })],
  'put a run': [
    300,
    () =>
      space.commit([{ kind: 'run-put', unique: `r${++run}`, name: 'bot', status: 'complete', details: { n: run } }]),
  ],
  'take and release a lease': [
    200,
    async (i) => {
      const taken = await space.commit([{ kind: 'lease-take', name: `l${i}`, leaseMs: 60_000 }])
      if (taken.status !== 'committed') throw new Error('The lease was refused.')
      await space.commit([{ kind: 'lease-release', name: `l${i}`, token: taken.seq }])
    },
  ],
  'a turn of an agent, generate': [40, (i) => plain.generate(words(i), chat(i))],
  'a turn of an agent, stream': [40, (i) => streamed(plain, words(i), chat(i))],
  'a turn with a tool, stream': [40, (i) => streamed(looking, words(i), chat(i))],
  'recall by words': [60, (i) => memory.recall({ resourceId: 'ann', query: words(i) })],
}

const measured: Record<string, number> = {}
for (const [name, [times, act]] of Object.entries(operations)) {
  for (let i = 0; i < times * warmUp; i++) await act(i)
  const before = process.cpuUsage()
  for (let i = 0; i < times * 3; i++) await act(i)
  const { user, system } = process.cpuUsage(before)
  measured[name] = (user + system) / (times * 3)
}
await build.close()
console.log(JSON.stringify(measured))
