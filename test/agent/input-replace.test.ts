// Edited questions and answers given anew: which turns they replace, and what is stored again.
import type { StoredMessage } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { refused, textsOf } from '../memory/opened.ts'
import { assistant, expectFresh, freshTexts, openScene, user, where } from './threads.ts'

/** Three turns under ids of a client's: u1 a1, u2 a2, u3 a3. */
async function threeTurns() {
  const scene = openScene()
  const turns: string[] = []
  for (const n of [1, 2, 3]) turns.push(await scene.turn([user(`q${n}`, `u${n}`), assistant(`r${n}`, `a${n}`)]))
  const sent = [1, 2, 3].flatMap((n) => [user(`q${n}`, `u${n}`), assistant(`r${n}`, `a${n}`)])
  return { ...scene, turns, sent }
}

describe('an edited question', () => {
  it('replaces its turn and all later ones, and takes over the id', async () => {
    const scene = await threeTurns()
    const plan = await scene.plan([...scene.sent.slice(0, 2), user('Q2', 'u2')])
    expect(plan).toMatchObject({ replaces: scene.turns.slice(1), completions: [], resumes: null, warnings: [] })
    expect(plan.fresh).toEqual([{ id: 'u2', role: 'user', parts: [{ type: 'text', text: 'Q2' }] }])
    await scene.carryOut(plan)
    const { messages } = await scene.memory.listMessages(where)
    expect(messages.map(({ id }) => id)).toEqual(['u1', 'a1', 'u2'])
    expect(textsOf(messages)).toEqual(['q1', 'r1', 'Q2'])
    expectFresh(await scene.plan([...scene.sent.slice(0, 2), user('Q2', 'u2')]), [])
  })

  it('takes over an id of ours as well, again and again', async () => {
    const scene = openScene()
    await scene.turn(['q1', assistant('r1')])
    const [question] = (await scene.memory.listMessages(where)).messages as [StoredMessage]
    for (const words of ['Q1', 'Q2', 'q1']) {
      const plan = await scene.plan([{ ...question, parts: [{ type: 'text', text: words }] }])
      expect(plan.replaces).toHaveLength(1)
      const turnId = await scene.carryOut(plan)
      const { messages } = await scene.memory.listMessages(where)
      expect(messages).toMatchObject([{ id: question.id, turnId }])
      expect(textsOf(messages)).toEqual([words])
    }
  })

  it('keeps what else was said in its turn before it, and by whom and when', async () => {
    const scene = openScene()
    const said = {
      ...user('by bob', 'b'),
      author: { kind: 'user', id: 'bob' },
      createdAt: '2020-01-01T00:00:00.000Z',
    } as const
    const turnId = await scene.turn([
      { ...said, metadata: { a: 1 } },
      assistant('imported', 'i'),
      user('q', 'u'),
      assistant('r', 'a'),
    ])
    const before = (await scene.memory.listMessages(where)).messages
    const plan = await scene.plan([...before.slice(0, 2), user('Q', 'u')])
    expect(plan.replaces).toEqual([turnId])
    expect(freshTexts(plan)).toEqual(['by bob', 'imported', 'Q'])
    await scene.carryOut(plan)
    const after = (await scene.memory.listMessages(where)).messages
    const kept = ({ id, author, createdAt, metadata }: StoredMessage) => ({ id, author, createdAt, metadata })
    expect(after.slice(0, 2).map(kept)).toEqual(before.slice(0, 2).map(kept))
    expect(textsOf(after)).toEqual(['by bob', 'imported', 'Q'])
  })

  it('replaces later turns of others too, also where they are open and have said nothing yet', async () => {
    const scene = await threeTurns()
    const other = await scene.turn([], 'open')
    const plan = await scene.plan([user('Q1', 'u1')])
    expect(plan.replaces).toEqual([...scene.turns, other])
    await scene.carryOut(plan)
    expect(await scene.ids()).toEqual(['u1'])
  })

  it('is one only as the last message', async () => {
    const scene = await threeTurns()
    const plan = await scene.plan([user('Q3', 'u3'), user('next', 'u4')])
    expect(plan.replaces).toEqual([])
    expect(freshTexts(plan)).toEqual(['next'])
    expect(plan.warnings).toHaveLength(1)
  })

  it('leaves other fields alone: metadata and states of parts are no edit', async () => {
    const scene = await threeTurns()
    const same = { ...user('q3', 'u3'), metadata: { a: 1 }, parts: [{ type: 'text', text: 'q3', state: 'done' }] }
    expectFresh(await scene.plan([same]), [])
  })

  it('is refused where more turns follow than one may replace', async () => {
    const scene = await threeTurns()
    const turns = Array.from({ length: 500 }, (_, index) => index)
    for (let round = 0; round < 2; round++) {
      await scene.space.commit(
        turns.flatMap((index) => [
          { kind: 'message-append' as const, threadId: 't', messages: [user(`more ${round} ${index}`)] },
        ]),
      )
    }
    await refused('limit-exceeded', () => scene.plan([user('Q1', 'u1')]))
    expect((await scene.plan([user('Q3', 'u4')])).replaces).toEqual([])
  })
})

