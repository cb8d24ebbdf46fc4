// What calls answer where `ai` or `zod` is not installed. In processes of their own, which cannot find them.
import { describe, expect, it } from 'vitest'
import { peerInstallLine } from '../../src/domain/peer-packages.ts'
import { runProgram } from '../processes.ts'

/** Calls of every kind. */
const calls = {
  saveMessages: `memory.saveMessages({ resourceId: 'r', threadId: 't', messages: ['hello'] })`,
  updateWorkingMemory: `memory.updateWorkingMemory({ resourceId: 'r', workingMemory: '# notes' })`,
  'team.write': `memory.team('acme').write('lead', 'Acme')`,
  add: `memory.add('Likes tea', { userId: 'r' })`,
  search: `memory.search('tea', { userId: 'r' })`,
  recall: `memory.recall({ resourceId: 'r', query: 'hello' })`,
  'space.recall': `memory.space('resource/r').recall('hello')`,
  'space.commit': `memory.space('team/acme').commit([{ kind: 'entry-write', key: 'a', value: 1 }])`,
  listSpaces: `memory.listSpaces({ kind: 'team' })`,
  forget: `memory.forget({ resourceId: 'r' })`,
  'infer facts': `learning.add('I moved to Lisbon', { userId: 'learning' })`,
  generate: `agent.generate('hello')`,
  'generate in a thread': `agent.generate('hello', { resourceId: 'r', threadId: 't' })`,
  stream: `agent.stream('hello').then((result) => result.text)`,
  'stream in a thread': `agent.stream('hello', { resourceId: 'r', threadId: 't' }).then((result) => result.text)`,
} as const

const needAi = ['infer facts', 'generate', 'generate in a thread', 'stream', 'stream in a thread']
const needNoZod = ['generate', 'stream']

interface Told {
  readonly name: string
  readonly code?: string
  readonly fix?: string
  readonly package?: string
}

/** Makes every call where a package cannot be found, and answers what each rejected with, and how many spaces learning made. */
async function callWithout(missing: string): Promise<{ told: Told[]; stored: number }> {
  const program = `
    import { registerHooks } from 'node:module'
    const isMissing = (specifier) => specifier === '${missing}' || specifier.startsWith('${missing}/')
    // Resolved from a folder that has no packages: Node's own error.
    registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier, isMissing(specifier) ? { ...context, parentURL: 'file:///nowhere/program.js' } : context),
    })
    const { Agent, Memory } = await import('aquifer')
    const { scriptedModel } = await import('aquifer/testing')
    const options = { storage: ':memory:', background: false, embedder: false }
    const model = scriptedModel({ answer: () => 'hello' })
    const memory = new Memory(options)
    const learning = new Memory({ ...options, model })
    const agent = new Agent({ name: 'Support', model, memory })
    const told = []
    const call = (name, made) => made().then(
      () => told.push({ name }),
      ({ code, fix, details }) => told.push({ name, code, fix, package: details?.package }),
    )
    ${Object.entries(calls)
      .map(([name, call]) => `await call(${JSON.stringify(name)}, () => ${call})`)
      .join('\n')}
    const stored = await learning.listSpaces({ kind: 'resource' }).then(({ spaces }) => spaces.length, () => 0)
    await Promise.all([memory.close(), learning.close()])
    console.log(JSON.stringify({ told, stored }))`
  return (await runProgram(program)) as { told: Told[]; stored: number }
}

describe.each(['ai', 'zod'])('without %s', (missing) => {
  it('says which package is missing, and the line that installs it', async () => {
    const { told, stored } = await callWithout(missing)
    expect(told.map(({ name }) => name)).toEqual(Object.keys(calls))
    const needing = Object.keys(calls).filter((name) =>
      missing === 'ai' ? needAi.includes(name) : !needNoZod.includes(name),
    )
    const refused = told.filter(({ code }) => code === 'unsupported')
    expect(refused.map(({ name }) => name)).toEqual(expect.arrayContaining(needing))
    for (const { fix, package: name } of refused) {
      expect(name).toBe(missing)
      expect(fix).toContain(peerInstallLine)
    }
    // Nothing else may fail, and nothing is stored by a call that is refused.
    expect(told.filter((one) => one.code !== undefined && one.code !== 'unsupported')).toEqual([])
    expect(stored).toBe(0)
  })
})
