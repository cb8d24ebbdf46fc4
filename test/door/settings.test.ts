// Settings and limits that would break a space are refused at every public door, and the space goes on working.
import { Memory, type MemoryOptions, SQLiteStore } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { describe, expect, it } from 'vitest'
import { limitTable } from '../../src/domain/limits.ts'
import { settingNames } from '../../src/domain/space.ts'
import { openMemory, refused } from '../memory/opened.ts'

const names = settingNames
/** What no number setting may be. */
const never: readonly unknown[] = [-1, -0.5, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', true, [], {}]

/** Bad values of a setting: those that none may have, zero unless it means "for ever", and one above its maximum. */
function badValues(name: (typeof names)[number]): unknown[] {
  const zero = name === 'logDays' ? [] : [0]
  const none = name === 'entryTtlMs' ? [] : [null]
  return [...never, ...zero, ...none, limitTable[name].max + 1]
}

const settings: readonly (readonly [string, unknown])[] = [
  ...names.flatMap((name) => badValues(name).map((value) => [name, value] as const)),
  ...['klingon', 1, null].map((value) => ['language', value] as const),
  ['colour', 'red'],
]

describe.each(settings.map(([name, value]) => [name, value] as const))('%s: %o', (name, value) => {
  it('is refused by a space, and every later write goes on', async () => {
    const memory = openMemory()
    const team = memory.team('acme')
    await team.write('before', 1)
    const bad = { [name]: value } as never
    const doors = [
      () => memory.space('team/acme').configure(bad),
      () => team.space.configure(bad),
      () => team.space.commit([{ kind: 'configure', settings: bad }]),
      () =>
        team.space.commit([
          { kind: 'entry-write', key: 'beside', value: 1 },
          { kind: 'configure', settings: bad },
        ]),
    ]
    for (const door of doors) expect((await refused('invalid-input', door)).message).toContain(name)
    expect(await team.write('after', 2)).toMatchObject({ status: 'written' })
    expect(await team.read('beside')).toBeNull()
    expect((await team.space.state())?.settings).toEqual((await openedState()).settings)
  })
})

/** The state of a space that nobody configured. */
async function openedState() {
  const memory = openMemory()
  await memory.team('acme').write('key', 1)
  const state = await memory.space('team/acme').state()
  if (state === null) throw new Error('the space was not made')
  return state
}

it.each(Object.keys(limitTable))('limits.%s is refused from 0 down, and above its maximum', async (name) => {
  const { max } = limitTable[name as keyof typeof limitTable]
  const bad = [...never, null, max + 1, ...(name === 'logDays' ? [] : [0])]
  for (const value of bad) {
    const limits = { [name]: value } as never
    const error = await refused('invalid-input', () => new Memory({ storage: ':memory:', limits }))
    expect(error.details).toMatchObject({ field: `limits.${name}` })
    await refused('invalid-input', () => new Mem0Memory({ storage: ':memory:', limits }))
  }
})

it('what is no options object, no storage and no store is refused', async () => {
  const memory = openMemory()
  const wrong: readonly unknown[] = [null, 1, 'x', [], () => {}]
  for (const value of wrong) {
    await refused('invalid-input', () => memory.space('team/acme').configure(value as never))
    await refused('invalid-input', () => new Memory(value as MemoryOptions))
    await refused('invalid-input', () => new SQLiteStore(value as never))
  }
  for (const maxBytes of [...never, 0, null]) {
    await refused('invalid-input', () => new SQLiteStore({ url: ':memory:', maxBytes: maxBytes as number }))
  }
})
