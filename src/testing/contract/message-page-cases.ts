/** Cases of message pages: every size, both directions, and pinned while others write. */
import type { MessageQuery } from '../../ports/storage.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { closeTurn, deleteMessages, edit, message, openTurn, replaceTurns, say, step, write } from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { type Scene, sceneCase, textsOf } from './scene.ts'

const directions = ['asc', 'desc'] as const
const whole = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2', 'd1', 'e1']

/** Nine messages: turn a grew while b, c and d came, e is open, one of c was deleted, and one turn was replaced. */
async function nine(scene: Scene): Promise<string> {
  const turnId = (await scene.did('turn-open', [openTurn('t'), step('t', { opened: 0 }, 'a1')])).turnId
  await scene.committed(say('t', 'b1', message('b2', { id: 'b2' })), { actor: bob })
  await scene.committed(step('t', { turnId }, 'a2'))
  await scene.committed(say('t', 'c1', message('gone', { id: 'gone' }), 'c2'))
  const replaced = await scene.did('message-append', say('t', 'replaced'))
  await scene.committed([say('t', 'd1'), deleteMessages('t', 'gone')])
  const replacing = await scene.did('turn-open', openTurn('t', { replaces: [replaced.turnId] }))
  await scene.committed(step('t', { turnId: replacing.turnId }, message('e1', { role: 'assistant' })))
  await scene.committed([step('t', { turnId }, 'a3'), closeTurn('t', { turnId })])
  return replaced.turnId
}

async function paged(
  scene: Scene,
  query: Partial<MessageQuery>,
  disturb: (page: number) => Promise<unknown> = async () => null,
): Promise<string[]> {
  const texts: string[] = []
  let page = await scene.page('t', query)
  for (let count = 0; ; count++) {
    expectTrue(count < 50, 'pages come to an end')
    texts.push(...textsOf(page.items))
    const last = page.items.at(-1)
    if (!page.more || last === undefined) return texts
    await disturb(count)
    const { asOf } = page
    page = await scene.page('t', { ...query, asOf, after: { turn: last.turn, index: last.index } })
    expectEqual(page.asOf, asOf, 'every page is as of the first')
  }
}

const inDirection = (direction: MessageQuery['direction'], texts: readonly string[]) =>
  direction === 'asc' ? [...texts] : texts.toReversed()

const sizes: readonly StorageCase[] = directions.flatMap((direction) => [
  sceneCase(`messages ${direction}: pages of every size are the whole`, async (scene) => {
    await nine(scene)
    const expected = inDirection(direction, whole)
    for (let limit = 1; limit <= 10; limit++) {
      expectEqual(await paged(scene, { direction, limit }), expected, `by cursor, ${limit} at a time`)
      for (let offset = 0; offset < 10; offset++) {
        const { items, more } = await scene.page('t', { direction, limit, offset })
        expectEqual(textsOf(items), expected.slice(offset, offset + limit), `${limit} from ${offset}`)
        expectEqual(more, offset + limit < 9, `whether more follows ${limit} from ${offset}`)
      }
    }
  }),
  sceneCase(`messages ${direction}: every message is a place to go on from`, async (scene) => {
    await nine(scene)
    const { items } = await scene.page('t', { direction })
    for (const [index, { turn, index: at }] of items.entries()) {
      const rest = await scene.page('t', { direction, after: { turn, index: at }, limit: 3, offset: 1 })
      expectEqual(textsOf(rest.items), textsOf(items).slice(index + 2, index + 5), `after ${textsOf(items)[index]}`)
    }
    const gone = items.find((item) => textsOf([item])[0] === 'c1')
    const after = { turn: gone?.turn ?? 0, index: (gone?.index ?? 0) + 1 }
    const expected = inDirection(direction, direction === 'asc' ? whole.slice(6) : whole.slice(0, 6))
    expectEqual(textsOf((await scene.page('t', { direction, after })).items), expected, 'also one that was deleted')
  }),
])

