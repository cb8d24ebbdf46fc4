// A section of the prompt is one file and one line: whatever the list holds is read, fitted, shown and told.
import { describe, expect, it } from 'vitest'
import type { FittedPart, Section } from '../../src/agent/context/section.ts'
import { sections } from '../../src/agent/context/sections.ts'
import { openMemory } from '../memory/opened.ts'
import { assemble, promptOf, resourceId, saveTurn, support, threadId } from './context-scene.ts'

interface Notes extends FittedPart {
  readonly kept: readonly string[]
}

/** A section that holds entries of the space, in the place of one that is yet to come. */
function notesIn(more: { place?: 'instructions'; share?: number; takesRest?: true } = {}) {
  const { place = 'messages', ...how } = more
  const notes = {
    name: 'notes',
    share: 1,
    ...how,
    async read({ input }) {
      const { items } = await input.space.entries.list({ prefix: '', after: null, limit: 9 })
      return items.map(({ key }) => key)
    },
    fit(found, most) {
      const kept = found.slice(0, Math.max(0, Math.floor(most)))
      const dropped = found.slice(kept.length).map((id) => ({ id, reason: 'budget' as const }))
      return { kept, tokens: kept.length, dropped }
    },
    seen: ({ kept }) => ({ notes: kept }),
    holds: ({ kept }) => kept.map((id) => ({ kind: 'entry' as const, id })),
    asOf: () => ({ 'team/acme': 7 }),
    warnings: ({ dropped }) => dropped.map(({ id }) => `No room for ${id}`),
  } satisfies Partial<Section<'notes', readonly string[], Notes, { readonly notes: readonly string[] }>>
  const textOf = ({ kept }: Notes) => kept.map((key) => `Noted: ${key}`).join('\n')
  const shows =
    place === 'instructions'
      ? ({ place, show: textOf } as const)
      : ({ place, show: (part: Notes) => [{ role: 'user' as const, content: textOf(part) }] } as const)
  return { ...notes, ...shows }
}

async function openNotes() {
  const memory = openMemory()
  const put = (key: string) => ({ kind: 'entry-write' as const, key, value: 1 })
  await memory.space(`resource/${resourceId}`).commit(['harbour', 'market', 'tower'].map(put))
  await saveTurn(memory, support, 'Where?', 'At the harbour')
  return memory
}

describe('a section that joins the list', () => {
  it('is shown at its place, and told in the record of the run', async () => {
    const memory = await openNotes()
    const behaviour = { semanticRecall: false }
    const context = await assemble(memory, 'Hello', { behaviour }, [notesIn(), ...sections])
    expect((await promptOf(context)).startsWith('user\n  Noted: harbour\n  Noted: market\n  Noted: tower')).toBe(true)
    expect(context.seen).toMatchObject({ notes: ['harbour', 'market', 'tower'], tokens: { notes: 3 } })
    expect(context.seen.tokens.total).toBe((await assemble(memory, 'Hello', { behaviour })).seen.tokens.total + 3)
    expect(context.seen.asOf).toMatchObject({ 'team/acme': 7, [`resource/${resourceId}`]: expect.any(Number) })
    const behind = await assemble(memory, 'Hello', { behaviour, instructions: 'Help.' }, [
      ...sections,
      notesIn({ place: 'instructions' }),
    ])
    expect(behind.instructions).toBe('Help.\n\nNoted: harbour\nNoted: market\nNoted: tower')
  })

  it('takes its share, and the rest where it asks for that', async () => {
    const memory = await openNotes()
    const call = { behaviour: { semanticRecall: false, lastMessages: false as const }, threadId }
    const least = (await assemble(memory, 'Hello', call)).seen.tokens.input
    // The history sets ten tokens aside.
    const within = (tokens: number, more: { share?: number; takesRest?: true }) =>
      assemble(memory, 'Hello', { ...call, tokenBudget: least + 10 + tokens }, [notesIn(more), ...sections])
    const { seen, warnings } = await within(2, { share: 1 / 4 })
    expect(seen).toMatchObject({ notes: ['harbour', 'market', 'tower'] })
    expect(warnings).toEqual([])
    const none = [{ id: 'harbour' }, { id: 'market' }, { id: 'tower' }].map((one) => ({ section: 'notes', ...one }))
    const little = await within(-8, { share: 1 / 4 })
    expect(little.seen.dropped).toMatchObject(none)
    expect(little.warnings).toEqual(['No room for harbour', 'No room for market', 'No room for tower'])
    expect((await within(2, { share: 1 / 12, takesRest: true })).seen).toMatchObject({ notes: ['harbour', 'market'] })
    expect((await within(2, { share: 1 / 12 })).seen).toMatchObject({ notes: ['harbour'] })
  })

  it('tells later sections what it holds', async () => {
    const memory = await openNotes()
    const held: boolean[] = []
    const asking = {
      ...notesIn(),
      fit: (_: unknown, __: number, { holds }: { holds: (kind: 'entry', id: string) => boolean }) => {
        held.push(holds('entry', 'market'))
        return { kept: [], tokens: 0, dropped: [] }
      },
    }
    await assemble(memory, 'Hello', {}, [asking, notesIn(), asking, ...sections])
    expect(held).toEqual([false, true])
  })
})
