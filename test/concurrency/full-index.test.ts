// A file that is full while vectors are made and while something is forgotten: refused as a whole, and good afterwards.

import { Memory, SQLiteStore } from 'aquifer'
import { expect, it, onTestFinished } from 'vitest'
import type { SpaceId } from '../../src/domain/id.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'
import { refused, temporaryUrl, textsOf } from '../memory/opened.ts'
import { system } from './shared.ts'

const resourceId = 'alice'
const space = `resource/${resourceId}` as SpaceId

function openOf(url: string, maxBytes: number): Memory {
  const embedder = scriptedEmbedder({ dimensions: 384 })
  const memory = new Memory({ storage: new SQLiteStore({ url, maxBytes }), embedder, background: false })
  onTestFinished(() => memory.close())
  return memory
}

async function expectSound(memory: Memory): Promise<void> {
  const storage = await coreOf(memory).storage.get()
  expect(await checkHistory(storage, system, space)).toEqual([])
  await checkIndex(storage, system, space)
}

it('keeps every word, says what is missing, and goes on with more room', async () => {
  const url = temporaryUrl()
  const memory = openOf(url, 600_000)
  const said: string[] = []
  const save = (text: string) => memory.saveMessages({ resourceId, threadId: 'one', messages: [text] })
  const refusal = await refused('unavailable', async () => {
    for (let i = 0; i < 5_000; i++) {
      const text = `word${i} was said of something else ${'again '.repeat(20)}`
      await save(text)
      said.push(text)
    }
  })
  expect(refusal.retryable).toBe(true)
  expect(said.length).toBeGreaterThan(100)
  expect(await memory.settled()).toMatchObject({ pendingSpaces: 1, degraded: null, error: { code: 'unavailable' } })
  await refused('unavailable', () => memory.reindex())
  await expectSound(memory)
  const found = await memory.recall({ resourceId, query: 'word77', topK: 1 })
  expect([textsOf(found.messages), found.degraded, found.pending > 0]).toEqual([[said[77]], [], true])
  const forgetting = await memory.forget({ resourceId, threadId: 'one' }).catch((error: { code: string }) => error.code)
  await expectSound(memory)
  await memory.close()

  const roomy = openOf(url, 60_000_000)
  expect(await roomy.settled()).toEqual({ pendingSpaces: 0, failed: 0, degraded: null, error: null })
  await expectSound(roomy)
  if (forgetting === 'unavailable') {
    const all = await roomy.listMessages({ resourceId, threadId: 'one', perPage: false })
    expect(textsOf(all.messages)).toEqual(said)
    expect((await roomy.recall({ resourceId, query: 'word77' })).pending).toBe(0)
  }
  await roomy.forget({ resourceId, threadId: 'one' })
  expect((await roomy.recall({ resourceId, query: 'word77' })).messages).toEqual([])
  await roomy.settled()
  await expectSound(roomy)
})
