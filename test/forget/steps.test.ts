// What calls say while they wait, and what was decided, goes with what is forgotten, byte for byte.
import { expect, it } from 'vitest'
import { ada, begun, portOf } from '../memory/begun-run.ts'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { expectGone, type Forgotten } from './everything.ts'
import { pathOf, Secrets } from './planted.ts'

const targets: readonly (readonly [
  string,
  (at: { readonly runId: string; readonly messageId: string }) => Forgotten,
])[] = [
  ['its run', ({ runId }) => ({ run: runId })],
  ['the message of its call', ({ messageId }) => ({ resourceId: 'alice', messageIds: [messageId] })],
  ['its thread', () => ({ resourceId: 'alice', threadId: 't' })],
  ['its resource', () => ({ resourceId: 'alice' })],
]

it.each(targets)('a step goes with %s, and others stay', async (_, what) => {
  const url = temporaryUrl()
  const memory = openMemory({ storage: url })
  const port = await portOf(memory.as(ada))
  const [gone, kept] = [new Secrets(), new Secrets()]
  const other = await begun(port, 'bob', 'other')
  const { space, turn, runId, put } = await begun(port)
  for (const { of, secrets } of [
    { of: other, secrets: kept },
    { of: { space, turn, runId, put }, secrets: gone },
  ]) {
    const s = secrets.make
    const resumeSchema = { title: s() }
    await of.turn.commit([of.put('a', { payload: { text: s() }, resumeSchema, stepKind: 'suspension' })])
    await of.turn.commit([of.put('b', { payload: s() }), of.put('x'.repeat(300), { payload: s() })])
    const decision = { approved: true, reason: s(), data: { text: s() } }
    await of.space.decide([{ kind: 'step-patch', runId: of.runId, path: 'a', status: 'decided', decision }])
    await of.turn.commit([{ kind: 'step-patch', runId: of.runId, path: 'a', status: 'started', attempt: 1 }])
    await of.turn.commit([{ kind: 'step-patch', runId: of.runId, path: 'a', status: 'asked', payload: s() }])
    await of.turn.close('suspended', [
      { kind: 'run-put', runId: of.runId, threadId: of.turn.threadId, status: 'suspended' },
    ])
  }
  const inputHmac = (await space.step(runId, 'a'))?.inputHmac ?? ''
  const { erased } = await memory.forget(what({ runId, messageId: turn.messageId(0) }))
  expect(erased.records).toBe(3)
  await memory.settled()
  expect(await space.steps(runId)).toEqual([])
  expect((await other.space.steps(other.runId)).map(({ status }) => status)).toEqual(['asked', 'asked', 'asked'])
  await memory.close()
  expectGone(pathOf(url), [...gone.texts, inputHmac], kept.texts.slice(-1))
})