const pinned: readonly StorageCase[] = directions.flatMap((direction) => [
  ...[1, 2, 5].map((limit) =>
    sceneCase(
      `messages ${direction}, ${limit} at a time: pinned while others save, edit and open turns`,
      async (scene) => {
        await nine(scene)
        const open = (await scene.messages('t')).find((one) => one.turnStatus === 'open')
        const disturb = async (page: number) => {
          await scene.committed(step('t', { turnId: open?.turnId ?? '' }, `later ${page}`))
          await scene.committed(say('t', `new ${page}`), { actor: bob })
          await scene.committed(edit('t', 'b2', { metadata: { page } }))
          await scene.committed(write('k', page))
        }
        const texts = await paged(scene, { direction, limit }, disturb)
        expectEqual(texts, inDirection(direction, whole), 'the pages')
      },
    ),
  ),
  sceneCase(`messages ${direction}: what is deleted or replaced meanwhile leaves, the others stay`, async (scene) => {
    await nine(scene)
    const expected = inDirection(direction, whole)
    const disturb = async (page: number) => {
      if (page > 0) return
      const messages = await scene.messages('t')
      const turnOf = (text: string) =>
        messages.find((one) => textsOf([{ message: one, turn: 0, index: 0 }])[0] === text)
      await scene.committed(deleteMessages('t', 'b2', turnOf(expected[0] ?? '')?.id ?? ''))
      await scene.committed(replaceTurns('t', [turnOf('c1')?.turnId ?? '']))
      await scene.committed(say('t', 'new', message('b2 again', { id: 'b2' })))
    }
    const left = expected.filter((text) => !['b2', 'c1', 'c2'].includes(text))
    expectEqual(await paged(scene, { direction, limit: 2 }, disturb), left, 'the pages')
  }),
  sceneCase(`messages ${direction}: an edited message shows its present content in its old place`, async (scene) => {
    await nine(scene)
    const first = await scene.page('t', { direction, limit: 1 })
    await scene.committed(edit('t', 'b2', { parts: [{ type: 'text', text: 'B2' }] }))
    const { items } = await scene.page('t', { direction, asOf: first.asOf })
    const expected = whole.map((text) => (text === 'b2' ? 'B2' : text))
    expectEqual(textsOf(items), inDirection(direction, expected), 'the thread as of then')
  }),
])

const ranges: readonly StorageCase[] = [
  sceneCase('messages within dates are paged like the whole', async (scene) => {
    const day = (number: number) => `2020-01-0${number}T00:00:00.000Z`
    const days = [3, 1, 5, 2, 4, 3]
    for (const number of days) await scene.committed(say('t', message(`day ${number}`, { createdAt: day(number) })))
    for (const direction of directions) {
      const expected = inDirection(direction, ['day 3', 'day 2', 'day 4', 'day 3'])
      for (let limit = 1; limit <= 5; limit++) {
        const query = { direction, limit, from: day(2), to: day(4) }
        expectEqual(await paged(scene, query), expected, `${direction}, ${limit} at a time`)
      }
    }
    const { items } = await scene.page('t', { from: day(5) })
    expectEqual(textsOf(items), ['day 5'], 'from a day on')
  }),
  sceneCase('messages as of an earlier seq leave out what was saved later', async (scene) => {
    await nine(scene)
    expectEqual(textsOf((await scene.page('t', { asOf: 2 })).items), ['a1', 'b1', 'b2'], 'as of 2')
    expectEqual(textsOf((await scene.page('t', { asOf: 3 })).items), ['a1', 'a2', 'b1', 'b2'], 'as of 3')
    expectEqual((await scene.page('t', { asOf: 3 })).asOf, 3, 'the page says so')
  }),
]

const internal: readonly StorageCase[] = [
  sceneCase('messages without internal ones are paged like the whole', async (scene) => {
    const own = (name: string) => ({
      type: `tool-${name}`,
      toolCallId: name,
      toolMetadata: { aquifer: { internal: true } },
    })
    const text = { type: 'text', text: 'both' }
    const begin = { type: 'step-start' }
    await scene.committed(
      say('t', 'a', message('', { parts: [begin, own('x')] }), message('', { parts: [own('y'), text] })),
    )
    await scene.committed(say('t', message('', { parts: [own('z'), own('z2')] }), message('', { parts: [begin] }), 'c'))
    for (const direction of directions) {
      const expected = inDirection(direction, ['a', '[tool-y]both', '[step-start]', 'c'])
      for (let limit = 1; limit <= 5; limit++) {
        expectEqual(
          await paged(scene, { direction, limit, skipInternal: true }),
          expected,
          `${direction}, ${limit} at a time`,
        )
      }
      expectEqual(
        await paged(scene, { direction, limit: 2 }),
        inDirection(direction, ['a', '[step-start][tool-x]', '[tool-y]both', '[tool-z][tool-z2]', '[step-start]', 'c']),
        direction,
      )
    }
  }),
]

export const messagePageCases: readonly StorageCase[] = [...sizes, ...pinned, ...ranges, ...internal]