describe('an answer given anew', () => {
  const anew = (messageId?: string) => {
    return { trigger: 'regenerate-message', ...(messageId === undefined ? {} : { messageId }) } as const
  }

  it('replaces its turn and all later ones, and stores the question again under its id', async () => {
    for (const messageId of ['a2', undefined, 'u2', 'of-the-client']) {
      const scene = await threeTurns()
      const before = (await scene.memory.listMessages(where)).messages[2]
      const plan = await scene.plan(scene.sent.slice(0, 3), anew(messageId))
      expect(plan).toMatchObject({ replaces: scene.turns.slice(1), fresh: [{ id: 'u2' }], warnings: [] })
      await scene.carryOut(plan)
      const { messages } = await scene.memory.listMessages(where)
      expect(messages.map(({ id }) => id)).toEqual(['u1', 'a1', 'u2'])
      expect(messages[2]).toMatchObject({ parts: before?.parts, createdAt: before?.createdAt, author: before?.author })
    }
  })

  it('finds it by its own id alone', async () => {
    const scene = await threeTurns()
    const plan = await scene.plan([user('q2')], anew('a2'))
    expect(plan.replaces).toEqual(scene.turns.slice(1))
  })

  it('stores the question again, and what another agent answered to it, where they lie in an earlier turn', async () => {
    const scene = openScene()
    const first = await scene.turn([user('q', 'u'), assistant('first', 'a')])
    const second = await scene.turn([assistant('second', 'b')])
    const sent = [user('q', 'u'), assistant('first', 'a')]
    for (const messageId of ['b', undefined]) {
      const plan = await scene.plan(sent, anew(messageId))
      expect(plan).toMatchObject({ replaces: [first, second], warnings: [] })
      expect(freshTexts(plan)).toEqual(['q', 'first'])
    }
  })

  it('takes the place of a turn that came to nothing', async () => {
    const scene = await threeTurns()
    const failed = await scene.turn([user('q4', 'u4')], 'failed')
    const plan = await scene.plan([...scene.sent, user('q4', 'u4')], anew())
    expect(plan).toMatchObject({ fresh: [{ id: 'u4' }], replaces: [failed], warnings: [] })
    await scene.carryOut(plan)
    expect(await scene.ids()).toEqual(['u1', 'a1', 'u2', 'a2', 'u3', 'a3', 'u4'])
  })

  it('takes the question as it was edited with it', async () => {
    const scene = await threeTurns()
    const plan = await scene.plan([...scene.sent.slice(0, 2), user('Q2', 'u2')], anew('a2'))
    expect(freshTexts(plan)).toEqual(['Q2'])
    expect(plan.replaces).toEqual(scene.turns.slice(1))
  })

  it('is an answer like any other where nothing is stored of it', async () => {
    const scene = await threeTurns()
    const plan = await scene.plan([...scene.sent, user('q4', 'u4')], anew('a4'))
    expect(plan).toMatchObject({ replaces: [], fresh: [{ id: 'u4' }] })
    expect(plan.warnings).toHaveLength(1)
  })
})
